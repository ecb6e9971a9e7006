/* One queue, one lock, one condition: a bounded pool. */
#include "services/gateway/workers.h"

#include "base/metric.h"

#include <pthread.h>
#include <stdlib.h>

struct workers {
    struct gateway *gateway;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first, **last;
    size_t queued, queue_max;
    bool is_stopping;
    size_t threads_count;
    pthread_t threads[];
};

/* The metric is the sum of all pools. */
static void count_queued(struct workers *workers, size_t queued)
{
    metric_move(METRIC_HTTP_WAITING, (int64_t)queued - (int64_t)workers->queued);
    workers->queued = queued;
}

/* The next job, waiting for it; NULL when the pool stops and nothing is left. */
static struct job *next_job(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->is_stopping)
        (void)pthread_cond_wait(&workers->changed, &workers->lock);
    struct job *job = workers->first;
    if (job) {
        workers->first = job->next;
        count_queued(workers, workers->queued - 1);
        if (!workers->first)
            workers->last = &workers->first;
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *context)
{
    struct workers *workers = context;
    struct worker worker = {.gateway = workers->gateway};
    for (struct job *job; (job = next_job(workers)) != NULL;)
        job->run(job, &worker);
    worker_close(&worker);
    return NULL;
}

enum sm_error workers_start(const struct workers_options *options, struct workers **out)
{
    struct workers *workers DEFER(workers_free) =
        calloc(1, sizeof *workers + options->threads * sizeof(pthread_t));
    if (!workers)
        return SM_NO_MEMORY;
    workers->gateway = options->gateway;
    workers->queue_max = options->queue_max;
    workers->last = &workers->first;
    (void)pthread_mutex_init(&workers->lock, NULL);
    (void)pthread_cond_init(&workers->changed, NULL);
    for (; workers->threads_count < options->threads; workers->threads_count++)
        if (pthread_create(&workers->threads[workers->threads_count], NULL, work, workers) != 0)
            return SM_NO_MEMORY;
    *out = TAKE(workers);
    return SM_OK;
}

enum sm_error workers_submit(struct workers *workers, struct job *job)
{
    (void)pthread_mutex_lock(&workers->lock);
    bool is_full = workers->is_stopping || workers->queued >= workers->queue_max;
    if (!is_full) {
        job->next = NULL;
        *workers->last = job;
        workers->last = &job->next;
        count_queued(workers, workers->queued + 1);
        (void)pthread_cond_signal(&workers->changed);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return is_full ? SM_BUSY : SM_OK;
}

void workers_end(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->is_stopping = true;
    (void)pthread_cond_broadcast(&workers->changed);
    (void)pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->threads_count; i++)
        (void)pthread_join(workers->threads[i], NULL);
    workers->threads_count = 0;
}

void workers_free(struct workers **workers)
{
    struct workers *it = *workers;
    if (!it)
        return;
    workers_end(it);
    (void)pthread_cond_destroy(&it->changed);
    (void)pthread_mutex_destroy(&it->lock);
    free(it);
    *workers = NULL;
}
