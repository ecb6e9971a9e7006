/*
 * The connection: made, noticed to be gone, and made again. What the server says about a failure
 * goes to the log, and only its SQLSTATE decides what the caller is told.
 */
#include "base/log.h"
#include "base/metric.h"
#include "db/session.h"

#include <assert.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --- errors --- */

/* clang-format off */
static const struct { const char *prefix; enum sm_error error; } states[] = {
    {"23505", SM_CONFLICT},  {"40001", SM_BUSY},     {"40P01", SM_BUSY},  {"55P03", SM_BUSY},
    {"57014", SM_BUSY},      {"08",    SM_UNAVAILABLE}, {"57P0", SM_UNAVAILABLE},
    {"53100", SM_DISK_FULL}, {"53300", SM_UNAVAILABLE}, {"25006", SM_UNAVAILABLE},
};
/* clang-format on */

static enum sm_error error_of_state(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].error;
    return SM_DATABASE;
}

enum sm_error session_failure(struct db *db, const PGresult *result, const char *what)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    enum sm_error error = state ? error_of_state(state) : SM_UNAVAILABLE;
    bool is_demoted = state && strcmp(state, "25006") == 0; /* read-only now: another host leads */
    if (is_demoted || PQstatus(db->connection) != CONNECTION_OK) {
        db->is_broken = true;
        error = SM_UNAVAILABLE;
    }
    const char *cause = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    log_line(error == SM_CONFLICT ? LOG_DEBUG : LOG_WARNING, "database-failure", "statement", what,
        "state", state ? state : "none", "error", error_name(error), "cause",
        cause ? cause : PQerrorMessage(db->connection), NULL);
    assert(error != SM_OK);
    return error;
}

/* --- connecting --- */

/*
 * Bounds on waiting. A machine that is gone without a word is noticed within a quarter of a minute
 * at the server too, so that an elected process's lock is free for its standby: by itself the
 * server would wait for hours. (On this side session_connect says the same.)
 *
 * No plan that reads a whole table where an index serves: a prepared statement keeps the plan of
 * the day, and a scan that was cheap when the table had ten rows is kept when it has ten million.
 * Nor a bitmap where an index gives the order: it reads and sorts all that lies behind, for a page.
 * And one plan for all values: with a page's size among them PostgreSQL would plan anew at each
 * execution (docs/decisions/0141-one-plan.md). Compiling a plan (jit) costs more than any statement
 * here takes.
 */
static const char session_options[] =
    "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=15000"
    " -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off -c plan_cache_mode=force_generic_plan";

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

static atomic_bool is_ending;

void db_connect_no_more(void)
{
    is_ending = true;
}

static void hang_up(struct db *db)
{
    if (db->is_counted)
        metric_move(METRIC_DATABASE_CONNECTIONS, -1);
    db->is_counted = false;
    if (db->connection)
        PQfinish(db->connection);
    db->connection = NULL;
}

enum sm_error session_connect(struct db *db)
{
    static const char *const names[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
        "tcp_user_timeout", "options", "dbname", NULL};
    const char *const values[] = {"5", "10", "5", "15000", session_options, db->conninfo, NULL};
    if (db->connection)
        metric_count(METRIC_DATABASE_RECONNECTS, 0);
    hang_up(db);
    db->prepared_count = 0;
    db->posted_count = 0;
    db->is_in_transaction = false;
    db->is_broken = true;
    if (is_ending)
        return SM_UNAVAILABLE;
    db->connection = PQconnectdbParams(names, values, 1);
    db->is_broken = PQstatus(db->connection) != CONNECTION_OK;
    if (db->is_broken)
        return log_failure("database-connect", SM_UNAVAILABLE, PQerrorMessage(db->connection));
    db->sessions++;
    db->is_counted = true;
    metric_move(METRIC_DATABASE_CONNECTIONS, 1);
    (void)PQsetNoticeReceiver(db->connection, ignore_notice, NULL);
    return SM_OK;
}

enum sm_error db_open(const char *conninfo, struct db **out)
{
    struct db *db DEFER(db_close) = calloc(1, sizeof *db);
    if (!db)
        return SM_NO_MEMORY;
    db->conninfo = strdup(conninfo);
    if (!db->conninfo)
        return SM_NO_MEMORY;
    TRY(session_connect(db));
    *out = TAKE(db);
    return SM_OK;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    hang_up(*db);
    if ((*db)->conninfo)
        explicit_bzero((*db)->conninfo, strlen((*db)->conninfo)); /* may hold a password */
    free((*db)->conninfo);
    free(*db);
    *db = NULL;
}

uint64_t db_sessions(const struct db *db)
{
    return db->sessions;
}

/*
 * True when the server has closed an idle connection: then nothing of the next statement was sent,
 * and connecting again first is safe. (A statement whose answer is lost is never sent twice.)
 */
static bool was_closed_while_idle(struct db *db)
{
    enum { LOOKS = 4 }; /* a farewell message may come before the end of the stream */
    struct pollfd readable = {.fd = PQsocket(db->connection), .events = POLLIN};
    if (db->is_in_transaction)
        return false;
    for (int look = 0; look < LOOKS && poll(&readable, 1, 0) > 0; look++)
        if (!PQconsumeInput(db->connection) || PQstatus(db->connection) != CONNECTION_OK)
            return true;
    return false;
}

enum sm_error session_be_there(struct db *db)
{
    if (!db->is_broken && !was_closed_while_idle(db))
        return SM_OK;
    return db->is_in_transaction ? SM_UNAVAILABLE : session_connect(db);
}

/* --- commands --- */

enum sm_error session_command(struct db *db, const char *sql)
{
    PGresult *result = PQexec(db->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    enum sm_error error = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                              ? SM_OK
                              : session_failure(db, result, sql);
    PQclear(result);
    return error;
}

enum sm_error db_now_ms(struct db *db, int64_t *out)
{
    static const struct statement now = {"clock_now", "SELECT clock.now_ms()"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, &now, &rows));
    TRY(db_one(rows));
    return db_read_i64(rows, 0, 0, out);
}

/* --- notifications --- */

enum sm_error db_listen(struct db *db, const char *channel)
{
    struct buffer sql DEFER(buffer_free) = BUFFER(80);
    const char *text;
    assert(strspn(channel, "abcdefghijklmnopqrstuvwxyz_") == strlen(channel));
    TRY(buffer_format(&sql, "LISTEN %s", channel));
    TRY(buffer_text(&sql, &text));
    TRY(session_be_there(db));
    return session_command(db, text);
}

/* Their arrival is the news; what they say is looked up. True when there was one. */
static bool drop_notifications(struct db *db)
{
    bool was_one = false;
    for (PGnotify *notify; (notify = PQnotifies(db->connection)) != NULL; was_one = true)
        PQfreemem(notify);
    return was_one;
}

enum sm_error db_wait_or(struct db *db, int descriptor, int64_t timeout_ms)
{
    if (db->is_broken)
        return SM_UNAVAILABLE;
    struct pollfd waits[] = {{.fd = PQsocket(db->connection), .events = POLLIN},
        {.fd = descriptor, .events = POLLIN}}; /* poll passes over a negative one */
    if (drop_notifications(db))
        return SM_OK; /* it came with the answer to an earlier statement */
    (void)poll(waits, 2, timeout_ms < 0 ? 0 : timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (!PQconsumeInput(db->connection))
        return session_failure(db, NULL, "wait");
    (void)drop_notifications(db);
    return SM_OK;
}

enum sm_error db_wait(struct db *db, int64_t timeout_ms)
{
    return db_wait_or(db, -1, timeout_ms);
}

enum sm_error db_hear(struct db *db, db_heard_fn *heard, void *context)
{
    enum { HEARD_MAX = 256 }; /* the rest at the next look */
    if (db->is_broken)
        return SM_UNAVAILABLE;
    if (!PQconsumeInput(db->connection))
        return session_failure(db, NULL, "hear");
    PGnotify *notify;
    for (int count = 0; count < HEARD_MAX && (notify = PQnotifies(db->connection)); count++) {
        heard(context, notify->extra);
        PQfreemem(notify);
    }
    return SM_OK;
}
