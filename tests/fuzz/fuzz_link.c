/* Hostile text as a link. What parses with a base must be spelt exactly as it would be written. */
#include "envelope/link.h"

#include <stdlib.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    struct link_parts link DEFER(link_wipe) = {0};
    struct span base = {0};
    if (link_parse(text, &link, &base) != SM_OK || base.size == 0)
        return 0;
    struct buffer again DEFER(buffer_free) = BUFFER(size);
    if (link_format(base, &link, &again) != SM_OK || !span_equal(text, buffer_span(&again)))
        abort();
    return 0;
}
