/*
 * Writing what the feeds say into schema mail, each page in one transaction with the cursor. Every
 * item carries whole state and a version that only grows, so projecting again, or by two gateways
 * at once, changes nothing.
 */
#ifndef SM_GATEWAY_PROJECTION_H
#define SM_GATEWAY_PROJECTION_H

#include "proto/crypto.h"
#include "proto/notify.h"
#include "services/gateway/gateway.h"

struct feed_cursor {
    int64_t tx, id;
};

/* `feed`: "crypto" or "notifier". */
SM_MUST_USE enum sm_error projection_cursor(
    struct db *db, const char *feed, struct feed_cursor *out);

/*
 * Applies a page that was asked for after `from`. SM_CONFLICT: another gateway has moved the cursor
 * meanwhile; read it and go on from there.
 */
SM_MUST_USE enum sm_error projection_apply_feed(
    struct db *db, const struct feed_cursor *from, const struct feed_reply *page);
SM_MUST_USE enum sm_error projection_apply_deliveries(
    struct db *db, const struct feed_cursor *from, const struct delivery_feed_reply *page);

/* Puts what was closed since (all gateways) into the in-memory set; *since_ms moves on. */
SM_MUST_USE enum sm_error projection_read_closed(
    struct db *db, struct closed_set *set, int64_t *since_ms);

/* Forgets closed ids and ended sessions whose capabilities have all ended. */
SM_MUST_USE enum sm_error projection_tidy(struct db *db);

#endif
