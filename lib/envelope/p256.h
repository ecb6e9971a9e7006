/*
 * P-256 (FIPS 186-5, SEC 1; also secp256r1): key agreement for HPKE, and ECDSA with SHA-256 for the
 * identity key. Public keys are the 65 bytes of the uncompressed point, 0x04 || x || y; compressed
 * points are refused. Signatures are the 64 bytes r || s, WebCrypto's form.
 *
 * Every public key from outside is checked (coordinates in range, on the curve, not infinity)
 * before it is used: no invalid-curve answers. P-256 has cofactor 1, so a point that is on the
 * curve is in the group, and this partial validation (SP 800-56A 5.6.2.3.4, which RFC 9180 7.1.4
 * asks for) is a full one.
 */
#ifndef SM_ENVELOPE_P256_H
#define SM_ENVELOPE_P256_H

#include "base/secret.h"

enum {
    P256_PUBLIC_BYTES = 65,
    P256_PRIVATE_BYTES = 32,
    P256_SHARED_BYTES = 32,
    P256_SIGNATURE_BYTES = 64,
};

/*
 * A key pair. The private half lives in OpenSSL's key object, which is wiped on free. Made once and
 * then only read: several threads may use one at the same time.
 */
struct p256_key;

SM_MUST_USE enum sm_error p256_generate(struct p256_key **out);

/* From the 32 bytes (big-endian) of a scalar: SM_BAD_VALUE unless 0 < scalar < group order. */
SM_MUST_USE enum sm_error p256_import(struct span scalar, struct p256_key **out);

/* The 32 bytes that p256_import takes; the caller owns *out. */
SM_MUST_USE enum sm_error p256_export(const struct p256_key *key, struct secret **out);

void p256_free(struct p256_key **key);

/* The 65 bytes of the public key; they live as long as the key. */
const uint8_t *p256_public(const struct p256_key *key);

/* SM_BAD_VALUE unless `point` is exactly 65 bytes of a valid uncompressed point. */
SM_MUST_USE enum sm_error p256_check_public(struct span point);

/*
 * ECDH (SP 800-56A): the 32 bytes of the shared point's x, to be wiped by the caller and never used
 * without a KDF. SM_BAD_VALUE if `peer` is not a valid point.
 */
SM_MUST_USE enum sm_error p256_agree(
    const struct p256_key *key, struct span peer, uint8_t shared[static P256_SHARED_BYTES]);

/* ECDSA over SHA-256 of `message`; another signature each time. */
SM_MUST_USE enum sm_error p256_sign(const struct p256_key *key, struct span message,
    uint8_t signature[static P256_SIGNATURE_BYTES]);

/*
 * SM_OK, or SM_TAMPERED whatever is wrong (the signature, its range, the public key). ECDSA lets
 * anybody turn (r, s) into (r, n - s): a signature proves its message, it does not name it.
 */
SM_MUST_USE enum sm_error p256_verify(struct span public_key, struct span message,
    const uint8_t signature[static P256_SIGNATURE_BYTES]);

#endif
