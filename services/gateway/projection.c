/* One function per kind of item, in a table; unknown kinds stop the projection, loudly. */
#include "services/gateway/projection.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "services/gateway/closed.h"
#include "services/gateway/counts.h"

#include "proto/limits.h"

static const struct statement read_cursor = {
    "gateway_cursor", "SELECT tx, id FROM mail.cursor WHERE feed = $1"};
static const struct statement move_cursor = {"gateway_cursor_move",
    "UPDATE mail.cursor SET tx = $4, id = $5 WHERE feed = $1 AND tx = $2 AND id = $3"};

static const struct statement put_message = {"gateway_message_put",
    "INSERT INTO mail.message AS old (message, version, organisation, sender, parent, link,"
    " direction, state, parts, created_ms, expires_ms, name, subject_sealed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT (message) DO UPDATE SET version = EXCLUDED.version, sender = EXCLUDED.sender,"
    " parent = EXCLUDED.parent, link = EXCLUDED.link, state = EXCLUDED.state,"
    " parts = EXCLUDED.parts, expires_ms = EXCLUDED.expires_ms, name = EXCLUDED.name,"
    " subject_sealed = EXCLUDED.subject_sealed WHERE old.version < EXCLUDED.version"};
/* Sent: its parts are objects now and no draft any more (uploads go with it). */
static const struct statement end_draft = {
    "gateway_draft_end", "DELETE FROM mail.draft WHERE message = $1"};

static const struct statement put_recipient = {"gateway_recipient_put",
    "INSERT INTO mail.recipient AS old (link, version, message, state, method, address, name,"
    " expires_ms, opened_ms, replied_ms, locked_until_ms, is_frozen)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT (link) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state,"
    " method = EXCLUDED.method, address = EXCLUDED.address, name = EXCLUDED.name,"
    " expires_ms = EXCLUDED.expires_ms, opened_ms = EXCLUDED.opened_ms,"
    " replied_ms = EXCLUDED.replied_ms, locked_until_ms = EXCLUDED.locked_until_ms,"
    " is_frozen = EXCLUDED.is_frozen WHERE old.version < EXCLUDED.version"};

static const struct statement set_state = {"gateway_message_state",
    "UPDATE mail.message SET state = $2, version = $3 WHERE message = $1 AND version < $3"};
static const struct statement forget_message = {
    "gateway_message_forget", "DELETE FROM mail.message WHERE message = $1"};
static const struct statement forget_recipients = {
    "gateway_recipients_forget", "DELETE FROM mail.recipient WHERE message = $1"};
static const struct statement forget_deliveries = {
    "gateway_deliveries_forget", "DELETE FROM mail.delivery WHERE message = $1"};
static const struct statement forget_shown = {
    "gateway_shown_forget", "DELETE FROM mail.shown WHERE message = $1"};
/* The first time stands: whatever comes again is the same. */
static const struct statement put_shown = {"gateway_shown_put",
    "INSERT INTO mail.shown (link, message, at_ms) VALUES ($1, $2, $3)"
    " ON CONFLICT (link) DO NOTHING"};

static const struct statement put_closed = {"gateway_closed_put",
    "INSERT INTO mail.closed (closed, at_ms) VALUES ($1, clock.now_ms())"
    " ON CONFLICT (closed) DO NOTHING"};
static const struct statement read_closed = {"gateway_closed_read",
    "SELECT closed, at_ms FROM mail.closed WHERE at_ms >= $1 ORDER BY at_ms LIMIT $2"};
static const struct statement tidy_closed = {
    "gateway_closed_tidy", "DELETE FROM mail.closed WHERE at_ms < clock.now_ms() - $1"};

static const struct statement put_session = {"gateway_session_end",
    "INSERT INTO mail.ended_session (session, at_ms) VALUES ($1, clock.now_ms())"
    " ON CONFLICT (session) DO NOTHING"};
static const struct statement tidy_sessions = {
    "gateway_session_tidy", "DELETE FROM mail.ended_session WHERE at_ms < clock.now_ms() - $1"};

static const struct statement put_delivery = {"gateway_delivery_put",
    "INSERT INTO mail.delivery AS old (link, message, result, at_ms) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (link) DO UPDATE SET result = EXCLUDED.result, at_ms = EXCLUDED.at_ms"
    " WHERE old.at_ms <= EXCLUDED.at_ms"};

/* --- cursors --- */

enum sm_error projection_cursor(struct db *db, const char *feed, struct feed_cursor *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct feed_cursor cursor = {0};
    TRY(DB_RUN(db, &read_cursor, &rows, db_text(span_text(feed))));
    TRY(db_one(rows));
    TRY(db_read_i64(rows, 0, 0, &cursor.tx));
    TRY(db_read_i64(rows, 0, 1, &cursor.id));
    *out = cursor;
    return SM_OK;
}

/*
 * The cursor first: its row lock makes gateways take turns. (No COMMIT here waits for the disk:
 * where the database forgets it in a crash, the cursor is back too, and the same page is pulled and
 * projected again.)
 */
static enum sm_error move(
    struct db *db, const char *feed, const struct feed_cursor *from, const struct feed_cursor *to)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &move_cursor, &rows, db_text(span_text(feed)), db_i64(from->tx),
        db_i64(from->id), db_i64(to->tx), db_i64(to->id)));
    return db_rows_affected(rows) == 1 ? SM_OK : SM_CONFLICT;
}

/* --- crypto's feed --- */

static enum sm_error close_one(struct db *db, enum closed_kind kind, struct id id)
{
    struct id name;
    TRY(closed_name(kind, id, &name));
    return DB_POST(db, &put_closed, db_id(&name));
}

static enum sm_error close_link(struct db *db, const struct feed_item *item)
{
    return item->state == STATE_LIVE ? SM_OK : close_one(db, CLOSED_LINK, item->link);
}

static enum sm_error close_message(struct db *db, const struct feed_item *item)
{
    if (item->state == STATE_LIVE)
        return SM_OK;
    TRY(close_one(db, CLOSED_MESSAGE, item->message));
    if (item->state == STATE_REVOKED)
        return SM_OK;
    return close_one(db, CLOSED_FOR_EVERYONE, item->message);
}

/* In the order of retention's purge: neither waits for the other while it is waited for. */
static enum sm_error forget(struct db *db, struct id message)
{
    TRY(DB_POST(db, &forget_deliveries, db_id(&message)));
    TRY(DB_POST(db, &forget_shown, db_id(&message)));
    TRY(DB_POST(db, &forget_recipients, db_id(&message)));
    return DB_POST(db, &forget_message, db_id(&message));
}

static enum sm_error apply_message(struct db *db, const struct feed_item *item)
{
    TRY(DB_POST(db, &end_draft, db_id(&item->message)));
    TRY(close_message(db, item));
    if (item->state == STATE_DELETED)
        return forget(db, item->message);
    return DB_POST(db, &put_message, db_id(&item->message), db_u64(item->version),
        db_id(&item->organisation), db_id(&item->user), db_id(&item->parent), db_id(&item->link),
        db_u64(item->direction), db_u64(item->state), db_u64(item->parts), db_u64(item->created_ms),
        db_u64(item->expires_ms), db_text(item->name), db_bytes(item->subject_sealed));
}

static enum sm_error apply_link(struct db *db, const struct feed_item *item)
{
    TRY(close_link(db, item));
    if (item->state == STATE_DELETED)
        return SM_OK; /* its message's item forgets the row */
    return DB_POST(db, &put_recipient, db_id(&item->link), db_u64(item->version),
        db_id(&item->message), db_u64(item->state), db_u64(item->method), db_text(item->address),
        db_text(item->name), db_u64(item->expires_ms), db_u64(item->opened_ms),
        db_u64(item->replied_ms), db_u64(item->locked_until_ms), db_bool(item->is_frozen));
}

static enum sm_error apply_state(struct db *db, const struct feed_item *item)
{
    TRY(close_message(db, item));
    if (item->state == STATE_DELETED)
        return forget(db, item->message);
    return DB_POST(
        db, &set_state, db_id(&item->message), db_u64(item->state), db_u64(item->version));
}

static enum sm_error apply_session(struct db *db, const struct feed_item *item)
{
    return DB_POST(db, &put_session, db_id(&item->user));
}

static enum sm_error apply_shown(struct db *db, const struct feed_item *item)
{
    return DB_POST(
        db, &put_shown, db_id(&item->link), db_id(&item->message), db_u64(item->created_ms));
}

/* clang-format off */
static const struct {
    enum sm_error (*apply)(struct db *db, const struct feed_item *item);
    bool has_state;
    bool is_counted; /* beside its message, and beside the message that this one answers */
} kinds[] = {
    [FEED_MESSAGE] = {apply_message, true,  true},
    [FEED_LINK]    = {apply_link,    true,  true},
    [FEED_STATE]   = {apply_state,   true,  true},
    [FEED_SESSION] = {apply_session, false, false},
    [FEED_SHOWN]   = {apply_shown,   false, false},
};
/* clang-format on */

static enum sm_error note_touched(struct touched *touched, const struct feed_item *item)
{
    if (!kinds[item->kind].is_counted)
        return SM_OK;
    TRY(touched_add(touched, item->message));
    return touched_add(touched, item->parent);
}

static enum sm_error apply_item(
    struct db *db, const struct feed_item *item, struct touched *touched)
{
    if (item->kind >= sizeof kinds / sizeof kinds[0] || !kinds[item->kind].apply)
        return log_failure("feed-item", SM_BAD_VALUE, "an unknown kind");
    if (kinds[item->kind].has_state && item->state == 0)
        return log_failure("feed-item", SM_BAD_VALUE, "a state is missing");
    TRY(note_touched(touched, item));
    return kinds[item->kind].apply(db, item);
}

enum sm_error projection_apply_feed(
    struct db *db, const struct feed_cursor *from, const struct feed_reply *page)
{
    if (page->items.count == 0)
        return SM_OK;
    const struct feed_item *last = LIST_AT(struct feed_item, page->items, page->items.count - 1);
    struct feed_cursor to = {(int64_t)last->tx, (int64_t)last->id};
    struct touched touched DEFER(touched_free) = TOUCHED;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin_unsynced(db, &tx));
    TRY(move(db, "crypto", from, &to));
    for (size_t i = 0; i < page->items.count; i++)
        TRY(apply_item(db, LIST_AT(struct feed_item, page->items, i), &touched));
    TRY(counts_bring_up(db, &touched));
    FAIL_POINT("gateway.feed.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.feed.after-commit");
    return SM_OK;
}

/* --- the notifier's feed --- */

static enum sm_error apply_delivery(
    struct db *db, const struct delivery *delivery, struct touched *touched)
{
    if (delivery->kind != LETTER_NOTICE || id_is_none(delivery->link))
        return SM_OK;
    TRY(touched_add(touched, delivery->message));
    return DB_POST(db, &put_delivery, db_id(&delivery->link), db_id(&delivery->message),
        db_u64(delivery->result), db_u64(delivery->at_ms));
}

enum sm_error projection_apply_deliveries(
    struct db *db, const struct feed_cursor *from, const struct delivery_feed_reply *page)
{
    if (page->deliveries.count == 0)
        return SM_OK;
    const struct delivery *last =
        LIST_AT(struct delivery, page->deliveries, page->deliveries.count - 1);
    struct feed_cursor to = {(int64_t)last->tx, (int64_t)last->id};
    struct touched touched DEFER(touched_free) = TOUCHED;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin_unsynced(db, &tx));
    TRY(counts_take_turn(db));
    TRY(move(db, "notifier", from, &to));
    for (size_t i = 0; i < page->deliveries.count; i++)
        TRY(apply_delivery(db, LIST_AT(struct delivery, page->deliveries, i), &touched));
    TRY(counts_bring_up(db, &touched));
    FAIL_POINT("gateway.deliveries.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.deliveries.after-commit");
    return SM_OK;
}

/* --- what was closed --- */

enum { CLOSED_ROWS_MAX = 1000, LATE_COMMIT_MS = 10 * 1000, KEEP_MS = (CAPABILITY_S + 300) * 1000 };

enum sm_error projection_read_closed(struct db *db, struct closed_set *set, int64_t *since_ms)
{
    size_t count = CLOSED_ROWS_MAX;
    int64_t after_ms = *since_ms;
    while (count == CLOSED_ROWS_MAX) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        int64_t from_ms = after_ms;
        TRY(DB_RUN(db, &read_closed, &rows, db_i64(from_ms), db_i64(CLOSED_ROWS_MAX)));
        count = db_rows_count(rows);
        for (size_t i = 0; i < count; i++) {
            struct id closed = {0};
            TRY(db_read_id(rows, i, 0, &closed));
            TRY(db_read_i64(rows, i, 1, &after_ms));
            closed_set_add(set, closed);
        }
        if (after_ms == from_ms)
            after_ms++; /* a whole page of one millisecond: on */
    }
    if (after_ms - LATE_COMMIT_MS > *since_ms) /* look again at what may commit late */
        *since_ms = after_ms - LATE_COMMIT_MS;
    return SM_OK;
}

enum sm_error projection_tidy(struct db *db)
{
    TRY(DB_RUN(db, &tidy_closed, NULL, db_i64(KEEP_MS)));
    return DB_RUN(db, &tidy_sessions, NULL, db_i64((int64_t)2 * USER_SESSION_S * 1000));
}
