/*
 * Sealed requests: checked as far as they can be seen, carried to crypto, and the sealed reply
 * brought back. The gateway reads the operation's name (it is the path), struct sealed_aad and the
 * typed effects of the answer; the rest is ciphertext in both directions.
 */
#include "services/gateway/handlers.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "envelope/sealed.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/retention.h"
#include "proto/sealed.h"
#include "services/gateway/access.h"
#include "services/gateway/closed.h"
#include "services/gateway/errors.h"
#include "services/gateway/projector.h"
#include "services/gateway/upload.h"

#include <inttypes.h>

enum { ARENA_BYTES = 2 * BUS_MESSAGE_BYTES_MAX };

static const struct statement remember_closed = {"gateway_closed_insert",
    "INSERT INTO mail.closed (closed, at_ms) VALUES ($1, clock.now_ms())"
    " ON CONFLICT (closed) DO UPDATE SET at_ms = EXCLUDED.at_ms"};

/* --- before --- */

static enum sm_error check_parts(
    struct worker *worker, struct exchange *exchange, const struct sealed_aad *aad)
{
    if (id_is_none(aad->message) || aad->parts == 0)
        return exchange_refuse(
            exchange, SM_BAD_VALUE, "This operation names its message and number of parts.");
    enum sm_error error = upload_freeze(worker, aad->message, aad->parts);
    if (error == SM_CONFLICT)
        return exchange_refuse(exchange, error,
            "Not all parts of this message have arrived: upload the missing ones and send again.");
    return error;
}

static enum sm_error read_head(struct exchange *exchange, struct sealed_aad *out)
{
    struct arena arena DEFER(arena_free) = ARENA(1024);
    struct sealed_head head = {0};
    TRY(sealed_request_head(buffer_span(&exchange->body), &head));
    return fields_decode(&sealed_aad, head.aad, &arena, out);
}

/* --- after --- */

/*
 * Refused by crypto before it changed anything. Anything else may have been committed (the log can
 * be slow to acknowledge): then the parts stay frozen and the client asks again.
 */
static bool had_no_effect(enum sm_error outcome)
{
    static const enum sm_error refusals[] = {SM_BAD_FORMAT, SM_BAD_VALUE, SM_UNKNOWN_OPERATION,
        SM_NOT_ALLOWED, SM_NOT_SIGNED_IN, SM_GONE, SM_TAMPERED, SM_TOO_LARGE, SM_KEY_UNKNOWN,
        SM_RATE_LIMITED};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i] == outcome)
            return true;
    return false;
}

/* Downloads stop here at once; the row tells the other gateways and this one after a restart. */
static enum sm_error close_one(struct worker *worker, enum closed_kind kind, struct id id)
{
    struct db *db = NULL;
    struct id name;
    TRY(closed_name(kind, id, &name));
    closed_set_add(worker->gateway->closed, name);
    TRY(worker_db(worker, &db));
    return DB_RUN(db, &remember_closed, NULL, db_id(&name));
}

static void apply_closed(struct worker *worker, enum closed_kind kind, struct id id)
{
    if (id_is_none(id))
        return;
    enum sm_error error = close_one(worker, kind, id);
    if (error != SM_OK)
        log_line(LOG_ERROR, "closed-not-written", "id", id_text(id).text, "error",
            error_name(error), NULL);
}

/* What is not purged now is purged by retention's timer: the message is dead already. */
static void apply_purge(struct worker *worker, struct id message)
{
    struct arena arena DEFER(arena_free) = ARENA(4096);
    const struct purge_request request = {.message = message};
    struct purge_reply reply = {0};
    if (id_is_none(message))
        return;
    apply_closed(worker, CLOSED_FOR_EVERYONE, message);
    enum sm_error error = worker_call(worker, OP_PURGE, &request, &arena, &reply);
    if (error != SM_OK)
        log_line(LOG_WARNING, "purge-left-to-the-sweep", "message", id_text(message).text, "error",
            error_name(error), NULL);
}

static enum sm_error answer_sealed(
    struct worker *worker, struct exchange *exchange, const struct carry_reply *reply)
{
    enum sm_error outcome = error_from_number(reply->outcome);
    const struct error_answer *words = error_answer(outcome);
    if (reply->cookie.size)
        TRY(cookie_set(exchange, worker->gateway->is_tls, reply->cookie));
    if (reply->sealed.size == 0)
        return outcome == SM_OK ? SM_BAD_FORMAT : outcome;
    TRY(answer_header(exchange, "Secure-Mail-Outcome", "%s", error_name(outcome)));
    uint64_t wait_s = reply->retry_after_s ? reply->retry_after_s : words->retry_after_s;
    if (wait_s)
        TRY(answer_header(exchange, "Retry-After", "%" PRIu64, wait_s));
    TRY(buffer_append(&exchange->answer.body, reply->sealed));
    exchange->answer.content_type = "application/octet-stream";
    exchange->answer.status = words->status;
    return SM_OK;
}

/* --- the whole --- */

/*
 * Nobody asks twice by one request, but what lies between may: the bus where a replica goes away
 * under a call, a proxy or the client's library where a connection does. The first was acted on and
 * its answer is lost; so that is what is said, and the client asks by a new request. (Somebody who
 * replays what he recorded learns as little.)
 */
static enum sm_error carry_to_crypto(struct worker *worker, const struct carry_request *request,
    struct arena *arena, struct carry_reply *reply)
{
    TRY(worker_call(worker, OP_CARRY, request, arena, reply));
    return error_from_number(reply->outcome) == SM_REPLAYED ? SM_UNAVAILABLE : SM_OK;
}

static enum sm_error carry(struct worker *worker, struct exchange *exchange,
    const struct sealed_aad *aad, const struct sealed_operation *operation)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    const struct carry_request request = {
        .operation = span_text(operation->name), .frame = buffer_span(&exchange->body)};
    struct carry_reply reply = {0};
    TRY(carry_to_crypto(worker, &request, &arena, &reply));
    FAIL_POINT("gateway.sealed.after-carry");
    if (reply.is_feed_changed)
        projector_poke(worker->gateway->projector);
    if (operation->carries_parts && had_no_effect(error_from_number(reply.outcome)))
        TRY(upload_thaw(worker, aad->message));
    apply_closed(worker, CLOSED_MESSAGE, reply.closed_message);
    apply_closed(worker, CLOSED_LINK, reply.closed_link);
    apply_purge(worker, reply.purge);
    FAIL_POINT("gateway.sealed.before-ack");
    return answer_sealed(worker, exchange, &reply);
}

enum sm_error on_sealed(struct worker *worker, struct exchange *exchange)
{
    struct sealed_aad aad = {0};
    const struct sealed_operation *operation = sealed_operation_find(exchange->word);
    if (!operation)
        return SM_UNKNOWN_OPERATION;
    /* A page of another origin cannot send this type without asking first, and is never allowed. */
    if (!span_equals_text(
            exchange_header(exchange, HEADER_CONTENT_TYPE), "application/octet-stream"))
        return exchange_refuse(
            exchange, SM_BAD_FORMAT, "Send Content-Type: application/octet-stream.");
    TRY(read_head(exchange, &aad));
    if (operation->carries_parts)
        TRY(check_parts(worker, exchange, &aad));
    return carry(worker, exchange, &aad, operation);
}
