/* Signing capabilities and filling replies. */
#include "services/crypto/grant.h"

#include "envelope/capability.h"
#include "envelope/chunked.h"
#include "services/crypto/keep.h"

static enum sm_error sign(
    struct sealed_call *call, const struct capability *capability, struct span *out)
{
    struct buffer text DEFER(buffer_free) = BUFFER(CAPABILITY_BYTES_MAX);
    struct span seed = keyring_key(call->worker->crypto->keyring, KEY_CAPABILITY);
    TRY(capability_sign(seed, capability, &text));
    return keep_span(call->arena, buffer_span(&text), out);
}

/* Of all parts together: what the limits of each part come to, or all that is allowed at all. */
static uint64_t upload_bytes_max(const struct organisation *organisation)
{
    uint64_t parts = chunked_ciphertext_size(HEADER_PART_BYTES_MAX) +
                     organisation->attachments_max * chunked_ciphertext_size(ATTACHMENT_BYTES_MAX);
    return parts < organisation->total_bytes_max ? parts : organisation->total_bytes_max;
}

enum sm_error grant_upload(struct sealed_call *call, const struct organisation *organisation,
    const struct grant *grant, struct access_reply *out)
{
    struct capability capability = {.kind = CAPABILITY_UPLOAD,
        .organisation = organisation->organisation,
        .subject = grant->subject,
        .message = grant->message,
        .role = (uint8_t)grant->roles,
        .bytes_max = upload_bytes_max(organisation),
        .parts_max = (uint16_t)(organisation->attachments_max + 1),
        .expires_ms = (uint64_t)call->now_ms + (uint64_t)UPLOAD_CAPABILITY_S * 1000,
        .token = grant->token};
    TRY(sign(call, &capability, &out->capability));
    out->expires_ms = capability.expires_ms;
    out->attachment_bytes_max = ATTACHMENT_BYTES_MAX;
    out->parts_max = capability.parts_max;
    return SM_OK;
}

/* A download capability never outlives the message. */
static uint64_t download_until(const struct sealed_call *call, const struct message *message)
{
    int64_t until_ms = call->now_ms + (int64_t)CAPABILITY_S * 1000;
    return (uint64_t)(until_ms < message->expires_ms ? until_ms : message->expires_ms);
}

enum sm_error grant_content(struct sealed_call *call, const struct message *message,
    const struct grant *grant, struct content_reply *out)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct content_reply content = {.organisation = message->organisation,
        .message = message->message,
        .direction = message->direction,
        .expires_ms = (uint64_t)message->expires_ms};
    struct capability capability = {.kind = CAPABILITY_DOWNLOAD,
        .organisation = message->organisation,
        .subject = grant->subject,
        .message = message->message,
        .role = (uint8_t)grant->roles,
        .bytes_max = message_bytes(message->parts),
        .parts_max = (uint16_t)(message->parts.size / PART_FACTS_BYTES),
        .expires_ms = download_until(call, message),
        .token = grant->token};
    TRY(sign(call, &capability, &content.capability));
    TRY(message_unpack_parts(call->arena, message->parts, &content.parts));
    TRY(message_key(call->worker, message, &key));
    TRY(keep_span(call->arena, secret_span(key), &content.key));
    *out = content;
    return SM_OK;
}
