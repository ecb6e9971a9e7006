/*
 * A buffer owns bytes, grows up to a hard maximum and is wiped when it is freed or grows (so it may
 * hold plaintext). Zero-initialise with BUFFER(max) and free with DEFER(buffer_free).
 */
#ifndef SM_BASE_BUFFER_H
#define SM_BASE_BUFFER_H

#include "base/error.h"
#include "base/span.h"

struct buffer {
    uint8_t *bytes;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    size_t size_max; /* never exceeded: SM_TOO_LARGE */
};
#define BUFFER(max) ((struct buffer){.size_max = (max)})

void buffer_free(struct buffer *buffer);

/* The same for a buffer inside a struct: `struct buffer *b DEFER(buffer_release) = &thing.buffer;`
 */
void buffer_release(struct buffer **buffer);

/* Forgets the content (wiped), keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Appends. On any error the buffer is unchanged. */
SM_MUST_USE enum sm_error buffer_append(struct buffer *buffer, struct span bytes);
SM_MUST_USE enum sm_error buffer_append_text(struct buffer *buffer, const char *text);
SM_MUST_USE enum sm_error buffer_append_u8(struct buffer *buffer, uint8_t value);
SM_MUST_USE enum sm_error buffer_append_be(struct buffer *buffer, uint64_t value, size_t bytes);
SM_MUST_USE enum sm_error buffer_format(struct buffer *buffer, const char *format, ...)
    SM_PRINTF(2, 3);

/* `size` more bytes at the end for the caller to fill; *out lives until the next change. */
SM_MUST_USE enum sm_error buffer_extend(struct buffer *buffer, size_t size, uint8_t **out);

/* Cuts to `size` bytes (no-op when shorter). */
void buffer_truncate(struct buffer *buffer, size_t size);

/* A view that lives until the next change. */
struct span buffer_span(const struct buffer *buffer);

/* The content as a C string: a NUL is kept behind it. SM_BAD_FORMAT if it holds a NUL itself. */
SM_MUST_USE enum sm_error buffer_text(struct buffer *buffer, const char **out);

#endif
