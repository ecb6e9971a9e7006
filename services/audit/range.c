/* From left to right, the largest subtree that is known first: a stack whose equal neighbours
 * merge. */
#include "services/audit/range.h"

#include "services/audit/store.h"

#include <assert.h>
#include <string.h>

/* Smaller subtrees are hashed anew: to ask for them costs more. */
enum { LEVEL_MIN = 6, LEVEL_MAX = 62, NODES_MAX = 64 };

static const struct statement sql_peaks = {"audit_range_peaks",
    "SELECT size, peaks FROM audit.checkpoint WHERE organisation = $1 AND size >= $2 AND size < $3 "
    "ORDER BY size LIMIT 1"};

/* --- which parts --- */

/* The largest power of two below `size`; size > 1. */
static uint64_t split_of(uint64_t size)
{
    return (uint64_t)1 << (63 - __builtin_clzll(size - 1));
}

static void add_range(struct ranges *ranges, uint64_t begin, uint64_t end)
{
    assert(ranges->count < RANGES_MAX);
    ranges->list[ranges->count++] = (struct range){begin, end};
}

/* They were found from the root down, and stand from the leaf up. */
static void reverse(struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->count / 2; i++) {
        struct range kept = ranges->list[i];
        ranges->list[i] = ranges->list[ranges->count - 1 - i];
        ranges->list[ranges->count - 1 - i] = kept;
    }
}

/* Goes down to the side of `leaf`, and notes the other one. */
static void go_down(struct ranges *ranges, struct range *at, uint64_t leaf)
{
    uint64_t middle = at->begin + split_of(at->end - at->begin);
    if (leaf < middle) {
        add_range(ranges, middle, at->end);
        at->end = middle;
    } else {
        add_range(ranges, at->begin, middle);
        at->begin = middle;
    }
}

struct ranges range_path(uint64_t index, uint64_t size)
{
    struct ranges ranges = {.count = 0};
    struct range at = {0, size};
    while (at.end - at.begin > 1)
        go_down(&ranges, &at, index);
    reverse(&ranges);
    return ranges;
}

/* Down to the subtree that ends where the older tree did. Left of it nothing: it is that tree. */
struct ranges range_consistency(uint64_t older, uint64_t size)
{
    struct ranges ranges = {.count = 0};
    struct range at = {0, size};
    while (at.end != older)
        go_down(&ranges, &at, older - 1);
    if (at.begin > 0)
        add_range(&ranges, at.begin, at.end);
    reverse(&ranges);
    return ranges;
}

/* --- their roots --- */

/* The perfect subtrees so far, from left to right; each is smaller than the one before. */
struct nodes {
    struct hash hashes[NODES_MAX];
    unsigned levels[NODES_MAX];
    size_t count;
};

static enum sm_error push(struct nodes *nodes, struct hash hash, unsigned level)
{
    while (nodes->count && nodes->levels[nodes->count - 1] == level) {
        TRY(tree_node(&nodes->hashes[--nodes->count], &hash, &hash));
        level++;
    }
    if (nodes->count == NODES_MAX)
        return SM_TOO_LARGE;
    nodes->hashes[nodes->count] = hash;
    nodes->levels[nodes->count++] = level;
    return SM_OK;
}

/* The peak that covers [begin, begin + 2^level) in a tree of `size`: there are as many before it as
 * higher bits are set. */
static enum sm_error read_peak(const struct db_rows *rows, unsigned level, struct hash *out)
{
    uint64_t size;
    struct span peaks;
    struct tree tree;
    TRY(db_read_u64(rows, 0, 0, &size));
    TRY(db_read_bytes(rows, 0, 1, sizeof tree.peaks, &peaks));
    TRY(tree_restore(size, peaks, &tree));
    *out = tree.peaks[__builtin_popcountll(size >> level >> 1)];
    return SM_OK;
}

/* SM_NOT_FOUND: no checkpoint had it as a peak. */
static enum sm_error find_peak(
    struct db *db, const struct id *organisation, uint64_t begin, unsigned level, struct hash *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t end = begin + ((uint64_t)1 << level);
    TRY(DB_RUN(db, &sql_peaks, &rows, db_id(organisation), db_u64(end),
        db_u64(end + ((uint64_t)1 << level))));
    return db_rows_count(rows) ? read_peak(rows, level, out) : SM_NOT_FOUND;
}

/* Only a left child is ever a peak, and only what is aligned is a subtree. */
static bool may_be_peak(uint64_t begin, uint64_t end, unsigned level)
{
    return (begin & (((uint64_t)2 << level) - 1)) == 0 && end - begin >= (uint64_t)1 << level;
}

static enum sm_error take_peak(
    struct db *db, const struct id *organisation, struct range *rest, struct nodes *nodes)
{
    struct hash hash;
    for (unsigned level = LEVEL_MAX; level >= LEVEL_MIN; level--) {
        if (!may_be_peak(rest->begin, rest->end, level))
            continue;
        enum sm_error error = find_peak(db, organisation, rest->begin, level, &hash);
        if (error == SM_NOT_FOUND)
            continue;
        TRY(error);
        rest->begin += (uint64_t)1 << level;
        return push(nodes, hash, level);
    }
    return SM_NOT_FOUND;
}

static enum sm_error take_leaf(
    const struct db_rows *rows, size_t row, uint64_t index, struct nodes *nodes)
{
    struct stored_entry entry;
    struct hash leaf;
    TRY(store_entry_read(rows, row, &entry));
    if (entry.seq != index + 1)
        return SM_TAMPERED;
    TRY(tree_leaf(entry.body, &leaf));
    return push(nodes, leaf, 0);
}

/* Up to the next page of them, so that a larger subtree may be known from there. */
static enum sm_error take_leaves(
    struct db *db, const struct id *organisation, struct range *rest, struct nodes *nodes)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t step = STORE_PAGE_ROWS - rest->begin % STORE_PAGE_ROWS;
    uint64_t count = rest->end - rest->begin < step ? rest->end - rest->begin : step;
    TRY(store_entries(db, organisation, rest->begin + 1, count, &rows));
    if (db_rows_count(rows) != count)
        return SM_TAMPERED;
    for (size_t i = 0; i < count; i++)
        TRY(take_leaf(rows, i, rest->begin + i, nodes));
    rest->begin += count;
    return SM_OK;
}

enum sm_error range_root(
    struct db *db, const struct id *organisation, struct range range, struct hash *out)
{
    struct nodes nodes = {.count = 0};
    struct range rest = range;
    while (rest.begin < rest.end) {
        enum sm_error error = take_peak(db, organisation, &rest, &nodes);
        TRY(error == SM_NOT_FOUND ? take_leaves(db, organisation, &rest, &nodes) : error);
    }
    if (nodes.count == 0)
        return SM_NOT_FOUND;
    struct hash root = nodes.hashes[nodes.count - 1];
    for (size_t i = nodes.count - 1; i > 0; i--)
        TRY(tree_node(&nodes.hashes[i - 1], &root, &root));
    *out = root;
    return SM_OK;
}
