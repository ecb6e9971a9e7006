/*
 * An organisation's key, in versions: the newest wraps, the older ones open what is not yet wrapped
 * anew. Who wraps holds the newest version's row until its transaction ends; who destroys an old
 * version locks it first and counts then (rotate_organisation.c).
 */
#include "base/memory.h"
#include "envelope/kdf.h"
#include "services/crypto/keyring.h"
#include "services/crypto/place.h"

/* clang-format off */
static const struct statement
    last = {"organisation_key_last",
        "SELECT coalesce(max(version), 0) FROM vault.organisation_key WHERE organisation = $1"},
    write = {"organisation_key_write",
        "INSERT INTO vault.organisation_key (organisation, version, wrapped, created_ms)"
        " VALUES ($1, $2, $3, clock.now_ms())"},
    newest = {"organisation_key_newest",
        "SELECT version, wrapped FROM vault.organisation_key WHERE organisation = $1"
        " ORDER BY version DESC LIMIT 1 FOR KEY SHARE"},
    by_version = {"organisation_key_version",
        "SELECT version, wrapped FROM vault.organisation_key"
        " WHERE organisation = $1 AND version = $2"};
/* clang-format on */

static const char purpose_of_key[] = "organisation key";

/* It stands wrapped under the KEK; its object is organisation and version. */
static enum sm_error object_of(struct id organisation, uint64_t version, struct buffer *out)
{
    TRY(buffer_append(out, id_span(&organisation)));
    return buffer_append_be(out, version, 8);
}

static enum sm_error next_version(struct db *db, struct id organisation, uint64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &last, &rows, db_id(&organisation)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, out));
    ++*out;
    return SM_OK;
}

enum sm_error keyring_organisation_new(
    const struct keyring *keyring, struct db *db, struct id organisation)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(PLACE_WRAPPED_BYTES_MAX);
    struct buffer object DEFER(buffer_free) = BUFFER(ID_BYTES + 8);
    uint64_t version;
    TRY(next_version(db, organisation, &version));
    TRY(secret_random(KDF_SHA256_BYTES, &key));
    TRY(object_of(organisation, version, &object));
    TRY(keyring_wrap_service(
        keyring, db, purpose_of_key, buffer_span(&object), secret_span(key), &wrapped));
    return DB_RUN(
        db, &write, NULL, db_id(&organisation), db_u64(version), db_bytes(buffer_span(&wrapped)));
}

/* Reads the one row of `rows`: an organisation's key of some version. */
static enum sm_error read_key(const struct keyring *keyring, struct id organisation,
    const struct db_rows *rows, uint64_t *version, struct secret **out)
{
    struct buffer object DEFER(buffer_free) = BUFFER(ID_BYTES + 8);
    struct span wrapped;
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, version));
    TRY(db_read_bytes(rows, 0, 1, PLACE_WRAPPED_BYTES_MAX, &wrapped));
    TRY(object_of(organisation, *version, &object));
    return keyring_unwrap_service(keyring, purpose_of_key, buffer_span(&object), wrapped, out);
}

/* Where the newest one that was seen was destroyed while its lock was waited for, a newer is there.
 */
static enum sm_error find_newest(struct db *db, struct id organisation, struct db_rows **out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &newest, &rows, db_id(&organisation)));
    if (db_rows_count(rows) == 0) {
        db_rows_free(&rows);
        TRY(DB_RUN(db, &newest, &rows, db_id(&organisation)));
    }
    *out = TAKE(rows);
    return SM_OK;
}

enum sm_error keyring_wrap(const struct keyring *keyring, struct db *db, struct id organisation,
    const char *purpose, struct id object, struct span plaintext, struct buffer *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct secret *key DEFER(secret_free) = NULL;
    struct place place = {
        .purpose = purpose, .organisation = id_span(&organisation), .object = id_span(&object)};
    TRY(find_newest(db, organisation, &rows));
    TRY(read_key(keyring, organisation, rows, &place.version, &key));
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
    TRY(DB_RUN(db, &by_version, &rows, db_id(&organisation), db_u64(place.version)));
    if (db_rows_count(rows) == 0)
        return SM_TAMPERED; /* no such version: altered, or destroyed since it was read */
    TRY(read_key(keyring, organisation, rows, &place.version, &key));
    return place_unwrap(secret_span(key), &place, wrapped, out);
}
