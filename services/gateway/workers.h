/*
 * A fixed pool of threads behind a bounded queue: what may wait (bus, database, disk) waits here
 * and not in an event thread. A full queue refuses at once, so a flood is told "busy" instead of
 * being hoarded. Each thread owns a struct worker.
 */
#ifndef SM_GATEWAY_WORKERS_H
#define SM_GATEWAY_WORKERS_H

#include "services/gateway/gateway.h"

/* Part of what waits: the queue links jobs, it never allocates. */
struct job {
    struct job *next;
    void (*run)(struct job *job, struct worker *worker);
};

struct workers;
struct workers_options {
    struct gateway *gateway; /* outlives the pool */
    size_t threads;
    size_t queue_max;
};

SM_MUST_USE enum sm_error workers_start(
    const struct workers_options *options, struct workers **out);

/* The job belongs to the pool until it is run, once. SM_BUSY when the queue is full. Any thread. */
SM_MUST_USE enum sm_error workers_submit(struct workers *workers, struct job *job);

/* Runs what is queued and ends the threads; from now on every job is refused with SM_BUSY. */
void workers_end(struct workers *workers);

/* Ends it if that was not done; nobody may submit any more. */
void workers_free(struct workers **workers);

#endif
