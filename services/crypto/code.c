/*
 * The rows of vault.code. A row outlives its code: it counts resends for an hour. Using a code
 * empties its proof, so no flag in the database can bring it back.
 */
#include "services/crypto/code.h"

#include "base/random.h"
#include "services/crypto/rowmac.h"

#include <string.h>

#define HOUR_MS ((int64_t)60 * 60 * 1000)
#define RESEND_MS ((int64_t)CODE_RESEND_AFTER_S * 1000)
#define LIFETIME_MS ((int64_t)CODE_LIFETIME_S * 1000)
static const char proof_domain[] = "vault.code";

/* clang-format off */
static const struct statement
    history = {"code_history",
        "SELECT count(*), coalesce(min(created_ms), 0), coalesce(max(created_ms), 0)"
        " FROM vault.code WHERE link = $1 AND created_ms > $2"},
    forget_old = {"code_forget_old", "DELETE FROM vault.code WHERE link = $1 AND created_ms <= $2"},
    insert = {"code_insert",
        "INSERT INTO vault.code (link, proof, created_ms, expires_ms) VALUES ($1, $2, $3, $4)"},
    newest = {"code_newest",
        "SELECT proof, created_ms, expires_ms FROM vault.code WHERE link = $1"
        " ORDER BY id DESC LIMIT $2"},
    use_up = {"code_use_up", "UPDATE vault.code SET proof = ''::bytea WHERE link = $1"},
    waiting = {"code_waiting",
        "SELECT EXISTS (SELECT FROM vault.code WHERE link = $1 AND expires_ms > $2"
        " AND octet_length(proof) > 0)"};
/* clang-format on */

/* --- digits --- */

enum sm_error code_random(struct code *out)
{
    uint32_t number;
    TRY(random_below(1000000, &number));
    for (size_t i = CODE_DIGITS; i-- > 0; number /= 10)
        out->digits[i] = (char)('0' + number % 10);
    out->digits[CODE_DIGITS] = '\0';
    explicit_bzero(&number, sizeof number);
    return SM_OK;
}

void code_wipe(struct code *code)
{
    explicit_bzero(code, sizeof *code);
}

bool code_is_form(struct span text)
{
    if (text.size != CODE_DIGITS)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

/* --- the rule of resending --- */

int64_t code_wait_ms(const struct code_history *sent, int64_t now_ms)
{
    if (sent->sent == 0)
        return 0;
    int64_t since_last_ms = now_ms - sent->last_ms;
    int64_t wait_ms = since_last_ms < RESEND_MS ? RESEND_MS - since_last_ms : 0;
    if (sent->sent >= CODES_PER_HOUR_MAX) {
        int64_t until_first_is_old_ms = sent->first_ms + HOUR_MS - now_ms;
        if (until_first_is_old_ms > wait_ms)
            wait_ms = until_first_is_old_ms;
    }
    return wait_ms;
}

static enum sm_error read_history(
    const struct worker *worker, struct id link, int64_t now_ms, struct code_history *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &history, &rows, db_id(&link), db_i64(now_ms - HOUR_MS)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &out->sent));
    TRY(db_read_i64(rows, 0, 1, &out->first_ms));
    return db_read_i64(rows, 0, 2, &out->last_ms);
}

/* --- proofs --- */

struct code_times {
    int64_t created_ms, expires_ms;
};

/* What a code's HMAC covers: the same digits prove nothing for another link or later. */
enum { PROOF_FIELDS = 4 };
static void proof_fields(const struct link *link, const struct code_times *times,
    struct span digits, struct db_value out[static PROOF_FIELDS])
{
    out[0] = db_id(&link->link);
    out[1] = db_i64(times->created_ms);
    out[2] = db_i64(times->expires_ms);
    out[3] = db_bytes(digits);
}

enum sm_error code_issue(const struct worker *worker, const struct link *link, int64_t now_ms,
    struct code *out, int64_t *wait_ms)
{
    struct code_history sent;
    struct code code DEFER(code_wipe) = {{0}};
    struct code_times times = {now_ms, now_ms + LIFETIME_MS};
    struct db_value fields[PROOF_FIELDS];
    uint8_t proof[ROWMAC_BYTES];
    TRY(read_history(worker, link->link, now_ms, &sent));
    int64_t wait = code_wait_ms(&sent, now_ms);
    if (wait > 0) {
        *wait_ms = wait;
        return SM_RATE_LIMITED;
    }
    TRY(code_random(&code));
    proof_fields(link, &times, span_text(code.digits), fields);
    TRY(rowmac_make_under(worker->crypto->keyring,
        &(struct rowmac_input){KEY_CODE, proof_domain, fields, PROOF_FIELDS}, proof));
    TRY(DB_RUN(worker->db, &forget_old, NULL, db_id(&link->link), db_i64(now_ms - HOUR_MS)));
    TRY(DB_RUN(worker->db, &insert, NULL, db_id(&link->link), db_bytes(SPAN(proof)),
        db_i64(times.created_ms), db_i64(times.expires_ms)));
    *out = code;
    return SM_OK;
}

static enum sm_error row_matches(const struct worker *worker, const struct link *link,
    const struct db_rows *rows, size_t row, struct span digits)
{
    struct code_times times;
    struct span proof;
    struct db_value fields[PROOF_FIELDS];
    TRY(db_read_bytes(rows, row, 0, ROWMAC_BYTES, &proof));
    TRY(db_read_i64(rows, row, 1, &times.created_ms));
    TRY(db_read_i64(rows, row, 2, &times.expires_ms));
    proof_fields(link, &times, digits, fields);
    return rowmac_check_under(worker->crypto->keyring,
        &(struct rowmac_input){KEY_CODE, proof_domain, fields, PROOF_FIELDS}, proof);
}

enum sm_error code_check(
    const struct worker *worker, const struct link *link, struct span digits, int64_t now_ms)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool is_right = false;
    TRY(DB_RUN(worker->db, &newest, &rows, db_id(&link->link), db_u64(CODES_VALID_MAX)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        int64_t expires_ms;
        TRY(db_read_i64(rows, i, 2, &expires_ms));
        enum sm_error match = row_matches(worker, link, rows, i, digits);
        if (match != SM_OK && match != SM_TAMPERED)
            return match;
        is_right |= match == SM_OK && now_ms < expires_ms;
    }
    return is_right ? SM_OK : SM_WRONG_SECRET;
}

enum sm_error code_use_up(const struct worker *worker, const struct link *link)
{
    return DB_POST(worker->db, &use_up, db_id(&link->link));
}

enum sm_error code_is_waiting(
    const struct worker *worker, struct id link, int64_t now_ms, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &waiting, &rows, db_id(&link), db_i64(now_ms)));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, out);
}
