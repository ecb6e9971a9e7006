/*
 * The feed: facts that the gateway projects into its own tables. An item carries the whole state of
 * what it speaks of, so an older item of the same thing is superseded: feed_add removes it, and the
 * feed holds one row for each thing, not one for each change. The cursor is (transaction, row)
 * below the oldest running transaction (pg_snapshot_xmin): what commits late is never passed over.
 */
#ifndef SM_CRYPTO_FEED_H
#define SM_CRYPTO_FEED_H

#include "db/connection.h"
#include "proto/crypto.h"

/*
 * Inside the caller's transaction, which holds the lock of the row that the item speaks of (so that
 * two changes of one thing come one after the other). `tx` and `id` of the item are ignored. Items
 * of ended sessions are forgotten when no cookie of theirs can be good any more.
 */
SM_MUST_USE enum sm_error feed_add(struct db *db, const struct feed_item *item);

/* Inside the caller's transaction: removes what the feed says of a message and of its links. */
SM_MUST_USE enum sm_error feed_forget(struct db *db, struct id message);

#endif
