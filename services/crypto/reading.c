/*
 * What a sender reads: the subject keys of a page of his list, and a message of his own or a reply
 * to one. Both are in the log before a key leaves.
 */
#include "envelope/subject.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/message.h"

#include <stdio.h>

static bool is_own(const struct user *user, const struct message *message)
{
    return id_equal(message->sender, user->user) &&
           id_equal(message->organisation, user->organisation);
}

static enum sm_error log_reading(struct sealed_call *call, enum event_kind kind, struct id message,
    const char *reason, struct id *out)
{
    const struct personal_field personal[] = {{span_text("user"), call->user.email}};
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = kind,
        .message = message,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .reason = span_text(reason),
        .personal = LIST_OF(personal)};
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    *out = event.event;
    return call_commit(call, &tx);
}

/* --- subjects --- */

/* Appends the key of one message's subject; what is gone, or another's, is passed over. */
static enum sm_error add_subject(
    struct sealed_call *call, struct id id, struct subject_key *keys, size_t *count)
{
    struct message message;
    struct secret *key DEFER(secret_free) = NULL;
    struct secret *subject DEFER(secret_free) = NULL;
    enum sm_error error = message_load(call->worker, call->arena, id, &message);
    bool is_there = error == SM_OK && is_own(&call->user, &message) &&
                    message_is_readable(&message, call->now_ms);
    if (!is_there)
        return error == SM_OK || error == SM_NOT_FOUND || error == SM_TAMPERED ? SM_OK : error;
    TRY(message_key(call->worker, &message, &key));
    TRY(subject_key_of(secret_span(key), &subject));
    keys[*count].message = id;
    TRY(keep_span(call->arena, secret_span(subject), &keys[*count].key));
    ++*count;
    return SM_OK;
}

enum sm_error on_subjects(struct sealed_call *call, const void *request_message, void *out)
{
    const struct subjects_request *request = request_message;
    struct subjects_reply *reply = out;
    char reason[32];
    struct id event;
    size_t count = 0;
    void *memory;
    TRY(arena_take(call->arena, request->messages.count, sizeof(struct subject_key), &memory));
    struct subject_key *keys = memory;
    for (size_t i = 0; i < request->messages.count; i++)
        TRY(add_subject(
            call, LIST_AT(struct message_name, request->messages, i)->message, keys, &count));
    if (count == 0)
        return SM_OK;
    (void)snprintf(reason, sizeof reason, "%zu subjects", count);
    TRY(log_reading(call, EVENT_SUBJECTS_READ, (struct id){{0}}, reason, &event));
    TRY(call_release(call, event));
    reply->subjects = (struct list){keys, count};
    return SM_OK;
}

/* --- a message --- */

enum sm_error on_read(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct message_request *request = request_message;
    struct message message;
    struct grant grant = {
        .subject = call->user.user, .roles = call->user.roles, .message = request->message};
    TRY(message_load(call->worker, call->arena, request->message, &message));
    if (!is_own(&call->user, &message))
        return SM_NOT_FOUND;
    if (!message_is_readable(&message, call->now_ms))
        return SM_GONE;
    TRY(log_reading(call, EVENT_READ_BY_SENDER, request->message, "", &grant.token));
    TRY(call_release(call, grant.token));
    return grant_content(call, &message, &grant, reply);
}
