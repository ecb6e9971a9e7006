/*
 * How a message ends by its sender's will: revoked (closed, for one or for all), or deleted (key,
 * verifiers and addresses destroyed); and the opposite of an end, the unlock. Each is one
 * transaction with its event, and is answered when the log has it. Repeating one changes nothing.
 */
#include "base/failpoint.h"
#include "services/crypto/derived.h"
#include "services/crypto/end_message.h"
#include "services/crypto/handlers.h"
#include "runtime/journal.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/message.h"

/* --- whose it is --- */

/* An administrator may end what anybody of his organisation sent; others, what they sent. */
static bool may_end(const struct user *user, const struct message *message)
{
    bool is_own = id_equal(message->sender, user->user) || (user->roles & ROLE_ADMIN);
    return is_own && id_equal(message->organisation, user->organisation);
}

/* Outside the transaction: reports an edited row, and says "not found" of what is not the user's.
 */
static enum sm_error load_own(struct sealed_call *call, struct id id, struct message *out)
{
    TRY(message_load(call->worker, call->arena, id, out));
    return may_end(&call->user, out) ? SM_OK : SM_NOT_FOUND;
}

static enum sm_error load_own_link(
    struct sealed_call *call, struct id message, struct id id, struct link *out)
{
    TRY(link_load(call->worker, call->arena, id, out));
    return id_equal(out->message, message) ? SM_OK : SM_NOT_FOUND;
}

/* --- the event of an ending: derived, so that a repeat is the same one --- */

struct ending {
    enum event_kind kind;
    const char *word; /* what the id is derived from */
    struct id message;
    struct id link;      /* none: of the whole message */
    struct span address; /* of one recipient; empty: all */
};

static enum sm_error add_event(
    struct sealed_call *call, const struct ending *ending, struct id *out)
{
    const struct personal_field personal[] = {
        {span_text("user"), call->user.email}, {span_text("recipient"), ending->address}};
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = ending->kind,
        .message = ending->message,
        .link = ending->link,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .personal = {personal, ending->address.size ? 2 : 1}};
    TRY(derived_end(ending->word, ending->message, ending->link, &event.event));
    *out = event.event;
    return call_event(call, &event);
}

/* The journal has it, and then the log: only then is the one who asked answered. */
static enum sm_error release(
    struct sealed_call *call, enum erasure_kind kind, const struct ending *ending, struct id event)
{
    struct id thing = id_is_none(ending->link) ? ending->message : ending->link;
    TRY(journal_add(call->worker->crypto->journal, kind, thing, call->now_ms));
    FAIL_POINT("crypto.ending.after-journal");
    return call_release(call, event);
}

/* --- revoke --- */

enum sm_error on_revoke(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct link_request *request = request_message;
    struct message message;
    struct link link = {0};
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    bool is_one = !id_is_none(request->link);
    (void)reply;
    TRY(load_own(call, request->message, &message));
    if (is_one)
        TRY(load_own_link(call, request->message, request->link, &link));
    struct ending ending = {
        EVENT_REVOKED, "revoked", request->message, request->link, link.address};
    TRY(call_begin(call, &tx));
    TRY(is_one ? end_revoke_link(call->worker, call->arena, request->message, request->link)
               : end_revoke(call->worker, call->arena, request->message));
    TRY(add_event(call, &ending, &event));
    FAIL_POINT("crypto.revoke.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.revoke.after-commit");
    mail_relay_poke(call->worker->crypto->mail); /* takes back what waits */
    if (is_one)
        call->effects->closed_link = request->link;
    else
        call->effects->closed_message = request->message;
    return release(call, is_one ? ERASURE_LINK_REVOKED : ERASURE_REVOKED, &ending, event);
}

/* --- delete --- */

enum sm_error on_delete(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct message_request *request = request_message;
    struct message message;
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct ending ending = {.kind = EVENT_DELETED, .word = "deleted", .message = request->message};
    (void)reply;
    TRY(load_own(call, request->message, &message));
    TRY(call_begin(call, &tx));
    TRY(end_delete(call->worker, call->arena, request->message, call->now_ms));
    TRY(add_event(call, &ending, &event));
    FAIL_POINT("crypto.delete.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.delete.after-commit");
    mail_relay_poke(call->worker->crypto->mail); /* takes back what waits */
    call->effects->closed_message = request->message;
    TRY(release(call, ERASURE_DELETED, &ending, event));
    call->effects->purge = request->message;
    return SM_OK;
}

/* --- unlock --- */

static enum sm_error add_unlocked(struct sealed_call *call, const struct link *link, struct id *out)
{
    const struct personal_field personal[] = {
        {span_text("user"), call->user.email}, {span_text("recipient"), link->address}};
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = EVENT_UNLOCKED,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .personal = LIST_OF(personal)};
    TRY(call_event(call, &event));
    *out = event.event;
    return SM_OK;
}

enum sm_error on_unlock(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct link_request *request = request_message;
    struct message message;
    struct link link;
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    (void)reply;
    TRY(load_own(call, request->message, &message));
    TRY(load_own_link(call, request->message, request->link, &link));
    TRY(call_begin(call, &tx));
    TRY(link_lock(call->worker, call->arena, request->link, &link));
    lockout_unlock(&link.lockout);
    link.is_sender_told = false;
    TRY(link_update(call->worker, &link));
    TRY(link_to_feed(call->worker, &link));
    TRY(add_unlocked(call, &link, &event));
    FAIL_POINT("crypto.unlock.before-commit");
    TRY(call_commit(call, &tx));
    return call_release(call, event);
}
