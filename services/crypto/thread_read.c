/* The recipient's operations on his thread: what there is, and opening another part of it. */
#include "base/failpoint.h"
#include "services/crypto/derived.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/open.h"
#include "services/crypto/thread.h"

/* --- the list --- */

static struct thread_row row_of(const struct link_session *session, const struct thread_item *item)
{
    const struct message *message = &item->message;
    return (struct thread_row){.message = message->message,
        .parent = message->parent,
        .direction = message->direction,
        .created_ms = (uint64_t)message->created_ms,
        .expires_ms = (uint64_t)message->expires_ms,
        .is_this = id_equal(message->message, session->message.message),
        .is_open = item->is_open};
}

/* What was edited or is not his is passed over; the first is reported by who loaded it. */
static bool is_passed_over(enum sm_error error)
{
    return error == SM_NOT_FOUND || error == SM_TAMPERED;
}

enum sm_error on_thread(struct sealed_call *call, const void *request, void *out)
{
    struct thread_reply *reply = out;
    struct link_session session;
    struct list ids;
    size_t count = 0;
    void *rows;
    (void)request;
    TRY(link_session_load(call, &session));
    TRY(thread_find(call, &session, &ids));
    TRY(arena_take(call->arena, ids.count, sizeof(struct thread_row), &rows));
    for (size_t i = 0; i < ids.count; i++) {
        struct thread_item item;
        enum sm_error error = thread_look(call, &session, *LIST_AT(struct id, ids, i), &item);
        if (is_passed_over(error))
            continue;
        TRY(error);
        ((struct thread_row *)rows)[count++] = row_of(&session, &item);
    }
    reply->items = (struct list){rows, count};
    return SM_OK;
}

/* --- opening --- */

static enum sm_error find_item(struct sealed_call *call, const struct link_session *session,
    struct id message, struct thread_item *out)
{
    struct list ids;
    bool is_there = false;
    TRY(thread_find(call, session, &ids));
    for (size_t i = 0; i < ids.count; i++)
        is_there |= id_equal(*LIST_AT(struct id, ids, i), message);
    if (!is_there)
        return SM_GONE;
    TRY(link_gone(thread_look(call, session, message, out)));
    return out->is_open ? SM_OK : SM_GONE;
}

/* One event for each session and message: asked again, it is the same one. */
static enum sm_error event_seed(
    const struct link_session *session, struct id message, struct id *out)
{
    const struct span parts[] = {id_span(&session->session), id_span(&message)};
    return derived_id("thread", parts, 2, out);
}

static enum sm_error log_own_reply(
    struct sealed_call *call, const struct link_session *session, struct id reply, struct id *out)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct link *link = &session->link;
    const struct personal_field personal[] = {{span_text("recipient"), link->address}};
    struct audit_event event = {.organisation = link->organisation,
        .kind = EVENT_READ_BY_RECIPIENT,
        .message = reply,
        .link = link->link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = link->link,
        .personal = LIST_OF(personal)};
    TRY(event_seed(session, reply, &event.event));
    *out = event.event;
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    return call_commit(call, &tx);
}

/* His own words: looked at once more when the log has it, as for open. */
static enum sm_error open_reply(struct sealed_call *call, struct link_session *session,
    struct message *reply, struct content_reply *content)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct grant grant = {.subject = session->link.link, .message = reply->message};
    int64_t now_ms;
    TRY(log_own_reply(call, session, reply->message, &grant.token));
    TRY(call_release(call, grant.token));
    FAIL_POINT("crypto.thread.after-ack");
    TRY(db_begin(call->worker->db, &tx));
    TRY(link_lock_live(call->worker, call->arena, &session->link, &session->message));
    TRY(link_gone(message_hold(call->worker, call->arena, reply->message, reply)));
    TRY(db_now_ms(call->worker->db, &now_ms));
    if (!message_is_readable(reply, now_ms))
        return SM_GONE;
    return grant_content(call, reply, &grant, content);
}

enum sm_error on_open_message(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct message_request *request = request_message;
    struct link_session session;
    struct thread_item item;
    TRY(link_session_load(call, &session));
    if (id_equal(request->message, session.message.message))
        return open_content(call, &session, reply);
    TRY(find_item(call, &session, request->message, &item));
    if (item.message.direction == DIRECTION_REPLY)
        return open_reply(call, &session, &item.message, reply);
    struct link_session opening = {.link = item.link, .message = item.message};
    TRY(event_seed(&session, item.message.message, &opening.session));
    return open_content(call, &opening, reply);
}
