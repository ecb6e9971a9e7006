/*
 * A one-way box: sealed to a service's own public key when it is made, opened by that service
 * alone. Mail jobs lie in tables and queues in this form, with the link and the code inside.
 *
 *     version u8 (1) || enc 65 || ciphertext        HPKE base mode, one message
 *
 * The same HPKE suite as sealed.h. `info` names the use ("securemail/1 mail job"), `aad` what the
 * box belongs to (job id, organisation); the AEAD's aad is version || aad. Base mode: whoever has
 * the public key can make a box, so who may put one where is decided elsewhere.
 */
#ifndef SM_ENVELOPE_BOX_H
#define SM_ENVELOPE_BOX_H

#include "base/buffer.h"
#include "envelope/p256.h"

enum { BOX_VERSION = 1, BOX_OVERHEAD_BYTES = 1 + P256_PUBLIC_BYTES + 16 };

struct box_label {
    struct span info; /* at most HPKE_INFO_BYTES_MAX bytes */
    struct span aad;
};

/* Appends plaintext.size + BOX_OVERHEAD_BYTES. SM_BAD_VALUE for an invalid public key. */
SM_MUST_USE enum sm_error box_seal(
    struct span receiver, const struct box_label *label, struct span plaintext, struct buffer *out);

/* Appends the plaintext, or SM_TAMPERED whatever is wrong with the box, its info or aad. */
SM_MUST_USE enum sm_error box_open(
    const struct p256_key *key, const struct box_label *label, struct span box, struct buffer *out);

#endif
