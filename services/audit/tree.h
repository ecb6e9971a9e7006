/*
 * The Merkle tree over the same bytes (RFC 6962 section 2.1): leaf n - 1 is the entry with seq n.
 * Held as its peaks, the roots of the perfect subtrees from left to right: adding a leaf costs one
 * hash on average, and a log of any length needs at most 64 of them.
 *
 *     leaf = SHA-256(0x00 || entry bytes)     node = SHA-256(0x01 || left || right)
 */
#ifndef SM_AUDIT_TREE_H
#define SM_AUDIT_TREE_H

#include "services/audit/chain.h"

enum { TREE_PEAKS_MAX = 63 };

/* Zero-initialised: the empty tree. Plain data: copied by assignment. */
struct tree {
    uint64_t size;                     /* leaves */
    struct hash peaks[TREE_PEAKS_MAX]; /* one for each bit that is set in size, largest first */
};

SM_MUST_USE enum sm_error tree_leaf(struct span entry, struct hash *out);
SM_MUST_USE enum sm_error tree_node(
    const struct hash *left, const struct hash *right, struct hash *out);

/* Adds a leaf. On an error the tree is unchanged. */
SM_MUST_USE enum sm_error tree_add(struct tree *tree, struct span entry);

/* The root; of the empty tree the hash of nothing. */
SM_MUST_USE enum sm_error tree_root(const struct tree *tree, struct hash *out);

/* The peaks as bytes (32 each), to be stored beside a checkpoint; they live as long as the tree. */
struct span tree_peaks(const struct tree *tree);
/* A tree of `size` leaves from stored peaks; SM_BAD_FORMAT when their number does not fit. */
SM_MUST_USE enum sm_error tree_restore(uint64_t size, struct span peaks, struct tree *out);

#endif
