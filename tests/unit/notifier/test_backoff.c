/* How long a mail waits. */
#include "services/notifier/backoff.h"

#include "proto/limits.h"
#include "tests/support/check.h"

static void waits_grow_and_end_at_a_quarter_of_an_hour(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(1, LETTER_NOTICE), 2000);
    for (uint64_t attempt = 1; attempt < 50; attempt++)
        assert_true(backoff_ms(attempt + 1, LETTER_NOTICE) >= backoff_ms(attempt, LETTER_NOTICE));
    assert_int_equal(backoff_ms(50, LETTER_NOTICE), 15 * 60 * 1000);
    assert_int_equal(backoff_ms(UINT64_MAX, LETTER_NOTICE), 15 * 60 * 1000);
    assert_int_equal(backoff_ms(0, LETTER_NOTICE), 2000);
}

static void a_code_is_tried_often_in_its_ten_minutes(void **state)
{
    (void)state;
    int64_t passed_ms = 0;
    uint64_t attempts = 0;
    while (passed_ms < CODE_LIFETIME_S * 1000)
        passed_ms += backoff_ms(++attempts, LETTER_CODE);
    assert_true(attempts > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_and_end_at_a_quarter_of_an_hour),
        cmocka_unit_test(a_code_is_tried_often_in_its_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
