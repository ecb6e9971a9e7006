/*
 * A capability is crypto's signed word to another service: the bearer may do this one thing until
 * then. The gateway and audit check it with crypto's public key alone and learn nothing secret.
 *
 *     text     "v1." || base64url(payload) || "." || base64url(signature)
 *     payload  version u8 (1) || kind u8 || organisation 16 || subject 16 || message 16 || role u8
 *              || bytes_max u64 || parts_max u16 || expires_ms u64 || token 16      (85 bytes, BE)
 *     signature  Ed25519 over "securemail/1 capability" || payload
 *
 * One spelling per capability: the form is fixed, base64url is strict, nothing follows.
 */
#ifndef SM_ENVELOPE_CAPABILITY_H
#define SM_ENVELOPE_CAPABILITY_H

#include "base/buffer.h"
#include "base/id.h"

enum capability_kind {
    CAPABILITY_SESSION = 1,  /* the gateway's half of a user's session */
    CAPABILITY_DOWNLOAD = 2, /* read the ciphertext of one message */
    CAPABILITY_UPLOAD = 3,   /* store the parts of one message */
    CAPABILITY_AUDIT = 4,    /* ask and export the organisation's log */
};

struct capability {
    enum capability_kind kind;
    struct id organisation;
    struct id subject; /* the user or link that may */
    struct id message; /* none where the kind is about no message; CAPABILITY_AUDIT: the session */
    uint8_t role;      /* bits of enum role; 0 for a link */
    uint64_t bytes_max;
    uint16_t parts_max;
    uint64_t expires_ms; /* since 1970 UTC; exclusive */
    struct id token;     /* random: names this capability in logs and revocations */
};

enum { CAPABILITY_PAYLOAD_BYTES = 85, CAPABILITY_TEXT_BYTES = 3 + 114 + 1 + 86 };

/* Appends CAPABILITY_TEXT_BYTES characters. `seed` is the private key, 32 bytes. */
SM_MUST_USE enum sm_error capability_sign(
    struct span seed, const struct capability *capability, struct buffer *out);

/* What a capability must be to be accepted. */
struct capability_demand {
    const uint8_t *public_key; /* 32 bytes */
    enum capability_kind kind;
    uint64_t now_ms;
};

/*
 * SM_BAD_FORMAT if it is not a capability's text, SM_TAMPERED if crypto did not sign it,
 * SM_NOT_ALLOWED if it is of another kind, SM_NOT_SIGNED_IN if it has expired.
 */
SM_MUST_USE enum sm_error capability_verify(
    struct span text, const struct capability_demand *demand, struct capability *out);

#endif
