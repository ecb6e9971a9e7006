/*
 * Part 0 of a message, sealed: the manifest (manifest.h) in a chunked stream (chunked.h) under the
 * message key K, bound to organisation, message and direction.
 */
#ifndef SM_ENVELOPE_HEADER_PART_H
#define SM_ENVELOPE_HEADER_PART_H

#include "envelope/chunked.h"
#include "envelope/manifest.h"

/* Appends the sealed part. `place->part` must be 0 (asserted). Errors of the two modules. */
SM_MUST_USE enum sm_error header_part_seal(struct span key, const struct chunked_place *place,
    const struct manifest *manifest, struct buffer *out);

/* An opened header part; `manifest` looks into the rest and lives as long. */
struct header_part {
    struct manifest manifest;
    struct buffer plaintext;
    struct arena arena;
};

/*
 * SM_TAMPERED if it is not this place's part 0 under this key; else errors of manifest_decode. The
 * caller owns *out: declare it as `struct header_part part DEFER(header_part_free) = {0};`.
 */
SM_MUST_USE enum sm_error header_part_open(struct span key, const struct chunked_place *place,
    struct span ciphertext, struct header_part *out);

/* Wipes and frees. A zeroed struct is accepted. */
void header_part_free(struct header_part *part);

#endif
