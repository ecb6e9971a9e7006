/*
 * AES-GCM on one EVP_CIPHER_CTX per key: the key is expanded once, each
 * message only sets its nonce. What does not verify is wiped before the error is returned.
 */
#include "envelope/aead.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "envelope/algorithms.h"

struct aead {
    EVP_CIPHER_CTX *context;
};

enum sm_error aead_new(struct span key, struct aead **out)
{
    if (key.size != AEAD_KEY_BYTES && key.size != AEAD_KEY_128_BYTES)
        return SM_BAD_VALUE;
    EVP_CIPHER *cipher =
        key.size == AEAD_KEY_BYTES ? algorithm_aes_256_gcm() : algorithm_aes_128_gcm();
    struct aead *aead DEFER(aead_free) = NULL;
    TRY(memory_zeroed(1, sizeof *aead, (void **)&aead));
    aead->context = EVP_CIPHER_CTX_new();
    if (!cipher || !aead->context ||
        EVP_EncryptInit_ex2(aead->context, cipher, key.at, NULL, NULL) != 1)
        return SM_CRYPTO;
    *out = TAKE(aead);
    return SM_OK;
}

void aead_free(struct aead **aead)
{
    if (!*aead)
        return;
    EVP_CIPHER_CTX_free((*aead)->context);
    memory_free(aead);
}

/* EVP counts in int. An empty input is skipped: NULL means something else to EVP_CipherUpdate. */
static bool update(struct aead *aead, uint8_t *out, struct span in)
{
    int written = 0;
    return in.size == 0 || EVP_CipherUpdate(aead->context, out, &written, in.at, (int)in.size) == 1;
}

static bool is_too_large(struct span aad, struct span text)
{
    return aad.size > INT_MAX || text.size > INT_MAX - AEAD_TAG_BYTES;
}

enum sm_error aead_seal(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_BYTES],
    struct span aad, struct span plaintext, struct buffer *out)
{
    if (is_too_large(aad, plaintext))
        return SM_TOO_LARGE;
    size_t before = out->size;
    uint8_t *room;
    TRY(buffer_extend(out, plaintext.size + AEAD_TAG_BYTES, &room));
    uint8_t *tag = room + plaintext.size;
    int written = 0;
    if (EVP_EncryptInit_ex2(aead->context, NULL, NULL, nonce, NULL) == 1 &&
        update(aead, NULL, aad) && update(aead, room, plaintext) &&
        EVP_EncryptFinal_ex(aead->context, tag, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, tag) == 1)
        return SM_OK;
    buffer_truncate(out, before);
    return SM_CRYPTO;
}

/* SM_CRYPTO if OpenSSL fails before the tag is compared, SM_TAMPERED if the tag is wrong. */
static enum sm_error open_into(
    struct aead *aead, struct span aad, struct span body, const uint8_t *tag, uint8_t *room)
{
    void *expected = (void *)(uintptr_t)tag; /* EVP's ctrl is not const; it copies from here */
    if (!update(aead, NULL, aad) || !update(aead, room, body) ||
        EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, expected) != 1)
        return SM_CRYPTO;
    int written = 0;
    return EVP_DecryptFinal_ex(aead->context, room + body.size, &written) == 1 ? SM_OK
                                                                               : SM_TAMPERED;
}

enum sm_error aead_open(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_BYTES],
    struct span aad, struct span ciphertext, struct buffer *out)
{
    if (ciphertext.size < AEAD_TAG_BYTES)
        return SM_TAMPERED;
    if (is_too_large(aad, ciphertext))
        return SM_TOO_LARGE;
    struct span body = span_slice(ciphertext, 0, ciphertext.size - AEAD_TAG_BYTES);
    size_t before = out->size;
    uint8_t *room;
    TRY(buffer_extend(out, body.size, &room));
    enum sm_error error = SM_CRYPTO;
    if (EVP_DecryptInit_ex2(aead->context, NULL, NULL, nonce, NULL) == 1)
        error = open_into(aead, aad, body, ciphertext.at + body.size, room);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}
