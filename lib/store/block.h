/*
 * How a part lies in a store that has no files to append to: as blocks, each written once under a
 * name that says which bytes it holds and who wrote it, and at the end a list of those that count.
 *
 * No two writers have a name in common, so a block is never replaced. Blocks of two writers may
 * overlap (an upload that goes on at another gateway while the first still writes); they are bytes
 * of the same upload, and a run takes of each what the one before it has not.
 */
#ifndef SM_STORE_BLOCK_H
#define SM_STORE_BLOCK_H

#include "base/buffer.h"
#include "base/id.h"

enum {
    BLOCK_NAME_BYTES = 38, /* 12 digits, "-", 8 digits, "-", 16 hexadecimal digits */
    BLOCK_BYTES_MAX = 99999999,
    BLOCKS_MAX = 4096, /* of one part */
    BLOCK_LIST_BYTES_MAX = 80 + BLOCKS_MAX * (BLOCK_NAME_BYTES + 1),
};

struct block {
    uint64_t offset; /* of the first byte, in the part */
    uint32_t size;   /* bytes; 1 or more */
    uint64_t writer; /* random, of the process that had the upload open */
};

struct block_name {
    char text[BLOCK_NAME_BYTES + 1];
};
struct block_name block_name(const struct block *block);

/* Exactly a name that block_name gives, or SM_BAD_FORMAT. Names sort as their offsets do. */
SM_MUST_USE enum sm_error block_parse(struct span name, struct block *out);

/* --- a run: all bytes from 0 to `size` without a gap --- */

struct piece {
    struct block block;
    uint32_t skip; /* so many of its first bytes the run has from blocks before */
};

/* All zero is the empty run. */
struct run {
    struct piece *pieces;
    size_t count, capacity;
    uint64_t size; /* bytes */
};
void run_free(struct run *run);

/*
 * Goes on with `block`: what of it lies behind the run's end is added, perhaps nothing. SM_CONFLICT
 * when bytes would be missing in between. SM_TOO_LARGE over BLOCKS_MAX. Blocks that are given in
 * the order of their names reach as far as any order does.
 */
SM_MUST_USE enum sm_error run_add(struct run *run, struct block block);

/* The piece with the byte at `offset`; *from is that byte's place in its block. NULL at the end. */
const struct piece *run_find(const struct run *run, uint64_t offset, uint32_t *from);

/* --- the list: a run as text, one line for the upload and its size, one for each block --- */

SM_MUST_USE enum sm_error run_write(const struct run *run, struct id upload, struct buffer *out);

/* SM_BAD_FORMAT for anything that run_write does not write. *out is freed by the caller. */
SM_MUST_USE enum sm_error run_read(struct span text, struct id *upload, struct run *out);

#endif
