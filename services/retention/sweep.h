/*
 * One round over everything that is due, and the same for one message that somebody waits for. A
 * message that fails is logged, counted and left for the next round; it stops nobody else.
 */
#ifndef SM_RETENTION_SWEEP_H
#define SM_RETENTION_SWEEP_H

#include "services/retention/purge.h"

struct sweep_counts {
    uint64_t purged;
    uint64_t failed;
};

/*
 * Purges what is due, page by page, each message once; when crypto cannot be told of one any more
 * the round ends early. `goes_on` (may be NULL) is asked between messages. Adds to *counts. An
 * error only when crypto cannot say what is due.
 */
SM_MUST_USE enum sm_error sweep_all(struct purger *purger, bool (*goes_on)(void *context),
    void *context, struct sweep_counts *counts);

/* Deletes once more what lies of messages that were purged long enough ago (db/migrations/0125), at
 * most a page of them. Adds to counts->failed. */
SM_MUST_USE enum sm_error sweep_again(struct purger *purger, struct sweep_counts *counts);

/* Purges `message` if it is due. *is_purged false: it is not. Adds to *counts. */
SM_MUST_USE enum sm_error sweep_one(
    struct purger *purger, struct id message, bool *is_purged, struct sweep_counts *counts);

#endif
