/*
 * One statement each; a shard may be below zero, the sum is not. A connection has its own shard, so
 * that no send waits for another's COMMIT; process ids of connections made together differ.
 */
#include "services/crypto/usage.h"

/* clang-format off */
static const struct statement
    total = {"usage_total",
        "SELECT coalesce(sum(bytes), 0)::bigint FROM vault.usage WHERE organisation = $1"},
    add = {"usage_add",
        "INSERT INTO vault.usage AS before (organisation, shard, bytes)"
        " VALUES ($1, pg_backend_pid() % 64, $2)"
        " ON CONFLICT (organisation, shard) DO UPDATE SET bytes = before.bytes + excluded.bytes"};
/* clang-format on */

const struct statement *usage_statement(void)
{
    return &total;
}

enum sm_error usage_read(const struct db_rows *rows, int64_t *out)
{
    TRY(db_one(rows));
    return db_read_i64(rows, 0, 0, out);
}

enum sm_error usage_bytes(struct db *db, struct id organisation, int64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &total, &rows, db_id(&organisation)));
    return usage_read(rows, out);
}

enum sm_error usage_add(struct db *db, struct id organisation, int64_t bytes)
{
    return DB_POST(db, &add, db_id(&organisation), db_i64(bytes));
}
