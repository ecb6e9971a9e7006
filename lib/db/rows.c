/* What came back: each read checks the column's type, size and NULL, and says so where it is wrong.
 */
#include "base/log.h"
#include "db/session.h"

#include <assert.h>
#include <stdlib.h>

void db_rows_free(struct db_rows **rows)
{
    if (!*rows)
        return;
    PQclear((*rows)->result);
    free(*rows);
    *rows = NULL;
}

size_t db_rows_count(const struct db_rows *rows)
{
    assert(rows);
    return (size_t)PQntuples(rows->result);
}

size_t db_rows_affected(const struct db_rows *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}

/* The bytes of a column of one of two types; SM_DATABASE for anything else. */
static enum sm_error column_bytes(
    const struct db_rows *rows, size_t row, int column, const Oid types[static 2], struct span *out)
{
    assert(row < db_rows_count(rows));
    if (column >= PQnfields(rows->result))
        return log_failure("database-column", SM_DATABASE, "missing");
    Oid type = PQftype(rows->result, column);
    if (type != types[0] && type != types[1])
        return log_failure("database-column", SM_DATABASE, PQfname(rows->result, column));
    if (PQgetisnull(rows->result, (int)row, column)) {
        *out = span_of(NULL, 0);
        return SM_OK;
    }
    *out = span_of(PQgetvalue(rows->result, (int)row, column),
        (size_t)PQgetlength(rows->result, (int)row, column));
    return SM_OK;
}

enum sm_error db_read_i64(const struct db_rows *rows, size_t row, int column, int64_t *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_INT8, TYPE_INT4}, &bytes));
    size_t expected = PQftype(rows->result, column) == TYPE_INT8 ? 8 : 4;
    if (bytes.size != expected)
        return log_failure("database-column", SM_DATABASE, "not a number, or null");
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.at[i];
    *out = bytes.size == 8 ? (int64_t)value : (int32_t)(uint32_t)value;
    return SM_OK;
}

enum sm_error db_read_u64(const struct db_rows *rows, size_t row, int column, uint64_t *out)
{
    int64_t value;
    TRY(db_read_i64(rows, row, column, &value));
    if (value < 0)
        return log_failure("database-column", SM_DATABASE, "negative");
    *out = (uint64_t)value;
    return SM_OK;
}

enum sm_error db_read_bool(const struct db_rows *rows, size_t row, int column, bool *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_BOOL, TYPE_BOOL}, &bytes));
    if (bytes.size != 1)
        return log_failure("database-column", SM_DATABASE, "not a boolean, or null");
    *out = bytes.at[0] != 0;
    return SM_OK;
}

enum sm_error db_read_bytes(
    const struct db_rows *rows, size_t row, int column, size_t size_max, struct span *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_BYTEA, TYPE_TEXT}, &bytes));
    if (bytes.size > size_max)
        return log_failure("database-column", SM_DATABASE, "too long");
    *out = bytes;
    return SM_OK;
}

enum sm_error db_read_id(const struct db_rows *rows, size_t row, int column, struct id *out)
{
    struct span bytes;
    TRY(db_read_bytes(rows, row, column, ID_BYTES, &bytes));
    if (PQgetisnull(rows->result, (int)row, column)) {
        *out = (struct id){{0}};
        return SM_OK;
    }
    return id_from_bytes(bytes, out) == SM_OK
               ? SM_OK
               : log_failure("database-column", SM_DATABASE, "not an id");
}

enum sm_error db_one(const struct db_rows *rows)
{
    size_t count = db_rows_count(rows);
    if (count == 0)
        return SM_NOT_FOUND;
    return count == 1 ? SM_OK : SM_DATABASE;
}
