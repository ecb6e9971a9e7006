/*
 * A queue, a thread, a lock in the database. Jobs live on the stacks of the handlers that wait for
 * them: a job that is taken is always answered before its handler goes on. Each handler sleeps at a
 * semaphore of its own: dozens are answered at once, and who is woken needs no lock to go on, or it
 * would only fall asleep again at the one that the writer holds.
 */
#include "services/audit/writer.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "services/audit/epoch.h"
#include "services/audit/replay.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

enum { QUEUE_MAX = 1024, ELECTION_MS = 500, RECONNECT_MS = 200, IDLE_MS = 1000 };

/* A job in the queue. Its handler leaves through the semaphore alone, or by taking it back. */
struct waiting {
    struct append_job *job;
    struct waiting *next;
    bool is_taken;               /* under the writer's lock */
    _Atomic enum sm_error error; /* atomic for the thread sanitizer: it knows no sem_clockwait */
    sem_t answered;
};

struct writer {
    struct writer_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows, up to the thread's own */
    pthread_cond_t wake;
    struct waiting *first, **end;
    size_t waiting_count;
    bool is_active, is_stopping;
    /* the thread's own */
    struct db *db;
    struct heads *heads;
    uint64_t session; /* of db: the one in which we lead; 0: none */
    int64_t sign_at_ms;
};

/* --- waiting --- */

bool writer_is_active(struct writer *writer)
{
    (void)pthread_mutex_lock(&writer->lock);
    bool is_active = writer->is_active;
    (void)pthread_mutex_unlock(&writer->lock);
    return is_active;
}

/* With the lock held. */
static enum sm_error put(struct writer *writer, struct waiting *waiting)
{
    if (writer->is_stopping)
        return SM_UNAVAILABLE;
    if (!writer->is_active)
        return SM_NOT_ACTIVE;
    if (writer->waiting_count == QUEUE_MAX)
        return SM_BUSY;
    *writer->end = waiting;
    writer->end = &waiting->next;
    writer->waiting_count++;
    (void)pthread_cond_signal(&writer->wake);
    return SM_OK;
}

/* With the lock held: takes a job back that nobody has begun. */
static void withdraw(struct writer *writer, struct waiting *waiting)
{
    struct waiting **link = &writer->first;
    while (*link != waiting)
        link = &(*link)->next;
    *link = waiting->next;
    if (writer->end == &waiting->next)
        writer->end = link;
    writer->waiting_count--;
}

/* False when the time is over; `until` NULL: it never is. */
static bool await(struct waiting *waiting, const struct timespec *until)
{
    int failed;
    do
        failed = until ? sem_clockwait(&waiting->answered, CLOCK_MONOTONIC, until)
                       : sem_wait(&waiting->answered);
    while (failed && errno == EINTR);
    return !failed;
}

/* Takes the job back, if the writer has not begun; else its answer is awaited. */
static enum sm_error take_back(struct writer *writer, struct waiting *waiting)
{
    (void)pthread_mutex_lock(&writer->lock);
    bool is_taken = waiting->is_taken;
    if (!is_taken)
        withdraw(writer, waiting);
    (void)pthread_mutex_unlock(&writer->lock);
    return is_taken && await(waiting, NULL) ? waiting->error : SM_TIMEOUT;
}

static enum sm_error put_and_await(
    struct writer *writer, struct waiting *waiting, int64_t timeout_ms)
{
    const struct timespec until = condition_after_ms(timeout_ms);
    (void)pthread_mutex_lock(&writer->lock);
    enum sm_error error = put(writer, waiting);
    (void)pthread_mutex_unlock(&writer->lock);
    TRY(error);
    return await(waiting, &until) ? waiting->error : take_back(writer, waiting);
}

enum sm_error writer_commit(struct writer *writer, struct append_job *job, int64_t timeout_ms)
{
    struct waiting waiting = {.job = job};
    if (timeout_ms <= 0)
        return SM_TIMEOUT;
    (void)sem_init(&waiting.answered, 0, 0);
    enum sm_error error = put_and_await(writer, &waiting, timeout_ms);
    (void)sem_destroy(&waiting.answered);
    return error == SM_OK ? job->error : error;
}

/* --- the thread --- */

static void set_active(struct writer *writer, bool is_active)
{
    (void)pthread_mutex_lock(&writer->lock);
    bool is_news = writer->is_active != is_active;
    writer->is_active = is_active;
    (void)pthread_mutex_unlock(&writer->lock);
    if (is_news)
        log_line(LOG_INFO, is_active ? "active" : "standby", NULL);
}

/* Sleeps until there is work, the time is over, or the end. False at the end. */
static bool sleep_until_work(struct writer *writer, int64_t ms)
{
    struct timespec until = condition_after_ms(ms);
    bool has_time = true;
    (void)pthread_mutex_lock(&writer->lock);
    while (!writer->is_stopping && !writer->first && has_time)
        has_time = condition_wait(&writer->wake, &writer->lock, &until);
    bool goes_on = !writer->is_stopping;
    (void)pthread_mutex_unlock(&writer->lock);
    return goes_on;
}

/* Takes as many waiting jobs as fit into one commit. One that erases is alone in its own: what it
 * finds must still be there when its order is carried out. */
static size_t take_group(struct writer *writer, struct waiting *taken[static GROUP_JOBS_MAX])
{
    size_t count = 0;
    size_t events = 0;
    (void)pthread_mutex_lock(&writer->lock);
    while (writer->first && count < GROUP_JOBS_MAX) {
        struct waiting *next = writer->first;
        events += next->job->events.count;
        if (count > 0 && (events > GROUP_EVENTS_MAX || next->job->erase || taken[0]->job->erase))
            break;
        next->is_taken = true;
        taken[count++] = next;
        writer->first = next->next;
        writer->waiting_count--;
    }
    if (!writer->first)
        writer->end = &writer->first;
    (void)pthread_mutex_unlock(&writer->lock);
    return count;
}

/* The job may be gone before sem_post returns: it wakes last, and touches nothing after. */
static void answer(struct waiting *const *taken, size_t count, enum sm_error error)
{
    for (size_t i = 0; i < count; i++) {
        taken[i]->error = error;
        (void)sem_post(&taken[i]->answered);
    }
}

static struct group_context context_of(const struct writer *writer)
{
    return (struct group_context){.db = writer->db,
        .heads = writer->heads,
        .key = writer->options.key,
        .journal = writer->options.journal};
}

/* A connection that was made anew has no lock: whoever got it may have written. */
static bool still_leads(const struct writer *writer)
{
    return writer->db && writer->session != 0 && writer->session == db_sessions(writer->db);
}

static void step_down(struct writer *writer)
{
    writer->session = 0;
    heads_forget(writer->heads);
    set_active(writer, false);
}

static bool ends_the_lead(enum sm_error error)
{
    return error == SM_UNAVAILABLE || error == SM_NOT_ACTIVE || error == SM_CONFLICT;
}

static void commit_group(struct writer *writer)
{
    struct waiting *taken[GROUP_JOBS_MAX];
    struct append_job *jobs[GROUP_JOBS_MAX];
    struct group_context context = context_of(writer);
    size_t count = take_group(writer, taken);
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        jobs[i] = taken[i]->job;
    enum sm_error error = still_leads(writer) ? group_commit(&context, jobs, count) : SM_NOT_ACTIVE;
    if (ends_the_lead(error) || !still_leads(writer))
        step_down(writer);
    answer(taken, count, error == SM_CONFLICT ? SM_UNAVAILABLE : error);
}

static enum sm_error try_lead(struct writer *writer)
{
    bool is_leader = false;
    if (!writer->db)
        TRY(db_open(writer->options.conninfo, &writer->db));
    TRY(store_try_lead(writer->db, &is_leader));
    if (!is_leader)
        return SM_NOT_ACTIVE;
    writer->session = db_sessions(writer->db);
    struct group_context context = context_of(writer);
    enum sm_error error = epochs_open(&context);
    if (error == SM_OK)
        error = replay_erasures(&context);
    if (error != SM_OK || !still_leads(writer)) {
        step_down(writer);
        return error == SM_OK ? SM_UNAVAILABLE : error;
    }
    set_active(writer, true);
    return SM_OK;
}

static void sign_when_due(struct writer *writer)
{
    struct group_context context = context_of(writer);
    if (clock_monotonic_ms() < writer->sign_at_ms)
        return;
    writer->sign_at_ms = clock_monotonic_ms() + writer->options.checkpoint_interval_ms;
    if (ends_the_lead(group_sign_all(&context)))
        step_down(writer);
}

static void *write_until_stopped(void *context)
{
    struct writer *writer = context;
    int64_t pause_ms = 0;
    writer->sign_at_ms = clock_monotonic_ms() + writer->options.checkpoint_interval_ms;
    while (sleep_until_work(writer, pause_ms)) {
        commit_group(writer); /* a standby's leftovers are answered "not active" */
        pause_ms = IDLE_MS;
        if (still_leads(writer))
            sign_when_due(writer);
        else
            pause_ms = try_lead(writer) == SM_UNAVAILABLE ? RECONNECT_MS : ELECTION_MS;
    }
    return NULL;
}

static void answer_the_rest(struct writer *writer)
{
    struct waiting *taken[GROUP_JOBS_MAX];
    for (size_t count; (count = take_group(writer, taken)) > 0;)
        answer(taken, count, SM_UNAVAILABLE);
}

static void free_writer(struct writer **writer)
{
    if (!*writer)
        return;
    heads_free(&(*writer)->heads);
    db_close(&(*writer)->db);
    (void)pthread_cond_destroy(&(*writer)->wake);
    (void)pthread_mutex_destroy(&(*writer)->lock);
    memory_free(writer);
}

enum sm_error writer_start(const struct writer_options *options, struct writer **out)
{
    struct writer *writer DEFER(free_writer) = NULL;
    TRY(memory_zeroed(1, sizeof *writer, (void **)&writer));
    writer->options = *options;
    writer->end = &writer->first;
    (void)pthread_mutex_init(&writer->lock, NULL);
    condition_make(&writer->wake);
    TRY(heads_new(options->key, &writer->heads));
    (void)try_lead(writer); /* a standby, or a database that is not up yet, is not an error */
    if (pthread_create(&writer->thread, NULL, write_until_stopped, writer) != 0)
        return SM_NO_MEMORY;
    *out = TAKE(writer);
    return SM_OK;
}

void writer_stop(struct writer **writer)
{
    if (!*writer)
        return;
    (void)pthread_mutex_lock(&(*writer)->lock);
    (*writer)->is_stopping = true;
    (void)pthread_cond_signal(&(*writer)->wake);
    (void)pthread_mutex_unlock(&(*writer)->lock);
    (void)pthread_join((*writer)->thread, NULL);
    answer_the_rest(*writer);
    free_writer(writer);
}
