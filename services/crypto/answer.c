/*
 * A recipient's reply: a message of its own in the other direction, with an own key and an own
 * lifetime of the same length, owned by the sender of the message that it answers. Repeated with
 * the same id and content it answers the same and sends nothing twice.
 */
#include "base/failpoint.h"
#include "base/secret.h"
#include "envelope/kdf.h"
#include "services/crypto/account.h"
#include "services/crypto/begun.h"
#include "services/crypto/derived.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/link_session.h"
#include "services/crypto/mail.h"
#include "services/crypto/send_check.h"
#include "services/crypto/usage.h"

enum { DIGEST_TEXT_BYTES_MAX = 16 * 1024, WRAPPED_BYTES_MAX = 512 };

struct answering {
    struct sealed_call *call;
    const struct reply_request *request;
    struct link_session session;
    struct organisation organisation;
    struct message message;
};

/* --- the right to upload --- */

static enum sm_error refuse(struct sealed_call *call, enum sm_error error, const char *reason)
{
    call->failure->reason = span_text(reason);
    return error;
}

static enum sm_error refuse_begun(struct sealed_call *call, int64_t until_ms)
{
    int64_t wait_ms = until_ms - call->now_ms;
    call->failure->until_ms = (uint64_t)until_ms;
    call->failure->retry_after_s = wait_ms > 0 ? (uint64_t)(wait_ms + 999) / 1000 : 0;
    return refuse(call, SM_RATE_LIMITED,
        "Too many answers to this message were begun and not sent. Send one of those, or wait.");
}

/* The link's row is held, so that two at once are counted one after the other. */
static enum sm_error count_begun(
    struct sealed_call *call, struct link_session *session, struct id answer)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t until_ms = 0;
    TRY(call_begin(call, &tx));
    TRY(link_lock_live(call->worker, call->arena, &session->link, &session->message));
    enum sm_error error = begun_take(call->worker, session->link.link, answer, &until_ms);
    if (error == SM_RATE_LIMITED)
        return refuse_begun(call, until_ms);
    TRY(error);
    FAIL_POINT("crypto.reply-compose.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.reply-compose.after-commit");
    return SM_OK;
}

enum sm_error on_reply_compose(struct sealed_call *call, const void *message, void *reply)
{
    const struct compose_request *request = message;
    struct link_session session;
    struct organisation organisation;
    struct message taken;
    struct grant grant = {.message = request->message};
    TRY(link_session_load(call, &session));
    if (session.link.replies >= REPLIES_PER_LINK_MAX)
        return refuse(call, SM_RATE_LIMITED, "This message has been answered often enough.");
    enum sm_error found = message_load(call->worker, call->arena, request->message, &taken);
    if (found != SM_NOT_FOUND)
        return found == SM_OK ? SM_CONFLICT : found;
    TRY(organisation_load(call->worker, call->arena, session.link.organisation, &organisation));
    TRY(count_begun(call, &session, request->message));
    grant.subject = session.link.link;
    TRY(id_random(&grant.token));
    return grant_upload(call, &organisation, &grant, reply);
}

/* --- checking --- */

static enum sm_error check(struct answering *answering)
{
    struct sealed_call *call = answering->call;
    const struct reply_request *request = answering->request;
    int64_t stored;
    bool is_as_announced =
        id_equal(call->aad.message, request->message) && call->aad.parts == request->parts.count;
    if (!is_as_announced || !send_parts_are_good(&request->parts))
        return refuse(call, SM_BAD_VALUE, "The parts of the reply are not complete.");
    if (request->parts.count > answering->organisation.attachments_max + 1)
        return refuse(call, SM_NOT_ALLOWED, "There are more attachments than are allowed.");
    TRY(usage_bytes(call->worker->db, answering->organisation.organisation, &stored));
    uint64_t total = send_parts_bytes(&request->parts) + (stored > 0 ? (uint64_t)stored : 0);
    return total <= answering->organisation.total_bytes_max
               ? SM_OK
               : refuse(call, SM_NOT_ALLOWED, "The organisation has no room for this reply.");
}

/* --- making the row --- */

static enum sm_error make_digest(struct answering *answering)
{
    struct message *message = &answering->message;
    struct buffer content DEFER(buffer_free) = BUFFER(DIGEST_TEXT_BYTES_MAX);
    uint8_t digest[KDF_SHA256_BYTES];
    TRY(buffer_append_text(&content, "securemail/1 reply"));
    TRY(buffer_append(&content, id_span(&message->from_link)));
    TRY(buffer_append_be(&content, message->subject_sealed.size, 4));
    TRY(buffer_append(&content, message->subject_sealed));
    TRY(buffer_append(&content, message->parts));
    TRY(kdf_hmac_sha256(answering->request->key, buffer_span(&content), digest));
    return keep_span(answering->call->arena, SPAN(digest), &message->digest);
}

static enum sm_error wrap_key(struct answering *answering)
{
    const struct worker *worker = answering->call->worker;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(WRAPPED_BYTES_MAX);
    TRY(keyring_wrap(worker->crypto->keyring, worker->db, answering->message.organisation,
        "message key", answering->message.message, answering->request->key, &wrapped));
    return keep_span(answering->call->arena, buffer_span(&wrapped), &answering->message.wrapped);
}

static enum sm_error make_message(struct answering *answering)
{
    struct sealed_call *call = answering->call;
    const struct message *answered = &answering->session.message;
    answering->message = (struct message){.message = answering->request->message,
        .organisation = answered->organisation,
        .sender = answered->sender,
        .parent = answered->message,
        .from_link = answering->session.link.link,
        .direction = DIRECTION_REPLY,
        .state = STATE_LIVE,
        .version = 1,
        .created_ms = call->now_ms,
        .expires_ms = call->now_ms + answered->lifetime_ms,
        .lifetime_ms = answered->lifetime_ms,
        .language = answered->language,
        .subject_sealed = answering->request->subject_sealed};
    TRY(message_pack_parts(call->arena, &answering->request->parts, &answering->message.parts));
    return make_digest(answering);
}

/* --- the transaction --- */

static enum sm_error add_event(struct answering *answering, struct id *out)
{
    const struct link *link = &answering->session.link;
    const struct personal_field personal[] = {{span_text("recipient"), link->address}};
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    TRY(buffer_format(&reason, "reply %s", id_text(answering->message.message).text));
    struct audit_event event = {.organisation = link->organisation,
        .kind = EVENT_REPLIED,
        .message = link->message, /* the message that it answers: its trail */
        .link = link->link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = link->link,
        .reason = buffer_span(&reason),
        .personal = LIST_OF(personal)};
    TRY(derived_from("replied", answering->message.message, &event.event));
    *out = event.event;
    return call_event(answering->call, &event);
}

static enum sm_error order_notice(struct answering *answering, struct id event)
{
    const struct worker *worker = answering->call->worker;
    const struct message *message = &answering->message;
    struct account sender;
    TRY(account_by_id(worker, answering->call->arena, message->sender, &sender));
    struct mail_order order = {.letter = {.kind = LETTER_REPLY,
                                   .language = answering->organisation.language,
                                   .to_address = sender.email,
                                   .to_name = sender.name,
                                   .from_address = answering->organisation.from_address,
                                   .from_name = answering->organisation.from_name,
                                   .organisation_name = answering->organisation.name,
                                   .sender_name = sender.name,
                                   .expires_ms = (uint64_t)message->expires_ms},
        .organisation = message->organisation,
        .message = message->message,
        .event = event,
        .not_before_ms = answering->call->now_ms,
        .not_after_ms = message->expires_ms};
    return mail_add(worker, &order);
}

static enum sm_error count_reply(struct answering *answering)
{
    struct sealed_call *call = answering->call;
    struct link *link = &answering->session.link;
    TRY(link_lock_live(call->worker, call->arena, link, &answering->session.message));
    if (link->replies >= REPLIES_PER_LINK_MAX)
        return refuse(call, SM_RATE_LIMITED, "This message has been answered often enough.");
    link->replies++;
    link->replied_ms = call->now_ms;
    TRY(link_update(call->worker, link));
    return link_to_feed(call->worker, link);
}

static enum sm_error write_all(struct answering *answering)
{
    struct sealed_call *call = answering->call;
    const struct message *message = &answering->message;
    const struct link *link = &answering->session.link;
    struct message_about about = {link->method, link->address, link->name};
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(call_begin(call, &tx));
    TRY(count_reply(answering));
    TRY(wrap_key(answering));
    TRY(message_insert(call->worker, message));
    TRY(begun_give_back(call->worker, message->message));
    TRY(message_to_feed(call->worker, message, &about));
    TRY(usage_add(call->worker->db, message->organisation, (int64_t)message_bytes(message->parts)));
    TRY(add_event(answering, &event));
    TRY(order_notice(answering, event));
    FAIL_POINT("crypto.reply.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.reply.after-commit");
    return SM_OK;
}

/* --- the answer, and the same answer again --- */

static enum sm_error release(
    struct answering *answering, const struct message *message, struct expires_reply *reply)
{
    struct id event;
    TRY(derived_from("replied", message->message, &event));
    TRY(call_release(answering->call, event));
    reply->expires_ms = (uint64_t)message->expires_ms;
    return SM_OK;
}

static enum sm_error release_again(
    struct answering *answering, const struct message *there, struct expires_reply *reply)
{
    bool is_same = id_equal(there->from_link, answering->message.from_link) &&
                   secret_equal(there->digest, answering->message.digest);
    return is_same ? release(answering, there, reply) : SM_CONFLICT;
}

enum sm_error on_reply(struct sealed_call *call, const void *message, void *reply)
{
    struct answering answering = {.call = call, .request = message};
    struct message there;
    TRY(link_session_load(call, &answering.session));
    TRY(organisation_load(
        call->worker, call->arena, answering.session.link.organisation, &answering.organisation));
    TRY(make_message(&answering));
    enum sm_error found =
        message_load(call->worker, call->arena, answering.request->message, &there);
    if (found == SM_OK)
        return release_again(&answering, &there, reply);
    if (found != SM_NOT_FOUND)
        return found;
    TRY(check(&answering));
    enum sm_error error = write_all(&answering);
    if (error == SM_CONFLICT && /* the same reply, at the same moment, at another worker */
        message_load(call->worker, call->arena, answering.request->message, &there) == SM_OK)
        return release_again(&answering, &there, reply);
    TRY(error);
    return release(&answering, &answering.message, reply);
}
