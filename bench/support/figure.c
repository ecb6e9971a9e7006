/* Measures limit and product in turn. */
#include "bench/support/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double slice_s = 0.25;
enum { SLICES = 4, ROUND_MAX = 1 << 20 };

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double rate(const struct bench_side *side)
{
    double start = now_s();
    double end = start;
    long done = 0;
    for (; end - start < slice_s && done < ROUND_MAX; end = now_s(), done++) {
        enum sm_error error = side->work(side->context);
        if (error != SM_OK) {
            (void)fprintf(stderr, "%s: %s\n", side->name, error_name(error));
            exit(1);
        }
    }
    return (double)done / (end - start);
}

void bench_measure(const struct bench_figure *figure)
{
    double limit = 0;
    double product = 0;
    (void)rate(&figure->limit); /* warm caches and lazy set-up */
    (void)rate(&figure->product);
    for (int slice = 0; slice < SLICES; slice++) {
        limit += rate(&figure->limit) / SLICES;
        product += rate(&figure->product) / SLICES;
    }
    (void)printf("{\"figure\":\"%s\",\"unit\":\"%s\",\"limit_name\":\"%s\",\"limit\":%.3f,"
                 "\"product\":%.3f,\"target\":%.2f}\n",
        figure->name, figure->unit, figure->limit.name, limit * figure->scale,
        product * figure->scale, figure->target);
    (void)fflush(stdout);
}
