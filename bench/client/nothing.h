/*
 * A service in this process whose handler does nothing: what the way through a worker costs beside
 * a ping, which is answered without one. It has the workers that crypto has by default.
 */
#ifndef SM_BENCH_NOTHING_H
#define SM_BENCH_NOTHING_H

#include "bench/client/drive.h"
#include "bus/keys.h"

/* `service` are the notifier's keys, `caller` crypto's. */
struct driven nothing_run(const struct bus_keys *service, const struct bus_keys *caller,
    const char *endpoint, size_t in_flight, double seconds);

#endif
