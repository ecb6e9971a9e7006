/*
 * What a sender reads: the subject keys of a page of his list, and a message of his own or a reply
 * to one. Both are in the log before a key leaves.
 */
#include "envelope/subject.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/message.h"
#include "services/crypto/user_session.h"

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

/* A subject can be shown; what is gone, another's or edited is passed over. */
static enum sm_error is_shown(struct sealed_call *call, enum sm_error found,
    const struct message *message, int64_t now_ms, bool *out)
{
    bool is_missing = found == SM_NOT_FOUND || found == SM_TAMPERED;
    *out = found == SM_OK && is_own(&call->user, message) && message_is_readable(message, now_ms);
    return is_missing ? SM_OK : found;
}

/* How many of the page there are: what the log is told. */
static enum sm_error count_shown(
    struct sealed_call *call, const struct list *messages, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < messages->count; i++) {
        struct message message;
        bool is_one;
        enum sm_error found = message_load(call->worker, call->arena,
            LIST_AT(struct message_name, *messages, i)->message, &message);
        TRY(is_shown(call, found, &message, call->now_ms, &is_one));
        *count += is_one;
    }
    return SM_OK;
}

static enum sm_error fill_key(
    struct sealed_call *call, const struct message *message, struct subject_key *out)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct secret *subject DEFER(secret_free) = NULL;
    TRY(message_key(call->worker, message, &key));
    TRY(subject_key_of(secret_span(key), &subject));
    out->message = message->message;
    return keep_span(call->arena, secret_span(subject), &out->key);
}

/* The keys of what is still there, now that the log has it: looked at again, and held. So is who
 * asked: he may have signed out, or been disabled. */
static enum sm_error release_subjects(
    struct sealed_call *call, const struct list *messages, struct list *out)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t now_ms;
    size_t count = 0;
    void *memory;
    TRY(arena_take(call->arena, messages->count, sizeof(struct subject_key), &memory));
    struct subject_key *keys = memory;
    TRY(db_begin(call->worker->db, &tx));
    TRY(session_still(call));
    TRY(db_now_ms(call->worker->db, &now_ms));
    for (size_t i = 0; i < messages->count; i++) {
        struct message message;
        bool is_one;
        enum sm_error found = message_hold(call->worker, call->arena,
            LIST_AT(struct message_name, *messages, i)->message, &message);
        TRY(is_shown(call, found, &message, now_ms, &is_one));
        if (is_one)
            TRY(fill_key(call, &message, &keys[count++]));
    }
    *out = (struct list){keys, count};
    return SM_OK;
}

enum sm_error on_subjects(struct sealed_call *call, const void *request_message, void *out)
{
    const struct subjects_request *request = request_message;
    struct subjects_reply *reply = out;
    char reason[32];
    struct id event;
    size_t count;
    TRY(count_shown(call, &request->messages, &count));
    if (count == 0)
        return SM_OK;
    (void)snprintf(reason, sizeof reason, "%zu subjects", count);
    TRY(log_reading(call, EVENT_SUBJECTS_READ, (struct id){{0}}, reason, &event));
    TRY(call_release(call, event));
    return release_subjects(call, &request->messages, &reply->subjects);
}

/* --- a message --- */

/* Looked at again, and held: it may have ended while the log was waited for, and the session too.
 */
static enum sm_error release_content(
    struct sealed_call *call, const struct grant *grant, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct message message;
    int64_t now_ms;
    TRY(db_begin(call->worker->db, &tx));
    TRY(session_still(call));
    TRY(message_hold(call->worker, call->arena, grant->message, &message));
    TRY(db_now_ms(call->worker->db, &now_ms));
    if (!message_is_readable(&message, now_ms))
        return SM_GONE;
    return grant_content(call, &message, grant, reply);
}

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
    return release_content(call, &grant, reply);
}
