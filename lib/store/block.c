/* Names of blocks, runs of them, and the list. Nothing here does I/O; all of it is fed from
 * outside. */
#include "store/block.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { OFFSET_DIGITS = 12, SIZE_DIGITS = 8, WRITER_DIGITS = 16, FIRST_PIECES = 16 };
#define OFFSET_MAX UINT64_C(999999999999)

static const char list_title[] = "securemail-blocks/1 ";

/* --- names --- */

struct block_name block_name(const struct block *block)
{
    struct block_name name;
    (void)snprintf(name.text, sizeof name.text, "%012" PRIu64 "-%08" PRIu32 "-%016" PRIx64,
        block->offset, block->size, block->writer);
    return name;
}

static enum sm_error digit_of(char letter, unsigned base, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, letter, base);
    if (!at)
        return SM_BAD_FORMAT;
    *out = (unsigned)(at - digits);
    return SM_OK;
}

/* Exactly `count` digits at `from`; no number of so few overflows. */
static enum sm_error read_digits(
    struct span text, size_t from, size_t count, unsigned base, uint64_t *out)
{
    struct span digits = span_slice(text, from, count);
    uint64_t value = 0;
    for (size_t i = 0; i < digits.size; i++) {
        unsigned digit;
        TRY(digit_of((char)digits.at[i], base, &digit));
        value = value * base + digit;
    }
    *out = value;
    return digits.size == count ? SM_OK : SM_BAD_FORMAT;
}

enum sm_error block_parse(struct span name, struct block *out)
{
    const size_t size_at = OFFSET_DIGITS + 1, writer_at = size_at + SIZE_DIGITS + 1;
    struct block block = {0};
    uint64_t size = 0;
    if (name.size != BLOCK_NAME_BYTES || name.at[size_at - 1] != '-' ||
        name.at[writer_at - 1] != '-')
        return SM_BAD_FORMAT;
    TRY(read_digits(name, 0, OFFSET_DIGITS, 10, &block.offset));
    TRY(read_digits(name, size_at, SIZE_DIGITS, 10, &size));
    TRY(read_digits(name, writer_at, WRITER_DIGITS, 16, &block.writer));
    if (size == 0)
        return SM_BAD_FORMAT;
    block.size = (uint32_t)size;
    *out = block;
    return SM_OK;
}

/* --- runs --- */

void run_free(struct run *run)
{
    free(run->pieces);
    *run = (struct run){0};
}

static enum sm_error make_room(struct run *run)
{
    if (run->count < run->capacity)
        return SM_OK;
    if (run->count == BLOCKS_MAX)
        return SM_TOO_LARGE;
    size_t capacity = run->capacity ? 2 * run->capacity : FIRST_PIECES;
    struct piece *pieces = reallocarray(run->pieces, capacity, sizeof *pieces);
    if (!pieces)
        return SM_NO_MEMORY;
    run->pieces = pieces;
    run->capacity = capacity;
    return SM_OK;
}

enum sm_error run_add(struct run *run, struct block block)
{
    if (block.offset > run->size)
        return SM_CONFLICT;
    if (block.size > BLOCK_BYTES_MAX || block.size > OFFSET_MAX - block.offset)
        return SM_TOO_LARGE;
    if (block.offset + block.size <= run->size)
        return SM_OK;
    TRY(make_room(run));
    uint32_t skip = (uint32_t)(run->size - block.offset);
    run->pieces[run->count++] = (struct piece){block, skip};
    run->size = block.offset + block.size;
    return SM_OK;
}

const struct piece *run_find(const struct run *run, uint64_t offset, uint32_t *from)
{
    size_t low = 0, high = run->count;
    if (offset >= run->size)
        return NULL;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        const struct piece *piece = &run->pieces[middle];
        if (piece->block.offset + piece->skip <= offset)
            low = middle;
        else
            high = middle;
    }
    *from = (uint32_t)(offset - run->pieces[low].block.offset);
    return &run->pieces[low];
}

/* --- the list --- */

enum sm_error run_write(const struct run *run, struct id upload, struct buffer *out)
{
    TRY(buffer_format(out, "%s%s %012" PRIu64 "\n", list_title, id_text(upload).text, run->size));
    for (size_t i = 0; i < run->count; i++)
        TRY(buffer_format(out, "%s\n", block_name(&run->pieces[i].block).text));
    return SM_OK;
}

static enum sm_error take_line(struct span *rest, struct span *line)
{
    const uint8_t *end = rest->size ? memchr(rest->at, '\n', rest->size) : NULL;
    if (!end)
        return SM_BAD_FORMAT;
    size_t size = (size_t)(end - rest->at);
    *line = span_slice(*rest, 0, size);
    *rest = span_slice(*rest, size + 1, rest->size);
    return SM_OK;
}

static enum sm_error read_title(struct span line, struct id *upload, uint64_t *size)
{
    const size_t id_at = sizeof list_title - 1, id_digits = (size_t)2 * ID_BYTES;
    const size_t size_at = id_at + id_digits + 1;
    if (!span_equals_text(span_slice(line, 0, id_at), list_title) ||
        line.size != size_at + OFFSET_DIGITS || line.at[size_at - 1] != ' ')
        return SM_BAD_FORMAT;
    TRY(id_parse(span_slice(line, id_at, id_digits), upload));
    return read_digits(line, size_at, OFFSET_DIGITS, 10, size);
}

/* A line that adds nothing, or lies behind a gap, was never written. */
static enum sm_error read_line(struct span line, struct run *run)
{
    struct block block;
    uint64_t before = run->size;
    TRY(block_parse(line, &block));
    TRY(run_add(run, block));
    return run->size > before ? SM_OK : SM_BAD_FORMAT;
}

enum sm_error run_read(struct span text, struct id *upload, struct run *out)
{
    struct run run DEFER(run_free) = {0};
    struct span rest = text, line;
    struct id id;
    uint64_t size = 0;
    TRY(take_line(&rest, &line));
    TRY(read_title(line, &id, &size));
    while (rest.size > 0) {
        TRY(take_line(&rest, &line));
        enum sm_error error = read_line(line, &run);
        if (error != SM_OK)
            return error == SM_NO_MEMORY ? error : SM_BAD_FORMAT;
    }
    if (run.size != size)
        return SM_BAD_FORMAT;
    *upload = id;
    *out = run;
    run = (struct run){0};
    return SM_OK;
}
