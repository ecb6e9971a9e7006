/* Waiting with an end: by a signal or by the time, on a clock that only goes forward. */
#include "base/condition.h"

#include "base/clock.h"
#include "tests/support/check.h"

#include <unistd.h>

static int64_t ms_of(struct timespec at)
{
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void a_time_is_so_many_milliseconds_ahead_and_well_formed(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 5000; ms += 7) {
        int64_t before = clock_monotonic_ms();
        struct timespec at = condition_after_ms(ms);
        int64_t after = clock_monotonic_ms();
        assert_in_range(ms_of(at), before + ms, after + ms);
        assert_in_range(at.tv_nsec, 0, 999999999);
    }
}

static void a_time_is_neither_in_the_past_nor_for_ever(void **state)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    int64_t before = clock_monotonic_ms();
    (void)state;
    assert_true(ms_of(condition_after_ms(-1)) >= before);
    assert_true(ms_of(condition_after_ms(INT64_MIN)) >= before);
    assert_true(ms_of(condition_after_ms(INT64_MAX)) <= clock_monotonic_ms() + DAY_MS);
}

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rings;
    bool has_rung;
};

static void *ring(void *context)
{
    struct bell *bell = context;
    (void)pthread_mutex_lock(&bell->lock);
    bell->has_rung = true;
    (void)pthread_cond_signal(&bell->rings);
    (void)pthread_mutex_unlock(&bell->lock);
    return NULL;
}

static void a_wait_ends_by_the_signal_or_by_the_time(void **state)
{
    struct bell bell = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    (void)state;
    condition_make(&bell.rings);
    struct timespec soon = condition_after_ms(20);
    (void)pthread_mutex_lock(&bell.lock);
    while (condition_wait(&bell.rings, &bell.lock, &soon))
        continue; /* nobody rings */

    struct timespec late = condition_after_ms(60000);
    bool in_time = true;
    assert_int_equal(pthread_create(&thread, NULL, ring, &bell), 0);
    while (!bell.has_rung && in_time)
        in_time = condition_wait(&bell.rings, &bell.lock, &late);
    (void)pthread_mutex_unlock(&bell.lock);
    (void)pthread_join(thread, NULL);
    assert_true(bell.has_rung && in_time);
    (void)pthread_cond_destroy(&bell.rings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_so_many_milliseconds_ahead_and_well_formed),
        cmocka_unit_test(a_time_is_neither_in_the_past_nor_for_ever),
        cmocka_unit_test(a_wait_ends_by_the_signal_or_by_the_time),
    };
    (void)alarm(100);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
