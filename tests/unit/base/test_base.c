/* Errors and their words, random numbers, times. */
#include "tests/support/check.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

static void every_error_has_a_word_that_leads_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SM_ERROR_COUNT; i++)
        assert_int_equal(error_from_name(error_name((enum sm_error)i)), i);
    assert_string_equal(error_name((enum sm_error)9999), "unknown");
    assert_int_equal(error_from_number(9999), SM_BAD_FORMAT);
}

static void random_numbers_stay_below_their_bound(void **state)
{
    (void)state;
    unsigned seen[3] = {0};
    for (int i = 0; i < 300; i++) {
        uint32_t number;
        assert_ok(random_below(3, &number));
        assert_true(number < 3);
        seen[number]++;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

static void times_are_written_in_utc(void **state)
{
    (void)state;
    assert_string_equal(clock_text(0).text, "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_text(1795507980123).text, "2026-11-24T08:13:00.123Z");
    assert_string_equal(clock_text(-1).text, "1969-12-31T23:59:59.999Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_word_that_leads_back),
        cmocka_unit_test(random_numbers_stay_below_their_bound),
        cmocka_unit_test(times_are_written_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
