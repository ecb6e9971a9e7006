/*
 * Personal values (addresses, names) stand in an entry as salted commitments. Value and salt lie in
 * a table of their own; when they are erased the entry still verifies, and nobody can find the
 * value by trying: the salt has 256 random bits.
 *
 *     commitment = SHA-256("securemail/1 commitment" || salt (32 bytes)
 *                          || size of name (u32, big-endian) || name || value)
 */
#ifndef SM_AUDIT_COMMITMENT_H
#define SM_AUDIT_COMMITMENT_H

#include "services/audit/chain.h"

enum { COMMITMENT_SALT_BYTES = 32 };

/* SM_TOO_LARGE for a name or value over ADDRESS_BYTES_LIMIT. */
SM_MUST_USE enum sm_error commitment_make(const uint8_t salt[static COMMITMENT_SALT_BYTES],
    struct span name, struct span value, struct hash *out);

#endif
