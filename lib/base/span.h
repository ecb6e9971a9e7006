/*
 * A span is a borrowed view of bytes: never freed, never written through. It lives as long as what
 * it looks into; each function that returns one says what that is.
 */
#ifndef SM_BASE_SPAN_H
#define SM_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const uint8_t *at; /* may be NULL when size is 0 */
    size_t size;       /* bytes */
};

struct span span_of(const void *bytes, size_t size);
struct span span_text(const char *text); /* without the closing NUL */

/* Of a fixed-size array: SPAN(key) for uint8_t key[32]. */
#define SPAN(array) span_of((array), sizeof(array))

/* Not constant in time: for public data only. Secrets compare with secret_equal (secret.h). */
bool span_equal(struct span a, struct span b);
bool span_equals_text(struct span a, const char *text);

/* The part from `from`, at most `size` bytes; both are cut to what is there. */
struct span span_slice(struct span whole, size_t from, size_t size);

/* For printf's "%.*s": expands to the length and the characters. */
#define SPAN_PRINT(span) (int)(span).size, (const char *)(span).at

#endif
