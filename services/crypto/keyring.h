/*
 * The keys of the crypto process. The master key (configuration; never stored) gives, by
 * HKDF-SHA256 with a versioned label, the key-encryption key (kek.h); that wraps everything else:
 *
 *   master -> KEK -> service keys (pepper, code, link, row MAC, time token, session, capability,
 *                    identity): random, one row each per version in vault.service_key
 *                 -> organisation keys: random, one row per version in vault.organisation_key
 *                      -> message keys (and what else belongs to an organisation)
 *                 -> HPKE keys (hpke_keys.h)
 *
 * A wrap is AES-256-GCM with a random nonce (lib/envelope); its AAD names purpose, organisation,
 * object and key version, so a wrapped value moved to another row does not open. A key-check value
 * stored at first start makes a wrong master key stop the service instead of writing what nobody
 * can read. All service keys are loaded at start and then only read: safe to share between threads.
 */
#ifndef SM_CRYPTO_KEYRING_H
#define SM_CRYPTO_KEYRING_H

#include "base/secret.h"
#include "db/connection.h"
#include "services/crypto/kek.h"

enum service_key {
    KEY_PEPPER,     /* argon2's secret input */
    KEY_CODE,       /* HMAC of one-time codes */
    KEY_LINK,       /* link secrets */
    KEY_ROW,        /* MACs of rows that the identity check depends on */
    KEY_TIME,       /* time tokens */
    KEY_SESSION,    /* HMAC of session secrets as stored */
    KEY_CAPABILITY, /* Ed25519 seed */
    KEY_IDENTITY,   /* P-256 scalar: what links pin */
    KEY_COUNT
};

struct keyring;

/*
 * Makes the service keys at the first start ever. SM_CONFIG with a clear log line for master keys
 * that are malformed, short, weak (few distinct bytes) or not those of this database (kek.h).
 */
SM_MUST_USE enum sm_error keyring_open(
    struct db *db, const struct master_keys *master, struct keyring **out);
void keyring_free(struct keyring **keyring);

/* The current key of a purpose, or the one of an older version (SM_NOT_FOUND). Lives as long as
 * the keyring. Versions start at 1. */
struct span keyring_key(const struct keyring *keyring, enum service_key purpose);
uint64_t keyring_version(const struct keyring *keyring, enum service_key purpose);
SM_MUST_USE enum sm_error keyring_key_version(
    const struct keyring *keyring, enum service_key purpose, uint64_t version, struct span *out);

/* The key-encryption keys; they live as long as the keyring. */
const struct keks *keyring_keks(const struct keyring *keyring);
/* What a start holds too, so that the two do not overlap. Until the caller's transaction ends. */
SM_MUST_USE enum sm_error keyring_lock(struct db *db);

/* --- organisation keys (organisation_key.c) --- */

/*
 * Makes the next version of an organisation's key, the first or a newer one, inside the caller's
 * transaction; what is wrapped from its commit on is wrapped under it. SM_CONFLICT when another
 * transaction made it first.
 */
SM_MUST_USE enum sm_error keyring_organisation_new(
    const struct keyring *keyring, struct db *db, struct id organisation);

/*
 * Wraps `plaintext` (at most 256 bytes) under the organisation's newest key; the result carries its
 * version. In the transaction that commits the row: until it ends, that version is not destroyed.
 * `purpose` is a constant such as "message key", `object` the id of the row it stands in.
 */
SM_MUST_USE enum sm_error keyring_wrap(const struct keyring *keyring, struct db *db,
    struct id organisation, const char *purpose, struct id object, struct span plaintext,
    struct buffer *out);
/*
 * SM_TAMPERED when the wrapped bytes are not this purpose's and object's, and when their version of
 * the key is not there: it may have been destroyed since the row was read without a lock, so who
 * reads without one reads again first. Caller owns *out.
 */
SM_MUST_USE enum sm_error keyring_unwrap(const struct keyring *keyring, struct db *db,
    struct id organisation, const char *purpose, struct id object, struct span wrapped,
    struct secret **out);

/* --- the same under the KEK itself, for what belongs to no organisation --- */

/* In the transaction that commits the row; see keks_wrap. */
SM_MUST_USE enum sm_error keyring_wrap_service(const struct keyring *keyring, struct db *db,
    const char *purpose, struct span object, struct span plaintext, struct buffer *out);
SM_MUST_USE enum sm_error keyring_unwrap_service(const struct keyring *keyring, const char *purpose,
    struct span object, struct span wrapped, struct secret **out);

#endif
