/* Statements: prepared once a connection, run with binary values. */
#include "db/session.h"

#include <assert.h>
#include <stdlib.h>

enum { VALUES_MAX = 48, QUERIES_MAX = 8 };

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
    TRY(session_settle(db, NULL)); /* once a connection */
    Oid types[VALUES_MAX];
    for (size_t i = 0; i < count; i++)
        types[i] = type_of(&values[i]);
    assert(db->prepared_count < STATEMENTS_MAX);
    PGresult *result =
        PQprepare(db->connection, statement->name, statement->sql, (int)count, types);
    enum sm_error error = PQresultStatus(result) == PGRES_COMMAND_OK
                              ? SM_OK
                              : session_failure(db, result, statement->name);
    PQclear(result);
    if (error == SM_OK)
        db->prepared[db->prepared_count++] = statement;
    return error;
}

/* Sends it behind what is posted. */
static enum sm_error post(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, const struct posted *posted)
{
    struct parameters parameters;
    for (size_t i = 0; i < count; i++)
        put_parameter(&parameters, i, &values[i]);
    TRY(session_post_begin(db, posted));
    return PQsendQueryPrepared(db->connection, statement->name, (int)count, parameters.values,
               parameters.lengths, parameters.formats, 1) == 1
               ? SM_OK
               : session_failure(db, NULL, statement->name);
}

static enum sm_error prepare_all(struct db *db, const struct db_query *queries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(prepare(db, queries[i].statement, queries[i].values, queries[i].count));
    return SM_OK;
}

/* A connection that turns out to be gone has lost nothing but the preparation. */
enum sm_error session_be_ready(struct db *db, const struct db_query *queries, size_t count)
{
    TRY(session_be_there(db));
    enum sm_error error = prepare_all(db, queries, count);
    if (error == SM_UNAVAILABLE && db->is_broken && !db->is_in_transaction) {
        TRY(session_connect(db));
        error = prepare_all(db, queries, count);
    }
    return error;
}

enum sm_error session_post(struct db *db, const struct statement *statement)
{
    return post(db, statement, NULL, 0, &(struct posted){statement->name, SM_CONFLICT, NULL});
}

/* By itself, which takes fewer calls. */
static enum sm_error run_alone(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, PGresult **out)
{
    struct parameters parameters;
    for (size_t i = 0; i < count; i++)
        put_parameter(&parameters, i, &values[i]);
    *out = PQexecPrepared(db->connection, statement->name, (int)count, parameters.values,
        parameters.lengths, parameters.formats, 1);
    ExecStatusType status = PQresultStatus(*out);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
               ? SM_OK
               : session_failure(db, *out, statement->name);
}

static enum sm_error execute(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, struct db_rows **out)
{
    struct db_rows *rows DEFER(db_rows_free) = calloc(1, sizeof *rows);
    if (!rows)
        return SM_NO_MEMORY;
    if (db->posted_count == 0) {
        TRY(run_alone(db, statement, values, count, &rows->result));
    } else {
        TRY(post(
            db, statement, values, count, &(struct posted){statement->name, SM_CONFLICT, NULL}));
        TRY(session_settle(db, &rows->result));
    }
    if (out)
        *out = TAKE(rows);
    return SM_OK;
}

static bool is_too_large(const struct db_value *values, size_t count)
{
    assert(count <= VALUES_MAX);
    for (size_t i = 0; i < count; i++)
        if (values[i].bytes.size > INT32_MAX)
            return true;
    return false;
}

enum sm_error db_run(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, struct db_rows **out)
{
    const struct db_query query = {statement, values, count, NULL};
    if (is_too_large(values, count))
        return SM_TOO_LARGE;
    TRY(session_be_ready(db, &query, 1));
    return execute(db, statement, values, count, out);
}

static enum sm_error post_checked(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, const struct posted *posted)
{
    if (is_too_large(values, count))
        return SM_TOO_LARGE;
    TRY(session_be_there(db));
    TRY(prepare(db, statement, values, count));
    if (db->is_in_transaction)
        return post(db, statement, values, count, posted);
    return db_run(db, statement, values, count, NULL);
}

enum sm_error db_post(
    struct db *db, const struct statement *statement, const struct db_value *values, size_t count)
{
    return post_checked(
        db, statement, values, count, &(struct posted){statement->name, SM_CONFLICT, NULL});
}

enum sm_error db_post_once(struct db *db, const struct statement *statement,
    const struct db_value *values, size_t count, enum sm_error conflict)
{
    assert(db->is_in_transaction);
    return post_checked(
        db, statement, values, count, &(struct posted){statement->name, conflict, NULL});
}

/* --- several at once --- */

/* Connected, and each is prepared: from here on nothing is waited for but the results. */
static enum sm_error be_ready_for_all(struct db *db, const struct db_query *queries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_too_large(queries[i].values, queries[i].count))
            return SM_TOO_LARGE;
    return session_be_ready(db, queries, count);
}

static enum sm_error post_all(
    struct db *db, const struct db_query *queries, size_t count, struct db_rows **rows)
{
    for (size_t i = 0; i < count; i++) {
        const struct db_query *query = &queries[i];
        TRY(post(db, query->statement, query->values, query->count,
            &(struct posted){query->statement->name, SM_CONFLICT, rows[i]}));
    }
    return SM_OK;
}

enum sm_error db_run_all(struct db *db, const struct db_query *queries, size_t count)
{
    struct db_rows *rows[QUERIES_MAX] = {0};
    enum sm_error error = SM_OK;
    assert(count <= QUERIES_MAX);
    for (size_t i = 0; i < count && error == SM_OK; i++)
        error = memory_zeroed(1, sizeof *rows[i], (void **)&rows[i]);
    if (error == SM_OK)
        error = be_ready_for_all(db, queries, count);
    if (error == SM_OK)
        error = post_all(db, queries, count, rows);
    enum sm_error settled = session_settle(db, NULL); /* also what was posted before an error */
    error = error == SM_OK ? settled : error;
    for (size_t i = 0; i < count; i++) {
        if (error == SM_OK)
            *queries[i].out = TAKE(rows[i]);
        db_rows_free(&rows[i]);
    }
    return error;
}
