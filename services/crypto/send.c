/*
 * The send: everything about a message is decided and hashed first, then committed as one
 * transaction (key, links, verifiers, mail jobs, feed, events), and answered when the log has it.
 * The message id makes it repeatable: the same content again answers the same and does nothing.
 */
#include "base/failpoint.h"
#include "envelope/kdf.h"
#include "proto/limits.h"
#include "services/crypto/derived.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/link.h"
#include "services/crypto/message.h"
#include "services/crypto/method.h"
#include "services/crypto/notice.h"
#include "services/crypto/organisation.h"
#include "services/crypto/send_check.h"
#include "services/crypto/usage.h"

enum { DIGEST_TEXT_BYTES_MAX = 64 * 1024, MESSAGE_KEY_WRAPPED_MAX = 512 };
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* One send while it is made. */
struct sending {
    struct sealed_call *call;
    const struct send_request *request;
    struct organisation organisation;
    int64_t stored_bytes; /* of the organisation, before this message */
    struct message message;
    struct link *links; /* one for each recipient, in the request's order */
};

/* --- compose --- */

enum sm_error on_compose(struct sealed_call *call, const void *message, void *reply)
{
    const struct compose_request *request = message;
    struct organisation organisation;
    struct message taken;
    struct grant grant = {
        .subject = call->user.user, .roles = call->user.roles, .message = request->message};
    enum sm_error found = message_load(call->worker, call->arena, request->message, &taken);
    if (found != SM_NOT_FOUND)
        return found == SM_OK ? SM_CONFLICT : found;
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &organisation));
    TRY(id_random(&grant.token));
    return grant_upload(call, &organisation, &grant, reply);
}

/* --- before the transaction --- */

/* A refusal is an event of its own; nothing else is written. */
static enum sm_error refuse(struct sending *sending, enum sm_error error, const char *reason)
{
    struct sealed_call *call = sending->call;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = EVENT_SEND_REFUSED,
        .message = sending->request->message,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .result = RESULT_REFUSED,
        .reason = span_text(reason)};
    call->failure->reason = span_text(reason);
    if (error != SM_NOT_ALLOWED)
        return error;
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    return error;
}

/* A follow-up may name only what the sender can see: a message or reply of his own. */
static enum sm_error check_parent(struct sending *sending)
{
    struct sealed_call *call = sending->call;
    struct message parent;
    if (id_is_none(sending->request->parent))
        return SM_OK;
    TRY(message_load(call->worker, call->arena, sending->request->parent, &parent));
    return id_equal(parent.sender, call->user.user) ? SM_OK : SM_NOT_FOUND;
}

static enum sm_error check(struct sending *sending)
{
    const char *reason = NULL;
    int64_t stored_bytes = sending->stored_bytes;
    struct send_facts facts = {sending->request, &sending->call->aad, &sending->organisation,
        stored_bytes > 0 ? (uint64_t)stored_bytes : 0};
    enum sm_error error = send_check(&facts, &reason);
    return error == SM_OK ? check_parent(sending) : refuse(sending, error, reason);
}

/* --- the digest: what "the same content" means --- */

static enum sm_error append_part(struct buffer *out, struct span bytes)
{
    TRY(buffer_append_be(out, bytes.size, 4));
    return buffer_append(out, bytes);
}

/* Passwords are not in it: they are compared with their slow hashes (repeat_is_same). */
static enum sm_error append_content(const struct sending *sending, struct buffer *out)
{
    const struct send_request *request = sending->request;
    TRY(append_part(out, span_text("securemail/1 send")));
    TRY(append_part(out, id_span(&request->parent)));
    TRY(buffer_append_be(out, request->lifetime_days, 8));
    TRY(append_part(out, request->language));
    TRY(append_part(out, request->subject_sealed));
    TRY(append_part(out, sending->message.parts));
    TRY(buffer_append_be(out, request->recipients.count, 8));
    for (size_t i = 0; i < request->recipients.count; i++) {
        const struct recipient *recipient = LIST_AT(struct recipient, request->recipients, i);
        TRY(append_part(out, recipient->address));
        TRY(append_part(out, recipient->name));
        TRY(buffer_append_be(out, recipient->method, 8));
    }
    return SM_OK;
}

/* Under the message key, which the database does not have in the clear. */
static enum sm_error make_digest(struct sending *sending)
{
    struct buffer content DEFER(buffer_free) = BUFFER(DIGEST_TEXT_BYTES_MAX);
    uint8_t digest[KDF_SHA256_BYTES];
    TRY(append_content(sending, &content));
    TRY(kdf_hmac_sha256(sending->request->key, buffer_span(&content), digest));
    return keep_span(sending->call->arena, SPAN(digest), &sending->message.digest);
}

/* --- making the rows in memory --- */

static enum sm_error wrap_key(struct sending *sending)
{
    const struct worker *worker = sending->call->worker;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(MESSAGE_KEY_WRAPPED_MAX);
    TRY(keyring_wrap(worker->crypto->keyring, worker->db, sending->call->user.organisation,
        "message key", sending->request->message, sending->request->key, &wrapped));
    return keep_span(sending->call->arena, buffer_span(&wrapped), &sending->message.wrapped);
}

static enum sm_error make_message(struct sending *sending)
{
    const struct send_request *request = sending->request;
    const struct sealed_call *call = sending->call;
    int64_t lifetime_ms = (int64_t)request->lifetime_days * DAY_MS;
    sending->message = (struct message){.message = request->message,
        .organisation = call->user.organisation,
        .sender = call->user.user,
        .parent = request->parent,
        .direction = DIRECTION_MESSAGE,
        .state = STATE_LIVE,
        .version = 1,
        .created_ms = call->now_ms,
        .expires_ms = call->now_ms + lifetime_ms,
        .lifetime_ms = lifetime_ms,
        .language = request->language,
        .subject_sealed = request->subject_sealed};
    TRY(message_pack_parts(call->arena, &request->parts, &sending->message.parts));
    return make_digest(sending);
}

static enum sm_error make_verifier(
    struct sending *sending, const struct recipient *recipient, struct span *out)
{
    struct buffer stored DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    if (recipient->password.size == 0)
        return SM_OK;
    TRY(password_hash(sending->call->worker->crypto->passwords, recipient->password, &stored));
    return keep_span(sending->call->arena, buffer_span(&stored), out);
}

static enum sm_error make_link(
    struct sending *sending, const struct recipient *recipient, struct link *out)
{
    *out = (struct link){.message = sending->message.message,
        .organisation = sending->message.organisation,
        .address = recipient->address,
        .name = recipient->name,
        .method = recipient->method,
        .generation = 1,
        .state = LINK_LIVE,
        .version = 1,
        .expires_ms = sending->message.expires_ms};
    TRY(id_new(&out->link));
    return make_verifier(sending, recipient, &out->verifier);
}

/* The slow part: a password costs an argon2 hash. Done while no transaction is open. */
static enum sm_error make_links(struct sending *sending)
{
    const struct list *recipients = &sending->request->recipients;
    void *links;
    TRY(arena_take(sending->call->arena, recipients->count, sizeof(struct link), &links));
    sending->links = links;
    for (size_t i = 0; i < recipients->count; i++)
        TRY(make_link(sending, LIST_AT(struct recipient, *recipients, i), &sending->links[i]));
    return SM_OK;
}

/* --- the transaction --- */

static enum sm_error add_sent_event(
    struct sending *sending, const struct link *link, struct id *out)
{
    const struct personal_field personal[] = {
        {span_text("sender"), sending->call->user.email},
        {span_text("recipient"), link->address},
    };
    struct audit_event event = {.organisation = link->organisation,
        .kind = EVENT_SENT,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_USER,
        .actor = sending->call->user.user,
        .reason = span_text(method_find(link->method)->name),
        .personal = LIST_OF(personal)};
    TRY(derived_from("sent", link->link, &event.event));
    *out = event.event;
    return call_event(sending->call, &event);
}

/* It waits as long as the sender may undo the send, or as long as the operator says. */
static enum sm_error add_notice(
    struct sending *sending, const struct link *link, struct id sent_event)
{
    const struct worker *worker = sending->call->worker;
    int64_t undo_s = (int64_t)sending->request->undo_s;
    int64_t configured_s = settings_number(worker->crypto->settings, SETTING_UNDO_S);
    const struct notice notice = {.link = link,
        .organisation = &sending->organisation,
        .language = sending->message.language,
        .sender_name = sending->call->user.name,
        .event = sent_event,
        .not_before_ms =
            sending->call->now_ms + (undo_s > configured_s ? undo_s : configured_s) * 1000};
    return notice_add(worker, &notice);
}

static enum sm_error write_link(struct sending *sending, const struct link *link)
{
    struct id event;
    TRY(link_insert(sending->call->worker, link));
    TRY(link_to_feed(sending->call->worker, link));
    TRY(add_sent_event(sending, link, &event));
    return add_notice(sending, link, event);
}

static enum sm_error write_all(struct sending *sending)
{
    const struct worker *worker = sending->call->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(call_begin(sending->call, &tx));
    TRY(wrap_key(sending));
    TRY(message_insert(worker, &sending->message));
    TRY(message_to_feed(worker, &sending->message, &(struct message_about){0}));
    for (size_t i = 0; i < sending->request->recipients.count; i++)
        TRY(write_link(sending, &sending->links[i]));
    TRY(usage_add(
        worker->db, sending->message.organisation, (int64_t)message_bytes(sending->message.parts)));
    FAIL_POINT("crypto.send.before-commit");
    TRY(call_commit(sending->call, &tx));
    FAIL_POINT("crypto.send.after-commit");
    return SM_OK;
}

/* --- the answer, and the same answer again --- */

static enum sm_error answer(
    struct sending *sending, const struct message *message, struct send_reply *reply)
{
    size_t count = sending->request->recipients.count;
    struct id last_event;
    void *memory;
    TRY(arena_take(sending->call->arena, count, sizeof(struct link_facts), &memory));
    struct link_facts *facts = memory;
    for (size_t i = 0; i < count; i++)
        facts[i] = (struct link_facts){sending->links[i].link, sending->links[i].address};
    /* Events of one transaction are relayed in their order: the last one stands for all. */
    TRY(derived_from("sent", sending->links[count - 1].link, &last_event));
    TRY(call_release(sending->call, last_event));
    FAIL_POINT("crypto.send.after-ack");
    reply->message = message->message;
    reply->expires_ms = (uint64_t)message->expires_ms;
    reply->links = (struct list){facts, count};
    return SM_OK;
}

/* The link that an earlier send made for this recipient; its password must still be the same. */
static enum sm_error find_same(
    struct sending *sending, const struct recipient *recipient, struct link *out)
{
    static const struct statement by_address = {
        "link_by_address", "SELECT link FROM vault.link WHERE message = $1 AND address = $2"};
    const struct worker *worker = sending->call->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct id link;
    TRY(DB_RUN(worker->db, &by_address, &rows, db_id(&sending->request->message),
        db_text(recipient->address)));
    TRY(db_one(rows));
    TRY(db_read_id(rows, 0, 0, &link));
    TRY(link_load(worker, sending->call->arena, link, out));
    if (recipient->password.size == 0 || out->verifier.size == 0)
        return recipient->password.size == out->verifier.size ? SM_OK : SM_CONFLICT;
    enum sm_error same =
        password_verify(worker->crypto->passwords, recipient->password, out->verifier);
    return same == SM_WRONG_SECRET ? SM_CONFLICT : same;
}

/* A message of this id is there: the same one is answered again, anything else is a conflict. */
static enum sm_error answer_again(
    struct sending *sending, const struct message *there, struct send_reply *reply)
{
    const struct list *recipients = &sending->request->recipients;
    void *links;
    if (!id_equal(there->sender, sending->message.sender) ||
        !secret_equal(there->digest, sending->message.digest))
        return SM_CONFLICT;
    TRY(arena_take(sending->call->arena, recipients->count, sizeof(struct link), &links));
    sending->links = links;
    for (size_t i = 0; i < recipients->count; i++)
        TRY(find_same(sending, LIST_AT(struct recipient, *recipients, i), &sending->links[i]));
    return answer(sending, there, reply);
}

static enum sm_error send_new(struct sending *sending, struct send_reply *reply)
{
    struct sealed_call *call = sending->call;
    struct message there;
    TRY(check(sending));
    TRY(make_links(sending));
    enum sm_error error = write_all(sending);
    if (error == SM_OK)
        return answer(sending, &sending->message, reply);
    /* The same send, at the same moment, at another worker or replica: it was first. */
    if (error == SM_CONFLICT &&
        message_load(call->worker, call->arena, sending->request->message, &there) == SM_OK)
        return answer_again(sending, &there, reply);
    return error;
}

/* What is stored that a send is decided by, in one round trip: also a message that has this id. */
static enum sm_error look_up(struct sending *sending, struct message *there, bool *is_there)
{
    const struct sealed_call *call = sending->call;
    const struct id *message = &sending->request->message;
    struct id organisation = call->user.organisation;
    struct db_rows *organisation_row DEFER(db_rows_free) = NULL;
    struct db_rows *message_row DEFER(db_rows_free) = NULL;
    struct db_rows *usage DEFER(db_rows_free) = NULL;
    const struct db_value of_organisation = db_id(&organisation);
    const struct db_value of_message = db_id(message);
    const struct db_query queries[] = {
        {organisation_statement(), &of_organisation, 1, &organisation_row},
        {message_statement(), &of_message, 1, &message_row},
        {usage_statement(), &of_organisation, 1, &usage}};
    TRY(db_run_all(call->worker->db, queries, 3));
    TRY(organisation_read_loaded(
        call->worker, organisation_row, call->arena, organisation, &sending->organisation));
    TRY(usage_read(usage, &sending->stored_bytes));
    enum sm_error found =
        message_read_loaded(call->worker, message_row, call->arena, *message, there);
    *is_there = found == SM_OK;
    return found == SM_NOT_FOUND ? SM_OK : found;
}

enum sm_error on_send(struct sealed_call *call, const void *message, void *reply)
{
    struct sending sending = {.call = call, .request = message};
    struct message there;
    bool is_there;
    TRY(make_message(&sending));
    TRY(look_up(&sending, &there, &is_there));
    return is_there ? answer_again(&sending, &there, reply) : send_new(&sending, reply);
}
