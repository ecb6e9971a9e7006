/* Condition variables on CLOCK_MONOTONIC. */
#include "base/condition.h"

enum { MS_MAX = 24 * 60 * 60 * 1000, NANOSECONDS = 1000000000 };

void condition_make(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

struct timespec condition_after_ms(int64_t ms)
{
    struct timespec at;
    int64_t bounded = ms < 0 ? 0 : ms > MS_MAX ? MS_MAX : ms;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += bounded / 1000;
    at.tv_nsec += bounded % 1000 * 1000000;
    if (at.tv_nsec >= NANOSECONDS) {
        at.tv_nsec -= NANOSECONDS;
        at.tv_sec++;
    }
    return at;
}

bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until)
{
    return pthread_cond_timedwait(condition, lock, until) == 0;
}
