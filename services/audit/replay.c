/* Log by log; each commit takes as many values as one entry names. */
#include "services/audit/replay.h"

#include "base/log.h"

/* By the first table's key, so that the log is asked for what stands there and not gone through. */
static const struct statement sql_next_log = {"audit_replay_next",
    "SELECT e.organisation FROM restore.erasure r JOIN audit.entry e ON e.event = r.thing "
    "JOIN audit.disclosure d ON d.organisation = e.organisation AND d.seq = e.seq "
    "AND r.kind = 'value-' || d.place WHERE r.id > 0 AND e.organisation > $1 ORDER BY e.organisation LIMIT 1"};
/* Also those of entries that were written after the backup: they are not there to be erased. */
static const struct statement sql_done = {"audit_replay_done",
    "DELETE FROM restore.erasure r WHERE r.id > 0 AND r.kind LIKE 'value-%' AND NOT EXISTS "
    "(SELECT FROM audit.entry e JOIN audit.disclosure d ON d.organisation = e.organisation "
    "AND d.seq = e.seq AND r.kind = 'value-' || d.place WHERE e.event = r.thing)"};

/* SM_NOT_FOUND: there is none behind *organisation. */
static enum sm_error next_log(struct db *db, struct id *organisation)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_next_log, &rows, db_bytes(SPAN(organisation->bytes))));
    TRY(db_one(rows));
    return db_read_id(rows, 0, 0, organisation);
}

/* SM_TAMPERED: the log is damaged. */
static enum sm_error erase_log(const struct group_context *context, struct id organisation)
{
    const struct erase_order order = {.organisation = organisation,
        .is_replay = true,
        .reason = span_text("again after a restore")};
    bool has_more = true;
    while (has_more) {
        struct append_job job = {.source = PEER_AUDIT, .erase = &order};
        struct append_job *jobs[] = {&job};
        TRY(group_commit(context, jobs, 1));
        TRY(job.error);
        has_more = job.erasure.has_more;
    }
    return SM_OK;
}

enum sm_error replay_erasures(const struct group_context *context)
{
    struct id organisation = {{0}};
    enum sm_error error;
    while ((error = next_log(context->db, &organisation)) == SM_OK) {
        enum sm_error erased = erase_log(context, organisation);
        if (erased != SM_OK && erased != SM_TAMPERED)
            return erased;
        log_line(LOG_WARNING, erased == SM_OK ? "values-erased-again" : "values-not-erased-again",
            "organisation", id_text(organisation).text, NULL);
    }
    return error == SM_NOT_FOUND ? DB_RUN0(context->db, &sql_done, NULL) : error;
}
