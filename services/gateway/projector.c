/* Pull, apply, sleep. Errors of one round are logged by who made them and tried again in the next.
 */
#include "services/gateway/projector.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "services/gateway/kept_lists.h"
#include "services/gateway/projection.h"
#include "services/gateway/sweep.h"
#include "services/gateway/wanted.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "proto/limits.h"

enum {
    TIDY_INTERVAL_MS = 60 * 1000,
    DELIVERIES_INTERVAL_MS = 250, /* nobody tells of them, and nobody waits */
    ARENA_BYTES = 4 * BUS_MESSAGE_BYTES_MAX,
};

struct projector {
    struct gateway *gateway;
    pthread_mutex_t lock;
    pthread_cond_t passed; /* to who waits for a round */
    pthread_cond_t wake;   /* to the thread */
    uint64_t wanted, done; /* rounds asked for, and passed */
    size_t waiting;        /* requests that wait for one */
    atomic_bool is_stopping;
    bool is_running;
    bool is_failing;           /* of the thread: log a change of luck, not every second of it */
    int64_t closed_since_ms;   /* of the thread */
    int64_t tidy_due_ms;       /* of the thread */
    int64_t deliveries_due_ms; /* of the thread */
    uint64_t wanted_session;   /* of the thread's connection: the one that listens for wanted.h */
    pthread_t thread;
};

/* --- one round --- */

/* *more: the page was full. */
static enum sm_error pull_feed(struct worker *worker, struct db *db, bool *more)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct feed_cursor from = {0};
    struct feed_reply page = {0};
    TRY(projection_cursor(db, "crypto", &from));
    const struct feed_request request = {
        .after_tx = (uint64_t)from.tx, .after_id = (uint64_t)from.id, .rows_max = PAGE_ROWS_MAX};
    TRY(worker_call(worker, OP_FEED, &request, &arena, &page));
    enum sm_error error = projection_apply_feed(db, &from, &page);
    *more = error == SM_CONFLICT || page.items.count == PAGE_ROWS_MAX;
    return error == SM_CONFLICT ? SM_OK : error;
}

static enum sm_error pull_deliveries(struct worker *worker, struct db *db, bool *more)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct feed_cursor from = {0};
    struct delivery_feed_reply page = {0};
    TRY(projection_cursor(db, "notifier", &from));
    const struct delivery_feed_request request = {
        .after_tx = (uint64_t)from.tx, .after_id = (uint64_t)from.id, .rows_max = PAGE_ROWS_MAX};
    TRY(worker_call(worker, OP_DELIVERY_FEED, &request, &arena, &page));
    enum sm_error error = projection_apply_deliveries(db, &from, &page);
    *more = error == SM_CONFLICT || page.deliveries.count == PAGE_ROWS_MAX;
    return error == SM_CONFLICT ? SM_OK : error;
}

typedef enum sm_error pull_fn(struct worker *worker, struct db *db, bool *more);

static enum sm_error pull_all(
    struct projector *projector, struct worker *worker, struct db *db, pull_fn *pull)
{
    bool more = true;
    while (more && !projector->is_stopping)
        TRY(pull(worker, db, &more));
    return SM_OK;
}

static enum sm_error tidy(struct projector *projector, struct worker *worker, struct db *db)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < projector->tidy_due_ms)
        return SM_OK;
    projector->tidy_due_ms = now_ms + TIDY_INTERVAL_MS;
    TRY(projection_tidy(db));
    TRY(sweep_drafts(worker));
    return sweep_uploads(worker);
}

/* Crypto's facts count for the waiting lists; the notifier may be away without holding them up. */
static enum sm_error round_of(struct projector *projector, struct worker *worker)
{
    struct db *db = NULL;
    TRY(worker_db(worker, &db));
    TRY(projection_read_closed(db, projector->gateway->closed, &projector->closed_since_ms));
    TRY(pull_all(projector, worker, db, pull_feed));
    TRY(projection_read_closed(db, projector->gateway->closed, &projector->closed_since_ms));
    return SM_OK;
}

static enum sm_error the_rest(struct projector *projector, struct worker *worker)
{
    struct db *db = NULL;
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < projector->deliveries_due_ms)
        return SM_OK;
    projector->deliveries_due_ms = now_ms + DELIVERIES_INTERVAL_MS;
    kept_lists_tidy(projector->gateway->lists); /* whoever may be away */
    TRY(worker_db(worker, &db));
    TRY(wanted_hear(projector->gateway, db, &projector->wanted_session));
    TRY(pull_all(projector, worker, db, pull_deliveries));
    return tidy(projector, worker, db);
}

/* --- the thread --- */

static void note_luck(struct projector *projector, enum sm_error error)
{
    bool is_failing = error != SM_OK;
    if (is_failing != projector->is_failing)
        log_line(is_failing ? LOG_WARNING : LOG_INFO,
            is_failing ? "projection-behind" : "projection-goes-on", "error", error_name(error),
            NULL);
    projector->is_failing = is_failing;
}

/* With the lock held: until somebody pokes, or it is time to look again. */
static void nap(struct projector *projector, uint64_t seen)
{
    struct timespec until = condition_after_ms(PROJECTOR_INTERVAL_MS);
    bool has_time = true;
    while (projector->wanted == seen && !projector->is_stopping && has_time)
        has_time = condition_wait(&projector->wake, &projector->lock, &until);
}

/* With the lock held: what else changes now goes with it, unless somebody waits. */
static void gather(struct projector *projector)
{
    struct timespec until = condition_after_ms(PROJECTOR_GATHER_MS);
    bool has_time = projector->wanted != projector->done;
    while (projector->waiting == 0 && !projector->is_stopping && has_time)
        has_time = condition_wait(&projector->wake, &projector->lock, &until);
}

static void *project(void *context)
{
    struct projector *projector = context;
    struct worker worker = {.gateway = projector->gateway};
    (void)pthread_mutex_lock(&projector->lock);
    while (!projector->is_stopping) {
        uint64_t wanted = projector->wanted;
        (void)pthread_mutex_unlock(&projector->lock);
        enum sm_error error = round_of(projector, &worker);
        (void)pthread_mutex_lock(&projector->lock);
        if (error == SM_OK)
            projector->done = wanted;
        (void)pthread_cond_broadcast(&projector->passed);
        (void)pthread_mutex_unlock(&projector->lock);
        enum sm_error rest = the_rest(projector, &worker);
        note_luck(projector, error == SM_OK ? rest : error);
        (void)pthread_mutex_lock(&projector->lock);
        nap(projector, error == SM_OK ? wanted : projector->wanted);
        gather(projector);
    }
    (void)pthread_mutex_unlock(&projector->lock);
    worker_close(&worker);
    return NULL;
}

enum sm_error projector_start(struct gateway *gateway, struct projector **out)
{
    struct projector *projector DEFER(projector_stop) = calloc(1, sizeof *projector);
    if (!projector)
        return SM_NO_MEMORY;
    projector->gateway = gateway;
    (void)pthread_mutex_init(&projector->lock, NULL);
    condition_make(&projector->passed);
    condition_make(&projector->wake);
    if (pthread_create(&projector->thread, NULL, project, projector) != 0)
        return SM_NO_MEMORY;
    projector->is_running = true;
    *out = TAKE(projector);
    return SM_OK;
}

void projector_stop(struct projector **projector)
{
    struct projector *it = *projector;
    if (!it)
        return;
    (void)pthread_mutex_lock(&it->lock);
    it->is_stopping = true;
    (void)pthread_cond_broadcast(&it->passed);
    (void)pthread_cond_broadcast(&it->wake);
    (void)pthread_mutex_unlock(&it->lock);
    if (it->is_running)
        (void)pthread_join(it->thread, NULL);
    (void)pthread_cond_destroy(&it->passed);
    (void)pthread_cond_destroy(&it->wake);
    (void)pthread_mutex_destroy(&it->lock);
    free(it);
    *projector = NULL;
}

void projector_poke(struct projector *projector)
{
    (void)pthread_mutex_lock(&projector->lock);
    if (projector->wanted++ == projector->done) /* else it is awake, or will look by itself */
        (void)pthread_cond_signal(&projector->wake);
    (void)pthread_mutex_unlock(&projector->lock);
}

void projector_wait(struct projector *projector)
{
    struct timespec until = condition_after_ms(PROJECTOR_WAIT_MS);
    bool has_time = true;
    (void)pthread_mutex_lock(&projector->lock);
    uint64_t wanted = projector->wanted;
    projector->waiting++;
    if (projector->done < wanted)
        (void)pthread_cond_signal(&projector->wake);
    while (projector->done < wanted && !projector->is_stopping && has_time)
        has_time = condition_wait(&projector->passed, &projector->lock, &until);
    projector->waiting--;
    (void)pthread_mutex_unlock(&projector->lock);
}
