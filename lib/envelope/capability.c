/* Capabilities: a fixed binary form, a signature, one spelling. The signature is checked before
 * any field is looked at. */
#include "envelope/capability.h"

#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "proto/limits.h"

static_assert(
    (int)CAPABILITY_TEXT_BYTES <= (int)CAPABILITY_BYTES_MAX, "the protocol has room for it");

static const char domain[] = "securemail/1 capability";
static const char prefix[] = "v1.";
enum {
    PAYLOAD_VERSION = 1,
    PREFIX_BYTES = sizeof prefix - 1,
    PAYLOAD_TEXT_BYTES = 114,
    SIGNATURE_TEXT_BYTES = 86,
    SIGNED_BYTES_MAX = 128,
};

static enum sm_error append_payload(const struct capability *capability, struct buffer *out)
{
    TRY(buffer_append_u8(out, PAYLOAD_VERSION));
    TRY(buffer_append_u8(out, (uint8_t)capability->kind));
    TRY(buffer_append(out, id_span(&capability->organisation)));
    TRY(buffer_append(out, id_span(&capability->subject)));
    TRY(buffer_append(out, id_span(&capability->message)));
    TRY(buffer_append_u8(out, capability->role));
    TRY(buffer_append_be(out, capability->bytes_max, 8));
    TRY(buffer_append_be(out, capability->parts_max, 2));
    TRY(buffer_append_be(out, capability->expires_ms, 8));
    return buffer_append(out, id_span(&capability->token));
}

/* domain || payload: what is signed. */
static enum sm_error append_signed(struct span payload, struct buffer *out)
{
    TRY(buffer_append_text(out, domain));
    return buffer_append(out, payload);
}

static enum sm_error append_text(struct span payload, struct span signature, struct buffer *out)
{
    TRY(buffer_append_text(out, prefix));
    TRY(base64url_encode(payload, out));
    TRY(buffer_append_u8(out, '.'));
    return base64url_encode(signature, out);
}

static bool is_kind(uint8_t kind)
{
    return kind >= CAPABILITY_SESSION && kind <= CAPABILITY_AUDIT;
}

enum sm_error capability_sign(
    struct span seed, const struct capability *capability, struct buffer *out)
{
    if (!is_kind((uint8_t)capability->kind))
        return SM_BAD_VALUE;
    struct buffer payload DEFER(buffer_free) = BUFFER(CAPABILITY_PAYLOAD_BYTES);
    TRY(append_payload(capability, &payload));
    struct buffer text DEFER(buffer_free) = BUFFER(SIGNED_BYTES_MAX);
    TRY(append_signed(buffer_span(&payload), &text));
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    TRY(ed25519_sign(seed, buffer_span(&text), signature));
    size_t before = out->size;
    enum sm_error error = append_text(buffer_span(&payload), SPAN(signature), out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

/* Cuts the text into payload and signature, decoded. */
static enum sm_error take_apart(struct span text, struct buffer *payload, struct buffer *signature)
{
    size_t dot = PREFIX_BYTES + PAYLOAD_TEXT_BYTES;
    if (text.size != CAPABILITY_TEXT_BYTES || text.at[dot] != '.' ||
        !span_equals_text(span_slice(text, 0, PREFIX_BYTES), prefix))
        return SM_BAD_FORMAT;
    TRY(base64url_decode(span_slice(text, PREFIX_BYTES, PAYLOAD_TEXT_BYTES), payload));
    return base64url_decode(span_slice(text, dot + 1, SIGNATURE_TEXT_BYTES), signature);
}

static uint64_t take_number(const uint8_t **at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | *(*at)++;
    return number;
}

static struct id take_id(const uint8_t **at)
{
    struct id id;
    memcpy(id.bytes, *at, ID_BYTES);
    *at += ID_BYTES;
    return id;
}

/* `payload` has CAPABILITY_PAYLOAD_BYTES and is signed. */
static enum sm_error read_payload(struct span payload, struct capability *out)
{
    const uint8_t *at = payload.at;
    uint64_t version = take_number(&at, 1);
    uint64_t kind = take_number(&at, 1);
    if (version != PAYLOAD_VERSION || !is_kind((uint8_t)kind))
        return SM_BAD_FORMAT;
    out->kind = (enum capability_kind)kind;
    out->organisation = take_id(&at);
    out->subject = take_id(&at);
    out->message = take_id(&at);
    out->role = (uint8_t)take_number(&at, 1);
    out->bytes_max = take_number(&at, 8);
    out->parts_max = (uint16_t)take_number(&at, 2);
    out->expires_ms = take_number(&at, 8);
    out->token = take_id(&at);
    return SM_OK;
}

enum sm_error capability_verify(
    struct span text, const struct capability_demand *demand, struct capability *out)
{
    struct buffer payload DEFER(buffer_free) = BUFFER(CAPABILITY_PAYLOAD_BYTES);
    struct buffer signature DEFER(buffer_free) = BUFFER(ED25519_SIGNATURE_BYTES);
    TRY(take_apart(text, &payload, &signature));
    struct buffer covered DEFER(buffer_free) = BUFFER(SIGNED_BYTES_MAX);
    TRY(append_signed(buffer_span(&payload), &covered));
    TRY(ed25519_verify(span_of(demand->public_key, ED25519_PUBLIC_BYTES), buffer_span(&covered),
        buffer_span(&signature)));
    struct capability read = {0};
    TRY(read_payload(buffer_span(&payload), &read));
    if (read.kind != demand->kind)
        return SM_NOT_ALLOWED;
    if (demand->now_ms >= read.expires_ms)
        return SM_NOT_SIGNED_IN;
    *out = read;
    return SM_OK;
}
