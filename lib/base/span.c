/* Borrowed views of bytes. */
#include "base/span.h"

#include <string.h>

struct span span_of(const void *bytes, size_t size)
{
    return (struct span){.at = bytes, .size = size};
}

struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool span_equals_text(struct span a, const char *text)
{
    return span_equal(a, span_text(text));
}

struct span span_slice(struct span whole, size_t from, size_t size)
{
    if (from > whole.size)
        from = whole.size;
    if (size > whole.size - from)
        size = whole.size - from;
    return span_of(whole.at ? whole.at + from : NULL, size);
}
