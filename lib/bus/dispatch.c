/*
 * One request in, one reply out. Everything that can be refused without knowing what the operation
 * does is refused here, in the order of what it costs to find out.
 */
#include "bus/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "proto/limits.h"

#include <stdio.h>

static const struct bus_handler *handler_of(
    const struct bus_server_options *options, uint16_t operation)
{
    for (size_t i = 0; i < options->handlers_count; i++)
        if ((uint16_t)options->handlers[i].operation == operation)
            return &options->handlers[i];
    return NULL;
}

static enum sm_error on_ping(const struct bus_server_options *options, struct ping_reply *reply)
{
    reply->service = span_text(peer_name(options->self));
    reply->is_active = !options->is_active || options->is_active(options->service);
    return SM_OK;
}

/* What the catalogue and the clock say about this request, before its fields are looked at. */
static enum sm_error check(const struct bus_server_options *options,
    const struct bus_request *request, const struct operation_rule *rule, size_t message_bytes)
{
    if (!rule || !(rule->servers & (unsigned)options->self))
        return SM_UNKNOWN_OPERATION;
    if (!(rule->callers & (unsigned)request->caller))
        return SM_NOT_ALLOWED;
    if (message_bytes > rule->bytes_max)
        return SM_TOO_LARGE;
    if (request->header.deadline_ms < clock_wall_ms())
        return SM_TIMEOUT;
    if (rule->repeat == REPEAT_BY_KEY && id_is_none(request->header.idempotency))
        return SM_BAD_VALUE; /* a repeat of it could not be told from a second wish */
    bool is_standby = options->is_active && !options->is_active(options->service);
    return is_standby && rule->number != OP_PING ? SM_NOT_ACTIVE : SM_OK;
}

/* What a peer of ours never asks for: a fault of ours, or somebody who has its key. */
static void log_refusal(const struct bus_server_options *options, const struct bus_request *request,
    const struct operation_rule *rule, enum sm_error error)
{
    char number[8];
    (void)snprintf(number, sizeof number, "0x%04x", request->header.operation);
    log_line(LOG_WARNING, "bus-request-refused", "peer", peer_name(request->caller), "operation",
        rule ? rule->name : number, "error", error_name(error), "at", peer_name(options->self),
        NULL);
}

/* A handler waits for others until the deadline: a peer that names the year 9999 holds no worker.
 */
static void bound_deadline(struct header *header)
{
    int64_t latest = clock_wall_ms() + BUS_CALL_MS_MAX;
    if (header->deadline_ms > latest)
        header->deadline_ms = latest;
}

/* Lateness and a standby are nobody's fault. */
static bool is_misuse(enum sm_error error)
{
    return error != SM_OK && error != SM_TIMEOUT && error != SM_NOT_ACTIVE;
}

static enum sm_error run(const struct bus_server_options *options, struct bus_request *request,
    const struct operation_rule *rule, struct span message_frame, struct buffer *reply_frame)
{
    void *message;
    void *reply;
    TRY(arena_take(request->arena, 1, rule->request->struct_size, &message));
    TRY(arena_take(request->arena, 1, rule->reply->struct_size, &reply));
    enum sm_error form = fields_decode(rule->request, message_frame, request->arena, message);
    if (form != SM_OK) {
        log_refusal(options, request, rule, form);
        return form;
    }
    const struct bus_handler *handler = handler_of(options, request->header.operation);
    if (rule->number == OP_PING)
        TRY(on_ping(options, reply));
    else
        TRY(handler ? handler->run(request, message, reply) : SM_UNKNOWN_OPERATION);
    enum sm_error error = fields_encode(rule->reply, reply, reply_frame);
    return error == SM_OK ? SM_OK : log_failure("reply-breaks-its-table", error, rule->name);
}

enum sm_error bus_dispatch(const struct bus_server_options *options, struct bus_request *request,
    struct span header_frame, struct span message_frame, struct header *reply_header,
    struct buffer *reply_frame)
{
    int64_t begun_ms = clock_monotonic_ms();
    TRY(header_read(header_frame, &request->header));
    if (request->header.is_reply)
        return SM_BAD_FORMAT;
    const struct operation_rule *rule = catalog_find(request->header.operation);
    log_request_set(request->header.trace);
    *reply_header = request->header;
    bound_deadline(&request->header);
    reply_header->is_reply = true;
    reply_header->operation = (uint16_t)(request->header.operation + 1);
    reply_header->error = check(options, request, rule, message_frame.size);
    if (is_misuse(reply_header->error))
        log_refusal(options, request, rule, reply_header->error);
    if (reply_header->error == SM_OK)
        reply_header->error = run(options, request, rule, message_frame, reply_frame);
    if (reply_header->error != SM_OK)
        buffer_clear(reply_frame);
    metric_count(METRIC_REQUESTS, (unsigned)reply_header->error);
    metric_observe_ms(METRIC_REQUEST_SECONDS, clock_monotonic_ms() - begun_ms);
    return SM_OK;
}
