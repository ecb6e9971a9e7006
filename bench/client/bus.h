/*
 * Calls over the bus with many in flight, from one thread: what a service with that many workers
 * gives another. One connection has at most 8 of them: libzmq tells a sender of every 16th that was
 * taken.
 */
#ifndef SM_BENCH_BUS_H
#define SM_BENCH_BUS_H

#include "bench/client/drive.h"
#include "bus/keys.h"

struct bus_load {
    const struct bus_keys *keys;
    enum peer server;
    const char *endpoint;
    enum operation operation;
    /* Makes the next request's message; the buffer is empty. */
    void (*next)(void *context, struct buffer *message);
    void *context;
    size_t in_flight;
    double seconds;
};
struct driven bus_load_run(const struct bus_load *load);

#endif
