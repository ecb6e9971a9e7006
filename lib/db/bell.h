/*
 * Wakes the one thread that works on a table, of which every replica has one and an advisory lock
 * chooses who works. bell_ring wakes this process's thread. Where that finds that another process
 * was chosen, it passes the ring on by NOTIFY; the chosen one listens.
 *
 * A ring is a hint: who waits looks by itself too, so one that is lost costs only that time. It is
 * passed on in a transaction of its own, after the effect: a NOTIFY in the effect's transaction
 * would make all commits of the database take turns.
 */
#ifndef SM_DB_BELL_H
#define SM_DB_BELL_H

#include "db/connection.h"

struct bell;

/* `channel`: a constant of [a-z_]. The caller owns *out. */
SM_MUST_USE enum sm_error bell_new(const char *channel, struct bell **out);
void bell_free(struct bell **bell);

/* Any thread. */
void bell_ring(struct bell *bell);

/* --- of the thread that waits, with its own connection (NULL: it has none yet) --- */

/* Returns when it was rung here or elsewhere, or after `timeout_ms`. */
void bell_wait(struct bell *bell, struct db *db, int64_t timeout_ms);

/* This process was chosen: hears the others from now on. Once a session is enough. */
SM_MUST_USE enum sm_error bell_listen(struct bell *bell, struct db *db);

/* This process was not chosen: tells the one that was, where the bell was rung here since. */
SM_MUST_USE enum sm_error bell_pass_on(struct bell *bell, struct db *db);

#endif
