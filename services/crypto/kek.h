/*
 * The key-encryption keys: one for each master key in use, derived from it by HKDF-SHA256 with a
 * label that names its version. One is in use, or two while the master key is rotated:
 *
 *   given:   the operator starts crypto with the next master key beside the old one; it is known to
 *            this process and nothing is wrapped under it
 *   begun:   its check value is in vault.key_check, and whatever is wrapped from then on is wrapped
 *            under it; what was wrapped before is wrapped anew (rotate_master.c)
 *   retired: nothing is wrapped under the old one any more, and its check value says so
 *
 * A start needs every master key in use and no other: with one too few, with a retired one or with
 * a wrong one it is refused before anything is written.
 *
 * Whoever wraps holds the key's row (FOR KEY SHARE) until its transaction ends, and whoever retires
 * the key locks that row first and counts then: so nothing is left behind under a retired key.
 */
#ifndef SM_CRYPTO_KEK_H
#define SM_CRYPTO_KEK_H

#include "base/secret.h"
#include "db/connection.h"

struct keks;

/* As configured: base64 or hexadecimal text of 32 or more random bytes; `next` may be empty. */
struct master_keys {
    struct span current, next;
};

/*
 * Checks the given master keys against this database, in the caller's transaction under the
 * keyring's lock; writes the check value at the first start ever. SM_CONFIG with a clear log line
 * for one that is malformed, short, weak, wrong, retired or missing.
 */
SM_MUST_USE enum sm_error keks_open(
    struct db *db, const struct master_keys *given, struct keks **out);
void keks_free(struct keks **keks);

/*
 * Wraps under the newest master key in use. In the caller's transaction, which commits the row.
 * SM_UNAVAILABLE where this process was started before that key was given to it.
 */
SM_MUST_USE enum sm_error keks_wrap(const struct keks *keks, struct db *db, const char *purpose,
    struct span object, struct span plaintext, struct buffer *out);
/* SM_TAMPERED when `wrapped` is not of this place, or of no master key in use. */
SM_MUST_USE enum sm_error keks_unwrap(const struct keks *keks, const char *purpose,
    struct span object, struct span wrapped, struct secret **out);

/* --- rotation: each in the caller's transaction --- */

struct key_versions {
    uint64_t oldest, newest; /* in use; the same unless a rotation is under way */
};
SM_MUST_USE enum sm_error keks_versions(struct db *db, struct key_versions *out);

/*
 * Takes the next master key into use. Nothing if a rotation is under way already. SM_NOT_FOUND:
 * none was given to this process; SM_CONFLICT: another crypto process is running that does not know
 * it (see keks_mark_sessions).
 */
SM_MUST_USE enum sm_error keks_begin(const struct keks *keks, struct db *db, bool *is_begun);

/* Locks what wraps under the old master key out; after it a count of rows behind is final. */
SM_MUST_USE enum sm_error keks_lock_old(struct db *db);
/* Retires all but the newest. Only when a count after keks_lock_old found no row behind. */
SM_MUST_USE enum sm_error keks_retire_old(struct db *db);

/*
 * Makes all connections that this process opens from now on say, as their application name, which
 * master keys it knows; so that a rotation cannot begin beside a replica that knows less. Called
 * once, before there are threads.
 */
SM_MUST_USE enum sm_error keks_mark_sessions(const struct keks *keks);

#endif
