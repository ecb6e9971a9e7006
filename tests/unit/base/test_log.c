/* A log line is one line of JSON, whatever stands in its values, and never longer than its bound.
 */
#include "base/log.h"

#include "tests/support/check.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITTEN_BYTES_MAX = 65536, LINE_BYTES_MAX = 16384 };

static FILE *kept;
static int before;
static char written[WRITTEN_BYTES_MAX];

static int keep(void **state)
{
    (void)state;
    kept = tmpfile();
    before = dup(STDERR_FILENO);
    return kept && dup2(fileno(kept), STDERR_FILENO) >= 0 ? 0 : -1;
}

/* Ends the keeping; what was written is in `written`. */
static size_t end(void)
{
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
    ssize_t size = pread(fileno(kept), written, sizeof written - 1, 0);
    written[size > 0 ? size : 0] = '\0';
    (void)fclose(kept);
    return strlen(written);
}

/* The one line as JSON; the caller frees it. */
static json_t *one_line(void)
{
    json_error_t error;
    size_t size = end();
    assert_true(size > 0 && size <= LINE_BYTES_MAX);
    assert_true(strchr(written, '\n') == written + size - 1);
    for (size_t i = 0; i < size - 1; i++)
        assert_in_range((unsigned char)written[i], 0x20, 0x7e);
    json_t *line = json_loads(written, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(line);
    return line;
}

static const char *member(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    return text ? text : "";
}

static void a_line_says_when_who_how_grave_what_and_the_pairs(void **state)
{
    (void)state;
    log_start("audit", LOG_INFO);
    log_line(LOG_WARNING, "smtp-refused", "job", "7", "cause", NULL, NULL);

    json_t *line = one_line();
    assert_string_equal(member(line, "service"), "audit");
    assert_string_equal(member(line, "level"), "warning");
    assert_string_equal(member(line, "event"), "smtp-refused");
    assert_string_equal(member(line, "job"), "7");
    assert_string_equal(member(line, "cause"), "");
    assert_int_equal(strlen(member(line, "time")), strlen("2026-11-24T08:13:00.123Z"));
    assert_int_equal(json_object_size(line), 6);
    json_decref(line);
}

static void no_value_ends_a_line_or_moves_a_terminal(void **state)
{
    char all[256];
    (void)state;
    for (size_t i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    log_line(LOG_ERROR, "x\",\"forged\":\"", "value", all, "na\nme", "\"}\n{\"event\":\"forged\"}",
        NULL);

    json_t *line = one_line(); /* printable ASCII only */
    assert_null(json_object_get(line, "forged"));
    assert_string_equal(member(line, "na\nme"), "\"}\n{\"event\":\"forged\"}");
    assert_true(strlen(member(line, "value")) > 255); /* all of it, in UTF-8 */
    json_decref(line);
}

static void a_value_is_cut_at_its_bound(void **state)
{
    char value[LOG_VALUE_BYTES_MAX + 100];
    (void)state;
    memset(value, 'v', sizeof value);
    value[sizeof value - 1] = '\0';
    log_line(LOG_ERROR, "long", "value", value, "next", "there", NULL);

    json_t *line = one_line();
    assert_int_equal(strlen(member(line, "value")), LOG_VALUE_BYTES_MAX);
    assert_string_equal(member(line, "next"), "there");
    json_decref(line);
}

/* Each of these values takes six times its bytes. */
static void a_line_over_its_bound_loses_pairs_and_not_itself(void **state)
{
    char v[LOG_VALUE_BYTES_MAX + 1];
    (void)state;
    memset(v, '\001', sizeof v);
    v[sizeof v - 1] = '\0';
    log_line(
        LOG_ERROR, "flood", "a", v, "b", v, "c", v, "d", v, "e", v, "f", v, "g", v, "h", v, NULL);

    json_t *line = one_line();
    assert_string_equal(member(line, "event"), "flood");
    assert_string_equal(member(line, "cut"), "yes");
    assert_non_null(json_object_get(line, "a"));
    assert_null(json_object_get(line, "h"));
    json_decref(line);
}

static void what_is_below_the_least_level_is_not_written(void **state)
{
    (void)state;
    log_start("audit", LOG_WARNING);
    log_line(LOG_DEBUG, "quiet", NULL);
    log_line(LOG_INFO, "quiet", NULL);
    log_start("audit", LOG_INFO);
    assert_int_equal(end(), 0);
}

static void a_failure_is_logged_and_handed_on(void **state)
{
    (void)state;
    enum sm_error error = log_failure("start", SM_CONFIG, "it is missing");

    json_t *line = one_line();
    assert_error(error, SM_CONFIG);
    assert_string_equal(member(line, "error"), error_name(SM_CONFIG));
    assert_string_equal(member(line, "cause"), "it is missing");
    json_decref(line);
}

#define TEST(name) cmocka_unit_test_setup(name, keep)
static void a_line_names_the_request_that_its_thread_is_at_work_for(void **state)
{
    (void)state;
    log_request_set(0x1234);
    log_line(LOG_INFO, "first", NULL);
    json_t *line = one_line();
    log_request_set(0);

    assert_string_equal(member(line, "request"), "0000000000001234");
    json_decref(line);
}

static void a_line_of_no_request_names_none(void **state)
{
    (void)state;
    log_line(LOG_INFO, "first", NULL);
    json_t *line = one_line();
    assert_null(json_object_get(line, "request"));
    json_decref(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_who_how_grave_what_and_the_pairs),
        TEST(no_value_ends_a_line_or_moves_a_terminal),
        TEST(a_value_is_cut_at_its_bound),
        TEST(a_line_over_its_bound_loses_pairs_and_not_itself),
        TEST(what_is_below_the_least_level_is_not_written),
        TEST(a_failure_is_logged_and_handed_on),
        TEST(a_line_names_the_request_that_its_thread_is_at_work_for),
        TEST(a_line_of_no_request_names_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
