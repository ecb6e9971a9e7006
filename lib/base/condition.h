/*
 * Condition variables on the clock that only goes forward: a step of the wall clock neither ends a
 * wait nor lengthens it.
 *
 *     struct timespec until = condition_after_ms(500);
 *     while (!done && condition_wait(&wake, &lock, &until))
 *         continue;
 */
#ifndef SM_BASE_CONDITION_H
#define SM_BASE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Makes *condition; pthread_cond_destroy ends it. */
void condition_make(pthread_cond_t *condition);

/* So many milliseconds from now: none below zero, and a day at most. */
struct timespec condition_after_ms(int64_t ms);

/*
 * Waits with `lock` held, which must have been taken. False when the time is over; true may come
 * without a signal, so the caller looks again.
 */
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until);

#endif
