/*
 * Ed25519 signatures (RFC 8032): capabilities that crypto gives and other services check, and
 * audit's checkpoints. A private key is its 32-byte seed. Whoever signs puts a domain string in
 * front of the message, so that no signature can be used for another purpose.
 */
#ifndef SM_ENVELOPE_ED25519_H
#define SM_ENVELOPE_ED25519_H

#include "base/secret.h"

enum { ED25519_SEED_BYTES = 32, ED25519_PUBLIC_BYTES = 32, ED25519_SIGNATURE_BYTES = 64 };

/* The public key of a seed. SM_BAD_VALUE if the seed is not of 32 bytes. */
SM_MUST_USE enum sm_error ed25519_public(
    struct span seed, uint8_t out[static ED25519_PUBLIC_BYTES]);

/* Deterministic: the same seed and message give the same signature. */
SM_MUST_USE enum sm_error ed25519_sign(
    struct span seed, struct span message, uint8_t out[static ED25519_SIGNATURE_BYTES]);

/* SM_OK, or SM_TAMPERED whatever is wrong. */
SM_MUST_USE enum sm_error ed25519_verify(
    struct span public_key, struct span message, struct span signature);

#endif
