/*
 * A small secret sealed under a key that lives long: message keys under the organisation's key,
 * organisation keys under the master key, subjects, rows of the vault.
 *
 *     version u8 (1) || nonce 12 || ciphertext || tag 16        AAD: version || aad
 *
 * AES-256-GCM with a random nonce: one key may wrap up to 2^32 times (NIST SP 800-38D 8.3); who
 * owns the key counts, and rotates far earlier. The caller's aad names the place: purpose,
 * organisation, object id, key version, in a form that cannot be read in two ways.
 */
#ifndef SM_ENVELOPE_WRAP_H
#define SM_ENVELOPE_WRAP_H

#include "envelope/aead.h"

enum { WRAP_VERSION = 1, WRAP_OVERHEAD_BYTES = 1 + AEAD_NONCE_BYTES + AEAD_TAG_BYTES };

/* Appends plaintext.size + WRAP_OVERHEAD_BYTES. SM_BAD_VALUE if the key is not of 32 bytes. */
SM_MUST_USE enum sm_error wrap_seal(
    struct span key, struct span aad, struct span plaintext, struct buffer *out);

/* Appends the plaintext, or SM_TAMPERED (also for an unknown version or a short blob). */
SM_MUST_USE enum sm_error wrap_open(
    struct span key, struct span aad, struct span blob, struct buffer *out);

#endif
