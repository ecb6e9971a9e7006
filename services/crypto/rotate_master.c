/*
 * The master key: service keys, organisation keys and HPKE keys are wrapped under it. And the HPKE
 * key, under which nothing is wrapped: a new one is made ahead of its time.
 */
#include "base/log.h"
#include "base/memory.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/place.h"
#include "services/crypto/rotation.h"

enum { PURPOSE_BYTES_MAX = 64 };

/* --- rows: name, purpose and object of the wrap, wrapped --- */

struct wrapped_row {
    struct span name, object, wrapped;
    const char *purpose;
};

static enum sm_error read_row(
    const struct db_rows *rows, size_t row, struct buffer *purpose, struct wrapped_row *out)
{
    struct span text;
    TRY(db_read_bytes(rows, row, 0, ROTATION_NAME_BYTES_MAX, &out->name));
    TRY(db_read_bytes(rows, row, 1, PURPOSE_BYTES_MAX, &text));
    TRY(db_read_bytes(rows, row, 2, ROTATION_NAME_BYTES_MAX, &out->object));
    TRY(db_read_bytes(rows, row, 3, PLACE_WRAPPED_BYTES_MAX, &out->wrapped));
    TRY(buffer_append(purpose, text));
    return buffer_text(purpose, &out->purpose);
}

/* `put` writes it back: $1 name, $2 wrapped. */
static enum sm_error rewrap(
    const struct worker *worker, const struct db_rows *rows, size_t at, const struct statement *put)
{
    const struct keyring *keyring = worker->crypto->keyring;
    struct buffer purpose DEFER(buffer_free) = BUFFER(PURPOSE_BYTES_MAX + 1);
    struct buffer fresh DEFER(buffer_free) = BUFFER(PLACE_WRAPPED_BYTES_MAX);
    struct secret *key DEFER(secret_free) = NULL;
    struct wrapped_row row;
    TRY(read_row(rows, at, &purpose, &row));
    TRY(keyring_unwrap_service(keyring, row.purpose, row.object, row.wrapped, &key));
    TRY(keyring_wrap_service(
        keyring, worker->db, row.purpose, row.object, secret_span(key), &fresh));
    return DB_RUN(worker->db, put, NULL, db_bytes(row.name), db_bytes(buffer_span(&fresh)));
}

static void report(const char *table)
{
    log_line(LOG_ERROR, "key-rotation", "cause",
        "a key does not open under the master key: its row was altered", "table", table, NULL);
}

#define ROWS(table)                                                                          \
    static enum sm_error rewrap_##table(const struct worker *worker, struct id organisation, \
        const struct db_rows *rows, size_t row)                                              \
    {                                                                                        \
        (void)organisation;                                                                  \
        return rewrap(worker, rows, row, &put_##table);                                      \
    }                                                                                        \
    static void report_##table(const struct worker *worker, struct span name)                \
    {                                                                                        \
        (void)worker;                                                                        \
        (void)name;                                                                          \
        report("vault." #table);                                                             \
    }

/* clang-format off */
static const struct statement
    put_service_key = {"rotate_service_key_put",
        "UPDATE vault.service_key SET wrapped = $2"
        " WHERE convert_to(purpose, 'UTF8') || int8send(version) = $1"},
    put_organisation_key = {"rotate_organisation_key_put",
        "UPDATE vault.organisation_key SET wrapped = $2 WHERE"
        " organisation = substring($1::bytea FROM 1 FOR 16) AND int8send(version) = substring($1::bytea FROM 17)"},
    put_hpke_key = {"rotate_hpke_key_put", "UPDATE vault.hpke_key SET wrapped = $2 WHERE kid = $1"};
ROWS(service_key)
ROWS(organisation_key)
ROWS(hpke_key)

/* $1 is the organisation: there is none. NO KEY: who wraps under an organisation's key holds it. */
#define TABLE(table, name, purpose, object)                                                        \
    {.take = {"rotate_" #table "_take",                                                            \
         "SELECT " name ", " purpose ", " object ", wrapped FROM vault." #table                    \
         " WHERE $1::bytea IS NULL AND vault.wrap_version(wrapped) = $2 AND " name " > $3"         \
         " ORDER BY 1" ROTATION_LIMIT " FOR NO KEY UPDATE SKIP LOCKED"},                           \
     .behind = {"rotate_" #table "_behind",                                                        \
         "SELECT count(*) FROM vault." #table                                                      \
         " WHERE $1::bytea IS NULL AND vault.wrap_version(wrapped) = $2"},                         \
     .rewrap = rewrap_##table, .report = report_##table}

static const struct wrapped_table tables[] = {
    TABLE(service_key, "convert_to(purpose, 'UTF8') || int8send(version)", "purpose", "int8send(version)"),
    TABLE(organisation_key, "organisation || int8send(version)", "'organisation key'", "organisation || int8send(version)"),
    TABLE(hpke_key, "kid", "'hpke key'", "kid"),
};
/* clang-format on */

/* --- versions --- */

static enum sm_error versions(struct db *db, struct id organisation, struct key_versions *out)
{
    (void)organisation;
    return keks_versions(db, out);
}

/* Under the lock that a start holds: of two that begin, the second finds it under way. */
static enum sm_error begin(const struct worker *worker, struct arena *arena, struct id organisation)
{
    bool is_begun;
    (void)arena;
    (void)organisation;
    TRY(keyring_lock(worker->db));
    TRY(keks_begin(keyring_keks(worker->crypto->keyring), worker->db, &is_begun));
    return is_begun ? SM_OK : SM_REPLAYED;
}

static enum sm_error lock_old(struct db *db, struct id organisation)
{
    (void)organisation;
    return keks_lock_old(db);
}

static enum sm_error destroy_old(struct db *db, struct id organisation)
{
    (void)organisation;
    return keks_retire_old(db);
}

const struct rotated rotated_master = {
    .name = "master key",
    .tables = tables,
    .tables_count = sizeof tables / sizeof tables[0],
    .versions = versions,
    .begin = begin,
    .lock_old = lock_old,
    .destroy_old = destroy_old,
};

/* --- the HPKE key --- */

static enum sm_error no_versions(struct db *db, struct id organisation, struct key_versions *out)
{
    (void)db;
    (void)organisation;
    *out = (struct key_versions){0};
    return SM_OK;
}

static enum sm_error make_hpke(
    const struct worker *worker, struct arena *arena, struct id organisation)
{
    int64_t now_ms;
    (void)arena;
    (void)organisation;
    TRY(db_now_ms(worker->db, &now_ms));
    return hpke_keys_make(worker->crypto->hpke, worker->db, now_ms);
}

static enum sm_error offer_hpke(const struct worker *worker)
{
    return hpke_keys_renew(worker->crypto->hpke, worker->db);
}

const struct rotated rotated_hpke = {
    .name = "HPKE key", .versions = no_versions, .begin = make_hpke, .begun = offer_hpke};
