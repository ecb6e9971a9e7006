/*
 * Ownership, declared where a resource is born:
 *
 *     struct db *db DEFER(db_close) = NULL;     // db_close(struct db **) runs at scope's end
 *     TRY(db_open(conninfo, &db));
 *     *out = TAKE(db);                          // success hands it over, NULL stays behind
 *
 * Rules: initialise in the same statement; give away only with TAKE; never together with goto.
 */
#ifndef SM_BASE_MEMORY_H
#define SM_BASE_MEMORY_H

#include "base/error.h"

#include <stddef.h>

/* unused: a variable may live for its destructor alone (clang warns of that, gcc does not) */
#define DEFER(destroy) __attribute__((cleanup(destroy), unused))

#define TAKE(pointer)                           \
    __extension__({                             \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })

/* Frees *pointer and nulls it. Takes the address of any pointer, e.g. `char *t DEFER(memory_free)`.
 */
void memory_free(void *pointer_to_pointer);

/* `count` zeroed items of `size` bytes. The caller owns *out and frees it with memory_free. */
SM_MUST_USE enum sm_error memory_zeroed(size_t count, size_t size, void **out);

/*
 * An arena owns everything that a decoded message points to; it is freed in one go and never grows
 * beyond `bytes_max`. Zero-initialise with ARENA(max).
 */
struct arena {
    struct arena_block *blocks;
    size_t used;      /* bytes handed out */
    size_t bytes_max; /* hard limit over all blocks */
};
#define ARENA(max) ((struct arena){.bytes_max = (max)})

/* Zeroed memory that lives as long as the arena. SM_TOO_LARGE over its limit. */
SM_MUST_USE enum sm_error arena_take(struct arena *arena, size_t count, size_t size, void **out);

/* Frees all; every pointer taken from the arena is dead. Wipes: decoded messages hold secrets. */
void arena_free(struct arena *arena);

#endif
