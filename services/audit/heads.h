/*
 * The heads of the logs: what the next entry of each organisation is built upon. Kept in memory by
 * the one writer and rebuilt from the database at the first use after a start: from the last signed
 * checkpoint on, every entry is hashed again, and its place, its "prev" and the checkpoint's
 * signature must be right. A log in which they are not is not continued: SM_TAMPERED.
 */
#ifndef SM_AUDIT_HEADS_H
#define SM_AUDIT_HEADS_H

#include "services/audit/checkpoint.h"
#include "services/audit/store.h"

struct head {
    struct id organisation;
    struct hash last;         /* of the newest entry; chain_start when there is none */
    struct tree tree;         /* its size is the newest seq */
    uint64_t recorded_ms;     /* of the newest entry */
    uint64_t checkpoint_size; /* of the newest checkpoint */
};

struct heads;
SM_MUST_USE enum sm_error heads_new(const struct signing_key *key, struct heads **out);
void heads_free(struct heads **heads);

/* The head of a log, from memory or the database; an empty one if there is no log yet. */
SM_MUST_USE enum sm_error heads_get(
    struct heads *heads, struct db *db, const struct id *organisation, struct head *out);
/* After a commit: this is the head now. If memory is short it is simply forgotten. */
void heads_put(struct heads *heads, const struct head *head);
/* Forgets all: another process may have written. */
void heads_forget(struct heads *heads);

/* The first head from `*position` on whose newest entries are not under a checkpoint; NULL: none.
 * Advances *position. */
const struct head *heads_next_unsigned(const struct heads *heads, size_t *position);

#endif
