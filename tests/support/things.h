/*
 * A database with a table of things, and one connection to it: what the tests of lib/db have in
 * common. Included once in a program.
 */
#ifndef SM_TESTS_THINGS_H
#define SM_TESTS_THINGS_H

#include "db/connection.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

static struct database *database;
static struct db *db;

static inline int make_things(void **state)
{
    (void)state;
    return database_new(&database) == SM_OK &&
                   database_run(database,
                       "CREATE TABLE thing (id bigint PRIMARY KEY, word text);"
                       "CREATE SEQUENCE commits;"
                       "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                       " PERFORM nextval('commits');"
                       " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
                       "CREATE TABLE deadly (id bigint);"
                       "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON deadly"
                       " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()") ==
                       SM_OK
               ? 0
               : -1;
}

static inline int drop_things(void **state)
{
    (void)state;
    database_free(&database);
    return 0;
}

static inline int open_things(void **state)
{
    (void)state;
    if (database_run(database, "DELETE FROM thing") != SM_OK)
        return -1;
    return db_open(database_conninfo(database, "postgres").text, &db) == SM_OK ? 0 : -1;
}

static inline int close_things(void **state)
{
    (void)state;
    db_close(&db);
    return 0;
}

/* Ends every other session of this database and waits until they are gone. */
static inline void terminate(void)
{
    int64_t gone = 0;
    assert_ok(database_number(database,
        "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        &gone));
    assert_true(gone > 0);
}

static inline int64_t number(const char *sql)
{
    int64_t value = -1;
    assert_ok(database_number(database, sql, &value));
    return value;
}

static const struct statement insert = {
    "thing_insert", "INSERT INTO thing (id, word) VALUES ($1, $2)"};
static const struct statement count_all = {"thing_count", "SELECT count(*) FROM thing"};

static inline enum sm_error add(int64_t id)
{
    return DB_RUN(db, &insert, NULL, db_i64(id), db_text(span_text("word")));
}

/* The one number that a statement without parameters gives. */
static inline enum sm_error ask(const struct statement *statement, int64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, statement, &rows));
    TRY(db_one(rows));
    return db_read_i64(rows, 0, 0, out);
}

static inline enum sm_error run(const struct statement *statement)
{
    return DB_RUN0(db, statement, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_things, close_things)

#endif
