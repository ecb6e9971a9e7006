#include "bench/client/drive.h"

#include "bench/client/talk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 128, TIMES_MAX = 1 << 18 };

struct part {
    const struct drive *drive;
    size_t number;
    double begun, end;
    float *times; /* of each, in microseconds */
    size_t count;
    pthread_barrier_t *start;
    pthread_t thread;
};

double drive_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* All states are open before the first begins. */
static void *run(void *context)
{
    struct part *part = context;
    const struct drive *drive = part->drive;
    void *state = drive->open(drive->context, part->number);
    (void)pthread_barrier_wait(part->start);
    part->begun = part->end = drive_now();
    while (drive->seconds == 0 || part->end - part->begun < drive->seconds) {
        if (!drive->once(state))
            break;
        double now = drive_now();
        if (part->count < TIMES_MAX)
            part->times[part->count++] = (float)((now - part->end) * 1e6);
        part->end = now;
    }
    drive->close(state);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float left = *(const float *)a;
    float right = *(const float *)b;
    return (left > right) - (left < right);
}

void driven_quantiles(float *times, struct driven *out)
{
    qsort(times, out->count, sizeof *times, compare);
    out->p50_us = out->count ? (double)times[out->count / 2] : 0;
    out->p99_us = out->count ? (double)times[(out->count - 1) * 99 / 100] : 0;
}

static struct driven sum_up(struct part *parts, size_t count)
{
    struct driven out = {0};
    double begun = parts[0].begun;
    double end = parts[0].end;
    for (size_t i = 0; i < count; i++) {
        out.count += parts[i].count;
        begun = parts[i].begun < begun ? parts[i].begun : begun;
        end = parts[i].end > end ? parts[i].end : end;
    }
    float *all = malloc((out.count + 1) * sizeof *all);
    if (!all)
        give_up("drive", "no memory");
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i].count; k++)
            all[at++] = parts[i].times[k];
    driven_quantiles(all, &out);
    free(all);
    out.seconds = end - begun;
    return out;
}

struct driven drive(const struct drive *drive)
{
    static struct part parts[THREADS_MAX];
    pthread_barrier_t start;
    if (drive->threads > THREADS_MAX ||
        pthread_barrier_init(&start, NULL, (unsigned)drive->threads) != 0)
        give_up("drive", "too many threads");
    for (size_t i = 0; i < drive->threads; i++) {
        parts[i] = (struct part){.drive = drive, .number = i, .start = &start};
        parts[i].times = malloc(TIMES_MAX * sizeof *parts[i].times);
        if (!parts[i].times || pthread_create(&parts[i].thread, NULL, run, &parts[i]) != 0)
            give_up("drive", "no thread");
    }
    for (size_t i = 0; i < drive->threads; i++)
        (void)pthread_join(parts[i].thread, NULL);
    (void)pthread_barrier_destroy(&start);
    struct driven out = sum_up(parts, drive->threads);
    for (size_t i = 0; i < drive->threads; i++)
        free(parts[i].times);
    return out;
}

void driven_print(const char *name, const struct driven *driven)
{
    (void)printf("{\"name\":\"%s\",\"rate\":%.3f,\"count\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
        name, driven->seconds > 0 ? (double)driven->count / driven->seconds : 0, driven->count,
        driven->p50_us, driven->p99_us);
    (void)fflush(stdout);
}
