/*
 * libpq, wrapped: prepared statements, binary values both ways, typed and checked reads. What the
 * server says about a failure goes to the log, and only its SQLSTATE decides what the caller is
 * told.
 */
#include "db/connection.h"

#include "base/log.h"
#include "base/metric.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALUES_MAX = 48,
    STATEMENTS_MAX = 192,
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
    TYPE_INT4 = 23
};

struct db {
    PGconn *connection;
    char *conninfo;
    uint64_t sessions;      /* how often it has connected */
    bool is_broken;         /* connect again before the next use */
    bool is_in_transaction; /* then a lost connection is an error, not a reason to try again */
    const struct statement *prepared[STATEMENTS_MAX];
    size_t prepared_count;
};

struct db_rows {
    PGresult *result;
};

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

/* Logs why and gives the error; a connection that is gone is remembered as broken. */
static enum sm_error failure(struct db *db, const PGresult *result, const char *what)
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

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

static enum sm_error connect_now(struct db *db)
{
    if (db->connection) {
        metric_count(METRIC_DATABASE_RECONNECTS, 0);
        PQfinish(db->connection);
    }
    db->prepared_count = 0;
    db->is_in_transaction = false;
    db->connection = PQconnectdbParams((const char *const[]){"connect_timeout", "keepalives_idle",
                                           "tcp_user_timeout", "options", "dbname", NULL},
        (const char *const[]){"5", "30", "30000",
            "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000", db->conninfo,
            NULL},
        1);
    db->is_broken = PQstatus(db->connection) != CONNECTION_OK;
    if (db->is_broken)
        return log_failure("database-connect", SM_UNAVAILABLE, PQerrorMessage(db->connection));
    db->sessions++;
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
    TRY(connect_now(db));
    *out = TAKE(db);
    return SM_OK;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    if ((*db)->connection)
        PQfinish((*db)->connection);
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

static enum sm_error be_connected(struct db *db)
{
    if (!db->is_broken && !was_closed_while_idle(db))
        return SM_OK;
    return db->is_in_transaction ? SM_UNAVAILABLE : connect_now(db);
}

/* --- values --- */

struct db_value db_null(void)
{
    return (struct db_value){.kind = DB_NULL};
}

struct db_value db_i64(int64_t number)
{
    return (struct db_value){.kind = DB_I64, .number = number};
}

struct db_value db_u64(uint64_t number)
{
    assert(number <= INT64_MAX);
    return db_i64((int64_t)number);
}

struct db_value db_bool(bool value)
{
    return (struct db_value){.kind = DB_BOOL, .number = value};
}

struct db_value db_bytes(struct span bytes)
{
    return (struct db_value){.kind = DB_BYTES, .bytes = bytes};
}

struct db_value db_text(struct span text)
{
    return (struct db_value){.kind = DB_TEXT, .bytes = text};
}

struct db_value db_id(const struct id *id)
{
    return id_is_none(*id) ? db_null() : db_bytes(id_span(id));
}

struct db_value db_binary(uint32_t type, struct span bytes)
{
    return (struct db_value){.kind = DB_BINARY, .number = type, .bytes = bytes};
}

/* The parameter arrays of PQexecPrepared, filled from values. */
struct parameters {
    const char *values[VALUES_MAX];
    int lengths[VALUES_MAX];
    int formats[VALUES_MAX];
    uint8_t numbers[VALUES_MAX][8];
};

static void put_parameter(struct parameters *parameters, size_t i, const struct db_value *value)
{
    static const char empty[] = ""; /* a NULL pointer would mean SQL NULL */
    parameters->formats[i] = 1;
    switch (value->kind) {
    case DB_NULL:
        parameters->values[i] = NULL;
        parameters->lengths[i] = 0;
        return;
    case DB_I64:
        for (size_t b = 0; b < 8; b++)
            parameters->numbers[i][b] = (uint8_t)((uint64_t)value->number >> (56 - 8 * b));
        parameters->values[i] = (const char *)parameters->numbers[i];
        parameters->lengths[i] = 8;
        return;
    case DB_BOOL:
        parameters->numbers[i][0] = value->number != 0;
        parameters->values[i] = (const char *)parameters->numbers[i];
        parameters->lengths[i] = 1;
        return;
    case DB_BYTES:
    case DB_TEXT:
    case DB_BINARY:
        parameters->values[i] = value->bytes.size ? (const char *)value->bytes.at : empty;
        parameters->lengths[i] = (int)value->bytes.size;
        return;
    }
}

/* --- running --- */

static Oid type_of(const struct db_value *value)
{
    static const Oid types[] = {[DB_NULL] = 0,
        [DB_I64] = TYPE_INT8,
        [DB_BYTES] = TYPE_BYTEA,
        [DB_TEXT] = TYPE_TEXT,
        [DB_BOOL] = TYPE_BOOL};
    return value->kind == DB_BINARY ? (Oid)value->number : types[value->kind];
}

static bool is_prepared(const struct db *db, const struct statement *statement)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        if (db->prepared[i] == statement)
            return true;
    return false;
}

/*
 * A parameter that is NULL the first time leaves its type to the server, which takes it from the
 * context; the SQL casts where the context does not tell ($3::bigint).
 */
static enum sm_error prepare(
    struct db *db, const struct statement *statement, const struct db_value *values, size_t count)
{
    if (is_prepared(db, statement))
        return SM_OK;
    Oid types[VALUES_MAX];
    for (size_t i = 0; i < count; i++)
        types[i] = type_of(&values[i]);
    assert(db->prepared_count < STATEMENTS_MAX);
    PGresult *result =
        PQprepare(db->connection, statement->name, statement->sql, (int)count, types);
    enum sm_error error =
        PQresultStatus(result) == PGRES_COMMAND_OK ? SM_OK : failure(db, result, statement->name);
    PQclear(result);
    if (error == SM_OK)
        db->prepared[db->prepared_count++] = statement;
    return error;
}

static enum sm_error execute(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, struct db_rows **out)
{
    struct parameters parameters;
    struct db_rows *rows DEFER(db_rows_free) = calloc(1, sizeof *rows);
    if (!rows)
        return SM_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        put_parameter(&parameters, i, &values[i]);
    rows->result = PQexecPrepared(db->connection, statement->name, (int)count, parameters.values,
        parameters.lengths, parameters.formats, 1);
    ExecStatusType status = PQresultStatus(rows->result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return failure(db, rows->result, statement->name);
    if (out)
        *out = TAKE(rows);
    return SM_OK;
}

enum sm_error db_run(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, struct db_rows **out)
{
    assert(count <= VALUES_MAX);
    for (size_t i = 0; i < count; i++)
        if (values[i].bytes.size > INT32_MAX)
            return SM_TOO_LARGE;
    TRY(be_connected(db));
    enum sm_error error = prepare(db, statement, values, count);
    if (error == SM_UNAVAILABLE && db->is_broken && !db->is_in_transaction) {
        TRY(connect_now(db)); /* only the preparation was lost */
        error = prepare(db, statement, values, count);
    }
    TRY(error);
    return execute(db, statement, values, count, out);
}

/* --- reading --- */

void db_rows_free(struct db_rows **rows)
{
    if (!*rows)
        return;
    PQclear((*rows)->result);
    free(*rows);
    *rows = NULL;
}

size_t db_rows_count(const struct db_rows *rows)
{
    assert(rows);
    return (size_t)PQntuples(rows->result);
}

size_t db_rows_affected(const struct db_rows *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}

/* The bytes of a column of one of two types; SM_DATABASE for anything else. */
static enum sm_error column_bytes(
    const struct db_rows *rows, size_t row, int column, const Oid types[static 2], struct span *out)
{
    assert(row < db_rows_count(rows));
    if (column >= PQnfields(rows->result))
        return log_failure("database-column", SM_DATABASE, "missing");
    Oid type = PQftype(rows->result, column);
    if (type != types[0] && type != types[1])
        return log_failure("database-column", SM_DATABASE, PQfname(rows->result, column));
    if (PQgetisnull(rows->result, (int)row, column)) {
        *out = span_of(NULL, 0);
        return SM_OK;
    }
    *out = span_of(PQgetvalue(rows->result, (int)row, column),
        (size_t)PQgetlength(rows->result, (int)row, column));
    return SM_OK;
}

enum sm_error db_read_i64(const struct db_rows *rows, size_t row, int column, int64_t *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_INT8, TYPE_INT4}, &bytes));
    size_t expected = PQftype(rows->result, column) == TYPE_INT8 ? 8 : 4;
    if (bytes.size != expected)
        return log_failure("database-column", SM_DATABASE, "not a number, or null");
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.at[i];
    *out = bytes.size == 8 ? (int64_t)value : (int32_t)(uint32_t)value;
    return SM_OK;
}

enum sm_error db_read_u64(const struct db_rows *rows, size_t row, int column, uint64_t *out)
{
    int64_t value;
    TRY(db_read_i64(rows, row, column, &value));
    if (value < 0)
        return log_failure("database-column", SM_DATABASE, "negative");
    *out = (uint64_t)value;
    return SM_OK;
}

enum sm_error db_read_bool(const struct db_rows *rows, size_t row, int column, bool *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_BOOL, TYPE_BOOL}, &bytes));
    if (bytes.size != 1)
        return log_failure("database-column", SM_DATABASE, "not a boolean, or null");
    *out = bytes.at[0] != 0;
    return SM_OK;
}

enum sm_error db_read_bytes(
    const struct db_rows *rows, size_t row, int column, size_t size_max, struct span *out)
{
    struct span bytes;
    TRY(column_bytes(rows, row, column, (const Oid[]){TYPE_BYTEA, TYPE_TEXT}, &bytes));
    if (bytes.size > size_max)
        return log_failure("database-column", SM_DATABASE, "too long");
    *out = bytes;
    return SM_OK;
}

enum sm_error db_read_id(const struct db_rows *rows, size_t row, int column, struct id *out)
{
    struct span bytes;
    TRY(db_read_bytes(rows, row, column, ID_BYTES, &bytes));
    if (PQgetisnull(rows->result, (int)row, column)) {
        *out = (struct id){{0}};
        return SM_OK;
    }
    return id_from_bytes(bytes, out) == SM_OK
               ? SM_OK
               : log_failure("database-column", SM_DATABASE, "not an id");
}

enum sm_error db_one(const struct db_rows *rows)
{
    size_t count = db_rows_count(rows);
    if (count == 0)
        return SM_NOT_FOUND;
    return count == 1 ? SM_OK : SM_DATABASE;
}

/* --- transactions --- */

static enum sm_error command(struct db *db, const char *sql)
{
    PGresult *result = PQexec(db->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    enum sm_error error =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? SM_OK : failure(db, result, sql);
    PQclear(result);
    return error;
}

enum sm_error db_begin(struct db *db, struct db_transaction *tx)
{
    assert(!db->is_in_transaction);
    TRY(be_connected(db));
    enum sm_error error = command(db, "BEGIN");
    if (error == SM_UNAVAILABLE && db->is_broken) {
        TRY(connect_now(db));
        error = command(db, "BEGIN");
    }
    if (error != SM_OK)
        return error;
    db->is_in_transaction = true;
    tx->db = db;
    return SM_OK;
}

/* COMMIT of a failed transaction answers ROLLBACK: that is an error here, not a success. */
enum sm_error db_commit(struct db_transaction *tx)
{
    struct db *db = TAKE(tx->db);
    db->is_in_transaction = false;
    if (db->is_broken)
        return SM_UNAVAILABLE;
    PGresult *result = PQexec(db->connection, "COMMIT");
    enum sm_error error = SM_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        error = failure(db, result, "COMMIT");
    else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        error = SM_DATABASE;
    PQclear(result);
    return error;
}

void db_rollback(struct db_transaction *tx)
{
    if (!tx->db)
        return;
    struct db *db = TAKE(tx->db);
    db->is_in_transaction = false;
    if (!db->is_broken && command(db, "ROLLBACK") != SM_OK)
        db->is_broken = true;
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
    TRY(be_connected(db));
    return command(db, text);
}

/* Their arrival is the news; what they say is looked up. True when there was one. */
static bool drop_notifications(struct db *db)
{
    bool was_one = false;
    for (PGnotify *notify; (notify = PQnotifies(db->connection)) != NULL; was_one = true)
        PQfreemem(notify);
    return was_one;
}

enum sm_error db_wait(struct db *db, int64_t timeout_ms)
{
    if (db->is_broken)
        return SM_UNAVAILABLE;
    struct pollfd wait = {.fd = PQsocket(db->connection), .events = POLLIN};
    if (drop_notifications(db))
        return SM_OK; /* it came with the answer to an earlier statement */
    (void)poll(&wait, 1, timeout_ms < 0 ? 0 : timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (!PQconsumeInput(db->connection))
        return failure(db, NULL, "wait");
    (void)drop_notifications(db);
    return SM_OK;
}
