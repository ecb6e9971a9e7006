/*
 * Where a wrapped key belongs: it opens in this place and nowhere else. Stored form: the version of
 * the key that wraps (u32, big-endian) || lib/envelope's wrap, whose AAD names the place.
 */
#ifndef SM_CRYPTO_PLACE_H
#define SM_CRYPTO_PLACE_H

#include "base/buffer.h"
#include "base/secret.h"

enum { PLACE_WRAPPED_BYTES_MAX = 512 };

struct place {
    const char *purpose;
    struct span organisation; /* empty: belongs to none */
    struct span object;       /* what names the row */
    uint64_t version;         /* of the key that wraps */
};

/* Appends the stored form of `plaintext`, at most 256 bytes, wrapped under `key`. */
SM_MUST_USE enum sm_error place_wrap(
    struct span key, const struct place *place, struct span plaintext, struct buffer *out);

/* SM_TAMPERED when `wrapped` is not of this place and key. Caller owns *out. */
SM_MUST_USE enum sm_error place_unwrap(
    struct span key, const struct place *place, struct span wrapped, struct secret **out);

/* Which version of the key it takes; not authenticated before place_unwrap. SM_TAMPERED for bytes
 * that are too short or too long. */
SM_MUST_USE enum sm_error place_version(struct span wrapped, uint64_t *out);

#endif
