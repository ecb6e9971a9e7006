/*
 * PostgreSQL through libpq, the only user of it. SQL is constant text in `static const struct
 * statement`, prepared once a connection; values travel as binary parameters and come back binary.
 * Nothing that the database returns is trusted: each read checks column type, size and NULL.
 *
 * One connection per thread, with limits on connecting (5 s a host), on a silent host (15 s), on
 * statements (30 s) and idle transactions (60 s) where the connection text sets none. A broken
 * connection is noticed by the call that fails (SM_UNAVAILABLE; whatever transaction was open is
 * gone, and whether a COMMIT took effect is unknown); the next call outside a transaction connects
 * again; a statement that was sent is never sent twice. SQLSTATE classes map to errors: 23505
 * SM_CONFLICT, 40001/40P01/55P03/57014 SM_BUSY, 08*, 57P0*, 53300, 25006 SM_UNAVAILABLE, 53100
 * SM_DISK_FULL, else SM_DATABASE; the server's message goes to the log, never to a caller.
 */
#ifndef SM_DB_CONNECTION_H
#define SM_DB_CONNECTION_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/memory.h"

struct db;
struct db_rows;

/* Connects. `conninfo` is libpq's (several hosts, target_session_attrs=read-write). */
SM_MUST_USE enum sm_error db_open(const char *conninfo, struct db **out);
void db_close(struct db **db);

/*
 * The process ends: from now on nothing connects, and a lost connection stays lost
 * (SM_UNAVAILABLE), so that no thread waits for a database that went first. Connections that live
 * go on. Any thread.
 */
void db_connect_no_more(void);

/* How often it has connected: what belongs to a session (locks, LISTEN) is gone when it grew. */
uint64_t db_sessions(const struct db *db);

struct statement {
    const char *name; /* unique in the program */
    const char *sql;  /* $1, $2, ... */
};

enum db_kind { DB_NULL, DB_I64, DB_BYTES, DB_TEXT, DB_BOOL, DB_BINARY };
struct db_value {
    enum db_kind kind;
    int64_t number;    /* DB_BINARY: the type's number */
    struct span bytes; /* borrowed for the call */
};
struct db_value db_null(void);
struct db_value db_i64(int64_t number);      /* SQL bigint */
struct db_value db_u64(uint64_t number);     /* the same; asserts that it fits */
struct db_value db_bool(bool value);         /* SQL boolean */
struct db_value db_bytes(struct span bytes); /* SQL bytea */
struct db_value db_text(struct span text);   /* SQL text */
struct db_value db_id(const struct id *id);  /* bytea of 16; the all-zero id is NULL */
/* A value of any type in its binary form: what db/array.h makes. */
struct db_value db_binary(uint32_t type, struct span bytes);

/* Runs `statement`. *out (owned by the caller, may be NULL pointer when rows do not matter). */
SM_MUST_USE enum sm_error db_run(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, struct db_rows **out);
/* A parameter that can be NULL at the first run is cast in the SQL ($2::bigint): NULL has no type.
 */
/* DB_RUN(db, &statement, &rows, db_id(&id), db_i64(5)) */
#define DB_RUN(db, statement, out, ...)                               \
    db_run((db), (statement), (const struct db_value[]){__VA_ARGS__}, \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (out))
#define DB_RUN0(db, statement, out) db_run((db), (statement), NULL, 0, (out))

/*
 * Posts what a transaction writes: it is sent, and its result is read together with that of the
 * next statement that is waited for (db_run, db_commit), whose error it then is. So a transaction
 * that only writes takes one round trip. Order is kept. For statements whose failure nobody tells
 * from another's; outside a transaction it is db_run.
 *
 * db_post_once: the same, and a row that is there already is told as `conflict`, whoever waits.
 */
SM_MUST_USE enum sm_error db_post(
    struct db *db, const struct statement *statement, const struct db_value *values, size_t count);
SM_MUST_USE enum sm_error db_post_once(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, enum sm_error conflict);
#define DB_POST(db, statement, ...)                                    \
    db_post((db), (statement), (const struct db_value[]){__VA_ARGS__}, \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))

/*
 * Runs several (at most 8), in order, in one round trip, behind what is posted. Each fills its
 * *out, which the caller owns; on an error none is. Outside a transaction for statements that only
 * read.
 */
struct db_query {
    const struct statement *statement;
    const struct db_value *values;
    size_t count;
    struct db_rows **out;
};
SM_MUST_USE enum sm_error db_run_all(struct db *db, const struct db_query *queries, size_t count);

void db_rows_free(struct db_rows **rows);
size_t db_rows_count(const struct db_rows *rows);
size_t db_rows_affected(const struct db_rows *rows); /* of INSERT, UPDATE, DELETE */

/* Reads a column (from 0). SM_DATABASE for another type or an unexpected NULL. */
SM_MUST_USE enum sm_error db_read_i64(
    const struct db_rows *rows, size_t row, int column, int64_t *out);
SM_MUST_USE enum sm_error db_read_u64(const struct db_rows *rows, size_t row, int column,
    uint64_t *out); /* SM_DATABASE when negative */
SM_MUST_USE enum sm_error db_read_bool(
    const struct db_rows *rows, size_t row, int column, bool *out);
/* bytea or text; NULL reads as the empty span. The span lives as long as `rows`. */
SM_MUST_USE enum sm_error db_read_bytes(
    const struct db_rows *rows, size_t row, int column, size_t size_max, struct span *out);
/* NULL reads as the none id. */
SM_MUST_USE enum sm_error db_read_id(
    const struct db_rows *rows, size_t row, int column, struct id *out);

/* The one row that must be there: SM_NOT_FOUND when none, SM_DATABASE when several. */
SM_MUST_USE enum sm_error db_one(const struct db_rows *rows);

/*
 * A transaction ends by db_commit, or by rollback when it leaves scope:
 *     struct db_transaction tx DEFER(db_rollback) = {0};
 *     TRY(db_begin(db, &tx));
 *     ...
 *     TRY(db_commit(&tx));
 */
struct db_transaction {
    struct db *db;
};
SM_MUST_USE enum sm_error db_begin(struct db *db, struct db_transaction *tx);
SM_MUST_USE enum sm_error db_commit(struct db_transaction *tx);
void db_rollback(struct db_transaction *tx);

/*
 * The same, but its COMMIT does not wait for the disk: a crash of the database (not of this
 * process) may forget it, and then forgets all that was committed after it too. For what is done
 * again in that case, and told to nobody before something that is durable was committed after it
 * (docs/decisions/0107-what-need-not-wait.md). db_be_unsynced: all that this session commits.
 */
SM_MUST_USE enum sm_error db_begin_unsynced(struct db *db, struct db_transaction *tx);
SM_MUST_USE enum sm_error db_be_unsynced(struct db *db);

/* clock.now() in ms since 1970 UTC: the one clock of the product. */
SM_MUST_USE enum sm_error db_now_ms(struct db *db, int64_t *out);

/* LISTEN on a channel (constant, [a-z_]+); db_wait returns on a notification or after the time. */
SM_MUST_USE enum sm_error db_listen(struct db *db, const char *channel);
SM_MUST_USE enum sm_error db_wait(struct db *db, int64_t timeout_ms);
/* The same; it returns also when `descriptor` can be read. */
SM_MUST_USE enum sm_error db_wait_or(struct db *db, int descriptor, int64_t timeout_ms);
/* What the notifications since the last wait said, oldest first, at most a page. It does not wait.
 */
typedef void db_heard_fn(void *context, const char *said);
SM_MUST_USE enum sm_error db_hear(struct db *db, db_heard_fn *heard, void *context);

#endif
