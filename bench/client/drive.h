/*
 * Many threads that do the same thing over and over for some seconds, and what came of it: the
 * rate, and how long each took.
 */
#ifndef SM_BENCH_DRIVE_H
#define SM_BENCH_DRIVE_H

#include <stdbool.h>
#include <stddef.h>

/* One thread's part. `open` makes its state, `once` does the work; false: there is no more. */
struct drive {
    size_t threads;
    double seconds; /* 0: until there is no more */
    void *context;  /* handed to open */
    void *(*open)(void *context, size_t thread);
    bool (*once)(void *state);
    void (*close)(void *state);
};

struct driven {
    size_t count;
    double seconds, p50_us, p99_us;
};
struct driven drive(const struct drive *drive);

/* Sorts the `count` times, in microseconds, and fills the quantiles. */
void driven_quantiles(float *times, struct driven *out);

/* {"rate":..,"count":..,"p50_us":..,"p99_us":..} on standard output. */
void driven_print(const char *name, const struct driven *driven);

double drive_now(void); /* seconds, monotonic */

#endif
