/* Where a connection string leads, as libpq itself understands it. */
#include "db/conninfo.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "tests/support/check.h"

#include <stdlib.h>

static enum sm_error note(void *context, enum db_place place, const char *text)
{
    static const char *const words[] = {
        [DB_PLACE_HOST] = "host", [DB_PLACE_PORT] = "port", [DB_PLACE_FILE] = "file"};
    return buffer_format(context, "%s %s\n", words[place], text);
}

static void leads_to(const char *conninfo, const char *expected)
{
    struct buffer got DEFER(buffer_free) = BUFFER(4096);
    const char *text;
    assert_ok(db_conninfo_places(conninfo, note, &got));
    assert_ok(buffer_text(&got, &text));
    assert_string_equal(text, expected);
}

static int clear(void **state)
{
    (void)state;
    (void)unsetenv("PGSSLROOTCERT");
    (void)unsetenv("PGHOST");
    return unsetenv("PGPORT");
}

static void hosts_and_ports_are_told_one_by_one(void **state)
{
    (void)state;
    leads_to("host=a,b port=5432,6432 user=x", "host a\nhost b\nport 5432\nport 6432\n");
    leads_to("postgresql://x@db.example:7000/securemail", "host db.example\nport 7000\n");
    leads_to("host=/run/pg,/run/other", "host /run/pg\nhost /run/other\nport 5432\n");
}

static void what_is_not_said_is_what_libpq_takes(void **state)
{
    (void)state;
    leads_to("user=x", "host /var/run/postgresql\nport 5432\n");
    leads_to("host=a,b port=,6432", "host a\nhost b\nport 5432\nport 6432\n");
    (void)setenv("PGPORT", "7432", 1);
    (void)setenv("PGHOST", "c", 1);
    (void)setenv("PGSSLROOTCERT", "/etc/root.pem", 1);
    leads_to("user=x", "host c\nport 7432\nfile /etc/root.pem\n");
}

static void its_files_are_told(void **state)
{
    (void)state;
    leads_to("host=a sslmode=verify-full sslrootcert=/r sslcert=/c sslkey=/k sslcrl=/l sslcrldir=/d"
             " passfile=/p",
        "host a\nport 5432\nfile /r\nfile /c\nfile /k\nfile /l\nfile /d\nfile /p\n");
}

static void what_libpq_does_not_understand_is_refused(void **state)
{
    struct buffer got DEFER(buffer_free) = BUFFER(4096);
    (void)state;
    assert_error(db_conninfo_places("host=a hots=b", note, &got), SM_CONFIG);
    assert_int_equal(got.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_and_ports_are_told_one_by_one, clear, clear),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_what_libpq_takes, clear, clear),
        cmocka_unit_test_setup_teardown(its_files_are_told, clear, clear),
        cmocka_unit_test_setup_teardown(what_libpq_does_not_understand_is_refused, clear, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
