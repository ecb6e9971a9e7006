/*
 * Configuration: every fault names the variable, the reason and the remedy, all of them at once;
 * secrets leave the environment and stand in no message.
 */
#include "runtime/settings.h"

#include "base/memory.h"
#include "runtime/settings_table.h"
#include "tests/support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const enum peer services[] = {
    PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT};
enum { SERVICES = sizeof services / sizeof services[0], TOLD_BYTES_MAX = 65536 };

static const char secret_text[] = "hunter2hunter2hunter2hunter2hunter2";

/* --- what is told --- */

static char told[TOLD_BYTES_MAX];

/* settings_load with standard error kept in `told`. */
static enum sm_error load(enum peer self, struct settings **out)
{
    FILE *kept = tmpfile();
    assert_non_null(kept);
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && dup2(fileno(kept), STDERR_FILENO) >= 0);
    enum sm_error error = settings_load(self, out);
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
    ssize_t size = pread(fileno(kept), told, sizeof told - 1, 0);
    told[size > 0 ? size : 0] = '\0';
    (void)fclose(kept);
    return error;
}

static size_t lines_told(void)
{
    size_t lines = 0;
    for (const char *at = told; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static void are_told(size_t lines)
{
    if (lines_told() != lines)
        fail_msg("not %zu lines:\n%s", lines, told);
}

static void is_told(const char *text)
{
    if (!strstr(told, text))
        fail_msg("\"%s\" is not told in:\n%s", text, told);
}

/* --- an environment --- */

static int empty(void **state)
{
    (void)state;
    return clearenv();
}

static bool uses(enum peer self, const struct setting_row *row)
{
    return row->users & (unsigned)self;
}

/* The smallest good value of what `self` requires. */
static void set_what_is_required(enum peer self)
{
    for (size_t i = 0; i < settings_table_count; i++)
        if (uses(self, &settings_table[i]) && settings_table[i].is_required)
            assert_int_equal(setenv(settings_table[i].name, "given", 1), 0);
}

static void refuses(enum peer self, const struct setting_row *row, const char *value)
{
    struct settings *settings = NULL;
    set_what_is_required(self); /* anew: a load takes the secrets out */
    assert_int_equal(setenv(row->name, value, 1), 0);
    assert_error(load(self, &settings), SM_CONFIG);
    assert_null(settings);
    is_told(row->name);
    are_told(1);
    assert_int_equal(unsetenv(row->name), 0);
}

static void accepts(enum peer self, const struct setting_row *row, const char *value)
{
    struct settings *settings DEFER(settings_free) = NULL;
    set_what_is_required(self);
    assert_int_equal(setenv(row->name, value, 1), 0);
    assert_ok(load(self, &settings));
    assert_string_equal(told, "");
    assert_string_equal(settings_text(settings, row->setting), value);
    assert_int_equal(unsetenv(row->name), 0);
}

/* --- values --- */

static void what_is_required_is_enough_and_the_rest_has_its_default(void **state)
{
    (void)state;
    for (size_t s = 0; s < SERVICES; s++) {
        struct settings *settings DEFER(settings_free) = NULL;
        set_what_is_required(services[s]);
        assert_ok(load(services[s], &settings));
        assert_string_equal(told, "");
        for (size_t i = 0; i < settings_table_count; i++) {
            const struct setting_row *row = &settings_table[i];
            if (!uses(services[s], row))
                continue;
            const char *expected = row->is_required ? "given" : row->preset;
            assert_string_equal(settings_text(settings, row->setting), expected);
            if (row->kind == SETTING_IS_NUMBER)
                assert_int_equal(settings_number(settings, row->setting), atol(row->preset));
        }
        assert_int_equal(clearenv(), 0);
    }
}

static void all_that_is_missing_is_told_at_once_with_its_remedy(void **state)
{
    (void)state;
    for (size_t s = 0; s < SERVICES; s++) {
        struct settings *settings = NULL;
        size_t missing = 0;
        assert_error(load(services[s], &settings), SM_CONFIG);
        for (size_t i = 0; i < settings_table_count; i++) {
            const struct setting_row *row = &settings_table[i];
            if (!uses(services[s], row) || !row->is_required || row->preset)
                continue;
            char start[128];
            (void)snprintf(start, sizeof start, "configuration: %s is not set. ", row->name);
            is_told(start);
            is_told(row->remedy ? row->remedy : row->meaning);
            missing++;
        }
        assert_true(missing > 0);
        are_told(missing);
    }
}

static void a_required_value_that_is_empty_is_missing(void **state)
{
    (void)state;
    refuses(PEER_AUDIT, &settings_table[SETTING_LISTEN], "");
    is_told("is not set");
}

static void each_number_keeps_to_its_range(void **state)
{
    static const char *const none[] = {
        "", " 1", "1 ", "0x10", "1e3", "ten", "-", "+5", "99999999999999999999", "5\n", "\033[2J"};
    (void)state;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting_row *row = &settings_table[i];
        if (row->kind != SETTING_IS_NUMBER)
            continue;
        enum peer self = (enum peer)(row->users & -row->users);
        char text[32];
        for (size_t k = 0; k < sizeof none / sizeof none[0]; k++)
            refuses(self, row, none[k]);
        (void)snprintf(text, sizeof text, "%lld", (long long)row->least - 1);
        refuses(self, row, text);
        (void)snprintf(text, sizeof text, "%lld", (long long)row->most + 1);
        refuses(self, row, text);
        is_told(row->meaning);
        (void)snprintf(text, sizeof text, "%lld", (long long)row->least);
        accepts(self, row, text);
        (void)snprintf(text, sizeof text, "%lld", (long long)row->most);
        accepts(self, row, text);
    }
}

static void a_word_is_one_of_its_words(void **state)
{
    static const char *const none[] = {"", "requ", "required ", "REQUIRED", "required|never", "|"};
    const struct setting_row *row = &settings_table[SETTING_SMTP_TLS];
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        refuses(PEER_NOTIFIER, row, none[i]);
        is_told("not one of required|never");
    }
    accepts(PEER_NOTIFIER, row, "never");
}

/* --- secrets --- */

static void a_secret_leaves_the_environment_and_its_bytes_are_wiped(void **state)
{
    (void)state;
    static char place[] = "SECURE_MAIL_MASTER_KEY=hunter2hunter2hunter2hunter2hunter2";
    struct settings *settings DEFER(settings_free) = NULL;
    set_what_is_required(PEER_CRYPTO);
    assert_int_equal(putenv(place), 0);

    assert_ok(load(PEER_CRYPTO, &settings));

    assert_span(settings_secret(settings, SETTING_MASTER_KEY), secret_text);
    assert_null(getenv("SECURE_MAIL_MASTER_KEY"));
    for (size_t i = strlen("SECURE_MAIL_MASTER_KEY="); i < sizeof place - 1; i++)
        assert_int_equal(place[i], 0);
    settings_forget(settings, SETTING_MASTER_KEY);
    assert_int_equal(settings_secret(settings, SETTING_MASTER_KEY).size, 0);
}

static void another_service_s_secret_is_taken_out_of_the_environment(void **state)
{
    (void)state;
    struct settings *settings DEFER(settings_free) = NULL;
    set_what_is_required(PEER_GATEWAY);
    assert_int_equal(setenv("SECURE_MAIL_MASTER_KEY", secret_text, 1), 0);

    assert_ok(load(PEER_GATEWAY, &settings));
    assert_null(getenv("SECURE_MAIL_MASTER_KEY"));
    assert_null(strstr(told, secret_text));
}

/* A file that is gone with the test. */
struct file {
    char path[32];
};
static struct file file_with(const void *bytes, size_t size)
{
    struct file file = {"/tmp/sm-setting-XXXXXX"};
    int descriptor = mkstemp(file.path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, size), size);
    (void)close(descriptor);
    return file;
}

static enum sm_error load_with_file(const char *path, struct settings **out)
{
    set_what_is_required(PEER_CRYPTO);
    assert_int_equal(unsetenv("SECURE_MAIL_MASTER_KEY"), 0);
    assert_int_equal(setenv("SECURE_MAIL_MASTER_KEY_FILE", path, 1), 0);
    return load(PEER_CRYPTO, out);
}

static void a_file_holds_a_secret_on_its_first_line(void **state)
{
    static const char *const ends[] = {"", "\n", "\r\n", "\nand more"};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct settings *settings DEFER(settings_free) = NULL;
        char text[128];
        (void)snprintf(text, sizeof text, "%s%s", secret_text, ends[i]);
        struct file file = file_with(text, strlen(text));
        assert_ok(load_with_file(file.path, &settings));
        assert_span(settings_secret(settings, SETTING_MASTER_KEY), secret_text);
        assert_int_equal(unlink(file.path), 0);
    }
}

static void a_file_without_a_value_is_told_by_the_variable_s_name(void **state)
{
    static char large[4096];
    (void)state;
    memset(large, 'a', sizeof large);
    const struct span contents[] = {
        span_text(""), span_text("\nsecond line"), span_of("a\0b", 3), SPAN(large)};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct settings *settings = NULL;
        struct file file = file_with(contents[i].at, contents[i].size);
        assert_error(load_with_file(file.path, &settings), SM_CONFIG);
        is_told("SECURE_MAIL_MASTER_KEY_FILE names a file that holds no value of one line");
        is_told("on its first line");
        assert_int_equal(unlink(file.path), 0);
    }
}

static void a_file_that_cannot_be_read_is_told_with_the_reason(void **state)
{
    static const char *const none[] = {"/nowhere/at/all", "", "/tmp"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct settings *settings = NULL;
        assert_error(load_with_file(none[i], &settings), SM_CONFIG);
        is_told("SECURE_MAIL_MASTER_KEY_FILE ");
        are_told(1);
    }
}

static void a_value_and_a_file_at_once_are_refused_without_telling_either(void **state)
{
    (void)state;
    struct settings *settings = NULL;
    struct file file = file_with(secret_text, strlen(secret_text));
    set_what_is_required(PEER_CRYPTO);
    assert_int_equal(setenv("SECURE_MAIL_MASTER_KEY", secret_text, 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_MASTER_KEY_FILE", file.path, 1), 0);

    assert_error(load(PEER_CRYPTO, &settings), SM_CONFIG);
    is_told("SECURE_MAIL_MASTER_KEY and its _FILE are both set. Set one of them");
    assert_null(strstr(told, secret_text));
    assert_int_equal(unlink(file.path), 0);
}

/* --- names --- */

static void a_name_that_is_no_setting_is_told_and_stops_nothing(void **state)
{
    static const char *const wrong[] = {"SECURE_MAIL_LOGLEVEL", "SECURE_MAIL_", "SECURE_MAIL_AUDI",
        "SECURE_MAIL_AUDIT2", "SECURE_MAIL_BASE_URL_FILE", "SECURE_MAIL_MASTER_KEY_FILE2"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct settings *settings DEFER(settings_free) = NULL;
        char line[128];
        assert_int_equal(clearenv(), 0);
        set_what_is_required(PEER_AUDIT);
        assert_int_equal(setenv(wrong[i], secret_text, 1), 0);
        assert_ok(load(PEER_AUDIT, &settings));
        (void)snprintf(line, sizeof line, "configuration: %s is not a setting", wrong[i]);
        is_told(line);
        are_told(1);
        assert_null(strstr(told, secret_text)); /* it may have been meant as one */
    }
}

static void settings_of_other_services_and_other_programs_are_not_told(void **state)
{
    (void)state;
    struct settings *settings DEFER(settings_free) = NULL;
    set_what_is_required(PEER_AUDIT);
    for (size_t i = 0; i < settings_table_count; i++)
        if (!uses(PEER_AUDIT, &settings_table[i]))
            assert_int_equal(setenv(settings_table[i].name, "x", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_SMTP_PASSWORD_FILE", "/x", 1), 0);
    assert_int_equal(setenv("SECURE_MAILING", "x", 1), 0);
    assert_int_equal(setenv("PATH", "/bin", 1), 0);

    assert_ok(load(PEER_AUDIT, &settings));
    assert_string_equal(told, "");
}

static void a_name_of_any_length_and_letters_is_told_in_one_bounded_line(void **state)
{
    (void)state;
    struct settings *settings DEFER(settings_free) = NULL;
    char name[1000];
    set_what_is_required(PEER_AUDIT);
    (void)snprintf(name, sizeof name, "SECURE_MAIL_%0*d", 900, 0);
    assert_int_equal(setenv(name, "x", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_X\033[2J\nforged", "x", 1), 0);

    assert_ok(load(PEER_AUDIT, &settings));
    are_told(2);
    assert_true(strlen(told) < 400);
    assert_null(strchr(told, '\033'));
    assert_null(strstr(told, "forged"));
}

#define TEST(name) cmocka_unit_test_setup(name, empty)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_required_is_enough_and_the_rest_has_its_default),
        TEST(all_that_is_missing_is_told_at_once_with_its_remedy),
        TEST(a_required_value_that_is_empty_is_missing),
        TEST(each_number_keeps_to_its_range),
        TEST(a_word_is_one_of_its_words),
        TEST(a_secret_leaves_the_environment_and_its_bytes_are_wiped),
        TEST(another_service_s_secret_is_taken_out_of_the_environment),
        TEST(a_file_holds_a_secret_on_its_first_line),
        TEST(a_file_without_a_value_is_told_by_the_variable_s_name),
        TEST(a_file_that_cannot_be_read_is_told_with_the_reason),
        TEST(a_value_and_a_file_at_once_are_refused_without_telling_either),
        TEST(a_name_that_is_no_setting_is_told_and_stops_nothing),
        TEST(settings_of_other_services_and_other_programs_are_not_told),
        TEST(a_name_of_any_length_and_letters_is_told_in_one_bounded_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
