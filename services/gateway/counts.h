/*
 * The counts that stand beside a message in mail.message (recipients, openings, replies and so on),
 * so that a page of the list is one index scan. They are counted anew from the rows whenever those
 * change, in the same transaction: what is projected twice, late or in another order gives the
 * same.
 */
#ifndef SM_GATEWAY_COUNTS_H
#define SM_GATEWAY_COUNTS_H

#include "db/array.h"
#include "services/gateway/gateway.h"

/* The messages whose rows a transaction changed. Begin with TOUCHED, free with DEFER(touched_free).
 */
struct touched {
    struct db_array messages;
};
#define TOUCHED ((struct touched){DB_ARRAY(DB_BYTES, TOUCHED_BYTES_MAX)})
enum { TOUCHED_BYTES_MAX = 8 * 1024 }; /* two ids of each item of a page, with their lengths */
void touched_free(struct touched *touched);

/* Notes a message; none is nothing. SM_TOO_LARGE beyond what a page of a feed can touch. */
SM_MUST_USE enum sm_error touched_add(struct touched *touched, struct id message);

/*
 * First in a transaction of whoever projects: until its end nobody else does, so that each counts
 * what the other has committed. (Crypto's feed has its turn by moving its own cursor.)
 */
SM_MUST_USE enum sm_error counts_take_turn(struct db *db);

/* Last before COMMIT: brings the counts of all that was touched up to date. Posted, not waited for.
 */
SM_MUST_USE enum sm_error counts_bring_up(struct db *db, struct touched *touched);

#endif
