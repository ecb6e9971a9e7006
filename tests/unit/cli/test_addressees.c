/* Recipients, their checks and their passwords. */
#include "cli/addressees.h"
#include "base/memory.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 3 };

static char folder[] = "/tmp/securemail-addressees-XXXXXX";
static char files[FILES][64]; /* hold "password of N" */
static struct cli cli;

static const struct cli_option options[] = {
    {"--to", "ADDRESS ...", ""},
    {"--check", "METHOD ...", ""},
    {"--recipient-password-file", "FILE ...", ""},
};
enum { TO, CHECK, FILE_OF };

static int set_up(void **state)
{
    (void)state;
    (void)umask(077);
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(files[i], sizeof files[i], "%s/%zu", folder, i);
        FILE *file = fopen(files[i], "w");
        if (!file || fprintf(file, "password of %zu\n", i) < 0 || fclose(file) != 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++)
        (void)unlink(files[i]);
    return rmdir(folder);
}

static void give(size_t option, const char *value)
{
    cli.values[cli.values_count].option = &options[option];
    cli.values[cli.values_count++].value = value;
}

static void start(void)
{
    cli = (struct cli){0};
    give(TO, "a@example.org");
    give(TO, "b@example.org");
    give(TO, "c@example.org");
}

static void assert_refused(void)
{
    struct addressees found DEFER(addressees_free) = {0};
    assert_error(addressees_read(&cli, &found), SM_BAD_VALUE);
    assert_true(strlen(cli.message) > 0 && strlen(cli.remedy) > 0);
}

static void one_check_and_one_password_are_for_all(void **state)
{
    (void)state;
    struct addressees found DEFER(addressees_free) = {0};
    start();
    give(CHECK, "password+code");
    give(FILE_OF, files[1]);
    assert_ok(addressees_read(&cli, &found));
    assert_int_equal(found.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(found.items[i].method, METHOD_PASSWORD_AND_CODE);
        assert_span(found.items[i].password, "password of 1");
    }
    assert_span(found.items[2].address, "c@example.org");
}

static void each_recipient_may_have_his_own(void **state)
{
    (void)state;
    struct addressees found DEFER(addressees_free) = {0};
    start();
    give(CHECK, "password");
    give(FILE_OF, files[0]);
    give(CHECK, "code");
    give(CHECK, "password+code");
    give(FILE_OF, files[1]);
    assert_ok(addressees_read(&cli, &found));
    assert_int_equal(found.items[0].method, METHOD_PASSWORD);
    assert_int_equal(found.items[1].method, METHOD_CODE);
    assert_int_equal(found.items[2].method, METHOD_PASSWORD_AND_CODE);
    assert_span(found.items[0].password, "password of 0");
    assert_int_equal(found.items[1].password.size, 0);
    assert_span(found.items[2].password, "password of 1");
}

static void one_password_with_own_checks_is_for_those_who_need_it(void **state)
{
    (void)state;
    struct addressees found DEFER(addressees_free) = {0};
    start();
    give(CHECK, "code");
    give(CHECK, "password");
    give(CHECK, "password");
    give(FILE_OF, files[2]);
    assert_ok(addressees_read(&cli, &found));
    assert_int_equal(found.items[0].password.size, 0);
    assert_span(found.items[1].password, "password of 2");
    assert_span(found.items[2].password, "password of 2");
}

static void counts_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    start(); /* no check */
    assert_refused();
    start(); /* two checks for three */
    give(CHECK, "code");
    give(CHECK, "code");
    assert_refused();
    start(); /* two passwords for three */
    give(CHECK, "password");
    give(FILE_OF, files[0]);
    give(FILE_OF, files[1]);
    assert_refused();
    start(); /* a password that nobody is asked for */
    give(CHECK, "code");
    give(FILE_OF, files[0]);
    assert_refused();
    start(); /* no such check */
    give(CHECK, "fingerprint");
    assert_refused();
    cli = (struct cli){0}; /* nobody */
    give(CHECK, "code");
    assert_refused();
    give(TO, "not an address");
    assert_refused();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_check_and_one_password_are_for_all),
        cmocka_unit_test(each_recipient_may_have_his_own),
        cmocka_unit_test(one_password_with_own_checks_is_for_those_who_need_it),
        cmocka_unit_test(counts_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
