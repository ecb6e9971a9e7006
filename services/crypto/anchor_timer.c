/*
 * The thread: once in two seconds it looks whose turn it is, asks audit for that organisation's
 * note, and has it mailed. A log that is damaged is not signed, and is said here: its people miss
 * their mail.
 */
#include "services/crypto/anchor.h"

#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "bus/client.h"
#include "proto/audit.h"
#include "proto/catalog.h"

#include <pthread.h>

enum {
    IDLE_MS = 2000,
    CALL_TIMEOUT_MS = 5000,
    ARENA_BYTES_MAX = 64 * 1024,
    CAPABILITY_ROOM = 512,
};

struct anchor_timer {
    struct anchor_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping;
    /* the thread's own */
    struct worker worker;
    struct bus_client *audit;
    uint64_t elected_session; /* of worker.db: the one that holds the lock; 0: none */
};

static const struct statement elect = {"anchor_elect", "SELECT pg_try_advisory_lock(7516014)"};

static enum sm_error be_elected(struct anchor_timer *timer, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t session = db_sessions(timer->worker.db);
    *out = timer->elected_session != 0 && timer->elected_session == session;
    if (*out)
        return SM_OK;
    TRY(DB_RUN0(timer->worker.db, &elect, &rows));
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, out));
    timer->elected_session = *out ? db_sessions(timer->worker.db) : 0;
    return SM_OK;
}

static void free_arena(struct arena *arena)
{
    arena_free(arena);
}

static enum sm_error mail_note(struct anchor_timer *timer, struct id organisation)
{
    struct arena arena DEFER(free_arena) = ARENA(ARENA_BYTES_MAX);
    struct buffer capability DEFER(buffer_free) = BUFFER(CAPABILITY_ROOM);
    struct checkpoint_reply reply;
    const struct bus_call call = {.operation = OP_CHECKPOINT, .timeout_ms = CALL_TIMEOUT_MS};
    TRY(anchor_access(&timer->worker, organisation, &capability));
    const struct checkpoint_request request = {.capability = buffer_span(&capability)};
    TRY(bus_client_call(timer->audit, &call, &request, &arena, &reply));
    return anchor_mail(&timer->worker, organisation, reply.note, timer->options.interval_ms);
}

static enum sm_error turn(struct anchor_timer *timer)
{
    struct anchor_turn turn = {.count = 0};
    bool is_elected;
    TRY(be_elected(timer, &is_elected));
    if (!is_elected)
        return SM_OK;
    TRY(anchor_plan(&timer->worker, timer->options.interval_ms));
    TRY(anchor_due(&timer->worker, timer->options.interval_ms, &turn));
    for (size_t i = 0; i < turn.count; i++) {
        enum sm_error error = mail_note(timer, turn.organisations[i]);
        if (error == SM_OK)
            continue;
        log_line(LOG_WARNING, "checkpoint-not-mailed", "organisation",
            id_text(turn.organisations[i]).text, "error", error_name(error), NULL);
        TRY(anchor_put_off(&timer->worker, turn.organisations[i]));
    }
    return SM_OK;
}

/* --- the thread --- */

static bool pause_and_go_on(struct anchor_timer *timer)
{
    struct timespec until = condition_after_ms(IDLE_MS);
    bool has_time = true;
    (void)pthread_mutex_lock(&timer->lock);
    while (!timer->is_stopping && has_time)
        has_time = condition_wait(&timer->wake, &timer->lock, &until);
    bool goes_on = !timer->is_stopping;
    (void)pthread_mutex_unlock(&timer->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct anchor_timer *timer = context;
    enum sm_error last = SM_OK;
    while (pause_and_go_on(timer)) {
        enum sm_error error = turn(timer);
        if (error != last)
            log_line(error == SM_OK ? LOG_INFO : LOG_WARNING, "anchoring", "state",
                error_name(error), NULL);
        last = error;
    }
    return NULL;
}

static void discard(struct anchor_timer **timer)
{
    if (!*timer)
        return;
    bus_client_close(&(*timer)->audit);
    db_close(&(*timer)->worker.db);
    memory_free(timer);
}

enum sm_error anchor_timer_start(const struct anchor_options *options, struct anchor_timer **out)
{
    struct anchor_timer *timer DEFER(discard) = NULL;
    TRY(memory_zeroed(1, sizeof *timer, (void **)&timer));
    timer->options = *options;
    timer->worker.crypto = options->crypto;
    TRY(db_open(options->conninfo, &timer->worker.db));
    TRY(bus_client_open(
        options->crypto->bus_keys, PEER_AUDIT, options->audit_endpoints, &timer->audit));
    condition_make(&timer->wake);
    if (pthread_mutex_init(&timer->lock, NULL) != 0 ||
        pthread_create(&timer->thread, NULL, run, timer) != 0)
        return SM_NO_MEMORY;
    *out = TAKE(timer);
    return SM_OK;
}

void anchor_timer_stop(struct anchor_timer **timer)
{
    if (!*timer)
        return;
    (void)pthread_mutex_lock(&(*timer)->lock);
    (*timer)->is_stopping = true;
    (void)pthread_cond_signal(&(*timer)->wake);
    (void)pthread_mutex_unlock(&(*timer)->lock);
    (void)pthread_join((*timer)->thread, NULL);
    (void)pthread_cond_destroy(&(*timer)->wake);
    (void)pthread_mutex_destroy(&(*timer)->lock);
    discard(timer);
}
