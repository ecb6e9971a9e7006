/*
 * The key that signs checkpoints (Ed25519). It lives in this process and in one file,
 * <keys>/audit-sign.key (64 hexadecimal digits, mode 0600), never in the database: whoever can
 * rewrite the tables cannot sign what he wrote. All replicas of audit need the same file. The
 * public half stands beside it in audit-sign.pub, for those who verify. While the key is rotated
 * (succession.h) the next one lies beside it in audit-sign.next.
 */
#ifndef SM_AUDIT_SIGNING_KEY_H
#define SM_AUDIT_SIGNING_KEY_H

#include "base/error.h"
#include "base/span.h"

struct signing_key;

/*
 * Reads the file; makes it when there is none and `may_make` (no log has been signed yet).
 * SM_CONFIG, logged with the remedy, for a file that is missing, malformed, or open to others.
 * Caller owns *out.
 */
SM_MUST_USE enum sm_error signing_key_open(
    const char *directory, bool may_make, struct signing_key **out);
/*
 * The next key, if the operator asked for one: an empty file is his wish, and is filled.
 * SM_NOT_FOUND: he did not. Caller owns *out.
 */
SM_MUST_USE enum sm_error signing_key_open_next(const char *directory, struct signing_key **out);
/* The next key takes the place of the old one, which is destroyed with it; or is kept under the
 * name audit-sign.old-<its public half> where there is still a use for it. */
SM_MUST_USE enum sm_error signing_key_take_over(
    const char *directory, const struct signing_key *next, const struct signing_key *kept);

/* From 32 bytes: for tests, and what the file holds. */
SM_MUST_USE enum sm_error signing_key_new(struct span seed, struct signing_key **out);
void signing_key_free(struct signing_key **key);

/* 32 bytes that live as long as the key. */
struct span signing_key_public(const struct signing_key *key);

SM_MUST_USE enum sm_error signing_key_sign(
    const struct signing_key *key, struct span message, uint8_t signature[static 64]);

#endif
