/*
 * The subject sealed by itself, so that a sender's list can show subjects without opening messages:
 *
 *     subject key = HKDF-SHA256(no salt, ikm K, info "securemail/1 subject"), 32 bytes
 *     sealed      = wrap.h's form under it, aad "securemail/1 subject" || organisation 16 ||
 *                   message 16
 *
 * Crypto gives out subject keys a page at a time; a subject key opens one subject and nothing else.
 */
#ifndef SM_ENVELOPE_SUBJECT_H
#define SM_ENVELOPE_SUBJECT_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/secret.h"

/* SM_BAD_VALUE if K (`message_key`) is not of 32 bytes. The caller owns *out. */
SM_MUST_USE enum sm_error subject_key_of(struct span message_key, struct secret **out);

struct subject_place {
    struct id organisation;
    struct id message;
};

/* Appends the sealed subject. SM_BAD_VALUE unless it is one line of at most 998 bytes. */
SM_MUST_USE enum sm_error subject_seal(struct span subject_key, const struct subject_place *place,
    struct span subject, struct buffer *out);

/* Appends the subject, or SM_TAMPERED; SM_BAD_VALUE if what was sealed is no subject. */
SM_MUST_USE enum sm_error subject_open(struct span subject_key, const struct subject_place *place,
    struct span sealed, struct buffer *out);

#endif
