/*
 * Hashes and key derivation: SHA-256 (FIPS 180-4), HMAC-SHA256 (RFC 2104), HKDF (RFC 5869) with
 * SHA-256 or SHA-512. Nothing here keeps a secret: what is derived goes to memory of the caller,
 * who holds it in a struct secret or wipes it.
 *
 * Every function fails only with SM_CRYPTO (OpenSSL itself failed) or, for sizes over a bound named
 * here, SM_TOO_LARGE; never with anything that depends on the bytes.
 */
#ifndef SM_ENVELOPE_KDF_H
#define SM_ENVELOPE_KDF_H

#include "base/buffer.h"

enum {
    KDF_SHA256_BYTES = 32,
    KDF_SHA512_BYTES = 64,
    KDF_INFO_BYTES_MAX = 1024, /* of HKDF's info */
};

enum kdf_hash { KDF_SHA256, KDF_SHA512 };

/* 32 and 64: the size of a hash, and of the pseudorandom key that kdf_extract makes. */
size_t kdf_hash_bytes(enum kdf_hash hash);

/* SHA-256 of one span. */
SM_MUST_USE enum sm_error kdf_sha256(struct span data, uint8_t out[static KDF_SHA256_BYTES]);

/* HMAC-SHA256. The key may have any size; ours have 32 bytes. Compare with secret_equal. */
SM_MUST_USE enum sm_error kdf_hmac_sha256(
    struct span key, struct span data, uint8_t out[static KDF_SHA256_BYTES]);

/* HKDF-Extract: writes kdf_hash_bytes(hash) bytes. `salt` may be empty; `secret` may not. */
SM_MUST_USE enum sm_error kdf_extract(
    enum kdf_hash hash, struct span salt, struct span secret, uint8_t *out);

/*
 * HKDF-Expand: `size` bytes (at most 255 hashes) from a pseudorandom key. Different `info` gives
 * independent output. SM_TOO_LARGE for info over KDF_INFO_BYTES_MAX or a size over the bound.
 */
SM_MUST_USE enum sm_error kdf_expand(
    enum kdf_hash hash, struct span key, struct span info, uint8_t *out, size_t size);

/* SHA-256 over bytes that come in pieces: new, add ..., finish once, free. */
struct kdf_digest;
SM_MUST_USE enum sm_error kdf_digest_new(struct kdf_digest **out);
SM_MUST_USE enum sm_error kdf_digest_add(struct kdf_digest *digest, struct span bytes);
SM_MUST_USE enum sm_error kdf_digest_finish(
    struct kdf_digest *digest, uint8_t out[static KDF_SHA256_BYTES]);
void kdf_digest_free(struct kdf_digest **digest);

#endif
