/*
 * What the gateway hands to every client: the signed HPKE key, the key that capabilities are
 * checked with, a time token. And what the operator sees of the keys: versions and how much hangs
 * on them, never a byte of one.
 */
#include "base/encode.h"
#include "envelope/ed25519.h"
#include "services/crypto/handlers.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/keep.h"
#include "services/crypto/operator.h"
#include "services/crypto/time_token.h"

/* clang-format off */
/*
 * Per key: purpose, organisation, version, when it was made, rows that are wrapped or made under it,
 * whether a newer one is there. What a rotation is at comes first, then what there are many of last.
 */
static const struct statement status = {"key_status",
    "SELECT CASE WHEN organisation IS NULL THEN 'master' ELSE 'organisation' END, organisation,"
    " version, created_ms, rows, is_old, max(is_old::int) OVER (PARTITION BY organisation) = 0,"
    " organisation IS NOT NULL FROM vault.key_version"
    " UNION ALL SELECT purpose, NULL, version, created_ms, CASE purpose"
    " WHEN 'pepper' THEN (SELECT count(*) FROM vault.account)"
    " WHEN 'row' THEN (SELECT count(*) FROM vault.account) + (SELECT count(*) FROM vault.organisation)"
    " WHEN 'session' THEN (SELECT count(*) FROM vault.session) ELSE 0 END, false, true, false"
    " FROM vault.service_key"
    " ORDER BY 7, 8, 1, 2, 3 LIMIT 100"};
/* clang-format on */

static enum sm_error keep_bytes(
    struct arena *arena, const void *bytes, size_t size, struct span *out)
{
    return keep_span(arena, span_of(bytes, size), out);
}

static enum sm_error fill_statement(
    struct arena *arena, const struct identity_statement *offer, struct keys_reply *reply)
{
    TRY(keep_bytes(arena, offer->key_id, sizeof offer->key_id, &reply->kid));
    TRY(keep_bytes(arena, offer->public_key, sizeof offer->public_key, &reply->hpke_public));
    TRY(keep_bytes(arena, offer->signature, sizeof offer->signature, &reply->signature));
    reply->not_before_ms = offer->not_before_ms;
    reply->not_after_ms = offer->not_after_ms;
    return SM_OK;
}

enum sm_error on_keys(struct bus_request *request, const void *message, void *out)
{
    const struct worker *worker = request->worker;
    struct keys_reply *reply = out;
    struct identity_statement offer;
    uint8_t token[TIME_TOKEN_BYTES];
    uint8_t capability[ED25519_PUBLIC_BYTES];
    int64_t now_ms;
    (void)message;
    TRY(db_now_ms(worker->db, &now_ms));
    TRY(hpke_keys_offer(worker->crypto->hpke, worker->db, now_ms, &offer));
    TRY(time_token_make(worker->crypto->keyring, now_ms, token));
    TRY(ed25519_public(keyring_key(worker->crypto->keyring, KEY_CAPABILITY), capability));
    TRY(fill_statement(request->arena, &offer, reply));
    TRY(keep_bytes(request->arena, token, sizeof token, &reply->time_token));
    TRY(keep_bytes(request->arena, capability, sizeof capability, &reply->capability_public));
    reply->identity_public = span_of(hpke_keys_identity(worker->crypto->hpke), PUBLIC_KEY_BYTES);
    reply->now_ms = (uint64_t)now_ms;
    return SM_OK;
}

static enum sm_error fill_items(
    const struct db_rows *rows, struct arena *arena, struct key_status_reply *reply)
{
    void *items;
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof(struct key_status_item), &items));
    for (size_t i = 0; i < count; i++) {
        struct key_status_item *item = (struct key_status_item *)items + i;
        TRY(db_read_bytes(rows, i, 0, 64, &item->purpose));
        TRY(keep_span(arena, item->purpose, &item->purpose));
        TRY(db_read_id(rows, i, 1, &item->organisation));
        TRY(db_read_u64(rows, i, 2, &item->version));
        TRY(db_read_u64(rows, i, 3, &item->created_ms));
        TRY(db_read_u64(rows, i, 4, &item->rows));
        TRY(db_read_bool(rows, i, 5, &item->is_old));
    }
    reply->keys = (struct list){items, count};
    return SM_OK;
}

enum sm_error on_key_status(struct bus_request *request, const void *message, void *out)
{
    const struct worker *worker = request->worker;
    struct key_status_reply *reply = out;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer pin DEFER(buffer_free) = BUFFER(64);
    uint8_t bytes[IDENTITY_PIN_BYTES];
    (void)message;
    TRY(operator_log_all(request, "key_status"));
    TRY(DB_RUN0(worker->db, &status, &rows));
    TRY(fill_items(rows, request->arena, reply));
    TRY(identity_pin(hpke_keys_identity(worker->crypto->hpke), bytes));
    TRY(base64url_encode(SPAN(bytes), &pin));
    TRY(keep_span(request->arena, buffer_span(&pin), &reply->pin));
    reply->identity_public = span_of(hpke_keys_identity(worker->crypto->hpke), PUBLIC_KEY_BYTES);
    return SM_OK;
}
