/* Proof checking: walk from the leaf to the root, taking a hash from the left or from the right as
 * the bits of the position say. A proof with one hash too many or too few shows nothing. */
#include "services/audit/proof.h"

enum sm_error proof_check_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
    struct proof proof, const struct hash *root)
{
    if (index >= size)
        return SM_TAMPERED;
    uint64_t last = size - 1;
    struct hash walked = *leaf;
    for (size_t i = 0; i < proof.count; i++) {
        if (last == 0)
            return SM_TAMPERED;
        if (index % 2 == 1 || index == last) {
            TRY(tree_node(&proof.hashes[i], &walked, &walked));
            for (; index != 0 && index % 2 == 0; index >>= 1)
                last >>= 1;
        } else {
            TRY(tree_node(&walked, &proof.hashes[i], &walked));
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && hash_equal(&walked, root) ? SM_OK : SM_TAMPERED;
}

/* Where the two trees part, seen from the leaf: the walk starts at the first left turn. */
struct walk {
    uint64_t first, second;
    struct hash older, newer;
};

static enum sm_error step(struct walk *walk, const struct hash *sibling)
{
    if (walk->second == 0)
        return SM_TAMPERED;
    if (walk->first % 2 == 1 || walk->first == walk->second) {
        TRY(tree_node(sibling, &walk->older, &walk->older));
        TRY(tree_node(sibling, &walk->newer, &walk->newer));
        for (; walk->first != 0 && walk->first % 2 == 0; walk->first >>= 1)
            walk->second >>= 1;
    } else {
        TRY(tree_node(&walk->newer, sibling, &walk->newer));
    }
    walk->first >>= 1;
    walk->second >>= 1;
    return SM_OK;
}

enum sm_error proof_check_consistency(
    const struct tree_head *older, const struct tree_head *newer, struct proof proof)
{
    if (older->size == 0)
        return SM_TAMPERED;
    if (older->size == newer->size)
        return proof.count == 0 && hash_equal(&older->root, &newer->root) ? SM_OK : SM_TAMPERED;
    if (older->size > newer->size || proof.count == 0)
        return SM_TAMPERED;
    struct walk walk = {older->size - 1, newer->size - 1, older->root, older->root};
    while (walk.first % 2 == 1) {
        walk.first >>= 1;
        walk.second >>= 1;
    }
    size_t i = 0;
    if (walk.first != 0) /* an older tree that is one perfect subtree is its own first hash */
        walk.older = walk.newer = proof.hashes[i++];
    for (; i < proof.count; i++)
        TRY(step(&walk, &proof.hashes[i]));
    bool shows = walk.second == 0 && hash_equal(&walk.older, &older->root) &&
                 hash_equal(&walk.newer, &newer->root);
    return shows ? SM_OK : SM_TAMPERED;
}
