/* One statement that writes the row, one that removes it and what was left of dead processes. */
#include "runtime/report.h"

#include "base/metric.h"

#include <unistd.h>

#ifndef SM_RELEASE
#define SM_RELEASE "unknown" /* the Makefile takes it from package.json */
#endif

enum { HOST_BYTES_MAX = 64, MISSING_BYTES_MAX = 300, METRICS_BYTES_MAX = 4000 };

static const struct statement
    sql_post = {"report_post",
        "INSERT INTO status.report (service, replica, host, release, started_ms, at_ms, is_ready,"
        " missing, note, metrics) VALUES ($1, $2, $3, $4, $5, clock.now_ms(), $6, $7, $8, $9)"
        " ON CONFLICT (service, replica) DO UPDATE SET at_ms = clock.now_ms(), is_ready = $6,"
        " missing = $7, note = $8, metrics = $9"},
    sql_remove = {"report_remove",
        "DELETE FROM status.report WHERE replica = $1 OR at_ms < clock.now_ms() - 86400000"};

const char *report_release(void)
{
    return SM_RELEASE;
}

enum sm_error report_post(struct db *db, const struct report *report)
{
    struct buffer metrics DEFER(buffer_free) = BUFFER(METRICS_BYTES_MAX);
    char host[HOST_BYTES_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    TRY(metric_brief(peer_name(report->self), &metrics));
    return DB_RUN(db, &sql_post, NULL, db_text(span_text(peer_name(report->self))),
        db_id(&report->replica), db_text(span_text(host)), db_text(span_text(SM_RELEASE)),
        db_i64(report->started_ms), db_bool(report->is_ready),
        db_text(span_slice(report->missing, 0, MISSING_BYTES_MAX)),
        db_text(span_text(report->note ? report->note : "")), db_text(buffer_span(&metrics)));
}

enum sm_error report_remove(struct db *db, const struct report *report)
{
    return DB_RUN(db, &sql_remove, NULL, db_id(&report->replica));
}
