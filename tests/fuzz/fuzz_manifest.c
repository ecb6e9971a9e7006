/* Hostile bytes as a manifest. What decodes must encode to the same bytes: one spelling. */
#include "envelope/manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
    struct manifest manifest;
    if (manifest_decode(bytes, &arena, &manifest) != SM_OK)
        return 0;
    struct buffer again DEFER(buffer_free) = BUFFER(size);
    if (manifest_encode(&manifest, &again) != SM_OK || !span_equal(bytes, buffer_span(&again)))
        abort();
    return 0;
}
