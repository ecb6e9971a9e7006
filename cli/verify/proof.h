/*
 * What the log's bytes prove: the chain's hash, the Merkle tree (RFC 6962 section 2.1), commitments
 * of personal values, and signed checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).
 * docs/audit-format.md has the exact bytes. The verifier's own, on libcrypto alone.
 */
#ifndef SM_VERIFY_PROOF_H
#define SM_VERIFY_PROOF_H

#include "cli/verify/slice.h"

enum {
    PROOF_HASH_BYTES = 32,
    PROOF_PEAKS_MAX = 64,
    PROOF_NOTE_MAX = 1024,
    PROOF_SIGNATURE_BYTES = 64
};

struct proof_hash {
    uint8_t bytes[PROOF_HASH_BYTES];
};

/* SHA-256("securemail/1 entry" || 00 || entry). */
struct proof_hash proof_entry(struct slice entry);

/* SHA-256("securemail/1 commitment" || salt || u32 size of name || name || value). */
struct proof_hash proof_commitment(
    const uint8_t salt[static PROOF_HASH_BYTES], const char *name, const char *value);

bool proof_equal(const struct proof_hash *a, const struct proof_hash *b);

/*
 * The way from one entry to the root: its siblings, from the leaf up (RFC 6962 section 2.1.1). It
 * grows with the tree that it hangs on. `peak` is where its entry's peak stands; set `seq` alone.
 */
struct proof_path {
    uint64_t seq; /* of the entry, from 1 */
    struct proof_hash siblings[PROOF_PEAKS_MAX];
    size_t count, peak;
};

/* The tree as its peaks; begin with zeros. */
struct proof_tree {
    uint64_t size;
    struct proof_hash peaks[PROOF_PEAKS_MAX];
    size_t peaks_count;
    struct proof_path *path; /* borrowed; NULL: none is wanted */
};
void proof_tree_add(struct proof_tree *tree, struct slice entry);
struct proof_hash proof_tree_root(const struct proof_tree *tree);

/* Adds to the tree's path what leads on from its peak to the root; the tree is not added to after.
 */
void proof_tree_finish_path(struct proof_tree *tree);

/* The root to which `siblings` lead from the entry `seq` of `size` (RFC 9162 section 2.1.3.2).
 * False when there are too few or too many of them. */
bool proof_path_root(
    const struct proof_path *path, struct slice entry, uint64_t size, struct proof_hash *out);

/* Ed25519 over these bytes. */
bool proof_is_signed(struct slice text, const uint8_t public_key[static PROOF_HASH_BYTES],
    const uint8_t signature[static PROOF_SIGNATURE_BYTES]);

/* A checkpoint, read from a signed note. */
struct proof_note {
    char origin[128];
    uint64_t size;
    struct proof_hash root;
};

/* What shows that a newer tree begins with an older one (RFC 6962 section 2.1.2). */
struct proof_extension {
    struct proof_hash hashes[PROOF_PEAKS_MAX];
    size_t count;
};
/* Whether it shows that (RFC 9162 section 2.1.4.2). An older tree has at least one entry. */
bool proof_extends(const struct proof_note *older, const struct proof_note *newer,
    const struct proof_extension *extension);

/* The key's name for verifiers: "<origin>+<key id, hex>+<base64(01 || public key)>". */
bool proof_note_key_is(
    struct slice value, const char *origin, const uint8_t public_key[static PROOF_HASH_BYTES]);

/* Reads the note and checks its signature by `public_key` under the name of its origin; others may
 * have signed it too. */
bool proof_note_read(
    const char *text, const uint8_t public_key[static PROOF_HASH_BYTES], struct proof_note *out);

/* One signature and nothing behind it, as the log itself writes a note. */
bool proof_note_is_alone(const char *text);

#endif
