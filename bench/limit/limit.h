/* What the limits share: they measure a library by itself, and print one line of JSON. */
#ifndef SM_BENCH_LIMIT_H
#define SM_BENCH_LIMIT_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double limit_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

_Noreturn static inline void limit_fail(const char *what)
{
    (void)fprintf(stderr, "bench limit: %s\n", what);
    exit(1);
}

static inline void limit_say(double rate)
{
    (void)printf("{\"rate\":%.3f}\n", rate);
    (void)fflush(stdout);
}

#endif
