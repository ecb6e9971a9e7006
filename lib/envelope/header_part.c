/* The header part: a manifest inside a chunked stream. */
#include "envelope/header_part.h"

#include <assert.h>

#include "proto/limits.h"

enum sm_error header_part_seal(struct span key, const struct chunked_place *place,
    const struct manifest *manifest, struct buffer *out)
{
    assert(place->part == 0);
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    TRY(chunked_context(place, &context));
    struct buffer plaintext DEFER(buffer_free) = BUFFER(HEADER_PART_BYTES_MAX);
    TRY(manifest_encode(manifest, &plaintext));
    return chunked_seal(key, buffer_span(&context), buffer_span(&plaintext), out);
}

static enum sm_error open_into(struct span key, const struct chunked_place *place,
    struct span ciphertext, struct header_part *part)
{
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    TRY(chunked_context(place, &context));
    TRY(chunked_open(key, buffer_span(&context), ciphertext, &part->plaintext));
    return manifest_decode(buffer_span(&part->plaintext), &part->arena, &part->manifest);
}

enum sm_error header_part_open(struct span key, const struct chunked_place *place,
    struct span ciphertext, struct header_part *out)
{
    assert(place->part == 0);
    struct header_part part = {
        .plaintext = BUFFER(HEADER_PART_BYTES_MAX),
        .arena = ARENA(MANIFEST_ARENA_BYTES_MAX),
    };
    enum sm_error error = open_into(key, place, ciphertext, &part);
    if (error == SM_OK)
        *out = part;
    else
        header_part_free(&part);
    return error;
}

void header_part_free(struct header_part *part)
{
    buffer_free(&part->plaintext);
    arena_free(&part->arena);
    part->manifest = (struct manifest){0};
}
