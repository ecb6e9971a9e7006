/* What is remembered of a server's identity. */
#include "cli/pins.h"
#include "cli/profile.h"
#include "tests/support/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char here[] = "https://mail.example.org";
static const char there[] = "https://other.example.org";
static const uint8_t first[IDENTITY_PIN_BYTES] = {1};
static const uint8_t second[IDENTITY_PIN_BYTES] = {2};

static char home[64];
static struct cli cli;

static int set_up(void **state)
{
    (void)state;
    cli = (struct cli){0};
    (void)snprintf(home, sizeof home, "/tmp/securemail-pins-XXXXXX");
    return mkdtemp(home) ? setenv("SECUREMAIL_HOME", home, 1) : -1;
}

/* Calls `act` with every file of the profile. */
static void for_each_file(void (*act)(const char *path))
{
    const struct dirent *entry;
    char path[400];
    DIR *listing = opendir(home);
    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", home, entry->d_name);
        if (entry->d_name[0] != '.')
            act(path);
    }
    (void)closedir(listing);
}

static void take_away(const char *path)
{
    (void)unlink(path);
}

static void damage(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("{\"pin\": \"AAAA\"}", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void lay_open(const char *path)
{
    assert_int_equal(chmod(path, 0644), 0);
}

static int tear_down(void **state)
{
    (void)state;
    for_each_file(take_away);
    return rmdir(home);
}

static void the_first_key_of_a_server_is_trusted(void **state)
{
    (void)state;
    assert_ok(pins_check(&cli, here, first));
}

static void a_changed_key_is_refused_and_told(void **state)
{
    (void)state;
    assert_ok(pins_keep(&cli, here, first));
    assert_ok(pins_check(&cli, here, first));
    assert_error(pins_check(&cli, here, second), SM_TAMPERED);
    assert_non_null(strstr(cli.message, here));
    assert_non_null(strstr(cli.message, "AQAAAAAAAAAAAAAAAAAAAA")); /* the old one */
    assert_non_null(strstr(cli.message, "AgAAAAAAAAAAAAAAAAAAAA")); /* the new one */
    assert_non_null(strstr(cli.remedy, "--accept-new-identity"));
}

static void another_server_and_a_sign_out_forget_nothing(void **state)
{
    (void)state;
    assert_ok(pins_keep(&cli, here, first));
    assert_ok(pins_keep(&cli, there, second));
    profile_forget(&cli, "session"); /* what signing out does */
    assert_ok(pins_check(&cli, here, first));
    assert_ok(pins_check(&cli, there, second));
    assert_error(pins_check(&cli, here, second), SM_TAMPERED);
    assert_error(pins_check(&cli, there, first), SM_TAMPERED);
}

static void a_key_that_was_accepted_replaces_the_old_one(void **state)
{
    (void)state;
    assert_ok(pins_keep(&cli, here, first));
    assert_ok(pins_keep(&cli, here, second));
    assert_ok(pins_check(&cli, here, second));
    assert_error(pins_check(&cli, here, first), SM_TAMPERED);
}

static void what_cannot_be_read_is_not_taken_for_nothing(void **state)
{
    (void)state;
    assert_ok(pins_keep(&cli, here, first));
    for_each_file(damage);
    assert_error(pins_check(&cli, here, first), SM_BAD_FORMAT);
    assert_non_null(strstr(cli.message, here));
    for_each_file(lay_open);
    assert_error(pins_check(&cli, here, first), SM_NOT_ALLOWED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_key_of_a_server_is_trusted),
        TEST(a_changed_key_is_refused_and_told),
        TEST(another_server_and_a_sign_out_forget_nothing),
        TEST(a_key_that_was_accepted_replaces_the_old_one),
        TEST(what_cannot_be_read_is_not_taken_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
