/*
 * An exchange changes hands: from its event thread to a worker and back. The watch takes the
 * connection back from a worker that has it for too long, and looks for uploads whose other side
 * has ended.
 */
#include "services/gateway/http_pending.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "services/gateway/routes.h"

#include <stdlib.h>

enum { WATCH_INTERVAL_MS = 500 };

static void held_add(struct pending *pending)
{
    struct http *http = pending->http;
    (void)pthread_mutex_lock(&http->lock);
    pending->previous = NULL;
    pending->next = http->held;
    if (http->held)
        http->held->previous = pending;
    http->held = pending;
    (void)pthread_mutex_unlock(&http->lock);
}

static void held_remove(struct pending *pending)
{
    struct http *http = pending->http;
    (void)pthread_mutex_lock(&http->lock);
    if (pending->previous)
        pending->previous->next = pending->next;
    else
        http->held = pending->next;
    if (pending->next)
        pending->next->previous = pending->previous;
    (void)pthread_mutex_unlock(&http->lock);
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

struct pending *pending_new(struct http *http, struct MHD_Connection *connection)
{
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending)
        return NULL;
    pending->http = http;
    pending->connection = connection;
    pending->begun_ms = clock_monotonic_ms();
    pending->visit =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    atomic_store(&pending->references, 1);
    exchange_init(&pending->exchange);
    pending->exchange.inflow = inflow_of(http->gateway->inflows, socket_of(connection));
    return pending;
}

static void pending_release(struct pending *pending)
{
    if (atomic_fetch_sub(&pending->references, 1) > 1)
        return;
    exchange_clear(&pending->exchange);
    free(pending);
}

/* Gives the connection back to its event thread, if `from` still has it. */
static void give_back(struct pending *pending, int to)
{
    int from = HELD_BY_WORKER;
    if (atomic_compare_exchange_strong(&pending->holder, &from, to))
        MHD_resume_connection(pending->connection);
}

/* Nothing is refilled for a connection that is gone: then this reference is the last. */
static void refill(struct pending *pending, struct worker *worker)
{
    bool is_wanted =
        clock_monotonic_ms() <= pending->deadline_ms && atomic_load(&pending->references) > 1;
    pending->exchange.answer.is_refilled = false;
    if (is_wanted)
        task_do(pending->task, worker, &pending->exchange);
}

static void run_refill(struct job *job, struct worker *worker)
{
    struct pending *pending = (struct pending *)job;
    refill(pending, worker);
    held_remove(pending);
    pending->exchange.answer.is_broken = !pending->exchange.answer.is_refilled;
    give_back(pending, HELD_BY_EVENT);
    pending_release(pending);
}

/*
 * What nobody waits for may fail: the event thread finds nothing at hand later, and has it asked
 * for again. Behind AHEAD_NONE the exchange is the event thread's, unless that waits.
 */
static void run_ahead(struct job *job, struct worker *worker)
{
    struct pending *pending = (struct pending *)job;
    int from = AHEAD_ASKED;
    refill(pending, worker);
    held_remove(pending);
    if (!atomic_compare_exchange_strong(&pending->ahead, &from, AHEAD_NONE)) {
        pending->exchange.answer.is_broken = !pending->exchange.answer.is_refilled;
        atomic_store(&pending->ahead, AHEAD_NONE);
        give_back(pending, HELD_BY_EVENT);
    }
    pending_release(pending);
}

static void run_job(struct job *job, struct worker *worker)
{
    struct pending *pending = (struct pending *)job;
    if (clock_monotonic_ms() <= pending->deadline_ms)
        task_do(pending->task, worker, &pending->exchange);
    else
        answer_error(&pending->exchange, SM_TIMEOUT);
    held_remove(pending);
    if (pending->task != TASK_SAVE)
        give_back(pending, HELD_BY_EVENT);
    pending_release(pending);
}

/* How a task is run, and whether the connection waits for it. */
static const struct {
    void (*run)(struct job *job, struct worker *worker);
    int holder;
} ways[TASK_COUNT] = {
    [TASK_RUN] = {run_job, HELD_BY_WORKER},
    [TASK_WRITE] = {run_job, HELD_BY_WORKER},
    [TASK_FINISH] = {run_job, HELD_BY_WORKER},
    [TASK_SAVE] = {run_job, HELD_BY_EVENT},
    [TASK_REFILL] = {run_refill, HELD_BY_WORKER},
    [TASK_AHEAD] = {run_ahead, HELD_BY_EVENT},
};

static enum sm_error submit(struct pending *pending, enum task task)
{
    struct http *http = pending->http;
    enum lane lane = pending->exchange.route->lane;
    pending->task = task;
    pending->job.run = ways[task].run;
    pending->deadline_ms = clock_monotonic_ms() + EXCHANGE_TIMEOUT_MS;
    atomic_fetch_add(&pending->references, 1);
    atomic_store(&pending->holder, ways[task].holder);
    held_add(pending);
    enum sm_error error =
        workers_submit(lane == LANE_TRANSFER ? http->transfers : http->calls, &pending->job);
    if (error == SM_OK)
        return SM_OK;
    held_remove(pending);
    atomic_store(&pending->holder, HELD_BY_EVENT);
    atomic_fetch_sub(&pending->references, 1);
    return error;
}

void pending_hand_over(struct pending *pending, enum task task)
{
    MHD_suspend_connection(pending->connection);
    enum sm_error error = submit(pending, task);
    if (error == SM_OK)
        return;
    if (task == TASK_REFILL)
        pending->exchange.answer.is_broken = true;
    else
        answer_error(&pending->exchange, error);
    MHD_resume_connection(pending->connection);
}

void pending_look_ahead(struct pending *pending)
{
    struct stream *stream = &pending->exchange.answer.stream;
    if (!stream->is_due || atomic_load(&pending->ahead) != AHEAD_NONE ||
        !stream->is_due(stream->state))
        return;
    atomic_store(&pending->ahead, AHEAD_ASKED);
    if (submit(pending, TASK_AHEAD) != SM_OK) /* no room: it is asked for when it is missed */
        atomic_store(&pending->ahead, AHEAD_NONE);
}

void pending_refill(struct pending *pending)
{
    int from = AHEAD_ASKED;
    if (atomic_load(&pending->ahead) == AHEAD_NONE) {
        pending_hand_over(pending, TASK_REFILL);
        return;
    }
    MHD_suspend_connection(pending->connection);
    atomic_store(&pending->holder, HELD_BY_WORKER);
    if (!atomic_compare_exchange_strong(&pending->ahead, &from, AHEAD_AWAITED))
        give_back(pending, HELD_BY_EVENT); /* it came meanwhile */
}

bool pending_is_late(const struct pending *pending)
{
    return atomic_load(&pending->holder) == HELD_TOO_LONG;
}

void pending_grant(struct pending *pending, int64_t patience_ms)
{
    visit_until(pending->visit, clock_monotonic_ms() + patience_ms);
}

void pending_end(struct pending *pending)
{
    const struct exchange *exchange = &pending->exchange;
    inflow_end(&pending->exchange.inflow);
    pending_grant(pending, VISIT_HEAD_MS); /* for the next request */
    bool is_ours = atomic_load(&pending->holder) == HELD_BY_EVENT;
    if (is_ours && exchange->sink.state && exchange->answer.status == 0)
        if (submit(pending, TASK_SAVE) != SM_OK)
            log_line(LOG_WARNING, "upload-tail-dropped", "cause", "the queue is full", NULL);
    pending_release(pending);
}

/* --- the watch --- */

static void *watch(void *context)
{
    struct http *http = context;
    (void)pthread_mutex_lock(&http->lock);
    while (!http->is_stopping) {
        struct timespec until = condition_after_ms(WATCH_INTERVAL_MS);
        int64_t now_ms = clock_monotonic_ms();
        for (struct pending *each = http->held; each; each = each->next)
            if (now_ms > each->deadline_ms)
                give_back(each, HELD_TOO_LONG);
        inflows_wake_ended(http->gateway->inflows);
        visitors_end_late(http->visitors, now_ms);
        (void)condition_wait(&http->stopping, &http->lock, &until);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return NULL;
}

enum sm_error http_watch_start(struct http *http)
{
    http->is_watching = pthread_create(&http->watch, NULL, watch, http) == 0;
    return http->is_watching ? SM_OK : SM_NO_MEMORY;
}

void http_watch_stop(struct http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    http->is_stopping = true;
    (void)pthread_cond_signal(&http->stopping);
    (void)pthread_mutex_unlock(&http->lock);
    if (http->is_watching)
        (void)pthread_join(http->watch, NULL);
}
