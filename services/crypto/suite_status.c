/*
 * The whole suite for the operator, out of what each process writes of itself
 * (lib/runtime/report.h). Counts, ages and words; what a process says is shown, and nothing is
 * decided by it.
 */
#include "base/log.h"
#include "proto/crypto.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"

enum { REPORTS_MAX = 50, TEXT_BYTES_MAX = 16000 };

/* clang-format off */
static const struct statement
    reports = {"suite_reports",
        "SELECT service, host, release, started_ms, at_ms, is_ready, missing, note, metrics"
        " FROM status.report WHERE at_ms > clock.now_ms() - 86400000"
        " ORDER BY service, at_ms DESC LIMIT $1"},
    keys = {"suite_keys",
        "SELECT string_agg(purpose || ' ' || version, ', ' ORDER BY purpose) FROM"
        " (SELECT 'master' AS purpose, max(version) AS version FROM vault.key_check"
        " UNION ALL SELECT purpose, max(version) FROM vault.service_key GROUP BY purpose"
        " UNION ALL SELECT 'organisation', max(version) FROM vault.organisation_key) AS newest"
        " WHERE version IS NOT NULL"},
    last_restore = {"suite_last_restore",
        "SELECT restored_ms, backup_ms, restore.is_mail_held() FROM restore.run"
        " ORDER BY restored_ms DESC LIMIT 1"};
/* clang-format on */

static enum sm_error read_text(
    const struct db_rows *rows, size_t row, int column, struct arena *arena, struct span *out)
{
    TRY(db_read_bytes(rows, row, column, TEXT_BYTES_MAX, out));
    return keep_span(arena, *out, out);
}

static enum sm_error read_report(
    const struct db_rows *rows, size_t row, struct arena *arena, struct suite_report *out)
{
    TRY(read_text(rows, row, 0, arena, &out->service));
    TRY(read_text(rows, row, 1, arena, &out->host));
    TRY(read_text(rows, row, 2, arena, &out->release));
    TRY(db_read_u64(rows, row, 3, &out->started_ms));
    TRY(db_read_u64(rows, row, 4, &out->at_ms));
    TRY(db_read_bool(rows, row, 5, &out->is_ready));
    TRY(read_text(rows, row, 6, arena, &out->missing));
    TRY(read_text(rows, row, 7, arena, &out->note));
    return read_text(rows, row, 8, arena, &out->metrics);
}

static enum sm_error fill_reports(struct bus_request *request, struct list *out)
{
    const struct worker *worker = request->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    TRY(DB_RUN(worker->db, &reports, &rows, db_i64(REPORTS_MAX)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(request->arena, count, sizeof(struct suite_report), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_report(rows, i, request->arena, (struct suite_report *)items + i));
    *out = (struct list){items, count};
    return SM_OK;
}

static enum sm_error fill_restore(const struct worker *worker, struct suite_status_reply *reply)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(worker->db, &last_restore, &rows));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    TRY(db_read_u64(rows, 0, 0, &reply->restored_ms));
    TRY(db_read_u64(rows, 0, 1, &reply->backup_ms));
    return db_read_bool(rows, 0, 2, &reply->is_mail_held);
}

static enum sm_error fill_keys(struct bus_request *request, struct suite_status_reply *reply)
{
    const struct worker *worker = request->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(worker->db, &keys, &rows));
    TRY(db_one(rows));
    return read_text(rows, 0, 0, request->arena, &reply->keys);
}

/* Not an event of anybody's log: it tells nothing of an organisation, and is asked when audit is
 * down. */
enum sm_error on_suite_status(struct bus_request *request, const void *message, void *out)
{
    const struct worker *worker = request->worker;
    struct suite_status_reply *reply = out;
    int64_t now_ms;
    (void)message;
    log_line(LOG_INFO, "operator-call", "call", "suite_status", NULL);
    TRY(db_now_ms(worker->db, &now_ms));
    reply->now_ms = (uint64_t)now_ms;
    TRY(fill_reports(request, &reply->reports));
    TRY(fill_keys(request, reply));
    return fill_restore(worker, reply);
}
