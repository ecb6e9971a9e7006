/* A function that runs with its owner's rights is a door: whoever may call it, or hang it on a
 * table of his own as a trigger, acts as the owner as far as it lets him. */
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#define WITH_OWNER_S_RIGHTS "SELECT count(*) FROM pg_proc AS f WHERE prosecdef"

static int64_t count_of(struct database *database, const char *sql)
{
    int64_t count = -1;
    assert_ok(database_number(database, sql, &count));
    return count;
}

static void no_function_lends_its_owner_s_rights_to_everybody(void **state)
{
    struct database *database DEFER(database_free) = NULL;
    (void)state;
    assert_ok(database_new(&database));

    assert_true(count_of(database, WITH_OWNER_S_RIGHTS) > 0); /* audit.erase is one */
    assert_int_equal(count_of(database, WITH_OWNER_S_RIGHTS
                         " AND EXISTS (SELECT FROM aclexplode(coalesce(proacl,"
                         " acldefault('f', proowner))) AS a WHERE a.grantee = 0)"),
        0);
    assert_int_equal(count_of(database, WITH_OWNER_S_RIGHTS
                         " AND (SELECT rolsuper FROM pg_roles AS r WHERE r.oid = proowner)"),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_function_lends_its_owner_s_rights_to_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
