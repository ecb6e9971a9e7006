/* What is looked at before a message is asked for. */
#include "cli/content.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct cli_option save_to = {"--save-to", "FOLDER", ""};
static const struct cli_option limit_rate = {"--limit-rate", "BYTES", ""};

static struct cli with(const struct cli_option *option, const char *value)
{
    struct cli cli = {.values_count = 1};
    cli.values[0].option = option;
    cli.values[0].value = value;
    return cli;
}

static void a_folder_that_cannot_be_written_is_told_first(void **state)
{
    (void)state;
    char folder[] = "/tmp/securemail-content-XXXXXX";
    char fresh[sizeof folder + 8];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(fresh, sizeof fresh, "%s/fresh", folder);
    struct cli there = with(&save_to, folder);
    struct cli made = with(&save_to, fresh);
    struct cli file = with(&save_to, "/dev/null/folder");
    struct cli device = with(&save_to, "/dev/null");
    assert_ok(content_prepare(&there));
    assert_ok(content_prepare(&made));
    assert_int_equal(rmdir(fresh), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_error(content_prepare(&file), SM_IO);
    assert_error(content_prepare(&device), SM_IO);
}

static void a_rate_is_a_number(void **state)
{
    (void)state;
    struct cli good = with(&limit_rate, "4000000");
    struct cli bad = with(&limit_rate, "4MB");
    assert_ok(content_prepare(&good));
    assert_error(content_prepare(&bad), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_that_cannot_be_written_is_told_first),
        cmocka_unit_test(a_rate_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
