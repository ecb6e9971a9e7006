/* Once a process ends, nothing connects: on a real PostgreSQL. It cannot be taken back, so it is a
 * program of its own. */
#include "db/connection.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

#include <unistd.h>

static struct database *database;

static int make_database(void **state)
{
    (void)state;
    return database_new(&database) == SM_OK ? 0 : -1;
}

static int drop_database(void **state)
{
    (void)state;
    database_free(&database);
    return 0;
}

static const struct statement one = {"one", "SELECT 1::bigint"},
                              leave = {"leave", "SELECT pg_terminate_backend(pg_backend_pid())"};

static void what_lives_goes_on_and_what_is_lost_stays_lost(void **state)
{
    struct db *db = NULL;
    struct db *late = NULL;
    (void)state;
    assert_ok(db_open(database_conninfo(database, "postgres").text, &db));
    assert_error(DB_RUN0(db, &leave, NULL), SM_UNAVAILABLE);
    assert_ok(DB_RUN0(db, &one, NULL)); /* the control: it was made again */

    db_connect_no_more();

    assert_ok(DB_RUN0(db, &one, NULL));
    assert_error(DB_RUN0(db, &leave, NULL), SM_UNAVAILABLE);
    for (int i = 0; i < 3; i++)
        assert_error(DB_RUN0(db, &one, NULL), SM_UNAVAILABLE);
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_error(db_begin(db, &tx), SM_UNAVAILABLE);
    assert_error(db_open(database_conninfo(database, "postgres").text, &late), SM_UNAVAILABLE);
    assert_null(late);
    assert_int_equal(2, db_sessions(db));
    db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lives_goes_on_and_what_is_lost_stays_lost),
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, make_database, drop_database);
}
