/*
 * What a message's header part (part 0) holds: subject, body, and the manifest, which lists every
 * attachment with its size, commitment and hash. A server that drops, adds, swaps or replaces an
 * attachment is found out, although each attachment verifies by itself.
 *
 * In bytes it is one msgpack map in proto/field.h's strict form, with the members of struct
 * manifest as its fields, in their order. Encoder and decoder apply the same rules:
 *
 *   version 1; subject one line of at most 998 bytes, may be empty; body UTF-8 of at most 1 MiB;
 *   body_type "text/plain"; at most 100 attachments, their parts numbered 1, 2, 3 ... in order;
 *   an attachment's ciphertext_size is exactly what its size gives (chunked.h).
 */
#ifndef SM_ENVELOPE_MANIFEST_H
#define SM_ENVELOPE_MANIFEST_H

#include "proto/field.h"

enum { MANIFEST_VERSION = 1, MANIFEST_ARENA_BYTES_MAX = 64 * 1024 };

struct manifest_attachment {
    uint64_t part;          /* 1.. */
    struct span name;       /* of the file; see manifest_is_file_name */
    struct span media_type; /* "type/subtype" in ASCII; a hint, never a reason to open something */
    uint64_t size;          /* bytes of plaintext */
    uint64_t ciphertext_size;
    struct span commitment; /* 32 bytes: chunked_sealer_commitment */
    struct span sha256;     /* 32 bytes: of the whole ciphertext */
};

struct manifest {
    uint64_t version; /* MANIFEST_VERSION */
    struct span subject;
    struct span body;
    struct span body_type;   /* "text/plain" */
    struct list attachments; /* of struct manifest_attachment */
};

/* The table of struct manifest, for what is printed from it; the rules above are beyond it. */
extern const struct fields manifest_fields;

/*
 * True for a name under which a file may be offered or saved: one line of 1 to 255 bytes without
 * '/' and '\', and neither "." nor "..".
 */
bool manifest_is_file_name(struct span name);

/* Appends the map. SM_BAD_VALUE or SM_TOO_LARGE for what the rules forbid. */
SM_MUST_USE enum sm_error manifest_encode(const struct manifest *manifest, struct buffer *out);

/*
 * Reads exactly `bytes`. Spans look into `bytes`, the list lives in `arena`
 * (ARENA(MANIFEST_ARENA_BYTES_MAX) is always enough). Errors of fields_decode, and SM_BAD_VALUE for
 * what the rules forbid. On an error *out is undefined.
 */
SM_MUST_USE enum sm_error manifest_decode(
    struct span bytes, struct arena *arena, struct manifest *out);

/*
 * SM_OK if a downloaded attachment is the one listed: size of its ciphertext, the commitment at its
 * head (32 bytes) and SHA-256 (32 bytes) over all of it; else SM_TAMPERED.
 */
struct manifest_found {
    uint64_t ciphertext_size;
    const uint8_t *commitment;
    const uint8_t *sha256;
};
SM_MUST_USE enum sm_error manifest_check(
    const struct manifest_attachment *listed, const struct manifest_found *found);

#endif
