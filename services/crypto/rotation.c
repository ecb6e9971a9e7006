/*
 * The work of a rotation, whoever asks for it: batches, each a transaction of its own, and the
 * destruction of the old version. Whoever asked is gone, or this process is: the next one asks
 * again.
 */
#include "services/crypto/rotation.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "proto/limits.h"

#include <inttypes.h>
#include <string.h>

enum { STEP_MS = 1000, REPORTS_MAX = ROTATION_BATCH };

enum sm_error rotation_look(struct rotating *rotating)
{
    return rotating->kind->versions(
        rotating->worker->db, rotating->organisation, &rotating->versions);
}

bool rotation_is_under_way(const struct rotating *rotating)
{
    return rotating->versions.oldest != rotating->versions.newest;
}

static enum sm_error add_event(const struct rotating *rotating, struct span reason, struct id *out)
{
    struct audit_event event = {
        .organisation = rotating->organisation, .kind = EVENT_KEY_ROTATED, .reason = reason};
    TRY(rotating->party->add_event(rotating, &event));
    *out = event.event;
    return SM_OK;
}

/* --- to begin --- */

enum sm_error rotation_begin(struct rotating *rotating, struct db_transaction *tx)
{
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    struct id event;
    TRY(rotating->kind->begin(rotating->worker, rotating->arena, rotating->organisation));
    TRY(rotation_look(rotating));
    if (rotating->versions.newest)
        TRY(buffer_format(&reason, "%s: version %" PRIu64 " is in use", rotating->kind->name,
            rotating->versions.newest));
    else
        TRY(buffer_format(&reason, "%s: a new one is in use", rotating->kind->name));
    TRY(add_event(rotating, buffer_span(&reason), &event));
    FAIL_POINT("crypto.rotate.before-begin-commit");
    TRY(rotating->party->commit(rotating, tx, event));
    FAIL_POINT("crypto.rotate.after-begin");
    return rotating->kind->begun ? rotating->kind->begun(rotating->worker) : SM_OK;
}

/* --- a batch --- */

struct name {
    uint8_t bytes[ROTATION_NAME_BYTES_MAX];
    size_t size;
};

/* A pass over one table, in the order of the rows' names. */
struct pass {
    const struct wrapped_table *table;
    struct name last;
    struct name refused[REPORTS_MAX]; /* of this batch */
    size_t refused_count, taken;
};

static enum sm_error keep_name(const struct db_rows *rows, size_t row, struct name *out)
{
    struct span name;
    TRY(db_read_bytes(rows, row, 0, sizeof out->bytes, &name));
    if (name.size)
        memcpy(out->bytes, name.at, name.size);
    out->size = name.size;
    return SM_OK;
}

static enum sm_error take(
    const struct rotating *rotating, const struct pass *pass, struct db_rows **out)
{
    return DB_RUN(rotating->worker->db, &pass->table->take, out, db_id(&rotating->organisation),
        db_u64(rotating->versions.oldest), db_bytes(span_of(pass->last.bytes, pass->last.size)));
}

static enum sm_error rewrap_rows(
    const struct rotating *rotating, const struct db_rows *rows, struct pass *pass)
{
    for (size_t i = 0; i < pass->taken; i++) {
        TRY(keep_name(rows, i, &pass->last));
        enum sm_error error =
            pass->table->rewrap(rotating->worker, rotating->organisation, rows, i);
        if (error == SM_TAMPERED)
            pass->refused[pass->refused_count++] = pass->last;
        else
            TRY(error);
    }
    return SM_OK;
}

static enum sm_error rewrap_batch(const struct rotating *rotating, struct pass *pass)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    pass->refused_count = 0;
    TRY(db_begin(rotating->worker->db, &tx));
    TRY(take(rotating, pass, &rows));
    pass->taken = db_rows_count(rows);
    if (pass->taken > ROTATION_BATCH)
        return SM_DATABASE;
    TRY(rewrap_rows(rotating, rows, pass));
    FAIL_POINT("crypto.rotate.before-batch-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.rotate.after-batch");
    return SM_OK;
}

/* --- a step --- */

static enum sm_error rewrap_table(const struct rotating *rotating,
    const struct wrapped_table *table, int64_t end_ms, struct key_rewrap_reply *reply)
{
    struct pass pass = {.table = table};
    do {
        TRY(rewrap_batch(rotating, &pass));
        reply->rewrapped += pass.taken - pass.refused_count;
        reply->refused += pass.refused_count;
        for (size_t i = 0; i < pass.refused_count; i++)
            table->report(rotating->worker, span_of(pass.refused[i].bytes, pass.refused[i].size));
    } while (pass.taken == ROTATION_BATCH && clock_monotonic_ms() < end_ms);
    return SM_OK;
}

enum sm_error rotation_behind(const struct rotating *rotating, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < rotating->kind->tables_count; i++) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        uint64_t count;
        TRY(DB_RUN(rotating->worker->db, &rotating->kind->tables[i].behind, &rows,
            db_id(&rotating->organisation), db_u64(rotating->versions.oldest)));
        TRY(db_one(rows));
        TRY(db_read_u64(rows, 0, 0, &count));
        *out += count;
    }
    return SM_OK;
}

/*
 * Counts once more under the lock: what another transaction had wrapped under the old version is
 * committed then, and counted.
 */
static enum sm_error destroy_old(struct rotating *rotating, struct key_rewrap_reply *reply)
{
    struct db *db = rotating->worker->db;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    struct id event;
    TRY(db_begin(db, &tx));
    TRY(rotating->kind->lock_old(db, rotating->organisation));
    TRY(rotation_behind(rotating, &reply->behind));
    if (reply->behind)
        return SM_OK;
    TRY(rotating->kind->destroy_old(db, rotating->organisation));
    TRY(buffer_format(&reason, "%s: version %" PRIu64 " is destroyed; all is under %" PRIu64,
        rotating->kind->name, rotating->versions.oldest, rotating->versions.newest));
    TRY(add_event(rotating, buffer_span(&reason), &event));
    FAIL_POINT("crypto.rotate.before-destroy-commit");
    TRY(rotating->party->commit(rotating, &tx, event));
    FAIL_POINT("crypto.rotate.after-destroy");
    reply->is_done = true;
    return SM_OK;
}

enum sm_error rotation_step(struct rotating *rotating, struct key_rewrap_reply *reply)
{
    int64_t end_ms = clock_monotonic_ms() + STEP_MS;
    for (size_t i = 0; i < rotating->kind->tables_count; i++)
        TRY(rewrap_table(rotating, &rotating->kind->tables[i], end_ms, reply));
    TRY(rotation_behind(rotating, &reply->behind));
    return reply->behind ? SM_OK : destroy_old(rotating, reply);
}
