#include "bench/client/sealed_ask.h"

#include "base/encode.h"

#include <stdio.h>
#include <string.h>

enum { FRAME_BYTES_MAX = SEALED_REQUEST_BYTES_MAX + 4096 };

static void must(enum sm_error error, const char *what)
{
    if (error != SM_OK)
        give_up(what, error_name(error));
}

/* The base64url text of a member of a flat JSON object. */
static void member(struct span json, const char *name, uint8_t *out, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(4096);
    char key[64];
    int length = snprintf(key, sizeof key, "\"%s\":\"", name);
    const uint8_t *at = memmem(json.at, json.size, key, (size_t)length);
    if (!at)
        give_up("keys", name);
    at += length;
    const uint8_t *end = memchr(at, '"', json.size - (size_t)(at - json.at));
    if (!end)
        give_up("keys", name);
    must(base64url_decode(span_of(at, (size_t)(end - at)), &bytes), name);
    if (bytes.size != size)
        give_up("keys", name);
    memcpy(out, bytes.bytes, size);
}

void server_keys_fetch(int port, struct server_keys *out)
{
    struct talk talk DEFER(talk_close) = talk_open(port);
    talk_ask(&talk, &(struct ask){.method = "GET", .path = "/api/v1/keys"});
    talk_expect(&talk, 200, "keys");
    member(talk.body, "hpke_public", out->hpke_public, sizeof out->hpke_public);
    member(talk.body, "time_token", out->time_token, sizeof out->time_token);
}

void sealed_frame_free(struct sealed_frame *frame)
{
    buffer_free(&frame->frame);
    sealed_exchange_free(&frame->exchange);
}

void sealed_frame_make(const struct server_keys *keys, const char *operation,
    const struct sealed_aad *aad, void *request, struct sealed_frame *out)
{
    static const struct sealed_aad nothing;
    const struct sealed_operation *rule = sealed_operation_find(span_text(operation));
    struct buffer clear DEFER(buffer_free) = BUFFER(SEALED_AAD_BYTES_MAX);
    struct buffer plaintext DEFER(buffer_free) = BUFFER(SEALED_REQUEST_BYTES_MAX);
    struct sealed_meta *meta = request;
    if (!rule)
        give_up(operation, "is no operation");
    must(id_random(&meta->request), operation);
    meta->time_token = SPAN(keys->time_token);
    must(fields_encode(&sealed_aad, aad ? aad : &nothing, &clear), operation);
    must(fields_encode(rule->request, request, &plaintext), operation);
    *out = (struct sealed_frame){.operation = rule->name, .frame = BUFFER(FRAME_BYTES_MAX)};
    const struct sealed_request sealed = {
        .operation = rule->name, .aad = buffer_span(&clear), .plaintext = buffer_span(&plaintext)};
    must(sealed_request_make(SPAN(keys->hpke_public), &sealed, &out->frame, &out->exchange),
        operation);
}

void sealed_frame_post(struct talk *talk, const struct sealed_frame *frame)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/api/v1/sealed/%s", frame->operation);
    talk_ask(talk, &(struct ask){.method = "POST",
                       .path = path,
                       .headers = "Content-Type: application/octet-stream\r\n",
                       .body = buffer_span(&frame->frame)});
    talk_expect(talk, 200, frame->operation);
}

void sealed_frame_read(
    struct talk *talk, const struct sealed_frame *frame, struct arena *arena, void *reply)
{
    const struct sealed_operation *rule = sealed_operation_find(span_text(frame->operation));
    struct buffer plaintext DEFER(buffer_free) = BUFFER(FRAME_BYTES_MAX);
    void *copy;
    must(sealed_reply_open(frame->exchange, talk->body, &plaintext), frame->operation);
    if (plaintext.size == 0 || plaintext.bytes[0] != SM_OK)
        give_up(frame->operation, "was refused");
    must(arena_take(arena, plaintext.size, 1, &copy), frame->operation);
    memcpy(copy, plaintext.bytes + 1, plaintext.size - 1);
    must(fields_decode(rule->reply, span_of(copy, plaintext.size - 1), arena, reply),
        frame->operation);
}

void sealed_ask(struct talk *talk, const struct server_keys *keys, const char *operation,
    void *request, struct arena *arena, void *reply)
{
    struct sealed_frame frame DEFER(sealed_frame_free) = {0};
    sealed_frame_make(keys, operation, NULL, request, &frame);
    sealed_frame_post(talk, &frame);
    sealed_frame_read(talk, &frame, arena, reply);
}
