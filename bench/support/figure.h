/*
 * One figure of `make bench`: the raw limit of the library beneath and our product, measured in
 * turn in the same run, so that a machine whose speed drifts drifts for both. Prints one JSON line
 * a figure; bench/run.mjs takes medians over several runs and writes docs/performance.md.
 */
#ifndef SM_BENCH_FIGURE_H
#define SM_BENCH_FIGURE_H

#include "base/error.h"

#include <stddef.h>

/* Does the work once. */
typedef enum sm_error bench_work(void *context);

struct bench_side {
    const char *name; /* what is done, e.g. "ECDH P-256" */
    bench_work *work;
    void *context;
};

struct bench_figure {
    const char *name;
    const char *unit; /* of a rate: "/s" or "MB/s" */
    double scale;     /* units of one unit of work: 1, or the megabytes of a round */
    double target;    /* least ratio of product to limit */
    struct bench_side limit, product;
};

/* Measures both sides for some tenths of a second each, in turn. Any failure ends the program. */
void bench_measure(const struct bench_figure *figure);

#endif
