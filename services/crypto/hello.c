/*
 * The first call of a recipient's page, and the button that has a code mailed. A hello is a weak
 * fact, "page shown": mail scanners make it too. It is logged once an hour for a link, and it
 * changes nothing. A code is mailed only by its own call, and only for a link that lives under its
 * lock: a revoke either comes first, and there is no code, or takes the waiting mail back.
 */
#include "base/failpoint.h"
#include "services/crypto/account.h"
#include "services/crypto/code.h"
#include "services/crypto/derived.h"
#include "services/crypto/handlers.h"
#include "services/crypto/link.h"
#include "services/crypto/logo.h"
#include "services/crypto/mail.h"
#include "services/crypto/message.h"
#include "services/crypto/method.h"
#include "services/crypto/organisation.h"
#include "services/crypto/shown.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)

/* Everything that is shown of a link: it, its message, and who sent it. */
struct scene {
    struct link link;
    struct message message;
    struct organisation organisation;
    struct account sender;
};

static enum sm_error load_scene(struct sealed_call *call, struct scene *out)
{
    const struct worker *worker = call->worker;
    out->link = *call->live;
    out->message = *call->live_message;
    TRY(organisation_load(worker, call->arena, out->link.organisation, &out->organisation));
    return account_load(worker, call->arena, out->message.sender, &out->sender);
}

static struct audit_event event_of(const struct link *link, enum event_kind kind)
{
    return (struct audit_event){.organisation = link->organisation,
        .kind = kind,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = link->link};
}

/* --- hello --- */

static enum sm_error log_shown(struct sealed_call *call, const struct link *link)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = event_of(link, EVENT_PAGE_SHOWN);
    int64_t hour = call->now_ms / HOUR_MS;
    const struct span parts[] = {id_span(&link->link), span_of(&hour, sizeof hour)};
    TRY(derived_id("page-shown", parts, 2, &event.event));
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    TRY(shown_note(call->worker->db, link, call->now_ms));
    FAIL_POINT("crypto.hello.before-commit");
    return call_commit(call, &tx);
}

enum sm_error on_hello(struct sealed_call *call, const void *request, void *out)
{
    struct hello_reply *reply = out;
    struct scene scene;
    (void)request;
    TRY(load_scene(call, &scene));
    TRY(code_is_waiting(call->worker, scene.link.link, call->now_ms, &reply->is_code_sent));
    TRY(logo_load(call->worker, call->arena, &scene.organisation, &reply->organisation_logo));
    TRY(log_shown(call, &scene.link));
    const struct lockout *lockout = &scene.link.lockout;
    reply->organisation_name = scene.organisation.name;
    reply->organisation_colour = scene.organisation.colour;
    reply->contact = scene.organisation.contact;
    reply->sender_name = scene.sender.name;
    reply->language = scene.message.language;
    reply->method = scene.link.method;
    reply->sent_ms = (uint64_t)scene.message.created_ms;
    reply->expires_ms = (uint64_t)scene.link.expires_ms;
    reply->now_ms = (uint64_t)call->now_ms;
    reply->attempts_left = lockout_attempts_left(lockout, call->now_ms);
    if (lockout_now(lockout, call->now_ms) == SM_LOCKED)
        reply->locked_until_ms = (uint64_t)lockout->locked_until_ms;
    reply->is_frozen = lockout->is_frozen;
    return SM_OK;
}

/* --- a code by mail --- */

static enum sm_error order_code(
    struct sealed_call *call, const struct scene *scene, const struct code *code, struct id event)
{
    int64_t expires_ms = call->now_ms + (int64_t)CODE_LIFETIME_S * 1000;
    struct mail_order order = {.letter = {.kind = LETTER_CODE,
                                   .language = scene->message.language,
                                   .to_address = scene->link.address,
                                   .to_name = scene->link.name,
                                   .from_address = scene->organisation.from_address,
                                   .from_name = scene->organisation.from_name,
                                   .organisation_name = scene->organisation.name,
                                   .sender_name = scene->sender.name,
                                   .code = span_text(code->digits),
                                   .expires_ms = (uint64_t)expires_ms},
        .organisation = scene->link.organisation,
        .message = scene->link.message,
        .link = scene->link.link,
        .event = event,
        .not_before_ms = call->now_ms,
        .not_after_ms = expires_ms};
    return mail_add(call->worker, &order);
}

static enum sm_error refuse_closed(
    struct sealed_call *call, const struct link *link, enum sm_error closed)
{
    if (closed == SM_LOCKED)
        call->failure->until_ms = (uint64_t)link->lockout.locked_until_ms;
    return closed;
}

static enum sm_error issue(struct sealed_call *call, struct scene *scene, struct id *event_id)
{
    struct code code DEFER(code_wipe) = {{0}};
    const struct personal_field personal[] = {{span_text("recipient"), scene->link.address}};
    struct audit_event event = event_of(&scene->link, EVENT_CODE_SENT);
    int64_t wait_ms = 0;
    enum sm_error error = code_issue(call->worker, &scene->link, call->now_ms, &code, &wait_ms);
    if (error == SM_RATE_LIMITED)
        call->failure->retry_after_s = (uint64_t)(wait_ms + 999) / 1000;
    TRY(error);
    event.personal = LIST_OF(personal);
    TRY(call_event(call, &event));
    *event_id = event.event;
    return order_code(call, scene, &code, event.event);
}

enum sm_error on_send_code(struct sealed_call *call, const void *request, void *out)
{
    struct send_code_reply *reply = out;
    struct scene scene;
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    (void)request;
    TRY(load_scene(call, &scene));
    const struct method_rule *rule = method_find(scene.link.method);
    if (!rule || !rule->asks_code)
        return SM_BAD_VALUE;
    TRY(call_begin(call, &tx));
    TRY(link_lock_live(call->worker, call->arena, &scene.link, &scene.message));
    TRY(refuse_closed(call, &scene.link, lockout_now(&scene.link.lockout, call->now_ms)));
    TRY(issue(call, &scene, &event));
    FAIL_POINT("crypto.code.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.code.after-commit");
    TRY(call_release(call, event));
    reply->expires_ms = (uint64_t)call->now_ms + (uint64_t)CODE_LIFETIME_S * 1000;
    reply->resend_after_s = CODE_RESEND_AFTER_S;
    return SM_OK;
}
