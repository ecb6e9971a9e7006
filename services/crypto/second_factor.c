/*
 * A user switches his second factor on and off. Every check here is an attempt to sign in: it is
 * reserved before it is made and counts towards the same lock, so a stolen session gives no more
 * guesses than a stranger has.
 */
#include "base/encode.h"
#include "base/failpoint.h"
#include "base/secret.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/organisation.h"
#include "services/crypto/sign_in.h"
#include "services/crypto/totp.h"

#include "proto/limits.h"

static struct audit_event event_of(
    const struct sealed_call *call, enum event_kind kind, const struct personal_field *user)
{
    return (struct audit_event){.organisation = call->user.organisation,
        .kind = kind,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .personal = {user, 1}};
}

static enum sm_error refuse(struct sealed_call *call, const char *reason)
{
    call->failure->reason = span_text(reason);
    return SM_CONFLICT;
}

/* Before an attempt is counted: whether the account has a second factor must be `expected`. */
static enum sm_error check_has(struct sealed_call *call, bool expected)
{
    struct account account;
    TRY(account_by_id(call->worker, call->arena, call->user.user, &account));
    if (account.has_totp == expected)
        return SM_OK;
    return refuse(call, expected ? "Your account has no authenticator app."
                                 : "Your account has an authenticator app already.");
}

/* --- begin --- */

/* RFC 3986: what is not unreserved is escaped. */
static enum sm_error append_escaped(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        TRY(is_plain ? buffer_append_u8(out, c) : buffer_format(out, "%%%02X", c));
    }
    return SM_OK;
}

/* The form that authenticator apps read from a QR code. */
static enum sm_error append_uri(
    const struct sealed_call *call, struct span issuer, struct span secret, struct buffer *out)
{
    TRY(buffer_append_text(out, "otpauth://totp/"));
    TRY(append_escaped(out, issuer));
    TRY(buffer_append_u8(out, ':'));
    TRY(append_escaped(out, call->user.email));
    TRY(buffer_append_text(out, "?secret="));
    TRY(buffer_append(out, secret));
    TRY(buffer_append_text(out, "&issuer="));
    TRY(append_escaped(out, issuer));
    return buffer_format(out, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_S);
}

static enum sm_error fill_begin(
    struct sealed_call *call, const struct secret *secret, struct totp_begin_reply *reply)
{
    struct buffer text DEFER(buffer_free) = BUFFER(64);
    struct buffer uri DEFER(buffer_free) = BUFFER(OTPAUTH_BYTES_MAX);
    struct organisation organisation;
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &organisation));
    TRY(base32_encode(secret_span(secret), &text));
    TRY(append_uri(call, organisation.name, buffer_span(&text), &uri));
    TRY(keep_span(call->arena, buffer_span(&text), &reply->secret));
    return keep_span(call->arena, buffer_span(&uri), &reply->uri);
}

enum sm_error on_totp_begin(struct sealed_call *call, const void *message, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct secret *secret DEFER(secret_free) = NULL;
    struct account account;
    (void)message;
    TRY(secret_random(TOTP_SECRET_BYTES, &secret));
    TRY(fill_begin(call, secret, reply));
    TRY(call_begin(call, &tx));
    TRY(account_lock(call->worker, call->arena, call->user.email, &account));
    if (account.has_totp)
        return refuse(call, "Your account has an authenticator app already.");
    TRY(totp_begin(call->worker, &account, secret_span(secret)));
    return call_commit(call, &tx);
}

/* --- confirm --- */

/* What was begun becomes the account's factor. The code is used up with it. */
static enum sm_error switch_on(struct sealed_call *call, const struct totp_question *question,
    struct span codes[static RECOVERY_CODES], struct id *event)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct account account;
    const struct personal_field personal = {span_text("user"), call->user.email};
    struct audit_event on = event_of(call, EVENT_SECOND_FACTOR_ON, &personal);
    TRY(db_begin(call->worker->db, &tx));
    TRY(account_lock(call->worker, call->arena, call->user.email, &account));
    if (account.has_totp || account.state != ACCOUNT_ACTIVE)
        return SM_CONFLICT;
    TRY(totp_use(call->worker, question, NULL));
    TRY(totp_confirm(call->worker, &account, call->arena, codes));
    account.has_totp = true;
    account.attempts = (struct attempts){0};
    TRY(account_update(call->worker, &account));
    TRY(call_event(call, &on));
    FAIL_POINT("crypto.totp.before-commit");
    TRY(call_commit(call, &tx));
    *event = on.event;
    return SM_OK;
}

static enum sm_error fill_codes(struct sealed_call *call,
    const struct span codes[static RECOVERY_CODES], struct recovery_codes_reply *reply)
{
    void *items;
    TRY(arena_take(call->arena, RECOVERY_CODES, sizeof(struct recovery_code), &items));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        ((struct recovery_code *)items)[i].code = codes[i];
    reply->codes = (struct list){items, RECOVERY_CODES};
    return SM_OK;
}

enum sm_error on_totp_confirm(struct sealed_call *call, const void *message, void *reply)
{
    const struct totp_confirm_request *request = message;
    struct sign_in sign_in;
    struct span codes[RECOVERY_CODES];
    struct id event;
    TRY(check_has(call, false));
    TRY(sign_in_reserve(call, call->user.email, &sign_in));
    struct totp_question question = {&sign_in.account, TOTP_BEGUN, request->code, call->now_ms};
    enum sm_error error = totp_check(call->worker, &question);
    if (error == SM_WRONG_SECRET)
        return sign_in_failed(call, &sign_in, "wrong first code");
    TRY(error);
    TRY(switch_on(call, &question, codes, &event));
    TRY(fill_codes(call, codes, reply));
    return call_release(call, event);
}

/* --- remove --- */

enum sm_error on_totp_remove(struct sealed_call *call, const void *message, void *reply)
{
    const struct totp_remove_request *request = message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct sign_in sign_in;
    struct account account;
    const struct personal_field personal = {span_text("user"), call->user.email};
    struct audit_event off = event_of(call, EVENT_SECOND_FACTOR_OFF, &personal);
    (void)reply;
    TRY(check_has(call, true));
    TRY(sign_in_reserve(call, call->user.email, &sign_in));
    TRY(sign_in_check(call, &sign_in, request->password, request->code));
    TRY(db_begin(call->worker->db, &tx));
    TRY(sign_in_succeeded(call, &sign_in, request->code));
    TRY(account_lock(call->worker, call->arena, call->user.email, &account));
    account.has_totp = false;
    TRY(account_update(call->worker, &account));
    TRY(totp_remove(call->worker, account.account));
    TRY(call_event(call, &off));
    TRY(call_commit(call, &tx));
    return call_release(call, off.event);
}
