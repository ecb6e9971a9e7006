/* One row, one MAC; every loader checks it before anybody looks at the row. */
#include "services/crypto/account.h"

#include "base/log.h"
#include "base/text.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "services/crypto/feed.h"
#include "services/crypto/keep.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/tampering.h"

enum { FIELDS = 10, FIELDS_WITHOUT_TOTP = 9 };

/* clang-format off */
#define COLUMNS "account, organisation, email, name, roles, verifier, state, failures, locked_until_ms," \
    " has_totp"
static const struct statement
    by_email = {"account_by_email", "SELECT " COLUMNS ", mac FROM vault.account WHERE email = $1"},
    by_id = {"account_by_id", "SELECT " COLUMNS ", mac FROM vault.account WHERE account = $1"},
    of_session = {"account_of_session",
        "SELECT " COLUMNS ", mac FROM vault.account"
        " WHERE account = (SELECT account FROM vault.session WHERE session = $1)"},
    locked = {"account_lock",
        "SELECT " COLUMNS ", mac FROM vault.account WHERE email = $1 FOR UPDATE"},
    insert = {"account_insert",
        "INSERT INTO vault.account (" COLUMNS ", mac, created_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock.now_ms())"},
    update = {"account_update",
        "UPDATE vault.account SET name = $2, roles = $3, verifier = $4, state = $5, failures = $6,"
        " locked_until_ms = $7, has_totp = $8, mac = $9 WHERE account = $1"},
    end_sessions = {"session_end_all",
        "DELETE FROM vault.session WHERE account = $1 RETURNING session"};
/* clang-format on */

enum sm_error account_address(struct arena *arena, struct span email, struct span *out)
{
    void *copy;
    if (!text_is_address(email))
        return SM_BAD_VALUE;
    TRY(arena_take(arena, 1, email.size, &copy));
    uint8_t *lower = copy;
    for (size_t i = 0; i < email.size; i++) {
        uint8_t letter = email.at[i];
        lower[i] = letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter + 'a' - 'A') : letter;
    }
    *out = span_of(lower, email.size);
    return SM_OK;
}

/*
 * How many fields the MAC is over. has_totp counts only when it is set: rows from before that
 * column verify as they are, and turning it off or on by hand changes what is computed.
 */
static size_t mac_fields(const struct account *a)
{
    return a->has_totp ? FIELDS : FIELDS_WITHOUT_TOTP;
}

static void fields_of(const struct account *a, struct db_value out[static FIELDS])
{
    const struct db_value fields[FIELDS] = {db_id(&a->account), db_id(&a->organisation),
        db_text(a->email), db_text(a->name), db_u64(a->roles), db_bytes(a->verifier),
        db_u64(a->state), db_u64(a->attempts.failures), db_i64(a->attempts.locked_until_ms),
        db_bool(a->has_totp)};
    for (size_t i = 0; i < FIELDS; i++)
        out[i] = fields[i];
}

static enum sm_error read_columns(
    const struct db_rows *rows, struct arena *arena, struct account *out)
{
    TRY(db_read_id(rows, 0, 0, &out->account));
    TRY(db_read_id(rows, 0, 1, &out->organisation));
    TRY(db_read_bytes(rows, 0, 2, ADDRESS_BYTES_LIMIT, &out->email));
    TRY(keep_span(arena, out->email, &out->email));
    TRY(db_read_bytes(rows, 0, 3, PERSON_NAME_BYTES_MAX, &out->name));
    TRY(keep_span(arena, out->name, &out->name));
    TRY(db_read_u64(rows, 0, 4, &out->roles));
    TRY(db_read_bytes(rows, 0, 5, PASSWORD_HASH_BYTES_MAX, &out->verifier));
    TRY(keep_span(arena, out->verifier, &out->verifier));
    TRY(db_read_u64(rows, 0, 6, &out->state));
    TRY(db_read_u64(rows, 0, 7, &out->attempts.failures));
    TRY(db_read_i64(rows, 0, 8, &out->attempts.locked_until_ms));
    return db_read_bool(rows, 0, 9, &out->has_totp);
}

static enum sm_error read_row(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct account *out)
{
    struct db_value fields[FIELDS];
    struct account row;
    struct span mac;
    TRY(db_one(rows));
    TRY(read_columns(rows, arena, &row));
    TRY(db_read_bytes(rows, 0, FIELDS, ROWMAC_BYTES, &mac));
    TRY(keep_span(arena, mac, &row.mac));
    fields_of(&row, fields);
    *out = row;
    if (rowmac_check(worker->crypto->keyring, "account", fields, mac_fields(&row), mac) != SM_OK)
        return log_failure("account-row", SM_TAMPERED, id_text(row.account).text);
    return SM_OK;
}

static enum sm_error load(const struct worker *worker, const struct statement *statement,
    struct db_value key, struct arena *arena, struct account *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(db_run(worker->db, statement, &key, 1, &rows));
    return read_row(worker, rows, arena, out);
}

enum sm_error account_by_email(
    const struct worker *worker, struct arena *arena, struct span email, struct account *out)
{
    return load(worker, &by_email, db_text(email), arena, out);
}

enum sm_error account_by_id(
    const struct worker *worker, struct arena *arena, struct id account, struct account *out)
{
    return load(worker, &by_id, db_id(&account), arena, out);
}

enum sm_error account_load(
    const struct worker *worker, struct arena *arena, struct id account, struct account *out)
{
    enum sm_error error = account_by_id(worker, arena, account, out);
    return error == SM_TAMPERED ? account_report_tampering(worker, out) : error;
}

const struct statement *account_of_session_statement(void)
{
    return &of_session;
}

enum sm_error account_read(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct account *out)
{
    return read_row(worker, rows, arena, out);
}

enum sm_error account_lock(
    const struct worker *worker, struct arena *arena, struct span email, struct account *out)
{
    return load(worker, &locked, db_text(email), arena, out);
}

enum sm_error account_insert(const struct worker *worker, const struct account *account)
{
    struct db_value values[FIELDS + 1];
    uint8_t mac[ROWMAC_BYTES];
    fields_of(account, values);
    TRY(rowmac_make(worker->crypto->keyring, "account", values, mac_fields(account), mac));
    values[FIELDS] = db_bytes(SPAN(mac));
    return db_run(worker->db, &insert, values, FIELDS + 1, NULL);
}

enum sm_error account_update(const struct worker *worker, const struct account *account)
{
    struct db_value fields[FIELDS];
    uint8_t mac[ROWMAC_BYTES];
    fields_of(account, fields);
    TRY(rowmac_make(worker->crypto->keyring, "account", fields, mac_fields(account), mac));
    return DB_RUN(worker->db, &update, NULL, db_id(&account->account), db_text(account->name),
        db_u64(account->roles), db_bytes(account->verifier), db_u64(account->state),
        db_u64(account->attempts.failures), db_i64(account->attempts.locked_until_ms),
        db_bool(account->has_totp), db_bytes(SPAN(mac)));
}

enum sm_error account_report_tampering(const struct worker *worker, const struct account *account)
{
    const struct tampering tampering = {
        .what = "account row", .organisation = account->organisation, .mac = account->mac};
    return id_is_none(account->organisation) ? SM_TAMPERED : tampering_report(worker, &tampering);
}

enum sm_error account_end_sessions(const struct worker *worker, const struct account *account)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &end_sessions, &rows, db_id(&account->account)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct feed_item item = {.kind = FEED_SESSION, .organisation = account->organisation};
        TRY(db_read_id(rows, i, 0, &item.user));
        TRY(feed_add(worker->db, &item));
    }
    return SM_OK;
}
