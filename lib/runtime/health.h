/*
 * Whether a service can do its work. A thread of its own looks every other second: it asks the
 * database, pings the peers that the service calls, and reads the queues that metrics tell of. What
 * it found last is what /readyz and /metrics say (admin.h), so nobody who asks there can make the
 * database work. A look that hangs makes the service unready by its age.
 *
 * It writes the same into status.report (report.h), for securemail-admin status. Without
 * SECURE_MAIL_ADMIN_LISTEN that is all: nobody is answered.
 */
#ifndef SM_RUNTIME_HEALTH_H
#define SM_RUNTIME_HEALTH_H

#include "base/metric.h"
#include "bus/keys.h"
#include "db/connection.h"
#include "runtime/settings.h"

/* One row of numbers, a column for each metric (gauges without a label). */
struct health_query {
    struct statement statement;
    enum metric metrics[3];
    size_t count;
};

struct health;
struct health_options {
    enum peer self;
    const struct settings *settings;
    const struct bus_keys *keys;
    unsigned needs; /* peers without which it cannot do its work; the others are only shown */
    const struct health_query *queries;
    size_t queries_count;
    /* What else it needs: NULL, or asks it within a few seconds; `lacking` says so when it fails.
     */
    enum sm_error (*ask_more)(void *context);
    void *context;
    const char *lacking;
    const char *note; /* for the report; NULL: nothing */
};

/* Starts the threads. What the options name outlives it. */
SM_MUST_USE enum sm_error health_start(const struct health_options *options, struct health **out);
void health_stop(struct health **health);

/* How many events wait in <schema>.event for audit, and how long the oldest does. */
#define HEALTH_OUTBOX(schema)                                                  \
    {                                                                          \
        {schema "_health_events",                                              \
            "SELECT (SELECT count(*) FROM (SELECT FROM " schema                \
            ".event LIMIT 10000) AS some_rows),"                               \
            " coalesce((SELECT clock.now_ms() - waiting_since_ms FROM " schema \
            ".event ORDER BY id LIMIT 1), 0) / 1000"},                         \
            {METRIC_EVENTS_WAITING, METRIC_EVENT_OLDEST}, 2                    \
    }

#endif
