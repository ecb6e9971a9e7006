/* Owned, growable, bounded bytes. Growth copies and wipes, so no plaintext stays behind. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buffer_free(struct buffer *buffer)
{
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->capacity);
    free(buffer->bytes);
    *buffer = BUFFER(buffer->size_max);
}

void buffer_release(struct buffer **buffer)
{
    buffer_free(*buffer);
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->size);
    buffer->size = 0;
}

static enum sm_error grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        if (__builtin_mul_overflow(capacity, 2, &capacity))
            return SM_TOO_LARGE;
    uint8_t *fresh = malloc(capacity);
    if (!fresh)
        return SM_NO_MEMORY;
    if (buffer->size)
        memcpy(fresh, buffer->bytes, buffer->size);
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->capacity);
    free(buffer->bytes);
    buffer->bytes = fresh;
    buffer->capacity = capacity;
    return SM_OK;
}

enum sm_error buffer_extend(struct buffer *buffer, size_t size, uint8_t **out)
{
    size_t total;
    size_t with_nul; /* one byte is always kept for buffer_text */
    if (__builtin_add_overflow(buffer->size, size, &total) || total > buffer->size_max ||
        __builtin_add_overflow(total, 1, &with_nul))
        return SM_TOO_LARGE;
    if (with_nul > buffer->capacity)
        TRY(grow(buffer, with_nul));
    *out = buffer->bytes + buffer->size;
    buffer->size = total;
    return SM_OK;
}

enum sm_error buffer_append(struct buffer *buffer, struct span bytes)
{
    uint8_t *room;
    TRY(buffer_extend(buffer, bytes.size, &room));
    if (bytes.size)
        memcpy(room, bytes.at, bytes.size);
    return SM_OK;
}

enum sm_error buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, span_text(text));
}

enum sm_error buffer_append_u8(struct buffer *buffer, uint8_t value)
{
    return buffer_append(buffer, span_of(&value, 1));
}

enum sm_error buffer_append_be(struct buffer *buffer, uint64_t value, size_t bytes)
{
    uint8_t *room;
    TRY(buffer_extend(buffer, bytes, &room));
    for (size_t i = 0; i < bytes; i++)
        room[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return SM_OK;
}

SM_PRINTF(2, 3) enum sm_error buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return SM_BAD_FORMAT;
    uint8_t *room;
    TRY(buffer_extend(buffer, (size_t)length, &room));
    va_start(arguments, format);
    (void)vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return SM_OK;
}

void buffer_truncate(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size)
        return;
    explicit_bzero(buffer->bytes + size, buffer->size - size);
    buffer->size = size;
}

struct span buffer_span(const struct buffer *buffer)
{
    return span_of(buffer->bytes, buffer->size);
}

enum sm_error buffer_text(struct buffer *buffer, const char **out)
{
    uint8_t *end;
    TRY(buffer_extend(buffer, 0, &end));
    *end = '\0';
    if (memchr(buffer->bytes, '\0', buffer->size))
        return SM_BAD_FORMAT;
    *out = (const char *)buffer->bytes;
    return SM_OK;
}
