/* Budgets, by a clock that the test gives. */
#include "tests/support/check.h"

#include "base/rate.h"

#include <stdio.h>
#include <string.h>

enum { PER_MINUTE = 60, MINUTE_MS = 60 * 1000, START_MS = 1000 * 1000 };

static int make(void **state)
{
    struct rate *rate = NULL;
    if (rate_new(PER_MINUTE, &rate) != SM_OK)
        return -1;
    *state = rate;
    return 0;
}

static int unmake(void **state)
{
    struct rate *rate = *state;
    rate_free(&rate);
    return 0;
}

static size_t taken(struct rate *rate, const char *key, int64_t now_ms, size_t tries)
{
    size_t count = 0;
    int64_t wait_ms;
    for (size_t i = 0; i < tries; i++)
        count += rate_take(rate, span_text(key), now_ms, &wait_ms) == SM_OK;
    return count;
}

static void a_minutes_worth_may_come_at_once(void **state)
{
    assert_int_equal(taken(*state, "one", START_MS, 100), PER_MINUTE);
}

static void what_was_taken_comes_back_evenly(void **state)
{
    (void)taken(*state, "one", START_MS, 100);

    assert_int_equal(taken(*state, "one", START_MS + 10 * 1000, 100), 10);
    assert_int_equal(taken(*state, "one", START_MS + 11 * 1000, 100), 1);
}

static void a_long_rest_saves_up_no_more_than_a_minute(void **state)
{
    (void)taken(*state, "one", START_MS, 1);

    assert_int_equal(taken(*state, "one", START_MS + 60 * MINUTE_MS, 200), PER_MINUTE);
}

static void the_wait_that_is_told_is_enough_and_no_less(void **state)
{
    int64_t wait_ms = 0;
    (void)taken(*state, "one", START_MS, PER_MINUTE);

    assert_error(rate_take(*state, span_text("one"), START_MS, &wait_ms), SM_RATE_LIMITED);
    assert_int_equal(wait_ms, 1000);
    assert_int_equal(taken(*state, "one", START_MS + wait_ms - 1, 1), 0);
    assert_int_equal(taken(*state, "one", START_MS + wait_ms, 1), 1);
}

static void keys_do_not_share_a_budget(void **state)
{
    (void)taken(*state, "one", START_MS, 100);

    assert_int_equal(taken(*state, "two", START_MS, 10), 10);
    assert_int_equal(taken(*state, "one ", START_MS, 10), 10);
}

static void a_flood_of_new_keys_does_not_free_the_one_that_overdid_it(void **state)
{
    char key[16];
    (void)taken(*state, "one", START_MS, 100);

    for (int i = 0; i < 100 * 1000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        (void)taken(*state, key, START_MS, 1);
    }
    assert_int_equal(taken(*state, "one", START_MS, 100), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, make, unmake)
    const struct CMUnitTest tests[] = {
        T(a_minutes_worth_may_come_at_once),
        T(what_was_taken_comes_back_evenly),
        T(a_long_rest_saves_up_no_more_than_a_minute),
        T(the_wait_that_is_told_is_enough_and_no_less),
        T(keys_do_not_share_a_budget),
        T(a_flood_of_new_keys_does_not_free_the_one_that_overdid_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
