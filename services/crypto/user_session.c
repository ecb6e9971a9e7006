/*
 * The handlers of a user's session. Signing in is three steps: reserve the attempt (commit), check
 * the password, record the outcome (commit). What an address without an account costs and answers
 * is the same in each step: it has a throttle of its own (sign_in.h), a dummy hash is computed, and
 * the answer is "wrong".
 */
#include "services/crypto/user_session.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "envelope/capability.h"
#include "proto/limits.h"
#include "services/crypto/account.h"
#include "services/crypto/feed.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/organisation.h"
#include "services/crypto/policy.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/sign_in.h"

enum { PROOF_FIELDS = 4 };

/* clang-format off */
static const struct statement
    insert = {"session_insert",
        "INSERT INTO vault.session (session, account, expires_ms, proof) VALUES ($1, $2, $3, $4)"},
    read_one = {"session_read",
        "SELECT account, expires_ms, proof FROM vault.session WHERE session = $1"},
    end_one = {"session_end", "DELETE FROM vault.session WHERE session = $1"},
    note_sign_in = {"account_signed_in",
        "UPDATE vault.account SET last_sign_in_ms = $2 WHERE account = $1"},
    forget = {"session_forget",
        "DELETE FROM vault.session WHERE session IN (SELECT session FROM vault.session"
        " WHERE expires_ms < clock.now_ms() ORDER BY expires_ms LIMIT 100 FOR UPDATE SKIP LOCKED)"};
/* clang-format on */

/* --- the session's row --- */

struct session {
    struct id session, account;
    int64_t expires_ms;
};

static void proof_fields(
    const struct session *session, struct span secret, struct db_value out[static PROOF_FIELDS])
{
    out[0] = db_id(&session->session);
    out[1] = db_id(&session->account);
    out[2] = db_i64(session->expires_ms);
    out[3] = db_bytes(secret);
}

static enum sm_error session_insert(
    const struct worker *worker, const struct session *session, struct span secret)
{
    struct db_value fields[PROOF_FIELDS];
    uint8_t proof[ROWMAC_BYTES];
    struct rowmac_input input = {KEY_SESSION, "user session", fields, PROOF_FIELDS};
    proof_fields(session, secret, fields);
    TRY(rowmac_make_under(worker->crypto->keyring, &input, proof));
    TRY(DB_RUN0(worker->db, &forget, NULL));
    return DB_RUN(worker->db, &insert, NULL, db_id(&session->session), db_id(&session->account),
        db_i64(session->expires_ms), db_bytes(SPAN(proof)));
}

/* SM_NOT_SIGNED_IN unless the row is there, in its time, and was made with this secret. */
static enum sm_error session_check(const struct sealed_call *call, const struct db_rows *rows,
    const struct session_proof *proof, struct session *out)
{
    struct session session = {.session = proof->session};
    struct db_value fields[PROOF_FIELDS];
    struct rowmac_input input = {KEY_SESSION, "user session", fields, PROOF_FIELDS};
    struct span stored;
    if (db_rows_count(rows) != 1)
        return SM_NOT_SIGNED_IN;
    TRY(db_read_id(rows, 0, 0, &session.account));
    TRY(db_read_i64(rows, 0, 1, &session.expires_ms));
    TRY(db_read_bytes(rows, 0, 2, ROWMAC_BYTES, &stored));
    proof_fields(&session, proof->secret, fields);
    if (rowmac_check_under(call->worker->crypto->keyring, &input, stored) != SM_OK ||
        session.expires_ms <= call->now_ms)
        return SM_NOT_SIGNED_IN;
    *out = session;
    return SM_OK;
}

/* A session and its account, in one round trip. It may end between the two: then it has ended. */
static enum sm_error find_both(const struct sealed_call *call, struct id id,
    struct db_rows **session, struct db_rows **account)
{
    const struct db_value value = db_id(&id);
    const struct db_query queries[] = {
        {&read_one, &value, 1, session}, {account_of_session_statement(), &value, 1, account}};
    return db_run_all(call->worker->db, queries, 2);
}

/* As session_prove; *account is what was read, also where it is SM_TAMPERED. */
static enum sm_error prove(struct sealed_call *call, const struct session_proof *proof,
    unsigned roles, struct account *account)
{
    struct db_rows *session_row DEFER(db_rows_free) = NULL;
    struct db_rows *account_row DEFER(db_rows_free) = NULL;
    struct session session;
    TRY(find_both(call, proof->session, &session_row, &account_row));
    TRY(session_check(call, session_row, proof, &session));
    enum sm_error found = account_read(call->worker, account_row, call->arena, account);
    if (found == SM_NOT_FOUND)
        return SM_NOT_SIGNED_IN;
    TRY(found);
    if (account->state != ACCOUNT_ACTIVE || !id_equal(account->account, session.account))
        return SM_NOT_SIGNED_IN;
    if (!(account->roles & roles))
        return SM_NOT_ALLOWED;
    call->user = (struct user){.user = account->account,
        .organisation = account->organisation,
        .session = session.session,
        .roles = account->roles,
        .email = account->email,
        .name = account->name,
        .expires_ms = session.expires_ms};
    return SM_OK;
}

enum sm_error session_prove(
    struct sealed_call *call, const struct session_proof *proof, unsigned roles)
{
    struct account account = {0};
    enum sm_error error = prove(call, proof, roles, &account);
    return error == SM_TAMPERED ? account_report_tampering(call->worker, &account) : error;
}

/*
 * Whatever takes a right away ends the sessions too (users.c): so any role will do. An edited row
 * is told by the next proof: this may be inside a transaction that is rolled back for it.
 */
enum sm_error session_still(const struct sealed_call *call)
{
    struct sealed_call again = *call;
    struct account account = {0};
    return prove(&again, &call->session, ROLES_ALL, &account);
}

/* --- capabilities --- */

/* For call->user, `life_s` from now but not longer than the session. */
static enum sm_error sign(
    const struct sealed_call *call, struct capability *capability, int64_t life_s, struct span *out)
{
    struct buffer text DEFER(buffer_free) = BUFFER(CAPABILITY_BYTES_MAX);
    int64_t expires_ms = call->now_ms + life_s * 1000;
    capability->organisation = call->user.organisation;
    capability->subject = call->user.user;
    capability->role = (uint8_t)call->user.roles;
    capability->expires_ms =
        (uint64_t)(expires_ms < call->user.expires_ms ? expires_ms : call->user.expires_ms);
    TRY(capability_sign(
        keyring_key(call->worker->crypto->keyring, KEY_CAPABILITY), capability, &text));
    return keep_span(call->arena, buffer_span(&text), out);
}

enum sm_error session_cookie(struct sealed_call *call)
{
    struct capability cookie = {.kind = CAPABILITY_SESSION, .token = call->user.session};
    if (call->effects->cookie.size)
        return SM_OK;
    return sign(call, &cookie, COOKIE_S, &call->effects->cookie);
}

/* --- login --- */

static struct audit_event user_event(const struct sealed_call *call, uint64_t kind)
{
    return (struct audit_event){.organisation = call->user.organisation,
        .kind = kind,
        .actor_class = ACTOR_USER,
        .actor = call->user.user};
}

/* What a sign-in makes: the session's secret, and the event that must be in the log first. */
struct fresh {
    struct span secret;
    struct id event;
};

/* The session with its event, in the transaction that also clears the failures and uses the code
 * up. */
static enum sm_error open_session(
    struct sealed_call *call, const struct sign_in *sign_in, struct span code, struct fresh *fresh)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct account *account = &sign_in->account;
    struct session session = {
        .account = account->account, .expires_ms = call->now_ms + (int64_t)USER_SESSION_S * 1000};
    struct personal_field personal[] = {{span_text("user"), account->email}};
    TRY(id_random(&session.session));
    call->user = (struct user){.user = account->account,
        .organisation = account->organisation,
        .session = session.session,
        .roles = account->roles,
        .email = account->email,
        .name = account->name,
        .expires_ms = session.expires_ms};
    struct audit_event signed_in = user_event(call, EVENT_SIGNED_IN);
    signed_in.personal = LIST_OF(personal);
    TRY(db_begin(call->worker->db, &tx));
    TRY(sign_in_succeeded(call, sign_in, code));
    TRY(DB_RUN(
        call->worker->db, &note_sign_in, NULL, db_id(&account->account), db_i64(call->now_ms)));
    TRY(session_insert(call->worker, &session, fresh->secret));
    TRY(call_event(call, &signed_in));
    TRY(call_commit(call, &tx));
    fresh->event = signed_in.event;
    return SM_OK;
}

static enum sm_error fill_login_reply(
    const struct sealed_call *call, struct span secret, struct login_reply *reply)
{
    struct organisation organisation;
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &organisation));
    *reply = (struct login_reply){.session = {call->user.session, secret},
        .user = call->user.user,
        .organisation = call->user.organisation,
        .organisation_name = organisation.name,
        .name = call->user.name,
        .roles = call->user.roles,
        .expires_ms = (uint64_t)call->user.expires_ms,
        .methods = policy_methods(&organisation),
        .lifetime_days_max = organisation.lifetime_days_max};
    return SM_OK;
}

enum sm_error on_login(struct sealed_call *call, const void *message, void *reply)
{
    const struct login_request *request = message;
    struct login_reply *signed_in = reply;
    struct sign_in sign_in;
    struct fresh fresh;
    void *bytes;
    TRY(sign_in_reserve(call, request->email, &sign_in));
    TRY(sign_in_ask_code(call, &sign_in, request->password, request->code));
    TRY(sign_in_check(call, &sign_in, request->password, request->code));
    TRY(arena_take(call->arena, 1, SESSION_SECRET_BYTES, &bytes));
    TRY(random_bytes(bytes, SESSION_SECRET_BYTES));
    fresh.secret = span_of(bytes, SESSION_SECRET_BYTES);
    TRY(open_session(call, &sign_in, request->code, &fresh));
    TRY(fill_login_reply(call, fresh.secret, signed_in));
    signed_in->has_totp = sign_in.account.has_totp;
    TRY(call_release(call, fresh.event));
    return session_cookie(call);
}

/* --- with a session --- */

enum sm_error on_renew(struct sealed_call *call, const void *message, void *reply)
{
    struct expires_reply *expires = reply;
    struct db_transaction tx DEFER(db_rollback) = {0};
    (void)message;
    TRY(call_begin(call, &tx)); /* no effect, but no second cookie from a replay either */
    TRY(call_commit(call, &tx));
    call->effects->is_feed_changed = false;
    expires->expires_ms = (uint64_t)call->user.expires_ms;
    return SM_OK;
}

enum sm_error on_logout(struct sealed_call *call, const void *message, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = user_event(call, EVENT_SIGNED_OUT);
    struct feed_item item = {
        .kind = FEED_SESSION, .organisation = call->user.organisation, .user = call->user.session};
    (void)message;
    (void)reply;
    TRY(call_begin(call, &tx));
    TRY(DB_RUN(call->worker->db, &end_one, NULL, db_id(&call->user.session)));
    TRY(feed_add(call->worker->db, &item));
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    call->effects->cookie = span_text("-");
    return SM_OK;
}

/* It is of its session, in the place of a message: the gateway takes none whose session has ended.
 */
enum sm_error on_audit_access(struct sealed_call *call, const void *message, void *reply)
{
    struct access_reply *access = reply;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = user_event(call, EVENT_LOG_ACCESSED);
    struct capability capability = {.kind = CAPABILITY_AUDIT, .message = call->user.session};
    (void)message;
    TRY(id_random(&capability.token));
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    TRY(sign(call, &capability, CAPABILITY_S, &access->capability));
    access->expires_ms = capability.expires_ms;
    TRY(call_release(call, event.event));
    return session_still(call);
}
