/* Copies into an arena. */
#include "services/crypto/keep.h"

#include <string.h>

enum sm_error keep_span(struct arena *arena, struct span bytes, struct span *out)
{
    void *copy;
    TRY(arena_take(arena, 1, bytes.size, &copy));
    if (bytes.size)
        memcpy(copy, bytes.at, bytes.size);
    *out = span_of(copy, bytes.size);
    return SM_OK;
}
