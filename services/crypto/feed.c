/*
 * The feed's rows and the gateway's two questions. An item is stored packed, with tx and id zero;
 * its place is the row's. on_feed reads only below the oldest transaction that still runs: one
 * that began earlier and commits later would otherwise be passed over for good.
 */
#include "services/crypto/feed.h"

#include "proto/limits.h"
#include "services/crypto/crypto.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"

#include <string.h>

enum { ITEM_BYTES_MAX = 4096 };

/* clang-format off */
static const struct statement
    put = {"feed_put",
        "INSERT INTO vault.feed (kind, thing, message, keep_until_ms, body) VALUES ($1, $2, $3,"
        " CASE WHEN $4 THEN clock.now_ms() + $5 END, $6) ON CONFLICT (kind, thing) DO UPDATE SET"
        " id = EXCLUDED.id, tx = EXCLUDED.tx, message = EXCLUDED.message,"
        " keep_until_ms = EXCLUDED.keep_until_ms, body = EXCLUDED.body"},
    forget_message = {"feed_forget_message", "DELETE FROM vault.feed WHERE message = $1"},
    forget_old = {"feed_forget_old", "DELETE FROM vault.feed WHERE keep_until_ms < clock.now_ms()"},
    after = {"feed_after",
        "SELECT tx::text::bigint, id, body FROM vault.feed"
        " WHERE (tx, id) > ($1::bigint::text::xid8, $2)"
        " AND tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY feed.tx, feed.id LIMIT $3"},
    known = {"message_known",
        "SELECT message FROM vault.message WHERE due_ms IS NOT NULL AND message = ANY (ARRAY("
        "SELECT substring($1::bytea FROM i * 16 + 1 FOR 16)"
        " FROM generate_series(0, octet_length($1) / 16 - 1) i))"};
/* clang-format on */

/* What an item speaks of. */
static struct id thing_of(const struct feed_item *item)
{
    if (item->kind == FEED_LINK || item->kind == FEED_SHOWN)
        return item->link;
    return item->kind == FEED_SESSION ? item->user : item->message;
}

enum sm_error feed_add(struct db *db, const struct feed_item *item)
{
    struct buffer body DEFER(buffer_free) = BUFFER(ITEM_BYTES_MAX);
    struct feed_item placeless = *item;
    struct id thing = thing_of(item);
    bool is_session = item->kind == FEED_SESSION;
    placeless.tx = placeless.id = 0;
    TRY(fields_encode(&feed_item, &placeless, &body));
    if (is_session)
        TRY(db_post(db, &forget_old, NULL, 0));
    return DB_POST(db, &put, db_u64(item->kind), db_id(&thing), db_id(&item->message),
        db_bool(is_session), db_i64((int64_t)2 * COOKIE_S * 1000), db_bytes(buffer_span(&body)));
}

enum sm_error feed_forget(struct db *db, struct id message)
{
    return DB_RUN(db, &forget_message, NULL, db_id(&message));
}

static enum sm_error read_item(
    const struct db_rows *rows, size_t row, struct arena *arena, struct feed_item *out)
{
    uint64_t tx;
    uint64_t id;
    struct span body;
    TRY(db_read_u64(rows, row, 0, &tx));
    TRY(db_read_u64(rows, row, 1, &id));
    TRY(db_read_bytes(rows, row, 2, ITEM_BYTES_MAX, &body));
    TRY(keep_span(arena, body, &body));
    TRY(fields_decode(&feed_item, body, arena, out));
    out->tx = tx;
    out->id = id;
    return SM_OK;
}

enum sm_error on_feed(struct bus_request *request, const void *message, void *reply)
{
    const struct feed_request *asked = message;
    struct feed_reply *answer = reply;
    const struct worker *worker = request->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    TRY(DB_RUN(worker->db, &after, &rows, db_u64(asked->after_tx), db_u64(asked->after_id),
        db_u64(asked->rows_max)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(request->arena, count, sizeof(struct feed_item), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_item(rows, i, request->arena, (struct feed_item *)items + i));
    answer->items = (struct list){items, count};
    return SM_OK;
}

/* --- known --- */

static bool is_among(const struct db_rows *rows, struct id message)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id found;
        if (db_read_id(rows, i, 0, &found) == SM_OK && id_equal(found, message))
            return true;
    }
    return false;
}

enum sm_error on_known(struct bus_request *request, const void *message, void *reply)
{
    const struct known_request *asked = message;
    struct known_reply *answer = reply;
    const struct worker *worker = request->worker;
    struct buffer names DEFER(buffer_free) = BUFFER(PAGE_ROWS_MAX * ID_BYTES);
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *memory;
    size_t count = asked->messages.count;
    for (size_t i = 0; i < count; i++)
        TRY(buffer_append(
            &names, id_span(&LIST_AT(struct message_name, asked->messages, i)->message)));
    TRY(DB_RUN(worker->db, &known, &rows, db_bytes(buffer_span(&names))));
    TRY(arena_take(request->arena, count, sizeof(struct known_item), &memory));
    struct known_item *items = memory;
    for (size_t i = 0; i < count; i++) {
        struct id each = LIST_AT(struct message_name, asked->messages, i)->message;
        items[i] = (struct known_item){each, is_among(rows, each)};
    }
    answer->messages = (struct list){items, count};
    return SM_OK;
}
