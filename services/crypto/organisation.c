/*
 * One row, one MAC, checked at every read. The columns of the second half came later; while all of
 * them are at their default the MAC is over the first half alone, so that older rows verify as they
 * are. Setting one by hand, or setting all back, changes what is computed either way.
 */
#include "services/crypto/organisation.h"

#include "base/log.h"
#include "proto/limits.h"
#include "services/crypto/keep.h"
#include "services/crypto/rowmac.h"
#include "services/crypto/tampering.h"

enum { FIELDS = 18, FIELDS_AT_FIRST = 11, DIGEST_BYTES_MAX = 32 };

/* clang-format off */
#define COLUMNS "organisation, name, base_url, from_address, language, colour," \
    " methods, lifetime_days_max, recipients_max, attachments_max, total_bytes_max, from_name," \
    " contact, logo_digest, lifetimes, method_floor, default_method, default_lifetime_days"
static const struct statement
    read_one = {"organisation_read",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE organisation = $1"},
    read_named = {"organisation_read_named",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE name = $1"},
    read_locked = {"organisation_lock",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE organisation = $1 FOR UPDATE"},
    insert = {"organisation_insert",
        "INSERT INTO vault.organisation (" COLUMNS ", mac, created_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, clock.now_ms())"},
    update = {"organisation_update",
        "UPDATE vault.organisation SET name = $2, from_address = $3, language = $4, colour = $5,"
        " methods = $6, lifetime_days_max = $7, recipients_max = $8, attachments_max = $9,"
        " total_bytes_max = $10, from_name = $11, contact = $12, logo_digest = $13, lifetimes = $14,"
        " method_floor = $15, default_method = $16, default_lifetime_days = $17, mac = $18"
        " WHERE organisation = $1"};
/* clang-format on */

static size_t mac_fields(const struct organisation *o)
{
    bool has_later = o->from_name.size || o->contact.size || o->logo_digest.size || o->lifetimes ||
                     o->method_floor || o->default_method || o->default_lifetime_days;
    return has_later ? FIELDS : FIELDS_AT_FIRST;
}

static void fields_of(const struct organisation *o, struct db_value out[static FIELDS])
{
    const struct db_value fields[FIELDS] = {db_id(&o->organisation), db_text(o->name),
        db_text(o->base_url), db_text(o->from_address), db_text(o->language), db_text(o->colour),
        db_u64(o->methods), db_u64(o->lifetime_days_max), db_u64(o->recipients_max),
        db_u64(o->attachments_max), db_u64(o->total_bytes_max), db_text(o->from_name),
        db_text(o->contact), db_bytes(o->logo_digest), db_u64(o->lifetimes),
        db_u64(o->method_floor), db_u64(o->default_method), db_u64(o->default_lifetime_days)};
    for (size_t i = 0; i < FIELDS; i++)
        out[i] = fields[i];
}

static enum sm_error read_texts(
    const struct db_rows *rows, struct arena *arena, struct organisation *out)
{
    const struct {
        int column;
        struct span *to;
        size_t size_max;
    } texts[] = {{1, &out->name, ORGANISATION_NAME_BYTES_MAX}, {2, &out->base_url, URL_BYTES_MAX},
        {3, &out->from_address, ADDRESS_BYTES_LIMIT}, {4, &out->language, LANGUAGE_BYTES},
        {5, &out->colour, 7}, {11, &out->from_name, ORGANISATION_NAME_BYTES_MAX},
        {12, &out->contact, CONTACT_BYTES_MAX}, {13, &out->logo_digest, DIGEST_BYTES_MAX}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        TRY(db_read_bytes(rows, 0, texts[i].column, texts[i].size_max, texts[i].to));
        TRY(keep_span(arena, *texts[i].to, texts[i].to));
    }
    return SM_OK;
}

static enum sm_error read_numbers(const struct db_rows *rows, struct organisation *out)
{
    const struct {
        int column;
        uint64_t *to;
    } numbers[] = {{6, &out->methods}, {7, &out->lifetime_days_max}, {8, &out->recipients_max},
        {9, &out->attachments_max}, {10, &out->total_bytes_max}, {14, &out->lifetimes},
        {15, &out->method_floor}, {16, &out->default_method}, {17, &out->default_lifetime_days}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        TRY(db_read_u64(rows, 0, numbers[i].column, numbers[i].to));
    return SM_OK;
}

/* The row as it stands, MAC checked. */
static enum sm_error read_row(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct organisation *out)
{
    struct db_value fields[FIELDS];
    struct organisation row = {0};
    struct span mac;
    TRY(db_one(rows));
    TRY(db_read_id(rows, 0, 0, &row.organisation));
    TRY(read_texts(rows, arena, &row));
    TRY(read_numbers(rows, &row));
    TRY(db_read_bytes(rows, 0, FIELDS, ROWMAC_BYTES, &mac));
    fields_of(&row, fields);
    if (rowmac_check(worker->crypto->keyring, "organisation", fields, mac_fields(&row), mac) !=
        SM_OK)
        return log_failure("organisation-row", SM_TAMPERED, id_text(row.organisation).text);
    *out = row;
    return SM_OK;
}

static enum sm_error report(
    const struct worker *worker, const struct db_rows *rows, struct id organisation)
{
    struct tampering tampering = {.what = "organisation row", .organisation = organisation};
    TRY(db_read_bytes(rows, 0, FIELDS, ROWMAC_BYTES, &tampering.mac));
    return tampering_report(worker, &tampering);
}

const struct statement *organisation_statement(void)
{
    return &read_one;
}

enum sm_error organisation_read_loaded(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct id organisation, struct organisation *out)
{
    struct organisation row;
    enum sm_error error = read_row(worker, rows, arena, &row);
    if (error == SM_TAMPERED)
        return report(worker, rows, organisation);
    TRY(error);
    if (row.base_url.size == 0)
        row.base_url = span_text(worker->crypto->base_url);
    *out = row;
    return SM_OK;
}

enum sm_error organisation_load(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &read_one, &rows, db_id(&organisation)));
    return organisation_read_loaded(worker, rows, arena, organisation, out);
}

enum sm_error organisation_by_name(
    const struct worker *worker, struct arena *arena, struct span name, struct organisation *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &read_named, &rows, db_text(name)));
    return read_row(worker, rows, arena, out);
}

enum sm_error organisation_insert(
    const struct worker *worker, const struct organisation *organisation)
{
    struct db_value values[FIELDS + 1];
    uint8_t mac[ROWMAC_BYTES];
    fields_of(organisation, values);
    TRY(rowmac_make(
        worker->crypto->keyring, "organisation", values, mac_fields(organisation), mac));
    values[FIELDS] = db_bytes(SPAN(mac));
    return db_run(worker->db, &insert, values, FIELDS + 1, NULL);
}

enum sm_error organisation_lock(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &read_locked, &rows, db_id(&organisation)));
    return read_row(worker, rows, arena, out);
}

enum sm_error organisation_update(
    const struct worker *worker, const struct organisation *organisation)
{
    enum { BASE_URL = 2 }; /* the one that is not written again */
    struct db_value fields[FIELDS];
    struct db_value values[FIELDS];
    uint8_t mac[ROWMAC_BYTES];
    size_t count = 0;
    fields_of(organisation, fields);
    TRY(rowmac_make(
        worker->crypto->keyring, "organisation", fields, mac_fields(organisation), mac));
    for (size_t i = 0; i < FIELDS; i++)
        if (i != BASE_URL)
            values[count++] = fields[i];
    values[count++] = db_bytes(SPAN(mac));
    return db_run(worker->db, &update, values, count, NULL);
}
