/* RFC 6962's tree, grown leaf by leaf: like a binary counter, whose carries are the node hashes. */
#include "services/audit/tree.h"

#include "envelope/kdf.h"

#include <assert.h>
#include <string.h>

enum { LEAF = 0x00, NODE = 0x01 };

static_assert(sizeof(struct hash) == SHA256_BYTES, "peaks are stored as they lie in memory");

enum sm_error tree_leaf(struct span entry, struct hash *out)
{
    uint8_t covered[1 + AUDIT_ENTRY_BYTES_MAX] = {LEAF};
    if (entry.size > AUDIT_ENTRY_BYTES_MAX)
        return SM_TOO_LARGE;
    if (entry.size)
        memcpy(covered + 1, entry.at, entry.size);
    return kdf_sha256(span_of(covered, 1 + entry.size), out->bytes);
}

enum sm_error tree_node(const struct hash *left, const struct hash *right, struct hash *out)
{
    uint8_t covered[1 + 2 * SHA256_BYTES] = {NODE};
    memcpy(covered + 1, left->bytes, SHA256_BYTES);
    memcpy(covered + 1 + SHA256_BYTES, right->bytes, SHA256_BYTES);
    return kdf_sha256(SPAN(covered), out->bytes);
}

static size_t peak_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

enum sm_error tree_add(struct tree *tree, struct span entry)
{
    struct hash fresh;
    size_t count = peak_count(tree->size);
    if (tree->size >= INT64_MAX)
        return SM_TOO_LARGE;
    TRY(tree_leaf(entry, &fresh));
    for (uint64_t bits = tree->size; bits & 1; bits >>= 1)
        TRY(tree_node(&tree->peaks[--count], &fresh, &fresh));
    tree->peaks[count] = fresh;
    tree->size++;
    return SM_OK;
}

enum sm_error tree_root(const struct tree *tree, struct hash *out)
{
    size_t count = peak_count(tree->size);
    if (count == 0)
        return kdf_sha256(span_of(NULL, 0), out->bytes);
    struct hash root = tree->peaks[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        TRY(tree_node(&tree->peaks[i - 1], &root, &root));
    *out = root;
    return SM_OK;
}

struct span tree_peaks(const struct tree *tree)
{
    return span_of(tree->peaks, peak_count(tree->size) * SHA256_BYTES);
}

enum sm_error tree_restore(uint64_t size, struct span peaks, struct tree *out)
{
    if (size > INT64_MAX || peaks.size != peak_count(size) * SHA256_BYTES)
        return SM_BAD_FORMAT;
    struct tree tree = {.size = size};
    if (peaks.size)
        memcpy(tree.peaks, peaks.at, peaks.size);
    *out = tree;
    return SM_OK;
}
