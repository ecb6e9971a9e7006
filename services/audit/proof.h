/*
 * Checking Merkle proofs (RFC 6962 sections 2.1.1 and 2.1.2; the algorithms are those of RFC 9162
 * sections 2.1.3.2 and 2.1.4.2). All answer SM_TAMPERED when the proof does not show it.
 */
#ifndef SM_AUDIT_PROOF_H
#define SM_AUDIT_PROOF_H

#include "services/audit/tree.h"

struct proof {
    const struct hash *hashes;
    size_t count;
};

/* That `leaf` (its hash) stands at `index` (from 0) in the tree of `size` leaves with `root`. */
SM_MUST_USE enum sm_error proof_check_inclusion(const struct hash *leaf, uint64_t index,
    uint64_t size, struct proof proof, const struct hash *root);

struct tree_head {
    uint64_t size;
    struct hash root;
};
/* That the older tree is a prefix of the newer one. A tree of no leaves is not the prefix of any
 * other that a proof could show: refused, also with itself, as is an older tree that is larger. */
SM_MUST_USE enum sm_error proof_check_consistency(
    const struct tree_head *older, const struct tree_head *newer, struct proof proof);

#endif
