/*
 * Crypto's identity: one long-lived ECDSA P-256 key, pinned by every link and every enrolled
 * client, that signs the short-lived HPKE keys to which requests are sealed (DESIGN section 3).
 *
 * The signature covers "securemail/1 hpke key" || key id 8 || public key 65 || not_before_ms u64 BE
 * || not_after_ms u64 BE, ECDSA with SHA-256, r || s. The pin is the first 16 bytes of SHA-256 of
 * "securemail/1 identity" || identity public key 65.
 *
 * A client checks in this order: identity_check_pin, identity_verify; a client whose clock can be
 * trusted also asks identity_is_live.
 */
#ifndef SM_ENVELOPE_IDENTITY_H
#define SM_ENVELOPE_IDENTITY_H

#include "envelope/p256.h"
#include "envelope/sealed.h"

enum { IDENTITY_PIN_BYTES = 16 };

/* An HPKE key, signed. Plain data: how it travels is the catalogue's business. */
struct identity_statement {
    uint8_t key_id[SEALED_KEY_ID_BYTES];
    uint8_t public_key[P256_PUBLIC_BYTES];
    uint64_t not_before_ms; /* since 1970 UTC */
    uint64_t not_after_ms;  /* exclusive */
    uint8_t signature[P256_SIGNATURE_BYTES];
};

/* From when to when a key is offered. */
struct identity_period {
    uint64_t not_before_ms, not_after_ms;
};

/* Signs an HPKE public key for a period. SM_BAD_VALUE if the period is empty. */
SM_MUST_USE enum sm_error identity_sign(const struct p256_key *identity,
    const uint8_t hpke_public[static P256_PUBLIC_BYTES], const struct identity_period *period,
    struct identity_statement *out);

/* SM_OK, or SM_TAMPERED: signature, key id, the period's order, the key being a point. */
SM_MUST_USE enum sm_error identity_verify(
    struct span identity_public, const struct identity_statement *statement);

bool identity_is_live(const struct identity_statement *statement, uint64_t now_ms);

/* The pin of an identity's public key (65 bytes). */
SM_MUST_USE enum sm_error identity_pin(const uint8_t identity_public[static P256_PUBLIC_BYTES],
    uint8_t out[static IDENTITY_PIN_BYTES]);

/* SM_TAMPERED unless `identity_public` is the key of this pin. */
SM_MUST_USE enum sm_error identity_check_pin(
    struct span identity_public, const uint8_t pin[static IDENTITY_PIN_BYTES]);

#endif
