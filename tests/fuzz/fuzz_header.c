/* Hostile first frames: what is read as a header is written again as the very same bytes. */
#include "proto/header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header header;
    uint8_t again[HEADER_BYTES];
    if (header_read(span_of(data, size), &header) != SM_OK)
        return 0;
    header_write(&header, again);
    if (size != sizeof again || memcmp(data, again, size) != 0 ||
        header.operation % 2 != header.is_reply || (!header.is_reply && header.error != SM_OK))
        abort();
    return 0;
}
