/*
 * Statements that are sent and not waited for (libpq's pipeline mode). What a transaction writes
 * goes out together with its COMMIT: one round trip instead of one for each row.
 */
#include "db/session.h"

/* Room for one more, in pipeline mode. */
enum sm_error session_post_begin(struct db *db, const struct posted *posted)
{
    if (db->is_broken)
        return SM_UNAVAILABLE;
    if (db->posted_count == POSTED_MAX)
        TRY(session_settle(db, NULL));
    if (PQpipelineStatus(db->connection) == PQ_PIPELINE_OFF &&
        PQenterPipelineMode(db->connection) != 1)
        return session_failure(db, NULL, posted->what);
    db->posted[db->posted_count++] = *posted;
    return SM_OK;
}

/* The error of one result; what came after an error was not run, and says nothing. */
static enum sm_error judge(struct db *db, const PGresult *result, const struct posted *posted)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_ABORTED)
        return SM_OK;
    enum sm_error error = session_failure(db, result, posted->what);
    return error == SM_CONFLICT ? posted->conflict : error;
}

static void note(enum sm_error *first, enum sm_error error)
{
    if (*first == SM_OK)
        *first = error;
}

/* The results, each followed by a NULL; then the one of the synchronisation. */
static enum sm_error read_all(struct db *db, PGresult **last)
{
    enum sm_error first = SM_OK;
    for (size_t i = 0; i < db->posted_count; i++) {
        PGresult *result = PQgetResult(db->connection);
        note(&first, result ? judge(db, result, &db->posted[i])
                            : session_failure(db, NULL, db->posted[i].what));
        for (PGresult *more; result && (more = PQgetResult(db->connection)) != NULL;)
            PQclear(more);
        if (db->posted[i].rows)
            db->posted[i].rows->result = result;
        else if (last && i + 1 == db->posted_count && first == SM_OK)
            *last = result;
        else
            PQclear(result);
        if (db->is_broken)
            return first;
    }
    PGresult *end = PQgetResult(db->connection);
    if (PQresultStatus(end) != PGRES_PIPELINE_SYNC)
        note(&first, session_failure(db, NULL, "synchronisation"));
    PQclear(end);
    return first;
}

enum sm_error session_settle(struct db *db, PGresult **last)
{
    enum sm_error error = SM_OK;
    if (PQpipelineStatus(db->connection) == PQ_PIPELINE_OFF)
        return SM_OK;
    if (PQpipelineSync(db->connection) != 1)
        error = session_failure(db, NULL, "synchronisation");
    else
        error = read_all(db, last);
    db->posted_count = 0;
    if (!db->is_broken && PQexitPipelineMode(db->connection) != 1)
        db->is_broken = true; /* something was left over: better a new connection */
    return error;
}
