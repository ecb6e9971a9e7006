/* Key wrapping. The version stands in the AAD too, so that a later form cannot be passed off as
 * this one. */
#include "envelope/wrap.h"

#include "base/memory.h"
#include "base/random.h"

static enum sm_error bind_version(struct span aad, struct buffer *out)
{
    *out = BUFFER(aad.size + 1);
    TRY(buffer_append_u8(out, WRAP_VERSION));
    return buffer_append(out, aad);
}

static enum sm_error key_ready(struct span key, struct aead **out)
{
    return key.size == AEAD_KEY_BYTES ? aead_new(key, out) : SM_BAD_VALUE;
}

static enum sm_error append_sealed(
    struct aead *aead, struct span aad, struct span plaintext, struct buffer *out)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(random_bytes(nonce, sizeof nonce));
    TRY(buffer_append_u8(out, WRAP_VERSION));
    TRY(buffer_append(out, SPAN(nonce)));
    return aead_seal(aead, nonce, aad, plaintext, out);
}

enum sm_error wrap_seal(struct span key, struct span aad, struct span plaintext, struct buffer *out)
{
    struct aead *aead DEFER(aead_free) = NULL;
    TRY(key_ready(key, &aead));
    struct buffer bound DEFER(buffer_free) = BUFFER(0);
    TRY(bind_version(aad, &bound));
    size_t before = out->size;
    enum sm_error error = append_sealed(aead, buffer_span(&bound), plaintext, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error wrap_open(struct span key, struct span aad, struct span blob, struct buffer *out)
{
    if (blob.size < WRAP_OVERHEAD_BYTES || blob.at[0] != WRAP_VERSION)
        return SM_TAMPERED;
    struct aead *aead DEFER(aead_free) = NULL;
    TRY(key_ready(key, &aead));
    struct buffer bound DEFER(buffer_free) = BUFFER(0);
    TRY(bind_version(aad, &bound));
    struct span ciphertext = span_slice(blob, 1 + AEAD_NONCE_BYTES, blob.size);
    return aead_open(aead, blob.at + 1, buffer_span(&bound), ciphertext, out);
}
