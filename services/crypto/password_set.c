/*
 * A user sets his own password: with the old one, or with a one-time link. The first is an attempt
 * to sign in and counts as one (sign_in.h). Both end sessions: the first all others of the user,
 * the second all. A second factor stays as it is.
 */
#include "base/failpoint.h"
#include "services/crypto/feed.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/reset.h"
#include "services/crypto/sign_in.h"

/* clang-format off */
static const struct statement
    end_others = {"session_end_others",
        "DELETE FROM vault.session WHERE account = $1 AND session <> $2 RETURNING session"};
/* clang-format on */

static enum sm_error hash_of(struct sealed_call *call, struct span password, struct span *out)
{
    struct buffer stored DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    TRY(password_hash(call->worker->crypto->passwords, password, &stored));
    return keep_span(call->arena, buffer_span(&stored), out);
}

static struct audit_event event_of(
    const struct account *account, enum event_kind kind, const struct personal_field *user)
{
    return (struct audit_event){.organisation = account->organisation,
        .kind = kind,
        .actor_class = ACTOR_USER,
        .actor = account->account,
        .personal = {user, 1}};
}

/* --- with the old password --- */

/* Whoever sits elsewhere with the old password signs in again; this page goes on. */
static enum sm_error end_other_sessions(struct sealed_call *call)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(
        call->worker->db, &end_others, &rows, db_id(&call->user.user), db_id(&call->user.session)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct feed_item item = {.kind = FEED_SESSION, .organisation = call->user.organisation};
        TRY(db_read_id(rows, i, 0, &item.user));
        TRY(feed_add(call->worker->db, &item));
    }
    return SM_OK;
}

static enum sm_error replace(struct sealed_call *call, struct span verifier)
{
    struct account account;
    TRY(account_lock(call->worker, call->arena, call->user.email, &account));
    account.verifier = verifier;
    TRY(account_update(call->worker, &account));
    TRY(reset_use_up(call->worker, account.account));
    return end_other_sessions(call);
}

enum sm_error on_password_change(struct sealed_call *call, const void *message, void *reply)
{
    const struct password_change_request *request = message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct sign_in sign_in;
    struct span verifier;
    (void)reply;
    TRY(sign_in_reserve(call, call->user.email, &sign_in));
    TRY(sign_in_check_password(call, &sign_in, request->old_password));
    TRY(hash_of(call, request->new_password, &verifier));
    const struct personal_field personal = {span_text("user"), call->user.email};
    struct audit_event changed = event_of(&sign_in.account, EVENT_PASSWORD_CHANGED, &personal);
    TRY(db_begin(call->worker->db, &tx));
    TRY(sign_in_succeeded(call, &sign_in, span_of(NULL, 0)));
    TRY(replace(call, verifier));
    TRY(call_event(call, &changed));
    FAIL_POINT("crypto.password.before-commit");
    TRY(call_commit(call, &tx));
    return call_release(call, changed.event);
}

/* --- with a link --- */

/* Under the account's lock the link is checked again: of two who use it at once, one has it. */
static enum sm_error use_link(struct sealed_call *call, const struct reset_proof *proof,
    struct account *account, struct span verifier)
{
    struct account checked;
    TRY(account_lock(call->worker, call->arena, account->email, account));
    TRY(reset_check(call->worker, call->arena, proof, &checked));
    account->verifier = verifier;
    account->attempts = (struct attempts){0};
    TRY(account_update(call->worker, account));
    TRY(account_end_sessions(call->worker, account));
    return reset_use_up(call->worker, account->account);
}

enum sm_error on_password_reset(struct sealed_call *call, const void *message, void *out)
{
    const struct password_reset_request *request = message;
    struct password_reset_reply *reply = out;
    const struct reset_proof proof = {request->reset, request->secret};
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct account account;
    struct span verifier;
    enum sm_error error = reset_check(call->worker, call->arena, &proof, &account);
    if (error == SM_GONE)
        call->failure->reason =
            span_text("This link is no longer good. Ask your administrator for a new one.");
    if (error == SM_TAMPERED)
        return account_report_tampering(call->worker, &account);
    TRY(error);
    TRY(hash_of(call, request->password, &verifier));
    const struct personal_field personal = {span_text("user"), account.email};
    struct audit_event set = event_of(&account, EVENT_PASSWORD_RESET, &personal);
    TRY(call_begin(call, &tx));
    TRY(use_link(call, &proof, &account, verifier));
    TRY(call_event(call, &set));
    FAIL_POINT("crypto.reset.before-commit");
    TRY(call_commit(call, &tx));
    reply->email = account.email;
    return call_release(call, set.event);
}
