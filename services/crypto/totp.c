/* The row is read whole, checked whole, and written whole: one MAC. */
#include "services/crypto/totp.h"

#include "base/encode.h"
#include "base/random.h"
#include "base/secret.h"
#include "services/crypto/keep.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/tampering.h"

#include <string.h>

enum {
    FIELDS = 5,
    WRAPPED_BYTES_MAX = 512,
    RECOVERY_BYTES_MAX = RECOVERY_CODES * ROWMAC_BYTES,
    RECOVERY_LETTERS = RECOVERY_CODE_BYTES - 1, /* without the hyphen */
};
#define STEP_MS ((int64_t)TOTP_STEP_S * 1000)
static const char purpose[] = "totp secret";

/* clang-format off */
#define COLUMNS "SELECT state, wrapped, last_step, recovery, mac FROM vault.totp WHERE account = $1"
static const struct statement
    load = {"totp_load", COLUMNS},
    lock = {"totp_lock", COLUMNS " FOR UPDATE"},
    save = {"totp_save",
        "INSERT INTO vault.totp (account, state, wrapped, last_step, recovery, mac)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO UPDATE SET state = excluded.state,"
        " wrapped = excluded.wrapped, last_step = excluded.last_step,"
        " recovery = excluded.recovery, mac = excluded.mac"},
    delete_one = {"totp_remove", "DELETE FROM vault.totp WHERE account = $1"};
/* clang-format on */

/* The row; its bytes lie in itself, so that it can be changed in place. */
struct row {
    struct id account;
    uint64_t state;
    int64_t last_step;
    uint8_t wrapped[WRAPPED_BYTES_MAX], recovery[RECOVERY_BYTES_MAX];
    size_t wrapped_size, recovery_size;
};

static void fields_of(const struct row *row, struct db_value out[static FIELDS])
{
    out[0] = db_id(&row->account);
    out[1] = db_u64(row->state);
    out[2] = db_bytes(span_of(row->wrapped, row->wrapped_size));
    out[3] = db_i64(row->last_step);
    out[4] = db_bytes(span_of(row->recovery, row->recovery_size));
}

static enum sm_error copy_column(
    const struct db_rows *rows, int column, uint8_t *out, size_t size_max, size_t *size)
{
    struct span bytes;
    TRY(db_read_bytes(rows, 0, column, size_max, &bytes));
    if (bytes.size)
        memcpy(out, bytes.at, bytes.size);
    *size = bytes.size;
    return SM_OK;
}

/* SM_NOT_FOUND, SM_TAMPERED. */
static enum sm_error read_row(const struct worker *worker, const struct statement *statement,
    struct id account, struct row *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_value fields[FIELDS];
    struct span mac;
    TRY(DB_RUN(worker->db, statement, &rows, db_id(&account)));
    TRY(db_one(rows));
    out->account = account;
    TRY(db_read_u64(rows, 0, 0, &out->state));
    TRY(copy_column(rows, 1, out->wrapped, sizeof out->wrapped, &out->wrapped_size));
    TRY(db_read_i64(rows, 0, 2, &out->last_step));
    TRY(copy_column(rows, 3, out->recovery, sizeof out->recovery, &out->recovery_size));
    TRY(db_read_bytes(rows, 0, 4, ROWMAC_BYTES, &mac));
    fields_of(out, fields);
    return rowmac_check(worker->crypto->keyring, "vault.totp", fields, FIELDS, mac);
}

static enum sm_error write_row(const struct worker *worker, const struct row *row)
{
    struct db_value f[FIELDS];
    uint8_t mac[ROWMAC_BYTES];
    fields_of(row, f);
    TRY(rowmac_make(worker->crypto->keyring, "vault.totp", f, FIELDS, mac));
    return DB_RUN(worker->db, &save, NULL, f[0], f[1], f[2], f[3], f[4], db_bytes(SPAN(mac)));
}

/* --- time-based codes --- */

static bool is_digits(struct span code)
{
    for (size_t i = 0; i < code.size; i++)
        if (code.at[i] < '0' || code.at[i] > '9')
            return false;
    return code.size == TOTP_DIGITS;
}

/* The newest step around now whose code this is and that was not used; 0: none. Looks at all. */
static enum sm_error find_step(
    struct span secret, const struct row *row, const struct totp_question *question, int64_t *out)
{
    int64_t now = question->now_ms / STEP_MS;
    *out = 0;
    for (int64_t step = now - TOTP_DRIFT_STEPS; step <= now + TOTP_DRIFT_STEPS; step++) {
        struct totp_code expected;
        TRY(totp_code(secret, (uint64_t)step, TOTP_DIGITS, &expected));
        bool is_it = secret_equal(span_text(expected.digits), question->code);
        explicit_bzero(&expected, sizeof expected);
        if (is_it && step > row->last_step)
            *out = step;
    }
    return SM_OK;
}

static enum sm_error unwrap(
    const struct worker *worker, struct id organisation, const struct row *row, struct secret **out)
{
    return keyring_unwrap(worker->crypto->keyring, worker->db, organisation, purpose, row->account,
        span_of(row->wrapped, row->wrapped_size), out);
}

/* A row that was read without a lock may have been wrapped anew since, and the old version of the
 * organisation's key destroyed: then it is read once more. */
static enum sm_error open_secret(
    const struct worker *worker, struct id organisation, const struct row *row, struct secret **out)
{
    struct row now = {0};
    enum sm_error error = unwrap(worker, organisation, row, out);
    if (error != SM_TAMPERED)
        return error;
    TRY(read_row(worker, &load, row->account, &now));
    return unwrap(worker, organisation, &now, out);
}

static enum sm_error use_step(
    const struct worker *worker, const struct totp_question *question, struct row *row)
{
    struct secret *secret DEFER(secret_free) = NULL;
    int64_t step;
    TRY(open_secret(worker, question->account->organisation, row, &secret));
    TRY(find_step(secret_span(secret), row, question, &step));
    if (step == 0)
        return SM_WRONG_SECRET;
    row->last_step = step;
    return SM_OK;
}

/* --- recovery codes --- */

/* As it is hashed: capitals, without the hyphen and spaces that people write or leave out. */
static size_t letters_of(struct span code, char out[static RECOVERY_LETTERS])
{
    size_t count = 0;
    for (size_t i = 0; i < code.size; i++) {
        uint8_t letter = code.at[i];
        if (letter == '-' || letter == ' ')
            continue;
        if (count == RECOVERY_LETTERS)
            return 0;
        bool is_small = letter >= 'a' && letter <= 'z';
        out[count++] = (char)(is_small ? letter + 'A' - 'a' : letter);
    }
    return count;
}

static enum sm_error proof_of(const struct worker *worker, const struct id *account,
    struct span letters, uint8_t out[static ROWMAC_BYTES])
{
    const struct db_value fields[] = {db_id(account), db_bytes(letters)};
    return rowmac_make_under(worker->crypto->keyring,
        &(struct rowmac_input){KEY_CODE, "vault.totp recovery", fields, 2}, out);
}

static enum sm_error use_recovery(
    const struct worker *worker, const struct totp_question *question, struct row *row)
{
    char letters[RECOVERY_LETTERS] = {0};
    uint8_t proof[ROWMAC_BYTES];
    size_t found = RECOVERY_BYTES_MAX;
    size_t size = letters_of(question->code, letters);
    TRY(proof_of(worker, &row->account, span_of(letters, size), proof));
    for (size_t at = 0; at + ROWMAC_BYTES <= row->recovery_size; at += ROWMAC_BYTES)
        if (secret_equal(span_of(row->recovery + at, ROWMAC_BYTES), SPAN(proof)))
            found = at;
    if (size != RECOVERY_LETTERS || found == RECOVERY_BYTES_MAX)
        return SM_WRONG_SECRET;
    memset(row->recovery + found, 0, ROWMAC_BYTES);
    return SM_OK;
}

/* --- the question --- */

/* Of a row that may be gone altogether, the account names what was met. */
static enum sm_error report(const struct worker *worker, const struct account *account)
{
    const struct tampering tampering = {.what = "second factor",
        .organisation = account->organisation,
        .mac = id_span(&account->account)};
    return tampering_report(worker, &tampering);
}

/* The row as it is after the code was used. */
static enum sm_error decide(const struct worker *worker, const struct statement *statement,
    const struct totp_question *question, struct row *row)
{
    enum sm_error error = read_row(worker, statement, question->account->account, row);
    if (error == SM_NOT_FOUND && question->state == TOTP_BEGUN)
        return SM_WRONG_SECRET; /* nothing was begun: no code is right */
    if (error == SM_NOT_FOUND || error == SM_TAMPERED ||
        (error == SM_OK && row->state != (uint64_t)question->state))
        return report(worker, question->account);
    TRY(error);
    if (is_digits(question->code))
        return use_step(worker, question, row);
    return use_recovery(worker, question, row);
}

enum sm_error totp_check(const struct worker *worker, const struct totp_question *question)
{
    struct row row = {0};
    return decide(worker, &load, question, &row);
}

enum sm_error totp_use(
    const struct worker *worker, const struct totp_question *question, bool *is_recovery)
{
    struct row row = {0};
    TRY(decide(worker, &lock, question, &row));
    if (is_recovery)
        *is_recovery = !is_digits(question->code);
    return write_row(worker, &row);
}

/* --- its life --- */

static enum sm_error wrap_into(
    const struct worker *worker, struct id organisation, struct span secret, struct row *row)
{
    struct buffer wrapped DEFER(buffer_free) = BUFFER(WRAPPED_BYTES_MAX);
    TRY(keyring_wrap(worker->crypto->keyring, worker->db, organisation, purpose, row->account,
        secret, &wrapped));
    memcpy(row->wrapped, wrapped.bytes, wrapped.size);
    row->wrapped_size = wrapped.size;
    return write_row(worker, row);
}

enum sm_error totp_begin(
    const struct worker *worker, const struct account *account, struct span secret)
{
    struct row row = {.account = account->account, .state = TOTP_BEGUN};
    return wrap_into(worker, account->organisation, secret, &row);
}

enum sm_error totp_rewrap(const struct worker *worker, struct id organisation, struct id account)
{
    struct secret *secret DEFER(secret_free) = NULL;
    struct row row = {0};
    TRY(read_row(worker, &lock, account, &row));
    TRY(unwrap(worker, organisation, &row, &secret));
    return wrap_into(worker, organisation, secret_span(secret), &row);
}

/* 50 random bits as ten letters, shown in two groups. */
static enum sm_error make_code(const struct worker *worker, const struct id *account,
    struct arena *arena, uint8_t proof[static ROWMAC_BYTES], struct span *out)
{
    struct buffer letters DEFER(buffer_free) = BUFFER(16);
    uint8_t random[8] = {0}; /* 64 bits are 13 letters; the first ten are taken */
    uint8_t shown[RECOVERY_CODE_BYTES];
    DEFER_WIPE(random);
    DEFER_WIPE(shown);
    TRY(random_bytes(random, sizeof random));
    TRY(base32_encode(SPAN(random), &letters));
    buffer_truncate(&letters, RECOVERY_LETTERS);
    TRY(proof_of(worker, account, buffer_span(&letters), proof));
    memcpy(shown, letters.bytes, RECOVERY_LETTERS / 2);
    shown[RECOVERY_LETTERS / 2] = '-';
    memcpy(shown + RECOVERY_LETTERS / 2 + 1, letters.bytes + RECOVERY_LETTERS / 2,
        RECOVERY_LETTERS / 2);
    return keep_span(arena, SPAN(shown), out);
}

enum sm_error totp_confirm(const struct worker *worker, const struct account *account,
    struct arena *arena, struct span codes[static RECOVERY_CODES])
{
    struct row row = {0};
    TRY(read_row(worker, &lock, account->account, &row));
    row.state = TOTP_CONFIRMED;
    row.recovery_size = RECOVERY_BYTES_MAX;
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        TRY(make_code(worker, &row.account, arena, row.recovery + i * ROWMAC_BYTES, &codes[i]));
    return write_row(worker, &row);
}

enum sm_error totp_remove(const struct worker *worker, struct id account)
{
    return DB_RUN(worker->db, &delete_one, NULL, db_id(&account));
}
