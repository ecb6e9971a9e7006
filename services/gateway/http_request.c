/*
 * The steps of a request. libmicrohttpd calls http_on_access again and again for one request; which
 * step it is stands in struct pending.
 */
#include "services/gateway/http_pending.h"

#include "services/gateway/request.h"

#include <string.h>

static enum MHD_Result take_block(struct pending *pending, const char *bytes, size_t *size)
{
    struct exchange *exchange = &pending->exchange;
    size_t room = exchange->body.size_max - exchange->body.size;
    size_t taken = *size < room ? *size : room;
    enum sm_error error = buffer_append(&exchange->body, span_of(bytes, taken));
    if (error != SM_OK) {
        answer_error(exchange, error);
        return MHD_YES;
    }
    *size -= taken;
    if (exchange->body.size == exchange->body.size_max && exchange->route->body == BODY_STREAMED)
        pending_hand_over(pending, TASK_WRITE);
    return MHD_YES;
}

/* The request is complete: answer from memory, or let a worker make the answer. */
static enum MHD_Result end_of_request(struct pending *pending)
{
    struct exchange *exchange = &pending->exchange;
    if (pending->phase == PHASE_END) {
        /* A worker gave it back without an answer: only our own bug. */
        answer_error(exchange, SM_DATABASE);
        return http_send(pending);
    }
    pending->phase = PHASE_END;
    pending_grant(pending, EXCHANGE_TIMEOUT_MS + VISIT_GRACE_MS);
    if (exchange->route->lane != LANE_EVENT) {
        pending_hand_over(pending, exchange->route->body == BODY_STREAMED ? TASK_FINISH : TASK_RUN);
        return MHD_YES;
    }
    enum sm_error error = exchange->route->run(NULL, exchange);
    if (error != SM_OK)
        answer_error(exchange, error);
    return http_send(pending);
}

static enum MHD_Result go_on(struct pending *pending, const char *bytes, size_t *size)
{
    bool is_late = pending_is_late(pending);
    if (is_late || pending->exchange.answer.status) {
        if (*size) { /* the rest of a body that was refused underway: read over */
            *size = 0;
            return MHD_YES;
        }
        return is_late ? http_send_too_late(pending) : http_send(pending);
    }
    if (pending->phase == PHASE_HANDLER) { /* the handler has given a sink: now the body */
        pending->phase = PHASE_BODY;
        return MHD_YES;
    }
    return *size ? take_block(pending, bytes, size) : end_of_request(pending);
}

static enum MHD_Result gather(void *context, enum MHD_ValueKind kind, const char *name,
    size_t name_size, const char *value, size_t value_size)
{
    struct span name_span = span_of(name, name_size);
    struct span value_span = span_of(value, value_size);
    bool goes_on = kind == MHD_HEADER_KIND ? request_gather_header(context, name_span, value_span)
                                           : request_gather_query(context, name_span, value_span);
    return goes_on ? MHD_YES : MHD_NO;
}

/* Health checks are asked often, and by whoever looks after us. */
static enum sm_error admit_visitor(struct pending *pending)
{
    struct exchange *exchange = &pending->exchange;
    if (exchange->route->is_health)
        return SM_OK;
    return visit_admit(pending->visit, exchange_header(exchange, HEADER_FORWARDED_FOR),
        request_is_proof(exchange), &exchange->wait_s);
}

static enum sm_error read_head(struct pending *pending, const char *method, const char *path)
{
    struct request_gather gathered = {.exchange = &pending->exchange};
    struct gateway *gateway = pending->http->gateway;
    TRY(request_gather_path(&gathered, path));
    (void)MHD_get_connection_values_n(pending->connection, MHD_HEADER_KIND, gather, &gathered);
    (void)MHD_get_connection_values_n(
        pending->connection, MHD_GET_ARGUMENT_KIND, gather, &gathered);
    TRY(request_admit(&gathered, method, gateway));
    return admit_visitor(pending);
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
    const char *method, const char *path, void **context)
{
    struct pending *pending = pending_new(http, connection);
    *context = NULL;
    if (!pending)
        return MHD_NO;
    *context = pending;
    enum sm_error error = read_head(pending, method, path);
    pending_grant(
        pending, EXCHANGE_TIMEOUT_MS + visit_patience_ms(pending->exchange.content_length));
    if (error != SM_OK) {
        answer_error(&pending->exchange, error);
        /* Headers that were prepared with the refusal (Allow) are in the exchange's notes. */
        if (request_note_allowed(&pending->exchange) != SM_OK)
            return MHD_NO;
        return pending->exchange.is_body_coming ? http_send(pending) : MHD_YES;
    }
    pending->phase = PHASE_BODY;
    if (pending->exchange.route->body == BODY_STREAMED) {
        pending->phase = PHASE_HANDLER;
        pending_hand_over(pending, TASK_RUN);
    }
    return MHD_YES;
}

/*
 * libmicrohttpd unescapes a path, and cuts it at "%00", before anybody sees it. No path of ours has
 * an escape, so one that has is none of ours: "%", which matches no route.
 */
static char escaped_mark;
static const char no_path[] = "%";

void *http_on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    const char *escape = strchr(uri, '%');
    return escape && escape < uri + strcspn(uri, "?") ? &escaped_mark : NULL;
}

/* The signature is libmicrohttpd's. */
/* NOLINTNEXTLINE(readability-function-size) */
enum MHD_Result http_on_access(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
    void **request)
{
    (void)version;
    if (*request && *request != &escaped_mark)
        return go_on(*request, upload_data, upload_data_size);
    return begin(context, connection, method, *request ? no_path : url, request);
}

void http_on_completed(void *context, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode reason)
{
    struct pending *pending = *request == &escaped_mark ? NULL : *request;
    (void)context;
    (void)connection;
    (void)reason;
    *request = NULL;
    if (!pending)
        return;
    visit_listens(pending->visit);
    pending_end(pending);
}
