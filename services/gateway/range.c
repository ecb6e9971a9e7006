/* What is not understood is ignored, as the standard asks: the whole is always a right answer. */
#include "services/gateway/range.h"

#include "services/gateway/request.h"

#include <string.h>

static enum sm_error last_bytes(
    struct span count_text, uint64_t whole, bool *is_part, struct range *out)
{
    uint64_t count = 0;
    if (request_number(count_text, &count) != SM_OK)
        return SM_OK; /* not a range: the whole */
    if (count == 0 || whole == 0)
        return SM_BAD_VALUE;
    uint64_t size = count < whole ? count : whole;
    *out = (struct range){whole - size, size};
    *is_part = true;
    return SM_OK;
}

enum sm_error range_read(struct span header, uint64_t whole, bool *is_part, struct range *out)
{
    static const char unit[] = "bytes=";
    uint64_t from = 0;
    uint64_t to = 0;
    *is_part = false;
    if (!span_equals_text(span_slice(header, 0, strlen(unit)), unit))
        return SM_OK;
    struct span text = span_slice(header, strlen(unit), header.size);
    const uint8_t *dash = text.size ? memchr(text.at, '-', text.size) : NULL;
    if (!dash)
        return SM_OK;
    struct span first = span_slice(text, 0, (size_t)(dash - text.at));
    struct span last = span_slice(text, first.size + 1, text.size);
    if (first.size == 0)
        return last_bytes(last, whole, is_part, out);
    if (request_number(first, &from) != SM_OK)
        return SM_OK;
    if (last.size == 0)
        to = UINT64_MAX;
    else if (request_number(last, &to) != SM_OK || to < from)
        return SM_OK;
    if (from >= whole)
        return SM_BAD_VALUE;
    if (to >= whole)
        to = whole - 1;
    *out = (struct range){from, to - from + 1};
    *is_part = true;
    return SM_OK;
}
