/*
 * The timer thread and its election. The lock belongs to the session of this thread's connection:
 * when the connection was made anew, the election is held again before anything is swept.
 */
#include "services/retention/sweeper.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/banned.h"

enum {
    STANDBY_MS = 1000, /* how often a standby, or one with a fault, asks again */
};

struct sweeper {
    struct sweeper_options options;
    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool is_stopping, is_active;
    atomic_ullong last_sweep_ms, purged, failed;
    /* the thread's own */
    struct purger purger;
    struct peers *peers;
    uint64_t elected_session; /* of purger.db: the one that holds the lock; 0: none */
    bool is_faulty;           /* the last turn failed: said once, not every second */
};

/* --- status --- */

bool sweeper_is_active(const struct sweeper *sweeper)
{
    return atomic_load(&sweeper->is_active);
}

void sweeper_report(struct sweeper *sweeper, const struct sweep_counts *counts)
{
    atomic_fetch_add(&sweeper->purged, counts->purged);
}

struct sweep_status_reply sweeper_status(const struct sweeper *sweeper)
{
    return (struct sweep_status_reply){.last_sweep_ms = atomic_load(&sweeper->last_sweep_ms),
        .purged = atomic_load(&sweeper->purged),
        .failed = atomic_load(&sweeper->failed)};
}

/* --- election --- */

static const struct statement elect = {"sweeper_elect", "SELECT pg_try_advisory_lock(7516041)"};

static enum sm_error be_elected(struct sweeper *sweeper)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool is_elected;
    if (!sweeper->purger.db)
        TRY(db_open(sweeper->options.conninfo, &sweeper->purger.db));
    if (sweeper->elected_session == db_sessions(sweeper->purger.db))
        return SM_OK;
    TRY(DB_RUN0(sweeper->purger.db, &elect, &rows));
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, &is_elected));
    if (!is_elected) {
        metric_set(METRIC_SWEEP_TIME, 0, 0); /* also of one that swept until it lost its session */
        return SM_NOT_ACTIVE;
    }
    sweeper->elected_session = db_sessions(sweeper->purger.db);
    return SM_OK;
}

/* --- sweeping --- */

static bool goes_on(void *context)
{
    const struct sweeper *sweeper = context;
    return !atomic_load(&sweeper->is_stopping);
}

static enum sm_error sweep_once(struct sweeper *sweeper)
{
    struct sweep_counts counts = {0};
    int64_t now_ms;
    TRY(db_now_ms(sweeper->purger.db, &now_ms));
    enum sm_error error = sweep_all(&sweeper->purger, goes_on, sweeper, &counts);
    if (error == SM_OK)
        error = sweep_again(&sweeper->purger, &counts);
    sweeper_report(sweeper, &counts);
    TRY(error);
    atomic_store(&sweeper->failed, counts.failed);
    atomic_store(&sweeper->last_sweep_ms, (unsigned long long)now_ms);
    metric_set(METRIC_SWEEP_TIME, 0, now_ms / 1000);
    if (counts.purged > 0 || counts.failed > 0) {
        char purged[24], failed[24];
        (void)snprintf(purged, sizeof purged, "%llu", (unsigned long long)counts.purged);
        (void)snprintf(failed, sizeof failed, "%llu", (unsigned long long)counts.failed);
        log_line(LOG_INFO, "swept", "purged", purged, "failed", failed, NULL);
    }
    return SM_OK;
}

static void note_fault(struct sweeper *sweeper, enum sm_error error)
{
    bool is_faulty = error != SM_OK && error != SM_NOT_ACTIVE;
    if (is_faulty && !sweeper->is_faulty)
        log_line(LOG_WARNING, "sweep-waits", "error", error_name(error), NULL);
    if (!is_faulty && sweeper->is_faulty)
        log_line(LOG_INFO, "sweep-goes-on", NULL);
    sweeper->is_faulty = is_faulty;
}

/* The pause until the next turn of the loop. */
static int64_t take_turn(struct sweeper *sweeper, int64_t *next_ms)
{
    enum sm_error error = be_elected(sweeper);
    atomic_store(&sweeper->is_active, error == SM_OK);
    if (error == SM_OK && clock_monotonic_ms() >= *next_ms) {
        error = sweep_once(sweeper);
        if (error == SM_OK)
            *next_ms = clock_monotonic_ms() + sweeper->options.interval_ms;
    }
    note_fault(sweeper, error);
    int64_t left = *next_ms - clock_monotonic_ms();
    return left < STANDBY_MS && error == SM_OK && left > 0 ? left : STANDBY_MS;
}

static void pause_for(struct sweeper *sweeper, int64_t ms)
{
    struct timespec until = condition_after_ms(ms);
    bool in_time = true;
    (void)pthread_mutex_lock(&sweeper->lock);
    while (!atomic_load(&sweeper->is_stopping) && in_time)
        in_time = condition_wait(&sweeper->wake, &sweeper->lock, &until);
    (void)pthread_mutex_unlock(&sweeper->lock);
}

static void *sweeper_thread(void *context)
{
    struct sweeper *sweeper = context;
    int64_t next_ms = 0;
    while (!atomic_load(&sweeper->is_stopping))
        pause_for(sweeper, take_turn(sweeper, &next_ms));
    return NULL;
}

/* --- life --- */

enum sm_error sweeper_start(const struct sweeper_options *options, struct sweeper **out)
{
    struct sweeper *sweeper DEFER(sweeper_stop) = calloc(1, sizeof *sweeper);
    if (!sweeper)
        return SM_NO_MEMORY;
    sweeper->options = *options;
    (void)pthread_mutex_init(&sweeper->lock, NULL);
    condition_make(&sweeper->wake);
    TRY(peers_open(&options->peers, &sweeper->peers));
    sweeper->purger.store = options->store;
    sweeper->purger.peers = peers_for_purge(sweeper->peers);
    if (pthread_create(&sweeper->thread, NULL, sweeper_thread, sweeper) != 0)
        return SM_NO_MEMORY;
    sweeper->is_started = true;
    *out = TAKE(sweeper);
    return SM_OK;
}

void sweeper_stop(struct sweeper **sweeper)
{
    struct sweeper *stopped = *sweeper;
    if (!stopped)
        return;
    (void)pthread_mutex_lock(&stopped->lock);
    atomic_store(&stopped->is_stopping, true);
    (void)pthread_cond_signal(&stopped->wake);
    (void)pthread_mutex_unlock(&stopped->lock);
    if (stopped->is_started)
        (void)pthread_join(stopped->thread, NULL);
    db_close(&stopped->purger.db);
    peers_close(&stopped->peers);
    (void)pthread_cond_destroy(&stopped->wake);
    (void)pthread_mutex_destroy(&stopped->lock);
    free(stopped);
    *sweeper = NULL;
}
