/*
 * The rows of vault.link, their MAC, and the proof of a link's secret. The MAC covers every column
 * (row_fields): an edited address, method, verifier or counter is noticed before it decides
 * anything.
 */
#include "services/crypto/link.h"

#include "envelope/identity.h"
#include "envelope/link.h"
#include "proto/limits.h"
#include "services/crypto/feed.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/keep.h"
#include "services/crypto/message.h"
#include "services/crypto/method.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/tampering.h"

#include <string.h>

enum { FIELDS_COUNT = 20 };
static const char mac_domain[] = "vault.link";

#define COLUMNS                                                                         \
    "SELECT message, organisation, address, name, method, verifier, generation, state," \
    " expires_ms, window_failures, total_failures, epoch, locked_until_ms, is_frozen,"  \
    " is_sender_told, opened_ms, replied_ms, replies, version, mac FROM vault.link WHERE link = $1"

/* clang-format off */
static const struct statement
    load = {"link_load", COLUMNS},
    lock = {"link_lock", COLUMNS " FOR UPDATE"},
    now = {"link_now", "SELECT clock.now_ms()"}, /* begun when both locks are held */
    insert = {"link_insert",
        "INSERT INTO vault.link (link, message, organisation, address, name, method, verifier,"
        " generation, state, expires_ms, window_failures, total_failures, epoch, locked_until_ms,"
        " is_frozen, is_sender_told, opened_ms, replied_ms, replies, version, mac) VALUES ($1, $2,"
        " $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"},
    update = {"link_update",
        "UPDATE vault.link SET verifier = $2, generation = $3, state = $4, window_failures = $5,"
        " total_failures = $6, epoch = $7, locked_until_ms = $8, is_frozen = $9,"
        " is_sender_told = $10, opened_ms = $11, replied_ms = $12, replies = $13, version = $14,"
        " mac = $15 WHERE link = $1"};
/* clang-format on */

/* In the order of insert's first parameters. */
static void row_fields(const struct link *link, struct db_value out[static FIELDS_COUNT])
{
    const struct db_value fields[FIELDS_COUNT] = {
        db_id(&link->link),
        db_id(&link->message),
        db_id(&link->organisation),
        db_text(link->address),
        db_text(link->name),
        db_u64(link->method),
        link->verifier.size ? db_bytes(link->verifier) : db_null(),
        db_u64(link->generation),
        db_u64(link->state),
        db_i64(link->expires_ms),
        db_u64(link->lockout.window_failures),
        db_u64(link->lockout.total_failures),
        db_u64(link->lockout.epoch),
        db_i64(link->lockout.locked_until_ms),
        db_bool(link->lockout.is_frozen),
        db_bool(link->is_sender_told),
        db_i64(link->opened_ms),
        db_i64(link->replied_ms),
        db_u64(link->replies),
        db_u64(link->version),
    };
    memcpy(out, fields, sizeof fields);
}

static enum sm_error make_mac(
    const struct worker *worker, const struct link *link, uint8_t mac[static ROWMAC_BYTES])
{
    struct db_value fields[FIELDS_COUNT];
    row_fields(link, fields);
    return rowmac_make(worker->crypto->keyring, mac_domain, fields, FIELDS_COUNT, mac);
}

static enum sm_error check_mac(
    const struct worker *worker, const struct link *link, struct span mac)
{
    struct db_value fields[FIELDS_COUNT];
    row_fields(link, fields);
    return rowmac_check(worker->crypto->keyring, mac_domain, fields, FIELDS_COUNT, mac);
}

/* --- reading --- */

static enum sm_error keep_column(
    const struct db_rows *rows, int column, size_t size_max, struct arena *arena, struct span *out)
{
    struct span bytes;
    TRY(db_read_bytes(rows, 0, column, size_max, &bytes));
    return keep_span(arena, bytes, out);
}

static enum sm_error read_facts(const struct db_rows *rows, struct arena *arena, struct link *out)
{
    TRY(db_read_id(rows, 0, 0, &out->message));
    TRY(db_read_id(rows, 0, 1, &out->organisation));
    TRY(keep_column(rows, 2, ADDRESS_BYTES_LIMIT, arena, &out->address));
    TRY(keep_column(rows, 3, PERSON_NAME_BYTES_MAX, arena, &out->name));
    TRY(db_read_u64(rows, 0, 4, &out->method));
    TRY(keep_column(rows, 5, PASSWORD_HASH_BYTES_MAX, arena, &out->verifier));
    TRY(db_read_u64(rows, 0, 6, &out->generation));
    TRY(db_read_u64(rows, 0, 7, &out->state));
    return db_read_i64(rows, 0, 8, &out->expires_ms);
}

static enum sm_error read_progress(const struct db_rows *rows, struct link *out)
{
    TRY(db_read_u64(rows, 0, 9, &out->lockout.window_failures));
    TRY(db_read_u64(rows, 0, 10, &out->lockout.total_failures));
    TRY(db_read_u64(rows, 0, 11, &out->lockout.epoch));
    TRY(db_read_i64(rows, 0, 12, &out->lockout.locked_until_ms));
    TRY(db_read_bool(rows, 0, 13, &out->lockout.is_frozen));
    TRY(db_read_bool(rows, 0, 14, &out->is_sender_told));
    TRY(db_read_i64(rows, 0, 15, &out->opened_ms));
    TRY(db_read_i64(rows, 0, 16, &out->replied_ms));
    TRY(db_read_u64(rows, 0, 17, &out->replies));
    return db_read_u64(rows, 0, 18, &out->version);
}

struct found {
    struct link link;
    uint8_t mac[ROWMAC_BYTES];
};

/* A link that is not there costs the MAC of an empty row: the same work as one that is. */
static enum sm_error read_found(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct found *found)
{
    struct span mac = SPAN(found->mac);
    enum sm_error presence = db_one(rows);
    if (presence != SM_OK)
        return check_mac(worker, &found->link, mac) == SM_OK ? SM_DATABASE : presence;
    TRY(read_facts(rows, arena, &found->link));
    TRY(read_progress(rows, &found->link));
    TRY(db_read_bytes(rows, 0, 19, ROWMAC_BYTES, &mac));
    if (mac.size == ROWMAC_BYTES)
        memcpy(found->mac, mac.at, ROWMAC_BYTES);
    return check_mac(worker, &found->link, mac);
}

static enum sm_error read_loaded(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct id link, struct link *out)
{
    struct found found = {.link.link = link};
    enum sm_error error = read_found(worker, rows, arena, &found);
    if (error == SM_TAMPERED)
        return tampering_report(worker, &(struct tampering){.what = "link row",
                                            .organisation = found.link.organisation,
                                            .message = found.link.message,
                                            .link = link,
                                            .mac = SPAN(found.mac)});
    if (error == SM_OK)
        *out = found.link;
    return error;
}

enum sm_error link_load(
    const struct worker *worker, struct arena *arena, struct id link, struct link *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &load, &rows, db_id(&link)));
    return read_loaded(worker, rows, arena, link, out);
}

enum sm_error link_lock(
    const struct worker *worker, struct arena *arena, struct id link, struct link *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct found found = {.link.link = link};
    TRY(DB_RUN(worker->db, &lock, &rows, db_id(&link)));
    TRY(read_found(worker, rows, arena, &found));
    *out = found.link;
    return SM_OK;
}

/* --- writing --- */

enum sm_error link_insert(const struct worker *worker, const struct link *link)
{
    struct db_value values[FIELDS_COUNT + 1];
    uint8_t mac[ROWMAC_BYTES];
    row_fields(link, values);
    TRY(make_mac(worker, link, mac));
    values[FIELDS_COUNT] = db_bytes(SPAN(mac));
    return db_post(worker->db, &insert, values, FIELDS_COUNT + 1);
}

enum sm_error link_update(const struct worker *worker, struct link *link)
{
    uint8_t mac[ROWMAC_BYTES];
    const struct lockout *lockout = &link->lockout;
    link->version++;
    TRY(make_mac(worker, link, mac));
    return DB_POST(worker->db, &update, db_id(&link->link),
        link->verifier.size ? db_bytes(link->verifier) : db_null(), db_u64(link->generation),
        db_u64(link->state), db_u64(lockout->window_failures), db_u64(lockout->total_failures),
        db_u64(lockout->epoch), db_i64(lockout->locked_until_ms), db_bool(lockout->is_frozen),
        db_bool(link->is_sender_told), db_i64(link->opened_ms), db_i64(link->replied_ms),
        db_u64(link->replies), db_u64(link->version), db_bytes(SPAN(mac)));
}

enum sm_error link_to_feed(const struct worker *worker, const struct link *link)
{
    return feed_add(
        worker->db, &(struct feed_item){.kind = FEED_LINK,
                        .version = link->version,
                        .organisation = link->organisation,
                        .message = link->message,
                        .link = link->link,
                        .state = link->state == LINK_REVOKED ? STATE_REVOKED : STATE_LIVE,
                        .method = link->method,
                        .address = link->address,
                        .name = link->name,
                        .expires_ms = (uint64_t)link->expires_ms,
                        .opened_ms = (uint64_t)link->opened_ms,
                        .replied_ms = (uint64_t)link->replied_ms,
                        .locked_until_ms = (uint64_t)link->lockout.locked_until_ms,
                        .is_frozen = link->lockout.is_frozen});
}

/* --- the secret --- */

static enum sm_error secret_matches(
    const struct worker *worker, const struct link *link, struct span secret, bool *out)
{
    uint8_t expected[LINK_SECRET_BYTES] = {0};
    DEFER_WIPE(expected);
    TRY(link_secret(keyring_key(worker->crypto->keyring, KEY_LINK), link->link,
        (uint32_t)link->generation, expected));
    *out = secret_equal(SPAN(expected), secret);
    return SM_OK;
}

bool link_is_live(const struct link *link, const struct message *message, int64_t now_ms)
{
    return link->state == LINK_LIVE && now_ms < link->expires_ms &&
           message_is_live(message, now_ms);
}

enum sm_error link_gone(enum sm_error error)
{
    return error == SM_NOT_FOUND ? SM_GONE : error;
}

enum sm_error link_lock_live(
    const struct worker *worker, struct arena *arena, struct link *link, struct message *message)
{
    struct db_rows *held DEFER(db_rows_free) = NULL;
    struct db_rows *locked DEFER(db_rows_free) = NULL;
    struct db_rows *clock DEFER(db_rows_free) = NULL;
    struct found found = {.link.link = link->link};
    int64_t now_ms;
    const struct db_value of_message = db_id(&link->message);
    const struct db_value of_link = db_id(&link->link);
    const struct db_query queries[] = {{message_hold_statement(), &of_message, 1, &held},
        {&lock, &of_link, 1, &locked}, {&now, NULL, 0, &clock}};
    TRY(db_run_all(worker->db, queries, 3));
    TRY(link_gone(message_read_held(worker, held, arena, link->message, message)));
    TRY(link_gone(read_found(worker, locked, arena, &found)));
    TRY(db_one(clock));
    TRY(db_read_i64(clock, 0, 0, &now_ms));
    *link = found.link;
    bool is_good = id_equal(link->message, message->message) && link_is_live(link, message, now_ms);
    return is_good ? SM_OK : SM_GONE;
}

struct proof {
    struct link link;
    struct message message;
};

/* Both rows in one round trip: as many statements for a link that is there as for one that is not.
 */
static enum sm_error find_both(
    struct sealed_call *call, struct db_rows **link, struct db_rows **message)
{
    const struct db_value id = db_id(&call->link.link);
    const struct db_query queries[] = {
        {&load, &id, 1, link}, {message_of_link_statement(), &id, 1, message}};
    return db_run_all(call->worker->db, queries, 2);
}

/*
 * Every step is done whether the one before it found anything: two reads, two MACs, one secret.
 * Only then is it decided, and by all of them together. (An edited row is told as such, at once.)
 */
static enum sm_error weigh(struct sealed_call *call, struct proof *proof)
{
    const struct worker *worker = call->worker;
    struct db_rows *link DEFER(db_rows_free) = NULL;
    struct db_rows *message DEFER(db_rows_free) = NULL;
    bool is_its_secret = false;
    TRY(find_both(call, &link, &message));
    enum sm_error found = read_loaded(worker, link, call->arena, call->link.link, &proof->link);
    if (found != SM_OK && found != SM_NOT_FOUND)
        return found;
    struct id message_id = found == SM_OK ? proof->link.message : call->link.link;
    enum sm_error about =
        message_read_loaded(worker, message, call->arena, message_id, &proof->message);
    TRY(secret_matches(worker, &proof->link, call->link.secret, &is_its_secret));

    if (about != SM_OK && about != SM_NOT_FOUND)
        return about;
    bool is_good = found == SM_OK && about == SM_OK && is_its_secret &&
                   link_is_live(&proof->link, &proof->message, call->now_ms);
    return is_good ? SM_OK : SM_GONE;
}

enum sm_error link_prove(struct sealed_call *call)
{
    void *memory;
    TRY(arena_take(call->arena, 1, sizeof(struct proof), &memory));
    struct proof *proof = memory;
    proof->link = (struct link){.link = call->link.link, .generation = 1};
    TRY(weigh(call, proof));
    call->live = &proof->link;
    call->live_message = &proof->message;
    return SM_OK;
}

enum sm_error link_text(
    const struct worker *worker, const struct link *link, struct span base, struct buffer *out)
{
    struct link_parts parts DEFER(link_wipe) = {.id = link->link};
    TRY(link_secret(keyring_key(worker->crypto->keyring, KEY_LINK), link->link,
        (uint32_t)link->generation, parts.secret));
    TRY(identity_pin(hpke_keys_identity(worker->crypto->hpke), parts.pin));
    return link_format(base, &parts, out);
}
