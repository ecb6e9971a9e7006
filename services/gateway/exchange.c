/*
 * Requests and answers as plain data. An answer is prepared in full before anything of it is sent,
 * so an error in the middle of a handler still becomes a proper error answer.
 */
#include "services/gateway/exchange.h"

#include "base/text.h"
#include "db/connection.h"
#include "services/gateway/errors.h"
#include "services/gateway/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

static_assert((int)SEALED_REQUEST_BYTES_MAX <= (int)TRANSFER_BLOCK_BYTES, "a body fits its buffer");

const char *const request_header_names[HEADER_COUNT] = {
    [HEADER_CAPABILITY] = "Secure-Mail-Capability",
    [HEADER_REQUESTED] = "Secure-Mail-Request",
    [HEADER_COOKIE] = "Cookie",
    [HEADER_HOST] = "Host",
    [HEADER_ORIGIN] = "Origin",
    [HEADER_FETCH_SITE] = "Sec-Fetch-Site",
    [HEADER_CONTENT_LENGTH] = "Content-Length",
    [HEADER_CONTENT_TYPE] = "Content-Type",
    [HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
    [HEADER_RANGE] = "Range",
    [HEADER_TUS_RESUMABLE] = "Tus-Resumable",
    [HEADER_UPLOAD_LENGTH] = "Upload-Length",
    [HEADER_UPLOAD_OFFSET] = "Upload-Offset",
    [HEADER_UPLOAD_METADATA] = "Upload-Metadata",
    [HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
    [HEADER_IF_NONE_MATCH] = "If-None-Match",
    [HEADER_CONTENT_ENCODING] = "Content-Encoding",
    [HEADER_FORWARDED_FOR] = "X-Forwarded-For",
};

const char *const request_query_names[QUERY_COUNT] = {
    [QUERY_CURSOR] = "cursor",
    [QUERY_ROWS] = "rows",
    [QUERY_PARENT] = "parent",
    [QUERY_KIND] = "kind",
    [QUERY_MESSAGE] = "message",
    [QUERY_LINK] = "link",
    [QUERY_PERSON] = "person",
    [QUERY_SINCE] = "since",
    [QUERY_UNTIL] = "until",
    [QUERY_BEFORE] = "before",
    [QUERY_ENTRY] = "entry",
    [QUERY_SIZE] = "size",
};

void exchange_init(struct exchange *exchange)
{
    *exchange = (struct exchange){
        .text = BUFFER(EXCHANGE_TEXT_BYTES_MAX),
        .body = BUFFER(TRANSFER_BLOCK_BYTES),
        .answer = {.body = BUFFER(ANSWER_BODY_BYTES_MAX)},
    };
}

static void answer_clear(struct answer *answer)
{
    for (size_t i = 0; i < answer->headers_count; i++)
        free(answer->headers[i].value);
    if (answer->stream.state)
        answer->stream.free(&answer->stream.state);
    buffer_free(&answer->body);
    *answer = (struct answer){.body = BUFFER(ANSWER_BODY_BYTES_MAX)};
}

void exchange_clear(struct exchange *exchange)
{
    if (exchange->sink.state)
        exchange->sink.free(&exchange->sink.state);
    answer_clear(&exchange->answer);
    for (size_t i = 0; i < ASKED_MAX; i++)
        db_rows_free(&exchange->asked[i]);
    buffer_free(&exchange->body);
    buffer_free(&exchange->text);
}

/* request_gather_path puts it first, with its NUL. */
const char *exchange_path(const struct exchange *exchange)
{
    return exchange->text.size ? (const char *)exchange->text.bytes : "";
}

struct span exchange_header(const struct exchange *exchange, enum request_header header)
{
    return exchange->headers[header];
}

struct span exchange_query(const struct exchange *exchange, enum request_query query)
{
    return exchange->queries[query];
}

enum sm_error answer_header(struct exchange *exchange, const char *name, const char *format, ...)
{
    struct answer *answer = &exchange->answer;
    char *value DEFER(memory_free) = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (length < 0) {
        value = NULL;
        return SM_NO_MEMORY;
    }
    if (answer->headers_count == ANSWER_HEADERS_MAX)
        return SM_TOO_LARGE;
    if (!text_is_line(span_text(value)))
        return SM_BAD_VALUE;
    answer->headers[answer->headers_count++] = (struct answer_header){name, TAKE(value)};
    return SM_OK;
}

void answer_json(struct exchange *exchange, unsigned status)
{
    exchange->answer.content_type = "application/json";
    exchange->answer.status = status;
}

void answer_empty(struct exchange *exchange, unsigned status)
{
    exchange->answer.content_type = NULL;
    exchange->answer.status = status;
}

enum sm_error exchange_refuse(
    struct exchange *exchange, enum sm_error error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(exchange->explanation, sizeof exchange->explanation, format, arguments);
    va_end(arguments);
    return error;
}

static enum sm_error error_body(const struct exchange *exchange, enum sm_error error,
    const struct error_answer *words, struct buffer *out)
{
    const char *sentence = exchange->explanation[0] ? exchange->explanation : words->sentence;
    TRY(buffer_append_text(out, "{\"error\":"));
    TRY(json_string(out, span_text(error_name(error))));
    TRY(buffer_append_text(out, ",\"message\":"));
    TRY(json_string(out, span_text(sentence)));
    return buffer_append_text(out, "}\n");
}

void answer_error(struct exchange *exchange, enum sm_error error)
{
    const struct error_answer *words = error_answer(error);
    struct answer *answer = &exchange->answer;
    bool is_written;
    answer_clear(answer);
    is_written = error_body(exchange, error, words, &answer->body) == SM_OK;
    uint64_t wait_s = exchange->wait_s ? exchange->wait_s : words->retry_after_s;
    if (is_written && wait_s)
        is_written = answer_header(exchange, "Retry-After", "%" PRIu64, wait_s) == SM_OK;
    if (is_written)
        is_written =
            answer_header(exchange, "Secure-Mail-Outcome", "%s", error_name(error)) == SM_OK;
    answer->content_type = "application/json";
    answer->status = is_written ? words->status : 503; /* 503: no memory even for the words */
}
