/* Keys and sealed calls. */
#include "cli/server.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

enum {
    KEYS_GOOD_MS = 5 * 60 * 1000, /* a time token lives 15 minutes: fetch again well before */
    FRAME_BYTES_MAX = SEALED_REQUEST_BYTES_MAX + 4096,
};

void server_close(struct server *server)
{
    http_close(&server->http);
}

/* --- words --- */

/* The gateway explains itself in {"error","message"}; without that the status decides. */
enum sm_error server_refusal(struct server *server, const struct http_response *response)
{
    static const struct {
        long status;
        enum sm_error error;
    } statuses[] = {{401, SM_NOT_SIGNED_IN}, {403, SM_NOT_ALLOWED}, {404, SM_NOT_FOUND},
        {409, SM_CONFLICT}, {410, SM_GONE}, {413, SM_TOO_LARGE}, {429, SM_RATE_LIMITED},
        {503, SM_UNAVAILABLE}, {504, SM_TIMEOUT}};
    struct doc *answer DEFER(doc_free) = NULL;
    enum sm_error error = SM_UNAVAILABLE;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == response->status)
            error = statuses[i].error;
    if (doc_parse(buffer_span(&response->body), &answer) != SM_OK)
        return error;
    const char *word = doc_text(answer, "error");
    const char *message = doc_text(answer, "message");
    if (word && error_from_name(word) != SM_ERROR_COUNT && error_from_name(word) != SM_OK)
        error = error_from_name(word);
    if (message && error != SM_NOT_SIGNED_IN)
        (void)snprintf(server->cli->message, sizeof server->cli->message, "%.*s",
            (int)strcspn(message, "\r\n"), message);
    return error;
}

static enum sm_error unreachable(struct server *server, enum sm_error error)
{
    if (error == SM_TAMPERED)
        return cli_problem(server->cli, SM_TAMPERED, "Check the address, and tell its operator",
            "The certificate of %s is not valid", server->url);
    if (error == SM_UNAVAILABLE)
        return cli_problem(server->cli, SM_UNAVAILABLE,
            "Check the address and your network, then try again; nothing was lost",
            "%s cannot be reached", server->url);
    return error;
}

/* --- keys --- */

static enum sm_error exact(const struct doc *doc, const char *name, uint8_t *out, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(256);
    TRY(doc_bytes(doc, name, &bytes));
    if (bytes.size != size)
        return SM_BAD_FORMAT;
    memcpy(out, bytes.bytes, size);
    return SM_OK;
}

struct key_answer {
    uint8_t identity[P256_PUBLIC_BYTES];
    struct identity_statement statement;
    uint8_t time_token[TIME_TOKEN_BYTES];
};

static enum sm_error read_keys(const struct doc *doc, struct key_answer *out)
{
    struct identity_statement *statement = &out->statement;
    TRY(exact(doc, "identity_public", out->identity, sizeof out->identity));
    TRY(exact(doc, "kid", statement->key_id, sizeof statement->key_id));
    TRY(exact(doc, "hpke_public", statement->public_key, sizeof statement->public_key));
    TRY(exact(doc, "signature", statement->signature, sizeof statement->signature));
    TRY(exact(doc, "time_token", out->time_token, sizeof out->time_token));
    TRY(doc_u64(doc, "not_before_ms", &statement->not_before_ms));
    return doc_u64(doc, "not_after_ms", &statement->not_after_ms);
}

static enum sm_error accept_keys(struct server *server, const struct key_answer *keys)
{
    if (server->has_pin && identity_check_pin(SPAN(keys->identity), server->pin) != SM_OK)
        return cli_problem(server->cli, SM_TAMPERED,
            "Do not go on; ask the organisation by phone whether its key has changed",
            "%s does not have the key that it should have", server->url);
    TRY(identity_verify(SPAN(keys->identity), &keys->statement));
    TRY(identity_pin(keys->identity, server->pin));
    server->has_pin = true;
    memcpy(server->hpke_public, keys->statement.public_key, sizeof server->hpke_public);
    memcpy(server->time_token, keys->time_token, sizeof server->time_token);
    server->fetched_ms = clock_monotonic_ms();
    return SM_OK;
}

static enum sm_error fetch_keys(struct server *server)
{
    struct key_answer keys;
    struct doc *doc DEFER(doc_free) = NULL;
    TRY(server_get(server, "/api/v1/keys", NULL, &doc));
    TRY(read_keys(doc, &keys));
    return accept_keys(server, &keys);
}

enum sm_error server_open(struct cli *cli, const char *url, const uint8_t *pin, struct server *out)
{
    *out = (struct server){.cli = cli, .url = url};
    if (pin) {
        memcpy(out->pin, pin, sizeof out->pin);
        out->has_pin = true;
    }
    if (http_open(url, &out->http) != SM_OK)
        return cli_problem(cli, SM_BAD_VALUE,
            "Give https://..., or http:// only for this machine itself",
            "%s is not an address that I connect to", url);
    return fetch_keys(out);
}

/* --- plain answers --- */

void server_capability_header(struct span capability, char out[static HTTP_HEADER_BYTES_MAX])
{
    (void)snprintf(
        out, HTTP_HEADER_BYTES_MAX, "Secure-Mail-Capability: %.*s", SPAN_PRINT(capability));
}

enum sm_error server_get(
    struct server *server, const char *path, const char *capability, struct doc **out)
{
    struct http_response response DEFER(http_response_free) = {0};
    char cookie[sizeof server->cookie + 16];
    char header[HTTP_HEADER_BYTES_MAX];
    struct http_request request = {.method = "GET",
        .path = path,
        .headers = {"Secure-Mail-Request: 1"},
        .body_bytes_max = (size_t)8 * 1024 * 1024};
    if (*server->cookie) {
        (void)snprintf(cookie, sizeof cookie, "Cookie: %s", server->cookie);
        request.headers[1] = cookie;
    }
    if (capability) {
        server_capability_header(span_text(capability), header);
        request.headers[2] = header;
    }
    enum sm_error error = http_run(server->http, &request, &response);
    if (error != SM_OK)
        return unreachable(server, error);
    if (response.status != 200)
        return server_refusal(server, &response);
    return doc_parse(buffer_span(&response.body), out);
}

/* --- sealed calls --- */

/* Crypto's own sentence, and how many attempts or until when. */
static enum sm_error tell_failure(struct server *server, enum sm_error error, struct span body)
{
    struct failure told = {0};
    struct arena arena DEFER(arena_free) = ARENA(4096);
    if (fields_decode(&failure, body, &arena, &told) != SM_OK)
        return error;
    struct cli *cli = server->cli;
    cli->attempts_left = told.attempts_left;
    cli->until_ms = told.until_ms;
    if (told.reason.size && error != SM_GONE)
        (void)snprintf(cli->message, sizeof cli->message, "%.*s",
            (int)(told.reason.size - (told.reason.at[told.reason.size - 1] == '.')),
            (const char *)told.reason.at);
    if (told.until_ms)
        (void)snprintf(cli->remedy, sizeof cli->remedy, "Try again after %s",
            clock_text((int64_t)told.until_ms).text);
    else if (told.attempts_left)
        (void)snprintf(cli->remedy, sizeof cli->remedy, "%u attempts are left before it is locked",
            (unsigned)told.attempts_left);
    else if (told.retry_after_s)
        (void)snprintf(cli->remedy, sizeof cli->remedy, "Try again in %u seconds",
            (unsigned)told.retry_after_s);
    return error;
}

static enum sm_error open_reply(struct server *server, const struct sealed_operation *operation,
    const struct sealed_exchange *exchange, struct span frame, struct arena *arena, void *reply)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(FRAME_BYTES_MAX);
    TRY(sealed_reply_open(exchange, frame, &plaintext));
    if (plaintext.size == 0)
        return SM_BAD_FORMAT;
    enum sm_error outcome = error_from_number(plaintext.bytes[0]);
    struct span body = span_slice(buffer_span(&plaintext), 1, plaintext.size);
    if (outcome != SM_OK)
        return tell_failure(server, outcome, body);
    void *copy; /* the reply's spans look into it */
    TRY(arena_take(arena, body.size, 1, &copy));
    memcpy(copy, body.at, body.size);
    return fields_decode(operation->reply, span_of(copy, body.size), arena, reply);
}

static enum sm_error seal(struct server *server, const struct sealed_operation *operation,
    const struct server_call *call, struct buffer *frame, struct sealed_exchange **exchange)
{
    struct buffer aad DEFER(buffer_free) = BUFFER(SEALED_AAD_BYTES_MAX);
    struct buffer plaintext DEFER(buffer_free) = BUFFER(SEALED_REQUEST_BYTES_MAX);
    struct sealed_meta *meta = call->request;
    TRY(id_random(&meta->request));
    meta->time_token = SPAN(server->time_token);
    TRY(fields_encode(&sealed_aad, &call->aad, &aad));
    TRY(fields_encode(operation->request, call->request, &plaintext));
    struct sealed_request request = {.operation = call->operation,
        .aad = buffer_span(&aad),
        .plaintext = buffer_span(&plaintext)};
    return sealed_request_make(SPAN(server->hpke_public), &request, frame, exchange);
}

enum sm_error server_call(
    struct server *server, const struct server_call *call, struct arena *arena)
{
    const struct sealed_operation *operation = sealed_operation_find(span_text(call->operation));
    struct buffer frame DEFER(buffer_free) = BUFFER(FRAME_BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    struct http_response response DEFER(http_response_free) = {0};
    char path[64];
    if (clock_monotonic_ms() - server->fetched_ms > KEYS_GOOD_MS)
        TRY(fetch_keys(server));
    TRY(seal(server, operation, call, &frame, &exchange));
    (void)snprintf(path, sizeof path, "/api/v1/sealed/%s", call->operation);
    struct http_request request = {.method = "POST",
        .path = path,
        .headers = {"Content-Type: application/octet-stream"},
        .body = buffer_span(&frame)};
    enum sm_error error = http_run(server->http, &request, &response);
    if (error != SM_OK)
        return unreachable(server, error);
    if (!response.is_octets) /* words of the gateway: crypto was not asked or did not answer */
        return server_refusal(server, &response);
    if (*response.cookie)
        (void)snprintf(server->cookie, sizeof server->cookie, "%s", response.cookie);
    return open_reply(server, operation, exchange, buffer_span(&response.body), arena, call->reply);
}
