/*
 * The rows of vault.message and their MAC. Every column that is written is in the MAC (row_fields),
 * except due_ms, which only reminds: whether a message is due is decided by its state and expiry.
 */
#include "services/crypto/message.h"

#include "services/crypto/feed.h"
#include "services/crypto/keep.h"
#include "services/crypto/place.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/tampering.h"

#include <assert.h>
#include <string.h>

enum { WRAPPED_BYTES_MAX = 512, PARTS_BYTES_MAX = PARTS_MAX * PART_FACTS_BYTES, FIELDS_COUNT = 16 };
static const char mac_domain[] = "vault.message";

#define FROM_WHICH                                                                              \
    "SELECT organisation, sender, direction, parent, from_link, state, created_ms, expires_ms," \
    " lifetime_ms, language, wrapped, subject_sealed, parts, digest, version, mac"              \
    " FROM vault.message WHERE message = "
#define COLUMNS FROM_WHICH "$1"

/* clang-format off */
static const struct statement
    load = {"message_load", COLUMNS},
    lock = {"message_lock", COLUMNS " FOR UPDATE"},
    hold = {"message_hold", COLUMNS " FOR SHARE"},
    of_link = {"message_of_link", FROM_WHICH "(SELECT message FROM vault.link WHERE link = $1)"},
    insert = {"message_insert",
        "INSERT INTO vault.message (message, organisation, sender, direction, parent, from_link,"
        " state, created_ms, expires_ms, lifetime_ms, language, wrapped, subject_sealed, parts,"
        " digest, version, mac, due_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $9)"},
    update = {"message_update",
        "UPDATE vault.message SET state = $2, wrapped = $3, subject_sealed = $4, parts = $5,"
        " digest = $6, version = $7, mac = $8 WHERE message = $1"},
    rewrap = {"message_rewrap",
        "UPDATE vault.message SET wrapped = $2, mac = $3 WHERE message = $1"},
    reread = {"message_reread", "SELECT wrapped FROM vault.message WHERE message = $1"},
    set_due = {"message_set_due", "UPDATE vault.message SET due_ms = $2 WHERE message = $1"};
/* clang-format on */

static struct db_value bytes_or_null(struct span bytes)
{
    return bytes.size ? db_bytes(bytes) : db_null();
}

/* In the order of insert's first parameters. */
static void row_fields(const struct message *message, struct db_value out[static FIELDS_COUNT])
{
    const struct db_value fields[FIELDS_COUNT] = {
        db_id(&message->message),
        db_id(&message->organisation),
        db_id(&message->sender),
        db_u64(message->direction),
        db_id(&message->parent),
        db_id(&message->from_link),
        db_u64(message->state),
        db_i64(message->created_ms),
        db_i64(message->expires_ms),
        db_i64(message->lifetime_ms),
        db_text(message->language),
        bytes_or_null(message->wrapped),
        bytes_or_null(message->subject_sealed),
        bytes_or_null(message->parts),
        bytes_or_null(message->digest),
        db_u64(message->version),
    };
    memcpy(out, fields, sizeof fields);
}

static enum sm_error make_mac(
    const struct worker *worker, const struct message *message, uint8_t mac[static ROWMAC_BYTES])
{
    struct db_value fields[FIELDS_COUNT];
    row_fields(message, fields);
    return rowmac_make(worker->crypto->keyring, mac_domain, fields, FIELDS_COUNT, mac);
}

/* --- reading --- */

static enum sm_error keep_column(
    const struct db_rows *rows, int column, size_t size_max, struct arena *arena, struct span *out)
{
    struct span bytes;
    TRY(db_read_bytes(rows, 0, column, size_max, &bytes));
    return keep_span(arena, bytes, out);
}

static enum sm_error read_places(const struct db_rows *rows, struct message *out)
{
    TRY(db_read_id(rows, 0, 0, &out->organisation));
    TRY(db_read_id(rows, 0, 1, &out->sender));
    TRY(db_read_u64(rows, 0, 2, &out->direction));
    TRY(db_read_id(rows, 0, 3, &out->parent));
    TRY(db_read_id(rows, 0, 4, &out->from_link));
    TRY(db_read_u64(rows, 0, 5, &out->state));
    TRY(db_read_i64(rows, 0, 6, &out->created_ms));
    TRY(db_read_i64(rows, 0, 7, &out->expires_ms));
    TRY(db_read_i64(rows, 0, 8, &out->lifetime_ms));
    return db_read_u64(rows, 0, 14, &out->version);
}

static enum sm_error read_bytes(
    const struct db_rows *rows, struct arena *arena, struct message *out)
{
    TRY(keep_column(rows, 9, LANGUAGE_BYTES, arena, &out->language));
    TRY(keep_column(rows, 10, WRAPPED_BYTES_MAX, arena, &out->wrapped));
    TRY(keep_column(rows, 11, SUBJECT_SEALED_BYTES_MAX, arena, &out->subject_sealed));
    TRY(keep_column(rows, 12, PARTS_BYTES_MAX, arena, &out->parts));
    return keep_column(rows, 13, SHA256_BYTES, arena, &out->digest);
}

/* A message that is not there costs the MAC of an empty row: the same work as one that is. */
static enum sm_error check_mac(
    const struct worker *worker, const struct message *message, struct span mac)
{
    struct db_value fields[FIELDS_COUNT];
    row_fields(message, fields);
    return rowmac_check(worker->crypto->keyring, mac_domain, fields, FIELDS_COUNT, mac);
}

struct found {
    struct message message;
    uint8_t mac[ROWMAC_BYTES];
};

static enum sm_error read_found(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct found *found)
{
    struct span mac = SPAN(found->mac);
    enum sm_error presence = db_one(rows);
    if (presence != SM_OK)
        return check_mac(worker, &found->message, mac) == SM_OK ? SM_DATABASE : presence;
    TRY(read_places(rows, &found->message));
    TRY(read_bytes(rows, arena, &found->message));
    TRY(db_read_bytes(rows, 0, 15, ROWMAC_BYTES, &mac));
    if (mac.size == ROWMAC_BYTES)
        memcpy(found->mac, mac.at, ROWMAC_BYTES);
    return check_mac(worker, &found->message, mac);
}

static enum sm_error find(const struct worker *worker, const struct statement *statement,
    struct arena *arena, struct found *found)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, statement, &rows, db_id(&found->message.message)));
    return read_found(worker, rows, arena, found);
}

enum sm_error message_load(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &load, &rows, db_id(&message)));
    return message_read_loaded(worker, rows, arena, message, out);
}

const struct statement *message_statement(void)
{
    return &load;
}

const struct statement *message_of_link_statement(void)
{
    return &of_link;
}

enum sm_error message_read_loaded(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct id message, struct message *out)
{
    struct found found = {.message.message = message};
    enum sm_error error = read_found(worker, rows, arena, &found);
    if (error == SM_TAMPERED)
        return tampering_report(worker, &(struct tampering){.what = "message row",
                                            .organisation = found.message.organisation,
                                            .message = message,
                                            .mac = SPAN(found.mac)});
    if (error == SM_OK)
        *out = found.message;
    return error;
}

static enum sm_error find_inside(const struct worker *worker, const struct statement *statement,
    struct arena *arena, struct id message, struct message *out)
{
    struct found found = {.message.message = message};
    TRY(find(worker, statement, arena, &found));
    *out = found.message;
    return SM_OK;
}

enum sm_error message_lock(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out)
{
    return find_inside(worker, &lock, arena, message, out);
}

enum sm_error message_hold(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out)
{
    return find_inside(worker, &hold, arena, message, out);
}

const struct statement *message_hold_statement(void)
{
    return &hold;
}

enum sm_error message_read_held(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct id message, struct message *out)
{
    struct found found = {.message.message = message};
    TRY(read_found(worker, rows, arena, &found));
    *out = found.message;
    return SM_OK;
}

/* --- writing --- */

enum sm_error message_insert(const struct worker *worker, const struct message *message)
{
    struct db_value values[FIELDS_COUNT + 1];
    uint8_t mac[ROWMAC_BYTES];
    row_fields(message, values);
    TRY(make_mac(worker, message, mac));
    values[FIELDS_COUNT] = db_bytes(SPAN(mac));
    return db_post(worker->db, &insert, values, FIELDS_COUNT + 1);
}

static enum sm_error state_to_feed(const struct worker *worker, const struct message *message)
{
    return feed_add(worker->db, &(struct feed_item){.kind = FEED_STATE,
                                    .version = message->version,
                                    .organisation = message->organisation,
                                    .message = message->message,
                                    .parent = message->parent, /* whose count of replies changes */
                                    .direction = message->direction,
                                    .state = message->state});
}

enum sm_error message_update(const struct worker *worker, struct message *message)
{
    uint8_t mac[ROWMAC_BYTES];
    message->version++;
    TRY(make_mac(worker, message, mac));
    TRY(DB_POST(worker->db, &update, db_id(&message->message), db_u64(message->state),
        bytes_or_null(message->wrapped), bytes_or_null(message->subject_sealed),
        bytes_or_null(message->parts), bytes_or_null(message->digest), db_u64(message->version),
        db_bytes(SPAN(mac))));
    return state_to_feed(worker, message);
}

enum sm_error message_set_due(
    const struct worker *worker, struct id message, bool is_due, int64_t due_ms)
{
    struct db_value due = is_due ? db_i64(due_ms) : db_null();
    return DB_RUN(worker->db, &set_due, NULL, db_id(&message), due);
}

enum sm_error message_to_feed(
    const struct worker *worker, const struct message *message, const struct message_about *about)
{
    return feed_add(worker->db, &(struct feed_item){.kind = FEED_MESSAGE,
                                    .version = message->version,
                                    .organisation = message->organisation,
                                    .message = message->message,
                                    .link = message->from_link,
                                    .parent = message->parent,
                                    .user = message->sender,
                                    .direction = message->direction,
                                    .state = message->state,
                                    .method = about->method,
                                    .parts = message->parts.size / PART_FACTS_BYTES,
                                    .address = about->address,
                                    .name = about->name,
                                    .created_ms = (uint64_t)message->created_ms,
                                    .expires_ms = (uint64_t)message->expires_ms,
                                    .subject_sealed = message->subject_sealed});
}

/* --- asking --- */

bool message_is_live(const struct message *message, int64_t now_ms)
{
    return message->state == STATE_LIVE && message_is_readable(message, now_ms);
}

bool message_is_readable(const struct message *message, int64_t now_ms)
{
    bool has_ended = message->state == STATE_DELETED || message->state == STATE_EXPIRED;
    return !has_ended && now_ms < message->expires_ms && message->wrapped.size > 0;
}

static const char purpose_of_key[] = "message key";

static enum sm_error unwrap(const struct worker *worker, const struct message *message,
    struct span wrapped, struct secret **out)
{
    return keyring_unwrap(worker->crypto->keyring, worker->db, message->organisation,
        purpose_of_key, message->message, wrapped, out);
}

/* A row that was read without a lock may have been wrapped anew since, and the old version of the
 * organisation's key destroyed: then the row has the key under the new one. */
static enum sm_error unwrap_again(
    const struct worker *worker, const struct message *message, struct secret **out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct span wrapped;
    uint64_t before;
    uint64_t now;
    TRY(DB_RUN(worker->db, &reread, &rows, db_id(&message->message)));
    TRY(db_one(rows));
    TRY(db_read_bytes(rows, 0, 0, WRAPPED_BYTES_MAX, &wrapped));
    TRY(place_version(message->wrapped, &before));
    TRY(place_version(wrapped, &now));
    return now > before ? unwrap(worker, message, wrapped, out) : SM_TAMPERED;
}

enum sm_error message_key(
    const struct worker *worker, const struct message *message, struct secret **out)
{
    enum sm_error error = unwrap(worker, message, message->wrapped, out);
    return error == SM_TAMPERED ? unwrap_again(worker, message, out) : error;
}

enum sm_error message_rewrap(const struct worker *worker, const struct message *message)
{
    struct message after = *message;
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(WRAPPED_BYTES_MAX);
    uint8_t mac[ROWMAC_BYTES];
    TRY(unwrap(worker, message, message->wrapped, &key));
    TRY(keyring_wrap(worker->crypto->keyring, worker->db, message->organisation, purpose_of_key,
        message->message, secret_span(key), &wrapped));
    after.wrapped = buffer_span(&wrapped);
    TRY(make_mac(worker, &after, mac));
    return DB_RUN(worker->db, &rewrap, NULL, db_id(&after.message), db_bytes(after.wrapped),
        db_bytes(SPAN(mac)));
}

/* --- part facts --- */

static uint64_t read_be64(const uint8_t *at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

enum sm_error message_pack_parts(struct arena *arena, const struct list *parts, struct span *out)
{
    struct buffer packed DEFER(buffer_free) = BUFFER(PARTS_BYTES_MAX);
    for (size_t i = 0; i < parts->count; i++) {
        const struct part_facts *facts = LIST_AT(struct part_facts, *parts, i);
        assert(facts->commitment.size == COMMITMENT_BYTES);
        TRY(buffer_append_be(&packed, facts->ciphertext_size, 8));
        TRY(buffer_append(&packed, facts->commitment));
    }
    return keep_span(arena, buffer_span(&packed), out);
}

enum sm_error message_unpack_parts(struct arena *arena, struct span packed, struct list *out)
{
    size_t count = packed.size / PART_FACTS_BYTES;
    void *items;
    if (count * PART_FACTS_BYTES != packed.size)
        return SM_DATABASE;
    TRY(arena_take(arena, count, sizeof(struct part_facts), &items));
    struct part_facts *facts = items;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = packed.at + i * PART_FACTS_BYTES;
        facts[i] = (struct part_facts){i, read_be64(at), span_of(at + 8, COMMITMENT_BYTES)};
    }
    *out = (struct list){facts, count};
    return SM_OK;
}

uint64_t message_bytes(struct span packed_parts)
{
    uint64_t total = 0;
    for (size_t at = 0; at + PART_FACTS_BYTES <= packed_parts.size; at += PART_FACTS_BYTES)
        total += read_be64(packed_parts.at + at);
    return total;
}
