/*
 * One sealed operation, from frame to frame. on_carry reads as the story: open, decode, check,
 * prove, run, seal. Once the frame is open, every error travels inside the sealed reply; only what
 * cannot be opened is answered with an outcome alone.
 */
#include "services/crypto/sealed_call.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "envelope/kdf.h"
#include "proto/limits.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/keep.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/time_token.h"
#include "services/crypto/user_session.h"

#include <stdio.h>
#include <string.h>

enum {
    ANSWER_MARGIN_MS = 250, /* the way back: an answer after the caller's deadline helps nobody */
    STRUCT_BYTES_MIN = 16,
    PURGE_ONE_IN = 64,
    RETRY_AFTER_S = 5,
};
/* Longer than a token is accepted, whatever the clock does in between. */
#define SEEN_MS ((int64_t)2 * TIME_TOKEN_S * 1000)

/* clang-format off */
static const struct statement
    see = {"request_see",
        "INSERT INTO vault.seen_request (request, expires_ms) VALUES ($1, clock.now_ms() + $2)"},
    forget = {"request_forget",
        "DELETE FROM vault.seen_request WHERE request IN (SELECT request FROM vault.seen_request"
        " WHERE expires_ms < clock.now_ms() ORDER BY expires_ms LIMIT 200 FOR UPDATE SKIP LOCKED)"};

/* What a client's user is told, where the handler says nothing better. No cause, no secret. */
static const char *const sentences[SM_ERROR_COUNT] = {
    [SM_TOO_LARGE] = "This is larger than the system accepts.",
    [SM_BAD_FORMAT] = "The request does not have the form that this system understands.",
    [SM_BAD_VALUE] = "A value in the request is not accepted.",
    [SM_NOT_ALLOWED] = "Your account is not allowed to do this.",
    [SM_NOT_SIGNED_IN] = "Your session has ended. Please sign in again.",
    [SM_NOT_FOUND] = "It is not there.",
    [SM_GONE] = "This message is no longer available. Please ask the sender.",
    [SM_WRONG_SECRET] = "That is not right. Please check it and try again.",
    [SM_LOCKED] = "Too many wrong attempts. Please wait until the lock ends.",
    [SM_FROZEN] = "Too many wrong attempts. Only the sender can open this again.",
    [SM_TAMPERED] = "A stored record does not pass its integrity check. The administrator is informed.",
    [SM_REPLAYED] = "This request was already handled.",
    [SM_CONFLICT] = "It exists already, with other content.",
    [SM_BUSY] = "The system is busy. Please try again in a moment.",
    [SM_RATE_LIMITED] = "This was asked too often. Please wait a moment.",
    [SM_TIMEOUT] = "This took too long. Please try again.",
    [SM_UNAVAILABLE] = "A part of the system cannot be reached; nothing was released. Please try again.",
    [SM_NOT_ACTIVE] = "A part of the system is taking over; nothing was released. Please try again.",
    [SM_CODE_NEEDED] = "Enter the code of your authenticator app too, or one of your recovery codes.",
    [SM_KEY_UNKNOWN] = "The request was made with keys that are no longer good. Please load the page again.",
};
/* clang-format on */

/* --- the parts of a message that every operation has --- */

/* The member `name` of a decoded message; NULL when the operation has none. */
static const void *member(const struct fields *fields, const void *message, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->at[i].name, name) == 0)
            return (const char *)message + fields->at[i].offset;
    return NULL;
}

static const struct sealed_handler *find_handler(struct span operation)
{
    for (size_t i = 0; i < sealed_handlers_count; i++)
        if (span_equals_text(operation, sealed_handlers[i].operation))
            return &sealed_handlers[i];
    return NULL;
}

/* --- steps --- */

static enum sm_error decode(struct sealed_call *call, const struct sealed_operation *operation,
    struct span plaintext, const void **out)
{
    void *message;
    size_t size = operation->request->struct_size;
    TRY(arena_take(call->arena, 1, size < STRUCT_BYTES_MIN ? STRUCT_BYTES_MIN : size, &message));
    TRY(fields_decode(operation->request, plaintext, call->arena, message));
    *out = message;
    return SM_OK;
}

/* The clear part is authentic now; what an operation without parts says there must be nothing. */
static enum sm_error check_clear(
    struct sealed_call *call, const struct sealed_operation *operation, struct span frame)
{
    struct sealed_head head;
    TRY(sealed_request_head(frame, &head));
    TRY(fields_decode(&sealed_aad, head.aad, call->arena, &call->aad));
    bool says_nothing = id_is_none(call->aad.message) && call->aad.parts == 0;
    return operation->carries_parts || says_nothing ? SM_OK : SM_BAD_VALUE;
}

static enum sm_error check_time(
    struct sealed_call *call, const struct sealed_operation *operation, const void *message)
{
    const struct sealed_meta *meta = member(operation->request, message, "meta");
    if (!meta)
        return SM_BAD_FORMAT;
    call->meta = *meta;
    return time_token_check(call->worker->crypto->keyring, meta->time_token, call->now_ms);
}

/*
 * Counted by what is presented, id and secret together, before it is looked up: so it tells nothing
 * of which links there are, and who has not the secret takes nothing from who has.
 */
static enum sm_error admit(struct sealed_call *call, const struct id *id, struct span secret)
{
    const struct crypto *crypto = call->worker->crypto;
    struct buffer presented DEFER(buffer_free) = BUFFER(ID_BYTES + LINK_SECRET_BYTES);
    uint8_t key[KDF_SHA256_BYTES];
    int64_t wait_ms = 0;
    if (!crypto->links)
        return SM_OK;
    TRY(buffer_append(&presented, id_span(id)));
    TRY(buffer_append(&presented, secret));
    TRY(kdf_hmac_sha256(keyring_key(crypto->keyring, KEY_SESSION), buffer_span(&presented), key));
    enum sm_error error = rate_take(crypto->links, SPAN(key), clock_monotonic_ms(), &wait_ms);
    if (error == SM_RATE_LIMITED)
        call->failure->retry_after_s = (uint64_t)(wait_ms + 999) / 1000;
    return error;
}

static enum sm_error prove(struct sealed_call *call, const struct sealed_handler *handler,
    const struct sealed_operation *operation, const void *message)
{
    const struct session_proof *session = member(operation->request, message, "session");
    const struct link_proof *link = member(operation->request, message, "link");
    switch (handler->needs) {
    case NEEDS_NOTHING:
        return SM_OK;
    case NEEDS_USER:
        if (!session)
            return SM_BAD_FORMAT;
        call->session = *session;
        return session_prove(call, session, handler->roles);
    case NEEDS_LIVE_LINK:
        if (!link)
            return SM_BAD_FORMAT;
        call->link = *link;
        TRY(admit(call, &link->link, link->secret));
        return link_prove(call);
    case NEEDS_VERIFIED:
        if (!session)
            return SM_BAD_FORMAT;
        call->session = *session;
        return admit(call, &session->session, session->secret);
    }
    return SM_BAD_FORMAT;
}

/* Runs the operation and appends the reply's map. */
static enum sm_error run(struct sealed_call *call, const struct sealed_handler *handler,
    const struct sealed_operation *operation, const void *message, struct buffer *answer)
{
    void *reply;
    size_t size = operation->reply->struct_size;
    TRY(arena_take(call->arena, 1, size < STRUCT_BYTES_MIN ? STRUCT_BYTES_MIN : size, &reply));
    TRY(handler->run(call, message, reply));
    if (handler->needs == NEEDS_USER)
        TRY(session_cookie(call));
    return fields_encode(operation->reply, reply, answer);
}

static enum sm_error act(struct sealed_call *call, const struct sealed_handler *handler,
    struct span frame, struct span plaintext, struct buffer *answer)
{
    const struct sealed_operation *operation = sealed_operation_find(span_text(handler->operation));
    const void *message;
    if (!operation)
        return SM_UNKNOWN_OPERATION;
    TRY(check_clear(call, operation, frame));
    TRY(decode(call, operation, plaintext, &message));
    TRY(check_time(call, operation, message));
    TRY(prove(call, handler, operation, message));
    TRY(buffer_append_u8(answer, SM_OK));
    return run(call, handler, operation, message, answer);
}

/* --- failure --- */

static enum sm_error answer_failure(
    struct sealed_call *call, enum sm_error error, struct buffer *answer)
{
    struct failure *told = call->failure;
    if (told->reason.size == 0)
        told->reason =
            span_text(sentences[error] ? sentences[error]
                                       : "Something went wrong. It is in the system's log.");
    bool helps_waiting = error == SM_BUSY || error == SM_UNAVAILABLE || error == SM_TIMEOUT ||
                         error == SM_NOT_ACTIVE;
    if (helps_waiting && told->retry_after_s == 0)
        told->retry_after_s = RETRY_AFTER_S;
    call->effects->retry_after_s = told->retry_after_s;
    buffer_clear(answer);
    TRY(buffer_append_u8(answer, (uint8_t)error));
    return fields_encode(&failure, told, answer);
}

static enum sm_error seal(
    struct sealed_call *call, const struct sealed_exchange *exchange, const struct buffer *answer)
{
    struct buffer frame DEFER(buffer_free) = BUFFER(SEALED_REQUEST_BYTES_MAX);
    TRY(sealed_reply_make(exchange, buffer_span(answer), &frame));
    return keep_span(call->arena, buffer_span(&frame), &call->effects->sealed);
}

/* Errors of the frame itself: the sender's to mend, so an outcome. Others are ours: the bus tells.
 */
static bool is_of_frame(enum sm_error error)
{
    return error == SM_KEY_UNKNOWN || error == SM_BAD_FORMAT || error == SM_TAMPERED;
}

static void log_outcome(const char *operation, enum sm_error outcome)
{
    log_line(outcome == SM_OK ? LOG_DEBUG : LOG_INFO, "sealed-call", "operation", operation,
        "outcome", error_name(outcome), NULL);
}

enum sm_error on_carry(struct bus_request *request, const void *message, void *reply)
{
    const struct carry_request *carried = message;
    struct carry_reply *effects = reply;
    struct failure told = {0};
    struct sealed_call call = {.worker = request->worker,
        .arena = request->arena,
        .timeout_ms = request->header.deadline_ms - clock_wall_ms() - ANSWER_MARGIN_MS,
        .effects = effects,
        .failure = &told};
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    struct buffer plaintext DEFER(buffer_free) = BUFFER(SEALED_REQUEST_BYTES_MAX);
    struct buffer answer DEFER(buffer_free) =
        BUFFER(SEALED_REQUEST_BYTES_MAX - SEALED_REPLY_OVERHEAD);

    const struct sealed_handler *handler = find_handler(carried->operation);
    if (!handler) {
        effects->outcome = SM_UNKNOWN_OPERATION;
        return SM_OK;
    }
    call.until_ms = clock_monotonic_ms() + call.timeout_ms;
    TRY(db_now_ms(call.worker->db, &call.now_ms));
    struct hpke_request opened = {handler->operation, carried->frame, call.now_ms};
    enum sm_error error =
        hpke_keys_open(call.worker->crypto->hpke, call.worker->db, &opened, &plaintext, &exchange);
    if (error != SM_OK && !is_of_frame(error))
        return error;
    if (error == SM_OK) {
        error = act(&call, handler, carried->frame, buffer_span(&plaintext), &answer);
        if (error != SM_OK)
            TRY(answer_failure(&call, error, &answer));
        TRY(seal(&call, exchange, &answer));
    }
    effects->outcome = error;
    log_outcome(handler->operation, error);
    return SM_OK;
}

/* --- what handlers call --- */

/* Now and then, whoever begins a call removes some rows whose time is over (how many is written
 * out in the statement, so that it is planned for). */
static enum sm_error forget_old(struct sealed_call *call)
{
    if (call->meta.request.bytes[0] % PURGE_ONE_IN != 0)
        return SM_OK;
    return db_post(call->worker->db, &forget, NULL, 0);
}

enum sm_error call_begin(struct sealed_call *call, struct db_transaction *tx)
{
    const struct db_value values[] = {db_id(&call->meta.request), db_i64(SEEN_MS)};
    struct db_transaction begun DEFER(db_rollback) = {0};
    TRY(db_begin(call->worker->db, &begun));
    TRY(db_post_once(call->worker->db, &see, values, 2, SM_REPLAYED));
    TRY(forget_old(call));
    *tx = begun;
    begun.db = NULL;
    return SM_OK;
}

enum sm_error call_commit(struct sealed_call *call, struct db_transaction *tx)
{
    const struct crypto *crypto = call->worker->crypto;
    FAIL_POINT("crypto.call.before-commit");
    TRY(db_commit(tx));
    FAIL_POINT("crypto.call.after-commit");
    call->effects->is_feed_changed = true;
    relay_poke(crypto->events); /* the mail that waits for them goes when they are acknowledged */
    return SM_OK;
}

enum sm_error call_event(struct sealed_call *call, struct audit_event *event)
{
    if (id_is_none(event->event))
        TRY(id_new(&event->event));
    event->at_ms = (uint64_t)call->now_ms;
    return outbox_add(call->worker->db, &vault_outbox, event);
}

enum sm_error call_release(struct sealed_call *call, struct id event)
{
    int64_t left_ms = call->until_ms - clock_monotonic_ms();
    FAIL_POINT("crypto.call.before-ack");
    TRY(relay_wait(
        call->worker->crypto->events, call->worker->db, event, left_ms > 0 ? left_ms : 0));
    FAIL_POINT("crypto.call.after-ack");
    return SM_OK;
}
