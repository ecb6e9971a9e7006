/*
 * The hash chain of a log. An entry's hash covers its exact stored bytes, which hold the hash of
 * the entry before ("prev", 64 zeros in the first). Whoever changes, drops or inserts one entry
 * must change every entry after it; checkpoint.h makes that visible too.
 *
 *     hash(entry) = SHA-256("securemail/1 entry" || 0x00 || the entry's bytes)
 */
#ifndef SM_AUDIT_CHAIN_H
#define SM_AUDIT_CHAIN_H

#include "base/error.h"
#include "base/span.h"
#include "proto/limits.h"

struct hash {
    uint8_t bytes[SHA256_BYTES];
};

struct hash_text {
    char text[2 * SHA256_BYTES + 1];
};
struct hash_text hash_text(const struct hash *hash); /* hash_text(&h).text in a printf */
bool hash_equal(const struct hash *a, const struct hash *b);
/* Exactly 32 bytes, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error hash_from_bytes(struct span bytes, struct hash *out);

/* `entry` has at most AUDIT_ENTRY_BYTES_MAX bytes, else SM_TOO_LARGE. */
SM_MUST_USE enum sm_error chain_hash(struct span entry, struct hash *out);

/* What stands in the first entry as "prev". */
extern const struct hash chain_start;

#endif
