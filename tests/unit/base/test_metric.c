/* What monitoring reads: the table, the counting and the text. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "base/metric.h"

#include <ctype.h>
#include <pthread.h>

enum { TEXT_BYTES_MAX = 64 * 1024 };

static bool prints(const char *service, const char *wanted)
{
    struct buffer out DEFER(buffer_free) = BUFFER(TEXT_BYTES_MAX);
    const char *text;
    assert_ok(metric_print(service, &out));
    assert_ok(buffer_text(&out, &text));
    return strstr(text, wanted) != NULL;
}

/* Prometheus' rules: letters, digits and "_", a unit at the end, "_total" for what only grows. */
static void every_row_is_named_by_the_rules(void **state)
{
    (void)state;

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_table[i];
        size_t size = strlen(row->name);
        assert_int_equal(row->metric, i);
        assert_int_equal(strncmp(row->name, "secure_mail_", 12), 0);
        for (size_t k = 0; k < size; k++)
            assert_true(islower((unsigned char)row->name[k]) || row->name[k] == '_');
        assert_int_equal(
            row->kind == METRIC_IS_COUNTER, strcmp(row->name + size - 6, "_total") == 0);
        assert_int_equal(row->help[strlen(row->help) - 1], '.');
        assert_true(*row->services);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(row->name, metric_table[k].name);
    }
}

static void a_service_prints_its_own_metrics_and_no_others(void **state)
{
    (void)state;

    assert_true(prints("audit", "# TYPE secure_mail_audit_entries gauge\n"));
    assert_false(prints("audit", "secure_mail_http"));
    assert_false(prints("crypto", "secure_mail_audit_entries"));
    assert_true(prints("crypto", "secure_mail_requests_total{outcome=\"ok\"} 0\n"));
    assert_false(prints("cryp", "secure_mail"));
}

static void an_outcome_is_counted_under_its_word(void **state)
{
    (void)state;
    int64_t before = metric_value(METRIC_REQUESTS, SM_LOCKED);

    metric_count(METRIC_REQUESTS, SM_LOCKED);

    assert_int_equal(metric_value(METRIC_REQUESTS, SM_LOCKED), before + 1);
    assert_true(prints("crypto", "secure_mail_requests_total{outcome=\"locked\"} 1\n"));
}

/* An alert sees a counter grow, and what begins with its first count has not grown. */
static void an_outcome_that_never_was_is_a_zero(void **state)
{
    (void)state;

    assert_true(prints("crypto", "secure_mail_requests_total{outcome=\"tampered\"} 0\n"));
    assert_true(prints("gateway", "secure_mail_http_requests_total{status=\"5xx\"} 0\n"));
}

static bool briefs(const char *service, const char *wanted)
{
    struct buffer out DEFER(buffer_free) = BUFFER(TEXT_BYTES_MAX);
    const char *text;
    assert_ok(metric_brief(service, &out));
    assert_ok(buffer_text(&out, &text));
    return strstr(text, wanted) != NULL;
}

/* A zero before the first look would say that the log is empty. */
static void a_finding_is_left_out_until_it_is_known(void **state)
{
    (void)state;
    assert_false(prints("audit", "\nsecure_mail_audit_entries "));
    assert_false(briefs("audit", "secure_mail_audit_entries "));

    metric_set(METRIC_AUDIT_ENTRIES, 0, 0);

    assert_true(prints("audit", "\nsecure_mail_audit_entries 0\n"));
    assert_true(briefs("audit", "secure_mail_audit_entries 0\n"));
    assert_false(prints("audit", "\nsecure_mail_audit_logs "));
}

/* An alert must see that a peer is away: 0 is a value, not a gap. */
static void a_gauge_that_was_set_to_zero_is_shown(void **state)
{
    (void)state;
    assert_false(prints("gateway", "peer=\"audit\""));

    metric_set(METRIC_PEER_REACHABLE, metric_peer("audit"), 0);

    assert_true(prints("gateway", "secure_mail_peer_reachable{peer=\"audit\"} 0\n"));
    assert_false(prints("gateway", "peer=\"crypto\""));
}

static void a_gauge_follows_what_comes_and_goes(void **state)
{
    (void)state;

    metric_move(METRIC_DATABASE_CONNECTIONS, 1);
    metric_move(METRIC_DATABASE_CONNECTIONS, 1);
    metric_move(METRIC_DATABASE_CONNECTIONS, -1);

    assert_true(prints("retention", "secure_mail_database_connections 1\n"));
}

static void a_duration_is_in_every_bucket_above_it(void **state)
{
    (void)state;

    metric_observe_ms(METRIC_HTTP_SECONDS, 7);
    metric_observe_ms(METRIC_HTTP_SECONDS, 60000);
    metric_observe_ms(METRIC_HTTP_SECONDS, -5);

    assert_int_equal(metric_value(METRIC_HTTP_SECONDS, 0), 3);
    assert_true(prints("gateway", "_seconds_bucket{le=\"0.001\"} 1\n"));
    assert_true(prints("gateway", "_seconds_bucket{le=\"0.005\"} 1\n"));
    assert_true(prints("gateway", "_seconds_bucket{le=\"0.010\"} 2\n"));
    assert_true(prints("gateway", "_seconds_bucket{le=\"10.000\"} 2\n"));
    assert_true(prints("gateway", "_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_true(prints("gateway", "_seconds_sum 60.007\n"));
    assert_true(prints("gateway", "_seconds_count 3\n"));
}

static void statuses_and_peers_out_of_their_lists_are_other(void **state)
{
    (void)state;

    assert_int_equal(metric_status(204), 2);
    assert_int_equal(metric_status(599), 5);
    assert_int_equal(metric_status(0), 0);
    assert_int_equal(metric_status(600), 0);
    assert_int_equal(metric_peer("operator"), metric_peer("nobody"));
    assert_int_not_equal(metric_peer("audit"), metric_peer("nobody"));
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct buffer small DEFER(buffer_free) = BUFFER(100);

    assert_error(metric_print("crypto", &small), SM_TOO_LARGE);
}

static void *count_often(void *context)
{
    (void)context;
    for (int i = 0; i < 10000; i++)
        metric_count(METRIC_STRANGERS, 0);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    pthread_t threads[4];
    int64_t before = metric_value(METRIC_STRANGERS, 0);

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_often, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);

    assert_int_equal(metric_value(METRIC_STRANGERS, 0), before + 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_named_by_the_rules),
        cmocka_unit_test(a_service_prints_its_own_metrics_and_no_others),
        cmocka_unit_test(an_outcome_is_counted_under_its_word),
        cmocka_unit_test(an_outcome_that_never_was_is_a_zero),
        cmocka_unit_test(a_finding_is_left_out_until_it_is_known),
        cmocka_unit_test(a_gauge_that_was_set_to_zero_is_shown),
        cmocka_unit_test(a_gauge_follows_what_comes_and_goes),
        cmocka_unit_test(a_duration_is_in_every_bucket_above_it),
        cmocka_unit_test(statuses_and_peers_out_of_their_lists_are_other),
        cmocka_unit_test(a_full_buffer_is_an_error),
        cmocka_unit_test(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
