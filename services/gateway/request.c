/* The head of a request: copied, matched, and refused early where it can be. */
#include "services/gateway/request.h"

#include "services/gateway/access.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "proto/limits.h"

enum { NUMBER_DIGITS_MAX = 18 };

enum sm_error request_number(struct span text, uint64_t *out)
{
    uint64_t number = 0;
    if (text.size == 0 || text.size > NUMBER_DIGITS_MAX)
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return SM_BAD_FORMAT;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = number;
    return SM_OK;
}

/* --- gathering --- */

enum sm_error request_gather_path(struct request_gather *gather, const char *path)
{
    struct buffer *text = &gather->exchange->text;
    TRY(buffer_append_text(text, path));
    return buffer_append_u8(text, '\0');
}

static bool keep(struct request_gather *gather, struct gathered *place, struct span value)
{
    struct buffer *text = &gather->exchange->text;
    bool has_nul = value.size && memchr(value.at, '\0', value.size);
    bool may_be_again = place == &gather->headers[HEADER_FORWARDED_FOR];
    if ((place->is_there && !may_be_again) || has_nul)
        gather->error = SM_BAD_FORMAT;
    if (gather->error != SM_OK)
        return false;
    *place = (struct gathered){text->size, value.size, true};
    gather->error = buffer_append(text, value);
    return gather->error == SM_OK;
}

static bool is_name(struct span name, const char *wanted)
{
    return name.size == strlen(wanted) &&
           strncasecmp((const char *)name.at, wanted, name.size) == 0;
}

/* RFC 9110 5.6.2. "Content-Length " is no name: a proxy before us may take it for one. */
static bool is_token(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t letter = name.at[i];
        if (letter <= ' ' || letter >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", letter))
            return false;
    }
    return name.size > 0;
}

bool request_gather_header(struct request_gather *gather, struct span name, struct span value)
{
    if (!is_token(name)) {
        gather->error = SM_BAD_FORMAT;
        return false;
    }
    for (size_t i = 0; i < HEADER_COUNT; i++)
        if (is_name(name, request_header_names[i]))
            return keep(gather, &gather->headers[i], value);
    return true;
}

bool request_gather_query(struct request_gather *gather, struct span name, struct span value)
{
    for (size_t i = 0; i < QUERY_COUNT; i++)
        if (span_equals_text(name, request_query_names[i]))
            return keep(gather, &gather->queries[i], value);
    gather->exchange->has_unknown_query = true;
    return true;
}

static void point_into_text(struct request_gather *gather)
{
    struct exchange *exchange = gather->exchange;
    const uint8_t *text = exchange->text.bytes;
    for (size_t i = 0; i < HEADER_COUNT; i++)
        if (gather->headers[i].is_there)
            exchange->headers[i] = span_of(text + gather->headers[i].at, gather->headers[i].size);
    for (size_t i = 0; i < QUERY_COUNT; i++)
        if (gather->queries[i].is_there)
            exchange->queries[i] = span_of(text + gather->queries[i].at, gather->queries[i].size);
}

/* --- admitting --- */

/* One way to say how long a body is; anything else is how requests are smuggled past a proxy. */
static enum sm_error read_length(struct exchange *exchange)
{
    struct span length = exchange_header(exchange, HEADER_CONTENT_LENGTH);
    if (exchange_header(exchange, HEADER_TRANSFER_ENCODING).size) {
        exchange->is_body_coming = true;
        return exchange_refuse(exchange, SM_BAD_FORMAT,
            "Say how long the body is with Content-Length; Transfer-Encoding is not accepted.");
    }
    if (length.size == 0)
        return SM_OK;
    exchange->is_body_coming = true;
    TRY(request_number(length, &exchange->content_length));
    exchange->is_body_coming = exchange->content_length > 0;
    return SM_OK;
}

static enum sm_error admit_body(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    if (exchange->content_length <= route->body_bytes_max)
        return SM_OK;
    if (route->body == BODY_NONE)
        return exchange_refuse(exchange, SM_BAD_FORMAT, "This request takes no body.");
    if (route->body == BODY_STREAMED)
        return exchange_refuse(exchange, SM_TOO_LARGE,
            "Too large: a file may have at most 50 MB (%d bytes).", (int)ATTACHMENT_BYTES_MAX);
    return exchange_refuse(exchange, SM_TOO_LARGE,
        "Too large: this request may have at most %" PRIu64 " bytes.", route->body_bytes_max);
}

/* What is packed could unpack to anything, and a proxy may read it otherwise than we do. */
static enum sm_error check_encoding(struct exchange *exchange)
{
    struct span encoding = exchange_header(exchange, HEADER_CONTENT_ENCODING);
    if (encoding.size == 0 || span_equals_text(encoding, "identity"))
        return SM_OK;
    exchange->is_body_coming = true;
    return exchange_refuse(
        exchange, SM_BAD_FORMAT, "Send the body as it is: Content-Encoding is not accepted.");
}

/* The sealed operations that cost a password check or send a mail. */
bool request_is_proof(const struct exchange *exchange)
{
    static const char *const proofs[] = {"login", "verify", "verify_open", "send_code",
        "password_reset", "password_change", "totp_confirm", "totp_remove"};
    for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++)
        if (span_equals_text(exchange->word, proofs[i]))
            return true;
    return false;
}

enum sm_error request_admit(
    struct request_gather *gather, const char *method, const struct gateway *gateway)
{
    struct exchange *exchange = gather->exchange;
    if (gather->error != SM_OK) {
        exchange->is_body_coming = true; /* not known: then the connection ends with the refusal */
        return exchange_refuse(exchange, SM_BAD_FORMAT,
            "A header is not well formed or there twice, as is a query parameter, or the head is too large.");
    }
    point_into_text(gather);
    TRY(read_length(exchange));
    TRY(check_encoding(exchange));
    enum sm_error error = routes_match(exchange, method, exchange_path(exchange), exchange->allow);
    if (!gateway->is_enabled && (error != SM_OK || !exchange->route->is_health))
        return SM_NOT_ENABLED;
    TRY(error);
    exchange->pages = gateway->pages;
    if (exchange->has_unknown_query && exchange->route->needs != NEEDS_NOTHING)
        return exchange_refuse(exchange, SM_BAD_VALUE, "A query parameter is not known here.");
    TRY(admit_body(exchange));
    return access_present(exchange, gateway->is_tls);
}

enum sm_error request_note_allowed(struct exchange *exchange)
{
    if (exchange->route || !exchange->allow[0] || exchange->answer.status != 403)
        return SM_OK;
    exchange->answer.status = 405;
    return answer_header(exchange, "Allow", "%s", exchange->allow);
}
