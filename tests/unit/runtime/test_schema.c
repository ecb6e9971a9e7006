/* A program starts on its own schema, and on no other; neither is an older migrate let at a newer
 * one. */
#include "runtime/schema.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

#include <stdio.h>
#include <stdlib.h>

static int set_up(void **state)
{
    return database_new((struct database **)state) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct database *database = *state;
    database_free(&database);
    return 0;
}

static enum sm_error check_as(const struct database *database, const char *role)
{
    return schema_check(database_conninfo(database, role).text);
}

static int migrate(const struct database *database)
{
    char command[400];
    (void)snprintf(command, sizeof command, "db/migrate '%s' >/dev/null 2>&1",
        database_conninfo(database, "postgres").text);
    return system(command); /* NOLINT(cert-env33-c): the script is what is tested */
}

static void every_service_starts_on_its_schema(void **state)
{
    static const char *const roles[] = {
        "sm_gateway", "sm_crypto", "sm_notifier", "sm_retention", "sm_audit"};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        assert_ok(check_as(*state, roles[i]));
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    assert_ok(database_run(*state, "INSERT INTO migration.applied VALUES ('9999_tomorrow')"));
    assert_error(check_as(*state, "sm_crypto"), SM_CONFIG);
    assert_int_not_equal(migrate(*state), 0);
    assert_ok(database_run(*state, "DELETE FROM migration.applied WHERE name = '9999_tomorrow'"));
    assert_int_equal(migrate(*state), 0);
    assert_ok(check_as(*state, "sm_crypto"));
}

static void a_schema_that_lacks_a_migration_is_refused(void **state)
{
    assert_ok(database_run(*state, "DELETE FROM migration.applied WHERE name = '0064_thread'"));
    assert_error(check_as(*state, "sm_audit"), SM_CONFIG);
    assert_ok(database_run(*state, "INSERT INTO migration.applied VALUES ('0064_thread')"));
    assert_ok(check_as(*state, "sm_audit"));
}

static void a_database_without_a_schema_is_refused(void **state)
{
    assert_ok(database_run(*state, "ALTER SCHEMA migration RENAME TO elsewhere"));
    assert_error(check_as(*state, "sm_audit"), SM_CONFIG);
    assert_ok(database_run(*state, "ALTER SCHEMA elsewhere RENAME TO migration"));
}

static void a_database_that_does_not_answer_is_no_schema(void **state)
{
    (void)state;
    assert_error(schema_check("host=/nonexistent user=sm_audit"), SM_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_starts_on_its_schema),
        cmocka_unit_test(a_newer_schema_is_refused_and_left_alone),
        cmocka_unit_test(a_schema_that_lacks_a_migration_is_refused),
        cmocka_unit_test(a_database_without_a_schema_is_refused),
        cmocka_unit_test(a_database_that_does_not_answer_is_no_schema),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
