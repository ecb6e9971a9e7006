/*
 * Two places hold counters, the account's row and vault.stranger; `struct attempts` and one rule
 * (count_attempt) serve both, so that what a guesser sees does not depend on which it is.
 */
#include "services/crypto/sign_in.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "envelope/kdf.h"
#include "proto/limits.h"
#include "services/crypto/keep.h"
#include "services/crypto/totp.h"

/* clang-format off */
static const struct statement
    stranger_make = {"stranger_make",
        "INSERT INTO vault.stranger (address, failures, locked_until_ms, expires_ms)"
        " VALUES ($1, 0, 0, clock.now_ms() + $2) ON CONFLICT (address) DO NOTHING"},
    stranger_lock = {"stranger_lock",
        "SELECT failures, locked_until_ms FROM vault.stranger WHERE address = $1 FOR UPDATE"},
    stranger_update = {"stranger_update",
        "UPDATE vault.stranger SET failures = $2, locked_until_ms = $3,"
        " expires_ms = clock.now_ms() + $4 WHERE address = $1"},
    stranger_forget = {"stranger_forget",
        "DELETE FROM vault.stranger WHERE address IN (SELECT address FROM vault.stranger"
        " WHERE expires_ms < clock.now_ms() ORDER BY expires_ms LIMIT 100 FOR UPDATE SKIP LOCKED)"};
/* clang-format on */

#define LOCK_MS ((int64_t)LOCK_S * 1000)
#define STRANGER_MS ((int64_t)24 * 3600 * 1000)

/* --- the rule --- */

/* Counts one attempt, or says SM_LOCKED and changes nothing. */
static enum sm_error count_attempt(int64_t now_ms, struct attempts *attempts)
{
    if (attempts->locked_until_ms > now_ms)
        return SM_LOCKED;
    if (attempts->locked_until_ms != 0)
        *attempts = (struct attempts){0}; /* a lock that is over: five new attempts */
    attempts->failures++;
    if (attempts->failures >= FAILURES_BEFORE_LOCK)
        attempts->locked_until_ms = now_ms + LOCK_MS;
    return SM_OK;
}

static void give_back(struct attempts *attempts)
{
    if (attempts->failures > 0)
        attempts->failures--;
    if (attempts->failures < FAILURES_BEFORE_LOCK)
        attempts->locked_until_ms = 0;
}

/* --- strangers --- */

/* Addresses without an account stand in the table as an HMAC: it is not a list of addresses. */
static enum sm_error stranger_address(
    const struct sealed_call *call, struct span email, uint8_t out[static KDF_SHA256_BYTES])
{
    struct buffer text DEFER(buffer_free) = BUFFER(2 * ADDRESS_BYTES_LIMIT);
    TRY(buffer_append_text(&text, "securemail/1 stranger"));
    TRY(buffer_append(&text, email));
    return kdf_hmac_sha256(
        keyring_key(call->worker->crypto->keyring, KEY_SESSION), buffer_span(&text), out);
}

static enum sm_error stranger_load(
    const struct sealed_call *call, struct span email, struct attempts *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint8_t address[KDF_SHA256_BYTES];
    struct db *db = call->worker->db;
    TRY(stranger_address(call, email, address));
    TRY(DB_RUN0(db, &stranger_forget, NULL));
    TRY(DB_RUN(db, &stranger_make, NULL, db_bytes(SPAN(address)), db_i64(STRANGER_MS)));
    TRY(DB_RUN(db, &stranger_lock, &rows, db_bytes(SPAN(address))));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &out->failures));
    return db_read_i64(rows, 0, 1, &out->locked_until_ms);
}

static enum sm_error stranger_save(
    const struct sealed_call *call, struct span email, const struct attempts *attempts)
{
    uint8_t address[KDF_SHA256_BYTES];
    TRY(stranger_address(call, email, address));
    return DB_RUN(call->worker->db, &stranger_update, NULL, db_bytes(SPAN(address)),
        db_u64(attempts->failures), db_i64(attempts->locked_until_ms), db_i64(STRANGER_MS));
}

/* --- one attempt, for both --- */

static struct audit_event event_of(const struct sign_in *sign_in, uint64_t kind)
{
    return (struct audit_event){.organisation = sign_in->account.organisation,
        .kind = kind,
        .actor_class = ACTOR_USER,
        .actor = sign_in->account.account,
        .result = RESULT_FAILED};
}

static enum sm_error load_attempts(
    struct sealed_call *call, struct sign_in *sign_in, struct attempts *out)
{
    enum sm_error error =
        account_lock(call->worker, call->arena, sign_in->email, &sign_in->account);
    if (error == SM_NOT_FOUND) {
        sign_in->account = (struct account){0};
        return stranger_load(call, sign_in->email, out);
    }
    TRY(error);
    sign_in->is_known = sign_in->account.state == ACCOUNT_ACTIVE;
    *out = sign_in->account.attempts;
    return SM_OK;
}

static enum sm_error save_attempts(
    const struct sealed_call *call, struct sign_in *sign_in, const struct attempts *attempts)
{
    if (id_is_none(sign_in->account.account))
        return stranger_save(call, sign_in->email, attempts);
    sign_in->account.attempts = *attempts;
    return account_update(call->worker, &sign_in->account);
}

static enum sm_error tell_locked(struct sealed_call *call, int64_t until_ms)
{
    call->failure->until_ms = (uint64_t)until_ms;
    call->failure->retry_after_s = (uint64_t)((until_ms - call->now_ms + 999) / 1000);
    return SM_LOCKED;
}

/* What is no address has no account either: it goes the way of a stranger. */
static enum sm_error stored_form(struct sealed_call *call, struct span email, struct span *out)
{
    enum sm_error error = account_address(call->arena, email, out);
    return error == SM_BAD_VALUE ? keep_span(call->arena, email, out) : error;
}

enum sm_error sign_in_reserve(struct sealed_call *call, struct span email, struct sign_in *out)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct sign_in sign_in = {0};
    struct attempts attempts;
    TRY(stored_form(call, email, &sign_in.email));
    TRY(call_begin(call, &tx));
    enum sm_error error = load_attempts(call, &sign_in, &attempts);
    if (error == SM_TAMPERED) {
        db_rollback(&tx);
        return account_report_tampering(call->worker, &sign_in.account);
    }
    TRY(error);
    if (count_attempt(call->now_ms, &attempts) == SM_LOCKED)
        return tell_locked(call, attempts.locked_until_ms);
    TRY(save_attempts(call, &sign_in, &attempts));
    FAIL_POINT("crypto.sign-in.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.sign-in.after-commit");
    sign_in.locked_until_ms = attempts.locked_until_ms;
    call->failure->attempts_left = FAILURES_BEFORE_LOCK - attempts.failures;
    *out = sign_in;
    return SM_OK;
}

/* --- the outcome --- */

/* Nothing was checked: no failure of anybody's. */
static enum sm_error hand_back(struct sealed_call *call, const struct sign_in *sign_in)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct sign_in again = *sign_in;
    struct attempts attempts;
    TRY(db_begin(call->worker->db, &tx));
    TRY(load_attempts(call, &again, &attempts));
    give_back(&attempts);
    TRY(save_attempts(call, &again, &attempts));
    TRY(db_commit(&tx));
    call->failure->attempts_left = 0;
    return SM_OK;
}

static enum sm_error busy(struct sealed_call *call, const struct sign_in *sign_in)
{
    TRY(hand_back(call, sign_in));
    return SM_BUSY;
}

/* The failure of an account goes to its organisation's log; a stranger has none, but writes a row
 * all the same. */
enum sm_error sign_in_failed(
    struct sealed_call *call, const struct sign_in *sign_in, const char *cause)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct personal_field personal[] = {{span_text("user"), sign_in->account.email}};
    struct audit_event wrong = event_of(sign_in, EVENT_SIGN_IN_FAILED);
    struct audit_event locked = event_of(sign_in, EVENT_LOCKED);
    TRY(db_begin(call->worker->db, &tx));
    if (id_is_none(sign_in->account.account)) {
        struct attempts attempts;
        TRY(stranger_load(call, sign_in->email, &attempts));
        TRY(stranger_save(call, sign_in->email, &attempts));
        log_line(LOG_INFO, "sign-in-failed", "cause", "no such account", NULL);
    } else {
        wrong.personal = LIST_OF(personal);
        wrong.reason = span_text(sign_in->is_known ? cause : "disabled account");
        TRY(call_event(call, &wrong));
    }
    if (sign_in->locked_until_ms && !id_is_none(locked.organisation))
        TRY(call_event(call, &locked));
    TRY(call_commit(call, &tx));
    if (sign_in->locked_until_ms)
        return tell_locked(call, sign_in->locked_until_ms);
    return SM_WRONG_SECRET;
}

/* --- the second factor --- */

/* One address in four that nobody has: which ones follows from a key, so they stay the same. */
static enum sm_error stranger_is_asked(const struct sealed_call *call, struct span email, bool *out)
{
    uint8_t address[KDF_SHA256_BYTES];
    TRY(stranger_address(call, email, address));
    *out = address[0] % 4 == 0;
    return SM_OK;
}

static enum sm_error code_is_asked(
    const struct sealed_call *call, const struct sign_in *sign_in, bool *out)
{
    if (id_is_none(sign_in->account.account))
        return stranger_is_asked(call, sign_in->email, out);
    *out = sign_in->account.has_totp;
    return SM_OK;
}

enum sm_error sign_in_ask_code(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password, struct span code)
{
    bool is_asked;
    TRY(code_is_asked(call, sign_in, &is_asked));
    if (!is_asked || code.size)
        return SM_OK;
    enum sm_error error = password_dummy(call->worker->crypto->passwords, password);
    if (error == SM_BUSY)
        return busy(call, sign_in);
    if (error != SM_WRONG_SECRET)
        return error;
    TRY(hand_back(call, sign_in));
    return SM_CODE_NEEDED;
}

static struct totp_question question_of(
    const struct sealed_call *call, const struct account *account, struct span code)
{
    return (struct totp_question){account, TOTP_CONFIRMED, code, call->now_ms};
}

static enum sm_error check_code(
    const struct sealed_call *call, const struct sign_in *sign_in, struct span code)
{
    struct totp_question question = question_of(call, &sign_in->account, code);
    return sign_in->account.has_totp ? totp_check(call->worker, &question) : SM_OK;
}

static bool is_answer(enum sm_error error)
{
    return error == SM_OK || error == SM_WRONG_SECRET;
}

/* SM_OK or SM_WRONG_SECRET, with nothing written; else why it could not be checked. */
static enum sm_error check_password(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password)
{
    struct password_pool *pool = call->worker->crypto->passwords;
    enum sm_error error = sign_in->is_known
                              ? password_verify(pool, password, sign_in->account.verifier)
                              : password_dummy(pool, password);
    return error == SM_BUSY ? busy(call, sign_in) : error;
}

enum sm_error sign_in_check_password(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password)
{
    enum sm_error error = check_password(call, sign_in, password);
    return error == SM_WRONG_SECRET ? sign_in_failed(call, sign_in, "wrong password") : error;
}

enum sm_error sign_in_check(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password, struct span code)
{
    enum sm_error first = check_password(call, sign_in, password);
    if (!is_answer(first))
        return first;
    enum sm_error second = check_code(call, sign_in, code);
    if (!is_answer(second))
        return second;
    if (first == SM_OK && second == SM_OK)
        return SM_OK;
    return sign_in_failed(call, sign_in, first == SM_OK ? "wrong code" : "wrong password");
}

/* That a recovery code went is said to the organisation: it may be the thief of a note. */
static enum sm_error use_code(
    struct sealed_call *call, const struct account *account, struct span code)
{
    struct totp_question question = question_of(call, account, code);
    struct personal_field personal[] = {{span_text("user"), account->email}};
    struct audit_event used = {.organisation = account->organisation,
        .kind = EVENT_RECOVERY_CODE_USED,
        .actor_class = ACTOR_USER,
        .actor = account->account,
        .personal = LIST_OF(personal)};
    bool is_recovery;
    TRY(totp_use(call->worker, &question, &is_recovery));
    return is_recovery ? call_event(call, &used) : SM_OK;
}

enum sm_error sign_in_succeeded(
    struct sealed_call *call, const struct sign_in *sign_in, struct span code)
{
    struct account now;
    TRY(account_lock(call->worker, call->arena, sign_in->email, &now));
    if (now.state != ACCOUNT_ACTIVE || !span_equal(now.verifier, sign_in->account.verifier) ||
        now.has_totp != sign_in->account.has_totp)
        return SM_WRONG_SECRET;
    if (now.has_totp && code.size)
        TRY(use_code(call, &now, code));
    now.attempts = (struct attempts){0};
    return account_update(call->worker, &now);
}
