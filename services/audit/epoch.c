/* A page of logs at a time; each page is one commit with its checkpoints. */
#include "services/audit/epoch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "proto/limits.h"

#include <stdio.h>

enum { PAGE_LOGS = 64, RUNS_MAX = 16 };

static const struct statement sql_runs = {"audit_epoch_runs",
    "SELECT run, backup_ms, restored_ms FROM restore.run AS done WHERE NOT EXISTS"
    " (SELECT FROM restore.logged WHERE run = done.run) ORDER BY restored_ms LIMIT $1"};
/* The next log behind an organisation, found by the key's order: not by reading all entries. */
static const struct statement sql_next_log = {"audit_epoch_next_log",
    "SELECT organisation FROM audit.entry WHERE organisation > $1 ORDER BY organisation, seq LIMIT 1"};
static const struct statement sql_logged = {
    "audit_epoch_logged", "INSERT INTO restore.logged (run) VALUES ($1) ON CONFLICT DO NOTHING"};

struct run {
    struct id run;
    int64_t backup_ms;
    uint64_t restored_ms;
};

/* The logs of one commit; large, so on the heap. */
struct page {
    struct append_job jobs[PAGE_LOGS];
    struct audit_event events[PAGE_LOGS];
    size_t count;
    char reason[64];
    struct id last; /* organisation; the next page begins behind it */
};

static enum sm_error make_event_id(
    const struct run *run, const struct id *organisation, struct id *out)
{
    uint8_t hash[KDF_SHA256_BYTES];
    struct buffer covered DEFER(buffer_free) = BUFFER(128);
    TRY(buffer_append_text(&covered, "securemail/1 log restored"));
    TRY(buffer_append(&covered, id_span(&run->run)));
    TRY(buffer_append(&covered, id_span(organisation)));
    TRY(kdf_sha256(buffer_span(&covered), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

static enum sm_error add_log(struct page *page, const struct run *run, struct id organisation)
{
    struct audit_event *event = &page->events[page->count];
    *event = (struct audit_event){.organisation = organisation,
        .kind = EVENT_LOG_RESTORED,
        .at_ms = run->restored_ms,
        .actor_class = ACTOR_OPERATOR,
        .reason = span_text(page->reason)};
    TRY(make_event_id(run, &organisation, &event->event));
    page->jobs[page->count] = (struct append_job){
        .events = {event, 1}, .source = PEER_AUDIT, .sign_organisation = organisation};
    page->count++;
    return SM_OK;
}

/* SM_NOT_FOUND: there is none behind the last. */
static enum sm_error next_log(struct db *db, struct page *page)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_next_log, &rows, db_bytes(SPAN(page->last.bytes))));
    TRY(db_one(rows));
    return db_read_id(rows, 0, 0, &page->last);
}

static enum sm_error fill(struct db *db, struct page *page, const struct run *run)
{
    enum sm_error error = SM_OK;
    for (page->count = 0; error == SM_OK && page->count < PAGE_LOGS;) {
        error = next_log(db, page);
        if (error == SM_OK)
            TRY(add_log(page, run, page->last));
    }
    return error == SM_NOT_FOUND ? SM_OK : error;
}

static void tell(const struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        log_line(LOG_WARNING, page->jobs[i].held ? "damaged-log-restored" : "log-restored",
            "organisation", id_text(page->events[i].organisation).text, "cause", page->reason,
            NULL);
}

static enum sm_error open_page(const struct group_context *context, struct page *page)
{
    struct append_job *jobs[PAGE_LOGS];
    for (size_t i = 0; i < page->count; i++)
        jobs[i] = &page->jobs[i];
    if (page->count)
        TRY(group_commit(context, jobs, page->count));
    tell(page);
    return SM_OK;
}

static enum sm_error open_all(const struct group_context *context, const struct run *run)
{
    struct page *page DEFER(memory_free) = NULL;
    TRY(memory_zeroed(1, sizeof *page, (void **)&page));
    (void)snprintf(
        page->reason, sizeof page->reason, "from a backup of %s", clock_text(run->backup_ms).text);
    do {
        TRY(fill(context->db, page, run));
        TRY(open_page(context, page));
    } while (page->count == PAGE_LOGS);
    return DB_RUN(context->db, &sql_logged, NULL, db_id(&run->run));
}

enum sm_error epochs_open(const struct group_context *context)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(context->db, &sql_runs, &rows, db_i64(RUNS_MAX)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct run run;
        TRY(db_read_id(rows, i, 0, &run.run));
        TRY(db_read_i64(rows, i, 1, &run.backup_ms));
        TRY(db_read_u64(rows, i, 2, &run.restored_ms));
        TRY(open_all(context, &run));
    }
    return SM_OK;
}
