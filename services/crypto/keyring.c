/*
 * Start-up: master key -> key-encryption key, the check that it is this database's, then the
 * service keys, made at the first start ever. One transaction under one lock, so that replicas that
 * start together make one set. After that the keyring is read-only.
 */
#include "services/crypto/keyring.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "envelope/p256.h"
#include "services/crypto/master_key.h"
#include "services/crypto/place.h"

#include <assert.h>
#include <string.h>

enum {
    MASTER_VERSION = 1, /* a second one comes with the rotation of the master key */
    KEYS_MAX = 64,      /* service keys of all versions */
};

struct stored_key {
    enum service_key purpose;
    uint64_t version;
    struct secret *key;
};

struct keyring {
    struct secret *kek;
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
    check_read = {"key_check_read", "SELECT value FROM vault.key_check WHERE version = $1"},
    check_any = {"key_check_any", "SELECT EXISTS (SELECT FROM vault.service_key)"},
    check_write = {"key_check_write",
        "INSERT INTO vault.key_check (version, value, created_ms) VALUES ($1, $2, clock.now_ms())"},
    keys_read = {"service_key_read",
        "SELECT purpose, version, wrapped FROM vault.service_key ORDER BY purpose, version"},
    key_write = {"service_key_write",
        "INSERT INTO vault.service_key (purpose, version, wrapped, created_ms)"
        " VALUES ($1, $2, $3, clock.now_ms())"},
    organisation_write = {"organisation_key_write",
        "INSERT INTO vault.organisation_key (organisation, version, wrapped, created_ms)"
        " VALUES ($1, $2, $3, clock.now_ms())"},
    organisation_newest = {"organisation_key_newest",
        "SELECT version, wrapped FROM vault.organisation_key WHERE organisation = $1"
        " ORDER BY version DESC LIMIT 1"},
    organisation_version = {"organisation_key_version",
        "SELECT version, wrapped FROM vault.organisation_key"
        " WHERE organisation = $1 AND version = $2"};
/* clang-format on */

/* --- the master key --- */

/* What one label makes of the master key. */
static enum sm_error derive(
    struct span master, const char *label, uint8_t out[static KDF_SHA256_BYTES])
{
    uint8_t extracted[KDF_SHA256_BYTES];
    DEFER_WIPE(extracted);
    TRY(kdf_extract(KDF_SHA256, span_text("securemail/1 master key"), master, extracted));
    return kdf_expand(KDF_SHA256, SPAN(extracted), span_text(label), out, KDF_SHA256_BYTES);
}

static enum sm_error refuse_master(const char *cause)
{
    log_line(LOG_ERROR, "master-key-refused", "setting", "SECURE_MAIL_MASTER_KEY", "cause", cause,
        "remedy", "start with the master key that this database was made with", NULL);
    return SM_CONFIG;
}

/* The first start writes the check value; later ones compare. */
static enum sm_error check_master(struct db *db, struct span master)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_rows *any DEFER(db_rows_free) = NULL;
    uint8_t value[KDF_SHA256_BYTES];
    struct span stored;
    bool has_keys;
    TRY(derive(master, "securemail/1 key check 1", value));
    TRY(DB_RUN(db, &check_read, &rows, db_i64(MASTER_VERSION)));
    if (db_rows_count(rows) == 1) {
        TRY(db_read_bytes(rows, 0, 0, sizeof value, &stored));
        return secret_equal(stored, SPAN(value))
                   ? SM_OK
                   : refuse_master("it is not the master key of this database");
    }
    TRY(DB_RUN0(db, &check_any, &any));
    TRY(db_one(any));
    TRY(db_read_bool(any, 0, 0, &has_keys));
    if (has_keys)
        return refuse_master("the database has keys but no key-check value: it was altered");
    return DB_RUN(db, &check_write, NULL, db_i64(MASTER_VERSION), db_bytes(SPAN(value)));
}

/* --- service keys --- */

static struct place service_place(const char *purpose, struct span object)
{
    return (struct place){.purpose = purpose, .object = object, .version = MASTER_VERSION};
}

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
    TRY(keyring_wrap_service(keyring, purposes[purpose], SPAN(object), secret_span(key), &wrapped));
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
    secret_free(&(*keyring)->kek);
    memory_free(keyring);
}

enum sm_error keyring_open(struct db *db, struct span master, struct keyring **out)
{
    struct secret *bytes DEFER(secret_free) = NULL;
    struct keyring *keyring DEFER(keyring_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    void *fresh;
    TRY(master_key_parse(master, &bytes));
    TRY(memory_zeroed(1, sizeof *keyring, &fresh));
    keyring = fresh;
    TRY(secret_new(KDF_SHA256_BYTES, &keyring->kek));
    TRY(derive(
        secret_span(bytes), "securemail/1 key-encryption key 1", secret_bytes(keyring->kek)));
    TRY(db_begin(db, &tx));
    TRY(DB_RUN0(db, &lock, NULL));
    TRY(check_master(db, secret_span(bytes)));
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

/* --- wrapping --- */

enum sm_error keyring_wrap_service(const struct keyring *keyring, const char *purpose,
    struct span object, struct span plaintext, struct buffer *out)
{
    struct place place = service_place(purpose, object);
    return place_wrap(secret_span(keyring->kek), &place, plaintext, out);
}

enum sm_error keyring_unwrap_service(const struct keyring *keyring, const char *purpose,
    struct span object, struct span wrapped, struct secret **out)
{
    uint64_t version;
    struct place place = service_place(purpose, object);
    TRY(place_version(wrapped, &version));
    if (version != MASTER_VERSION)
        return SM_TAMPERED;
    return place_unwrap(secret_span(keyring->kek), &place, wrapped, out);
}

/* An organisation's key stands wrapped under the KEK; its object is organisation and version. */
static enum sm_error organisation_object(
    struct id organisation, uint64_t version, struct buffer *out)
{
    TRY(buffer_append(out, id_span(&organisation)));
    return buffer_append_be(out, version, 8);
}

enum sm_error keyring_organisation_new(
    const struct keyring *keyring, struct db *db, struct id organisation)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(PLACE_WRAPPED_BYTES_MAX);
    struct buffer object DEFER(buffer_free) = BUFFER(ID_BYTES + 8);
    TRY(secret_random(KDF_SHA256_BYTES, &key));
    TRY(organisation_object(organisation, 1, &object));
    TRY(keyring_wrap_service(
        keyring, "organisation key", buffer_span(&object), secret_span(key), &wrapped));
    return DB_RUN(db, &organisation_write, NULL, db_id(&organisation), db_i64(1),
        db_bytes(buffer_span(&wrapped)));
}

/* Reads the one row of `rows`: an organisation's key of some version. */
static enum sm_error read_organisation_key(const struct keyring *keyring, struct id organisation,
    const struct db_rows *rows, uint64_t *version, struct secret **out)
{
    struct buffer object DEFER(buffer_free) = BUFFER(ID_BYTES + 8);
    struct span wrapped;
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, version));
    TRY(db_read_bytes(rows, 0, 1, PLACE_WRAPPED_BYTES_MAX, &wrapped));
    TRY(organisation_object(organisation, *version, &object));
    return keyring_unwrap_service(keyring, "organisation key", buffer_span(&object), wrapped, out);
}

enum sm_error keyring_wrap(const struct keyring *keyring, struct db *db, struct id organisation,
    const char *purpose, struct id object, struct span plaintext, struct buffer *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct secret *key DEFER(secret_free) = NULL;
    struct place place = {
        .purpose = purpose, .organisation = id_span(&organisation), .object = id_span(&object)};
    TRY(DB_RUN(db, &organisation_newest, &rows, db_id(&organisation)));
    TRY(read_organisation_key(keyring, organisation, rows, &place.version, &key));
    return place_wrap(secret_span(key), &place, plaintext, out);
}

enum sm_error keyring_unwrap(const struct keyring *keyring, struct db *db, struct id organisation,
    const char *purpose, struct id object, struct span wrapped, struct secret **out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct secret *key DEFER(secret_free) = NULL;
    struct place place = {
        .purpose = purpose, .organisation = id_span(&organisation), .object = id_span(&object)};
    TRY(place_version(wrapped, &place.version));
    TRY(DB_RUN(db, &organisation_version, &rows, db_id(&organisation), db_u64(place.version)));
    if (db_rows_count(rows) == 0)
        return SM_TAMPERED; /* no such version: the bytes were altered */
    TRY(read_organisation_key(keyring, organisation, rows, &place.version, &key));
    return place_unwrap(secret_span(key), &place, wrapped, out);
}
