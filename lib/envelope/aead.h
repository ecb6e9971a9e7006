/*
 * AES-256-GCM (NIST SP 800-38D) with a nonce that the caller chooses. One key schedule serves many
 * messages; no call allocates except for growth of the output buffer.
 *
 * Rules. Key: 32 random or derived bytes (16 selects AES-128-GCM, which exists for the vectors of
 * RFC 9180 A.3 only). Nonce: 12 bytes, never twice under one key when sealing; callers count
 * (chunked, hpke), or draw at random under a key that seals far fewer than 2^32 times (wrap), or
 * derive a fresh key per nonce (sealed). The tag is always 16 bytes.
 */
#ifndef SM_ENVELOPE_AEAD_H
#define SM_ENVELOPE_AEAD_H

#include "base/buffer.h"

enum {
    AEAD_KEY_BYTES = 32,
    AEAD_KEY_128_BYTES = 16,
    AEAD_NONCE_BYTES = 12,
    AEAD_TAG_BYTES = 16,
};

struct aead;

/* SM_BAD_VALUE for any other key size. The key is copied into OpenSSL's schedule (wiped on free).
 */
SM_MUST_USE enum sm_error aead_new(struct span key, struct aead **out);
void aead_free(struct aead **aead);

/* Appends plaintext.size + 16 bytes. `plaintext` and `aad` must not lie in `out`. */
SM_MUST_USE enum sm_error aead_seal(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_BYTES],
    struct span aad, struct span plaintext, struct buffer *out);

/*
 * Appends the plaintext (ciphertext.size - 16 bytes) if, and only if, the tag is right; otherwise
 * SM_TAMPERED and nothing of it stays in `out`. Also SM_TAMPERED for less than 16 bytes.
 */
SM_MUST_USE enum sm_error aead_open(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_BYTES],
    struct span aad, struct span ciphertext, struct buffer *out);

#endif
