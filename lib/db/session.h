/*
 * What the files of lib/db share: the connection as it stands, and libpq. Not for services, and the
 * only place that includes libpq-fe.h.
 */
#ifndef SM_DB_SESSION_H
#define SM_DB_SESSION_H

#include "db/connection.h"

#include <libpq-fe.h>

enum { STATEMENTS_MAX = 192, POSTED_MAX = 256 };

/* Type numbers of pg_type, which never change. */
enum { TYPE_BOOL = 16, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT4 = 23, TYPE_TEXT = 25 };

/* What was sent without waiting. */
struct posted {
    const char *what;
    enum sm_error conflict; /* what its SM_CONFLICT is told as */
    struct db_rows *rows;   /* gets the result; NULL: it is dropped */
};

struct db {
    PGconn *connection;
    char *conninfo;
    uint64_t sessions;      /* how often it has connected */
    bool is_broken;         /* connect again before the next use */
    bool is_counted;        /* among the connections that monitoring is told */
    bool is_in_transaction; /* then a lost connection is an error, not a reason to try again */
    const struct statement *prepared[STATEMENTS_MAX];
    size_t prepared_count;
    struct posted posted[POSTED_MAX]; /* sent, and their results not read yet, in order */
    size_t posted_count;
};

struct db_rows {
    PGresult *result;
};

/* Connects anew, whatever was there. */
SM_MUST_USE enum sm_error session_connect(struct db *db);

/* Connects anew where the connection is known to be gone; SM_UNAVAILABLE inside a transaction. */
SM_MUST_USE enum sm_error session_be_there(struct db *db);

/* Logs why `what` failed and gives the error; a connection that is gone is remembered as broken. */
SM_MUST_USE enum sm_error session_failure(struct db *db, const PGresult *result, const char *what);

/*
 * Room for one more behind what is posted already, whose result is not waited for. session_settle
 * sends all that waits and reads all results in one round trip: the first error is the error, and
 * *last (may be NULL) gets the result of the last, when there was none. Nothing is posted
 * afterwards.
 */
SM_MUST_USE enum sm_error session_post_begin(struct db *db, const struct posted *posted);
SM_MUST_USE enum sm_error session_settle(struct db *db, PGresult **last);

/*
 * Connected, and all of these are prepared; a round trip for each that was not, once a connection.
 * Outside a transaction a connection that is found to be gone is made anew, as often as once.
 */
SM_MUST_USE enum sm_error session_be_ready(
    struct db *db, const struct db_query *queries, size_t count);

/* Sends a prepared statement without values behind what is posted. */
SM_MUST_USE enum sm_error session_post(struct db *db, const struct statement *statement);

/* A constant command without parameters and without rows. */
SM_MUST_USE enum sm_error session_command(struct db *db, const char *sql);

#endif
