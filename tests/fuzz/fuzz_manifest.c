/*
 * Hostile bytes as a manifest. What decodes must encode, in no more bytes, and what was encoded
 * must decode and encode to itself. (Not to the input: proto/field.c accepts a number in a longer
 * form than it writes, as some msgpack writers make it.)
 */
#include "envelope/manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes `bytes` and appends what it encodes to; false if it is no manifest. */
static bool encoded_again(struct span bytes, struct buffer *out)
{
    struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
    struct manifest manifest;
    if (manifest_decode(bytes, &arena, &manifest) != SM_OK)
        return false;
    if (manifest_encode(&manifest, out) != SM_OK)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first DEFER(buffer_free) = BUFFER(size);
    struct buffer second DEFER(buffer_free) = BUFFER(size);
    if (!encoded_again(span_of(data, size), &first))
        return 0;
    if (!encoded_again(buffer_span(&first), &second) ||
        !span_equal(buffer_span(&first), buffer_span(&second)))
        abort();
    return 0;
}
