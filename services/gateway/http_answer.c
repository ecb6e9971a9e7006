/* From an answer as plain data to what libmicrohttpd sends. */
#include "services/gateway/http_pending.h"

#include "base/clock.h"
#include "base/metric.h"

#include "services/gateway/security.h"

#include <string.h>

static ssize_t read_stream(void *context, uint64_t at, char *to, size_t max)
{
    struct pending *pending = context;
    size_t got = 0;
    if (pending_is_late(pending) || pending->exchange.answer.is_broken)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    struct stream *stream = &pending->exchange.answer.stream;
    switch (stream->read(stream->state, at, (uint8_t *)to, max, &got)) {
    case STREAM_DATA:
        pending_look_ahead(pending);
        return (ssize_t)got;
    case STREAM_WAIT:
        pending_refill(pending);
        return 0;
    case STREAM_END:
        return MHD_CONTENT_READER_END_OF_STREAM;
    case STREAM_BROKEN:
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* The body lives in the exchange until the request is completed, so it need not be copied. */
static struct MHD_Response *response_of(struct pending *pending, struct answer *answer)
{
    if (answer->stream.state)
        return MHD_create_response_from_callback(
            answer->stream.size == STREAM_SIZE_UNKNOWN ? MHD_SIZE_UNKNOWN : answer->stream.size,
            TRANSFER_BLOCK_BYTES, read_stream, pending, NULL);
    struct span body = answer->fixed.size ? answer->fixed : buffer_span(&answer->body);
    return MHD_create_response_from_buffer(
        body.size, (void *)(uintptr_t)body.at, MHD_RESPMEM_PERSISTENT);
}

/* A page has a policy of its own, a hashed file another Cache-Control: then not the constant one.
 */
static bool has_own(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

static bool add_headers(struct MHD_Response *response, const struct answer *answer, bool is_tls)
{
    enum MHD_Result all = MHD_YES;
    for (size_t i = 0; i < security_headers_count; i++)
        if (!has_own(answer, security_headers[i].name))
            all &= MHD_add_response_header(
                response, security_headers[i].name, security_headers[i].value);
    if (is_tls)
        all &= MHD_add_response_header(response, transport_security.name, transport_security.value);
    if (answer->content_type)
        all &= MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < answer->headers_count; i++)
        all &= MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return all == MHD_YES;
}

static int64_t patience_of(const struct answer *answer)
{
    if (!answer->stream.state)
        return visit_patience_ms(answer->body.size + answer->fixed.size);
    return answer->stream.size == STREAM_SIZE_UNKNOWN ? VISIT_STREAM_MS
                                                      : visit_patience_ms(answer->stream.size);
}

static enum MHD_Result send_answer(struct pending *pending, struct answer *answer)
{
    pending_grant(pending, patience_of(answer));
    struct MHD_Response *response = response_of(pending, answer);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_NO;
    if (add_headers(response, answer, pending->http->gateway->is_tls))
        result = MHD_queue_response(pending->connection, answer->status, response);
    metric_count(METRIC_HTTP_REQUESTS, metric_status(answer->status));
    metric_observe_ms(METRIC_HTTP_SECONDS, clock_monotonic_ms() - pending->begun_ms);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result http_send(struct pending *pending)
{
    return send_answer(pending, &pending->exchange.answer);
}

enum MHD_Result http_send_too_late(struct pending *pending)
{
    struct answer answer = {.status = 504,
        .content_type = "application/json",
        .fixed =
            span_text("{\"error\":\"timeout\",\"message\":\"The answer took too long. Try again;"
                      " nothing is done twice.\"}\n")};
    return send_answer(pending, &answer);
}
