/*
 * Sealed requests and replies. The head is authenticated as a whole: key id, operation (through
 * HPKE's info) and aad are what the client said, or the request does not open.
 */
#include "envelope/sealed.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "envelope/aead.h"
#include "envelope/hpke.h"
#include "envelope/kdf.h"

static_assert((int)P256_PUBLIC_BYTES == (int)PUBLIC_KEY_BYTES &&
                  (int)P256_SIGNATURE_BYTES == (int)SIGNATURE_BYTES,
    "the envelope's sizes are the protocol's");

enum { EXPORTER_BYTES = 32, AAD_SIZE_AT = 1 + SEALED_KEY_ID_BYTES, AAD_AT = AAD_SIZE_AT + 2 };

struct sealed_exchange {
    struct secret *exporter;
    uint8_t enc[HPKE_ENC_BYTES];
};

enum sm_error sealed_key_id(
    const uint8_t public_key[static P256_PUBLIC_BYTES], uint8_t out[static SEALED_KEY_ID_BYTES])
{
    uint8_t hash[KDF_SHA256_BYTES];
    TRY(kdf_sha256(span_of(public_key, P256_PUBLIC_BYTES), hash));
    memcpy(out, hash, SEALED_KEY_ID_BYTES);
    return SM_OK;
}

void sealed_exchange_free(struct sealed_exchange **exchange)
{
    if (!*exchange)
        return;
    secret_free(&(*exchange)->exporter);
    memory_free(exchange);
}

static enum sm_error exchange_new(
    const struct hpke *hpke, struct span enc, struct sealed_exchange **out)
{
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    TRY(memory_zeroed(1, sizeof *exchange, (void **)&exchange));
    memcpy(exchange->enc, enc.at, HPKE_ENC_BYTES);
    TRY(secret_new(EXPORTER_BYTES, &exchange->exporter));
    TRY(hpke_export(
        hpke, span_text("securemail/1 reply"), secret_bytes(exchange->exporter), EXPORTER_BYTES));
    *out = TAKE(exchange);
    return SM_OK;
}

static enum sm_error append_info(const char *operation, struct buffer *out)
{
    size_t size = strlen(operation);
    if (size == 0 || size > OPERATION_NAME_BYTES_MAX)
        return SM_BAD_VALUE;
    TRY(buffer_append_text(out, "securemail/1 "));
    return buffer_append_text(out, operation);
}

/* --- request --- */
static enum sm_error append_head(struct span server_public, struct span aad, struct buffer *out)
{
    uint8_t key_id[SEALED_KEY_ID_BYTES];
    if (server_public.size != P256_PUBLIC_BYTES)
        return SM_BAD_VALUE;
    if (aad.size > SEALED_AAD_BYTES_MAX)
        return SM_TOO_LARGE;
    TRY(sealed_key_id(server_public.at, key_id));
    TRY(buffer_append_u8(out, SEALED_VERSION));
    TRY(buffer_append(out, SPAN(key_id)));
    TRY(buffer_append_be(out, aad.size, 2));
    return buffer_append(out, aad);
}

static enum sm_error append_request(struct span server_public, const struct sealed_request *request,
    struct buffer *out, struct sealed_exchange **exchange)
{
    struct buffer info DEFER(buffer_free) = BUFFER(HPKE_INFO_BYTES_MAX);
    TRY(append_info(request->operation, &info));
    struct buffer head DEFER(buffer_free) = BUFFER(AAD_AT + SEALED_AAD_BYTES_MAX);
    TRY(append_head(server_public, request->aad, &head));
    struct hpke *hpke DEFER(hpke_free) = NULL;
    uint8_t enc[HPKE_ENC_BYTES];
    TRY(hpke_send(server_public, buffer_span(&info), enc, &hpke));
    TRY(buffer_append(out, buffer_span(&head)));
    TRY(buffer_append(out, SPAN(enc)));
    TRY(hpke_seal(hpke, buffer_span(&head), request->plaintext, out));
    return exchange_new(hpke, SPAN(enc), exchange);
}

enum sm_error sealed_request_make(struct span server_public, const struct sealed_request *request,
    struct buffer *out, struct sealed_exchange **exchange)
{
    size_t before = out->size;
    enum sm_error error = append_request(server_public, request, out, exchange);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error sealed_request_head(struct span frame, struct sealed_head *out)
{
    if (frame.size < SEALED_REQUEST_OVERHEAD || frame.at[0] != SEALED_VERSION)
        return SM_BAD_FORMAT;
    size_t aad_size = (size_t)frame.at[AAD_SIZE_AT] << 8 | frame.at[AAD_SIZE_AT + 1];
    if (aad_size > SEALED_AAD_BYTES_MAX || aad_size > frame.size - SEALED_REQUEST_OVERHEAD)
        return SM_BAD_FORMAT;
    *out = (struct sealed_head){
        .key_id = span_slice(frame, 1, SEALED_KEY_ID_BYTES),
        .aad = span_slice(frame, AAD_AT, aad_size),
        .head = span_slice(frame, 0, AAD_AT + aad_size),
        .enc = span_slice(frame, AAD_AT + aad_size, HPKE_ENC_BYTES),
        .ciphertext = span_slice(frame, AAD_AT + aad_size + HPKE_ENC_BYTES, frame.size),
    };
    return SM_OK;
}

enum sm_error sealed_request_open(const struct p256_key *key, const char *operation,
    struct span frame, struct buffer *plaintext, struct sealed_exchange **exchange)
{
    struct sealed_head parts;
    TRY(sealed_request_head(frame, &parts));
    uint8_t key_id[SEALED_KEY_ID_BYTES];
    TRY(sealed_key_id(p256_public(key), key_id));
    if (!span_equal(parts.key_id, SPAN(key_id)))
        return SM_KEY_UNKNOWN;
    struct buffer info DEFER(buffer_free) = BUFFER(HPKE_INFO_BYTES_MAX);
    TRY(append_info(operation, &info));
    struct hpke *hpke DEFER(hpke_free) = NULL;
    TRY(hpke_receive(key, parts.enc, buffer_span(&info), &hpke));
    size_t before = plaintext->size;
    TRY(hpke_open(hpke, parts.head, parts.ciphertext, plaintext));
    enum sm_error error = exchange_new(hpke, parts.enc, exchange);
    if (error != SM_OK)
        buffer_truncate(plaintext, before);
    return error;
}

/* --- reply --- */
static enum sm_error reply_aead(const struct sealed_exchange *exchange,
    const uint8_t nonce[static AEAD_NONCE_BYTES], struct aead **out)
{
    uint8_t salt[HPKE_ENC_BYTES + AEAD_NONCE_BYTES];
    memcpy(salt, exchange->enc, HPKE_ENC_BYTES);
    memcpy(salt + HPKE_ENC_BYTES, nonce, AEAD_NONCE_BYTES);
    uint8_t prk[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(prk);
    uint8_t key[AEAD_KEY_BYTES] = {0};
    DEFER_WIPE(key);
    TRY(kdf_extract(KDF_SHA256, SPAN(salt), secret_span(exchange->exporter), prk));
    TRY(kdf_expand(KDF_SHA256, SPAN(prk), span_text("securemail/1 reply key"), key, sizeof key));
    return aead_new(SPAN(key), out);
}

enum sm_error sealed_reply_make(
    const struct sealed_exchange *exchange, struct span plaintext, struct buffer *out)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(random_bytes(nonce, sizeof nonce));
    struct aead *aead DEFER(aead_free) = NULL;
    TRY(reply_aead(exchange, nonce, &aead));
    size_t before = out->size;
    TRY(buffer_append(out, SPAN(nonce)));
    enum sm_error error = aead_seal(aead, nonce, span_of(NULL, 0), plaintext, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error sealed_reply_open(
    const struct sealed_exchange *exchange, struct span frame, struct buffer *out)
{
    if (frame.size < SEALED_REPLY_OVERHEAD)
        return SM_TAMPERED;
    struct aead *aead DEFER(aead_free) = NULL;
    TRY(reply_aead(exchange, frame.at, &aead));
    struct span ciphertext = span_slice(frame, AEAD_NONCE_BYTES, frame.size);
    return aead_open(aead, frame.at, span_of(NULL, 0), ciphertext, out);
}
