/* The few lines of allocation that everything else goes through. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t data[];
};

void memory_free(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

enum sm_error memory_zeroed(size_t count, size_t size, void **out)
{
    void *fresh = calloc(count ? count : 1, size ? size : 1);
    if (!fresh)
        return SM_NO_MEMORY;
    *out = fresh;
    return SM_OK;
}

enum sm_error arena_take(struct arena *arena, size_t count, size_t size, void **out)
{
    size_t bytes;
    size_t total;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(arena->used, bytes, &total) || total > arena->bytes_max)
        return SM_TOO_LARGE;
    struct arena_block *block = calloc(1, sizeof *block + (bytes ? bytes : 1));
    if (!block)
        return SM_NO_MEMORY;
    block->next = arena->blocks;
    block->size = bytes;
    arena->blocks = block;
    arena->used = total;
    *out = block->data;
    return SM_OK;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        explicit_bzero(block->data, block->size);
        free(block);
    }
    arena->used = 0;
}
