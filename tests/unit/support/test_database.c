/* The databases that other tests get are what they promise to be. */
#include "base/memory.h"
#include "db/connection.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

static void a_fresh_database_has_the_migrations_and_the_roles(void **state)
{
    struct database *database DEFER(database_free) = NULL;
    struct db *db DEFER(db_close) = NULL;
    int64_t now;

    assert_ok(database_new(&database));
    assert_ok(db_open(database_conninfo(database, "sm_crypto").text, &db));

    assert_ok(db_now_ms(db, &now));
    assert_true(now > 1700000000000);
    (void)state;
}

static void two_databases_have_clocks_of_their_own(void **state)
{
    struct database *moved DEFER(database_free) = NULL;
    struct database *still DEFER(database_free) = NULL;
    int64_t ahead = 0;
    int64_t behind = 0;
    const char *sql = "SELECT clock.now_ms() - extract(epoch FROM now()) * 1000";

    assert_ok(database_new(&moved));
    assert_ok(database_new(&still));
    assert_ok(database_clock_shift(moved, 3600));

    assert_ok(database_number(moved, sql, &ahead));
    assert_ok(database_number(still, sql, &behind));
    assert_true(ahead > 3590 * 1000 && ahead < 3610 * 1000);
    assert_true(behind < 10 * 1000);
    (void)state;
}

static void wrong_sql_is_an_error(void **state)
{
    struct database *database DEFER(database_free) = NULL;

    assert_ok(database_new(&database));

    assert_error(database_run(database, "SELECT 1; SELECT nonsense('it''s')"), SM_DATABASE);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_database_has_the_migrations_and_the_roles),
        cmocka_unit_test(two_databases_have_clocks_of_their_own),
        cmocka_unit_test(wrong_sql_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
