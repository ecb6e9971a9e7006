/*
 * After a restore: what the journal of erasures says was deleted or revoked since the backup is
 * ended again, before anybody is served. deploy/bin/restore put it into restore.erasure; a row goes
 * in the transaction that ends its message, so a crash on the way repeats nothing and forgets
 * nothing. The events have the ids of the first time: where the log still has them, it has them
 * once.
 */
#ifndef SM_CRYPTO_RESTORED_H
#define SM_CRYPTO_RESTORED_H

#include "services/crypto/crypto.h"

/* At the start, before the first request. SM_OK with *count lines done (0: nothing was restored).
 * A line about a message that is not in the backup has nothing to end. Any error: do not serve. */
SM_MUST_USE enum sm_error restored_replay(const struct worker *worker, uint64_t *count);

#endif
