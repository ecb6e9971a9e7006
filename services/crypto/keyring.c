/*
 * Start-up: the master keys (kek.c), then the service keys, made at the first start ever. One
 * transaction under one lock, so that replicas that start together make one set. After that the
 * keyring is read-only.
 */
#include "services/crypto/keyring.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "envelope/p256.h"
#include "services/crypto/kek.h"
#include "services/crypto/place.h"

#include <assert.h>

enum { KEYS_MAX = 64 }; /* service keys of all versions */

struct stored_key {
    enum service_key purpose;
    uint64_t version;
    struct secret *key;
};

struct keyring {
    struct keks *keks;
    struct stored_key keys[KEYS_MAX];
    size_t count;
    uint64_t newest[KEY_COUNT];
};

/* clang-format off */
/* Names in the database; the label of a wrap's AAD too. Frozen. */
static const char *const purposes[KEY_COUNT] = {
    [KEY_PEPPER] = "pepper",         [KEY_CODE] = "code",          [KEY_LINK] = "link",
    [KEY_ROW] = "row",               [KEY_TIME] = "time",          [KEY_SESSION] = "session",
    [KEY_CAPABILITY] = "capability", [KEY_IDENTITY] = "identity",
};

static const struct statement
    lock = {"keyring_lock", "SELECT pg_advisory_xact_lock(7516010)"},
    keys_read = {"service_key_read",
        "SELECT purpose, version, wrapped FROM vault.service_key ORDER BY purpose, version"},
    key_write = {"service_key_write",
        "INSERT INTO vault.service_key (purpose, version, wrapped, created_ms)"
        " VALUES ($1, $2, $3, clock.now_ms())"};
/* clang-format on */

/* --- service keys --- */

static enum sm_error purpose_of(struct span name, enum service_key *out)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (span_equals_text(name, purposes[i])) {
            *out = (enum service_key)i;
            return SM_OK;
        }
    }
    return log_failure("service-key", SM_DATABASE, "unknown purpose");
}

/* The object of a service key's wrap: its own version, so that two rows cannot be swapped. */
static enum sm_error keep(
    struct keyring *keyring, enum service_key purpose, uint64_t version, struct span wrapped)
{
    uint8_t object[8];
    for (size_t i = 0; i < 8; i++)
        object[i] = (uint8_t)(version >> (56 - 8 * i));
    if (keyring->count == KEYS_MAX)
        return SM_TOO_LARGE;
    struct stored_key *slot = &keyring->keys[keyring->count];
    TRY(keyring_unwrap_service(keyring, purposes[purpose], SPAN(object), wrapped, &slot->key));
    slot->purpose = purpose;
    slot->version = version;
    keyring->count++;
    if (version > keyring->newest[purpose])
        keyring->newest[purpose] = version;
    return SM_OK;
}

static enum sm_error load_keys(struct keyring *keyring, struct db *db)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, &keys_read, &rows));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct span name;
        struct span wrapped;
        uint64_t version;
        enum service_key purpose = KEY_COUNT;
        TRY(db_read_bytes(rows, i, 0, 64, &name));
        TRY(db_read_u64(rows, i, 1, &version));
        TRY(db_read_bytes(rows, i, 2, PLACE_WRAPPED_BYTES_MAX, &wrapped));
        TRY(purpose_of(name, &purpose));
        if (keep(keyring, purpose, version, wrapped) != SM_OK)
            return log_failure("service-key", SM_TAMPERED, purposes[purpose]);
    }
    return SM_OK;
}

/* Random bytes, or for the identity a scalar within the curve's order. */
static enum sm_error new_key(enum service_key purpose, struct secret **out)
{
    struct p256_key *key DEFER(p256_free) = NULL;
    if (purpose != KEY_IDENTITY)
        return secret_random(KDF_SHA256_BYTES, out);
    TRY(p256_generate(&key));
    return p256_export(key, out);
}

static enum sm_error make_key(struct keyring *keyring, struct db *db, enum service_key purpose)
{
    static const uint8_t object[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(PLACE_WRAPPED_BYTES_MAX);
    TRY(new_key(purpose, &key));
    TRY(keyring_wrap_service(
        keyring, db, purposes[purpose], SPAN(object), secret_span(key), &wrapped));
    TRY(DB_RUN(db, &key_write, NULL, db_text(span_text(purposes[purpose])), db_i64(1),
        db_bytes(buffer_span(&wrapped))));
    return keep(keyring, purpose, 1, buffer_span(&wrapped));
}

static enum sm_error make_missing(struct keyring *keyring, struct db *db)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (keyring->newest[i] == 0)
            TRY(make_key(keyring, db, (enum service_key)i));
    return SM_OK;
}

/* --- life --- */

void keyring_free(struct keyring **keyring)
{
    if (!*keyring)
        return;
    for (size_t i = 0; i < (*keyring)->count; i++)
        secret_free(&(*keyring)->keys[i].key);
    keks_free(&(*keyring)->keks);
    memory_free(keyring);
}

enum sm_error keyring_open(struct db *db, const struct master_keys *master, struct keyring **out)
{
    struct keyring *keyring DEFER(keyring_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    void *fresh;
    TRY(memory_zeroed(1, sizeof *keyring, &fresh));
    keyring = fresh;
    TRY(db_begin(db, &tx));
    TRY(DB_RUN0(db, &lock, NULL));
    TRY(keks_open(db, master, &keyring->keks));
    TRY(load_keys(keyring, db));
    TRY(make_missing(keyring, db));
    FAIL_POINT("crypto.keyring.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.keyring.after-commit");
    *out = TAKE(keyring);
    return SM_OK;
}

/* --- reading --- */

enum sm_error keyring_key_version(
    const struct keyring *keyring, enum service_key purpose, uint64_t version, struct span *out)
{
    for (size_t i = 0; i < keyring->count; i++) {
        const struct stored_key *key = &keyring->keys[i];
        if (key->purpose == purpose && key->version == version) {
            *out = secret_span(key->key);
            return SM_OK;
        }
    }
    return SM_NOT_FOUND;
}

uint64_t keyring_version(const struct keyring *keyring, enum service_key purpose)
{
    return keyring->newest[purpose];
}

struct span keyring_key(const struct keyring *keyring, enum service_key purpose)
{
    struct span key = {0};
    enum sm_error error = keyring_key_version(keyring, purpose, keyring->newest[purpose], &key);
    assert(error == SM_OK); /* keyring_open made what was missing */
    return key;
}

const struct keks *keyring_keks(const struct keyring *keyring)
{
    return keyring->keks;
}

enum sm_error keyring_lock(struct db *db)
{
    return DB_RUN0(db, &lock, NULL);
}

/* --- wrapping --- */

enum sm_error keyring_wrap_service(const struct keyring *keyring, struct db *db,
    const char *purpose, struct span object, struct span plaintext, struct buffer *out)
{
    return keks_wrap(keyring->keks, db, purpose, object, plaintext, out);
}

enum sm_error keyring_unwrap_service(const struct keyring *keyring, const char *purpose,
    struct span object, struct span wrapped, struct secret **out)
{
    return keks_unwrap(keyring->keks, purpose, object, wrapped, out);
}
