/*
 * Many rows, one statement: each column of the new rows is one array parameter. A group commit of
 * hundreds of entries costs two round trips this way: what it begins with, and its COMMIT.
 */
#include "services/audit/store.h"

#include "base/memory.h"

#include <assert.h>

enum { COLUMN_BYTES_MAX = 8 * 1024 * 1024 };

static const struct statement sql_has_logs = {"audit_has_logs",
    "SELECT EXISTS (SELECT FROM audit.entry) OR "
    "EXISTS (SELECT FROM audit.checkpoint)"};
static const struct statement sql_try_lead = {
    "audit_try_lead", "SELECT pg_try_advisory_lock(7516050)"};
static const struct statement sql_confirm_lead = {
    "audit_confirm_lead", "SELECT pg_try_advisory_xact_lock(7516050), clock.now_ms()"};
static const struct statement sql_known = {
    "audit_known", "SELECT event FROM audit.entry WHERE event = ANY ($1)"};
static const struct statement sql_last_checkpoint = {"audit_last_checkpoint",
    "SELECT size, note, peaks FROM audit.checkpoint WHERE organisation = $1 "
    "ORDER BY size DESC LIMIT 1"};
static const struct statement sql_entries = {"audit_entries",
    "SELECT seq, recorded_ms, body, hash FROM audit.entry "
    "WHERE organisation = $1 AND seq >= $2 ORDER BY seq LIMIT $3"};
static const struct statement sql_insert_entries = {"audit_insert_entries",
    "INSERT INTO audit.entry "
    "(organisation, event, message, link, body, hash, seq, kind, recorded_ms) "
    "SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], "
    "$6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[])"};
static const struct statement sql_insert_disclosures = {"audit_insert_disclosures",
    "INSERT INTO audit.disclosure (organisation, name, value, salt, seq, place) "
    "SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], "
    "$6::bigint[])"};
static const struct statement sql_insert_checkpoints = {"audit_insert_checkpoints",
    "INSERT INTO audit.checkpoint (organisation, note, peaks, size) "
    "SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[])"};

static const struct statement sql_disclosures_beyond = {"audit_disclosures_beyond",
    "SELECT EXISTS (SELECT FROM audit.disclosure WHERE organisation = $1 AND seq > $2)"};

static enum sm_error read_one_bool(struct db *db, const struct statement *statement, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, statement, &rows));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, out);
}

enum sm_error store_has_logs(struct db *db, bool *out)
{
    return read_one_bool(db, &sql_has_logs, out);
}

enum sm_error store_try_lead(struct db *db, bool *out)
{
    return read_one_bool(db, &sql_try_lead, out);
}

static enum sm_error read_lead(const struct db_rows *rows, struct store_start *out)
{
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, &out->is_leader));
    return db_read_u64(rows, 0, 1, &out->now_ms);
}

enum sm_error store_begin(struct db *db, struct db_array *ids, struct store_start *out)
{
    struct db_rows *lead DEFER(db_rows_free) = NULL;
    struct db_rows *known DEFER(db_rows_free) = NULL;
    struct db_value value = db_null();
    const struct db_query queries[] = {
        {&sql_confirm_lead, NULL, 0, &lead}, {&sql_known, &value, 1, &known}};
    if (ids->count)
        TRY(db_array_value(ids, &value));
    TRY(db_run_all(db, queries, ids->count ? 2 : 1));
    TRY(read_lead(lead, out));
    out->known = TAKE(known);
    return SM_OK;
}

static enum sm_error read_checkpoint(struct stored_checkpoint *found)
{
    enum { NOTE_BYTES_MAX = 512, PEAKS_BYTES_MAX = 64 * SHA256_BYTES };
    TRY(db_read_u64(found->rows, 0, 0, &found->size));
    TRY(db_read_bytes(found->rows, 0, 1, NOTE_BYTES_MAX, &found->note));
    return db_read_bytes(found->rows, 0, 2, PEAKS_BYTES_MAX, &found->peaks);
}

enum sm_error store_last_checkpoint(
    struct db *db, const struct id *organisation, struct stored_checkpoint *out)
{
    struct stored_checkpoint found DEFER(stored_checkpoint_free) = {0};
    TRY(DB_RUN(db, &sql_last_checkpoint, &found.rows, db_id(organisation)));
    if (db_rows_count(found.rows) > 0 && read_checkpoint(&found) != SM_OK)
        return SM_TAMPERED;
    *out = found;
    found.rows = NULL;
    return SM_OK;
}

void stored_checkpoint_free(struct stored_checkpoint *checkpoint)
{
    db_rows_free(&checkpoint->rows);
}

enum sm_error store_entries(struct db *db, const struct id *organisation, uint64_t from_seq,
    uint64_t rows_max, struct db_rows **out)
{
    return DB_RUN(db, &sql_entries, out, db_id(organisation), db_u64(from_seq), db_u64(rows_max));
}

enum sm_error store_has_disclosures_beyond(
    struct db *db, const struct id *organisation, uint64_t seq, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_disclosures_beyond, &rows, db_id(organisation), db_u64(seq)));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, out);
}

static enum sm_error read_entry(const struct db_rows *rows, size_t row, struct stored_entry *out)
{
    struct span hash;
    TRY(db_read_u64(rows, row, 0, &out->seq));
    TRY(db_read_u64(rows, row, 1, &out->recorded_ms));
    TRY(db_read_bytes(rows, row, 2, AUDIT_ENTRY_BYTES_MAX, &out->body));
    TRY(db_read_bytes(rows, row, 3, SHA256_BYTES, &hash));
    return hash_from_bytes(hash, &out->hash);
}

enum sm_error store_entry_read(const struct db_rows *rows, size_t row, struct stored_entry *out)
{
    return read_entry(rows, row, out) == SM_OK ? SM_OK : SM_TAMPERED;
}

/* --- collected rows --- */

enum { ENTRY_COLUMNS = 9, DISCLOSURE_COLUMNS = 6, CHECKPOINT_COLUMNS = 4, COLUMNS_MAX = 9 };

struct table {
    const struct statement *insert;
    size_t columns;
    struct db_array arrays[COLUMNS_MAX];
};

struct rows_to_write {
    struct table entries, disclosures, checkpoints;
};

static struct table new_table(
    const struct statement *insert, const enum db_kind *kinds, size_t columns)
{
    struct table table = {.insert = insert, .columns = columns};
    for (size_t i = 0; i < columns; i++)
        table.arrays[i] = DB_ARRAY(kinds[i], COLUMN_BYTES_MAX);
    return table;
}

enum sm_error rows_to_write_new(struct rows_to_write **out)
{
    static const enum db_kind entry[ENTRY_COLUMNS] = {
        DB_BYTES, DB_BYTES, DB_BYTES, DB_BYTES, DB_BYTES, DB_BYTES, DB_I64, DB_I64, DB_I64};
    static const enum db_kind disclosure[DISCLOSURE_COLUMNS] = {
        DB_BYTES, DB_TEXT, DB_TEXT, DB_BYTES, DB_I64, DB_I64};
    static const enum db_kind checkpoint[CHECKPOINT_COLUMNS] = {
        DB_BYTES, DB_TEXT, DB_BYTES, DB_I64};
    struct rows_to_write *rows = NULL;
    TRY(memory_zeroed(1, sizeof *rows, (void **)&rows));
    rows->entries = new_table(&sql_insert_entries, entry, ENTRY_COLUMNS);
    rows->disclosures = new_table(&sql_insert_disclosures, disclosure, DISCLOSURE_COLUMNS);
    rows->checkpoints = new_table(&sql_insert_checkpoints, checkpoint, CHECKPOINT_COLUMNS);
    *out = rows;
    return SM_OK;
}

static void free_table(struct table *table)
{
    for (size_t i = 0; i < table->columns; i++)
        db_array_free(&table->arrays[i]);
}

void rows_to_write_free(struct rows_to_write **rows)
{
    if (!*rows)
        return;
    free_table(&(*rows)->entries);
    free_table(&(*rows)->disclosures);
    free_table(&(*rows)->checkpoints);
    memory_free(rows);
}

static enum sm_error add_row(struct table *table, const struct db_value *values, size_t count)
{
    assert(count == table->columns);
    for (size_t i = 0; i < count; i++)
        TRY(db_array_add(&table->arrays[i], values[i]));
    return SM_OK;
}
#define ADD_ROW(table, ...)                                  \
    add_row((table), (const struct db_value[]){__VA_ARGS__}, \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))

enum sm_error rows_add_entry(struct rows_to_write *rows, const struct new_entry *entry)
{
    return ADD_ROW(&rows->entries, db_id(entry->organisation), db_id(entry->event),
        db_id(entry->message), db_id(entry->link), db_bytes(entry->body),
        db_bytes(SPAN(entry->hash->bytes)), db_u64(entry->seq), db_u64(entry->kind),
        db_u64(entry->recorded_ms));
}

enum sm_error rows_add_disclosure(
    struct rows_to_write *rows, const struct new_disclosure *disclosure)
{
    return ADD_ROW(&rows->disclosures, db_id(disclosure->organisation), db_text(disclosure->name),
        db_text(disclosure->value), db_bytes(disclosure->salt), db_u64(disclosure->seq),
        db_u64(disclosure->place));
}

enum sm_error rows_add_checkpoint(
    struct rows_to_write *rows, const struct new_checkpoint *checkpoint)
{
    return ADD_ROW(&rows->checkpoints, db_id(checkpoint->organisation), db_text(checkpoint->note),
        db_bytes(checkpoint->peaks), db_u64(checkpoint->size));
}

static enum sm_error write_table(struct table *table, struct db *db)
{
    struct db_value values[COLUMNS_MAX];
    if (table->arrays[0].count == 0)
        return SM_OK;
    for (size_t i = 0; i < table->columns; i++)
        TRY(db_array_value(&table->arrays[i], &values[i]));
    return db_post(db, table->insert, values, table->columns);
}

enum sm_error rows_write(struct rows_to_write *rows, struct db *db)
{
    TRY(write_table(&rows->entries, db));
    TRY(write_table(&rows->disclosures, db));
    return write_table(&rows->checkpoints, db);
}
