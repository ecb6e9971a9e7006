/* One row, one MAC over all of it, checked at every read. */
#include "services/crypto/organisation.h"

#include "base/log.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "services/crypto/keep.h"
#include "services/crypto/rowmac.h"

enum { FIELDS = 11 };

/* clang-format off */
#define COLUMNS "organisation, name, base_url, from_address, language, colour," \
    " methods, lifetime_days_max, recipients_max, attachments_max, total_bytes_max"
static const struct statement
    read_one = {"organisation_read",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE organisation = $1"},
    read_named = {"organisation_read_named",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE name = $1"},
    read_locked = {"organisation_lock",
        "SELECT " COLUMNS ", mac FROM vault.organisation WHERE organisation = $1 FOR UPDATE"},
    insert = {"organisation_insert",
        "INSERT INTO vault.organisation (" COLUMNS ", mac, created_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock.now_ms())"},
    set_policy = {"organisation_set_policy",
        "UPDATE vault.organisation SET methods = $2, lifetime_days_max = $3, recipients_max = $4,"
        " attachments_max = $5, total_bytes_max = $6, mac = $7 WHERE organisation = $1"};
/* clang-format on */

static void fields_of(const struct organisation *o, struct db_value out[static FIELDS])
{
    const struct db_value fields[FIELDS] = {db_id(&o->organisation), db_text(o->name),
        db_text(o->base_url), db_text(o->from_address), db_text(o->language), db_text(o->colour),
        db_u64(o->methods), db_u64(o->lifetime_days_max), db_u64(o->recipients_max),
        db_u64(o->attachments_max), db_u64(o->total_bytes_max)};
    for (size_t i = 0; i < FIELDS; i++)
        out[i] = fields[i];
}

static enum sm_error read_texts(
    const struct db_rows *rows, struct arena *arena, struct organisation *out)
{
    const struct {
        struct span *to;
        size_t size_max;
    } texts[] = {{&out->name, ORGANISATION_NAME_BYTES_MAX}, {&out->base_url, URL_BYTES_MAX},
        {&out->from_address, ADDRESS_BYTES_LIMIT}, {&out->language, LANGUAGE_BYTES},
        {&out->colour, 7}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        TRY(db_read_bytes(rows, 0, (int)i + 1, texts[i].size_max, texts[i].to));
        TRY(keep_span(arena, *texts[i].to, texts[i].to));
    }
    return SM_OK;
}

static enum sm_error read_numbers(const struct db_rows *rows, struct organisation *out)
{
    uint64_t *const numbers[] = {&out->methods, &out->lifetime_days_max, &out->recipients_max,
        &out->attachments_max, &out->total_bytes_max};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        TRY(db_read_u64(rows, 0, (int)i + 6, numbers[i]));
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
    if (rowmac_check(worker->crypto->keyring, "organisation", fields, FIELDS, mac) != SM_OK)
        return log_failure("organisation-row", SM_TAMPERED, id_text(row.organisation).text);
    *out = row;
    return SM_OK;
}

enum sm_error organisation_load(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct organisation row;
    TRY(DB_RUN(worker->db, &read_one, &rows, db_id(&organisation)));
    TRY(read_row(worker, rows, arena, &row));
    if (row.base_url.size == 0)
        row.base_url = span_text(worker->crypto->base_url);
    *out = row;
    return SM_OK;
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
    TRY(rowmac_make(worker->crypto->keyring, "organisation", values, FIELDS, mac));
    values[FIELDS] = db_bytes(SPAN(mac));
    return db_run(worker->db, &insert, values, FIELDS + 1, NULL);
}

enum sm_error organisation_set_policy(
    const struct worker *worker, const struct policy_set_request *policy)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct arena arena DEFER(arena_free) = ARENA(4096);
    struct db_value fields[FIELDS];
    uint8_t mac[ROWMAC_BYTES];
    struct organisation row;
    TRY(DB_RUN(worker->db, &read_locked, &rows, db_id(&policy->organisation)));
    TRY(read_row(worker, rows, &arena, &row));
    row.methods = policy->methods;
    row.lifetime_days_max = policy->lifetime_days_max;
    row.recipients_max = policy->recipients_max;
    row.attachments_max = policy->attachments_max;
    row.total_bytes_max = policy->total_bytes_max;
    fields_of(&row, fields);
    TRY(rowmac_make(worker->crypto->keyring, "organisation", fields, FIELDS, mac));
    return DB_RUN(worker->db, &set_policy, NULL, db_id(&row.organisation), db_u64(row.methods),
        db_u64(row.lifetime_days_max), db_u64(row.recipients_max), db_u64(row.attachments_max),
        db_u64(row.total_bytes_max), db_bytes(SPAN(mac)));
}
