/* Randomness from the kernel. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

enum sm_error random_bytes(void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return SM_IO;
        at += got;
        size -= (size_t)got;
    }
    return SM_OK;
}

enum sm_error random_below(uint32_t bound, uint32_t *out)
{
    uint32_t usable = UINT32_MAX - UINT32_MAX % bound;
    uint32_t drawn;
    do
        TRY(random_bytes(&drawn, sizeof drawn));
    while (drawn >= usable);
    *out = drawn % bound;
    return SM_OK;
}
