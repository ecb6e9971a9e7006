/* The table of the notifier's operations and their thin handlers; jobs.c does the work. */
#include "services/notifier/handlers.h"

#include "services/notifier/jobs.h"

#include <stdlib.h>

#include "base/banned.h"

struct worker {
    struct notifier *notifier;
    struct db *db;
};

enum sm_error notifier_worker_open(void *service, void **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    void *opened DEFER(notifier_worker_close) = worker;
    if (!worker)
        return SM_NO_MEMORY;
    worker->notifier = service;
    TRY(db_open(worker->notifier->conninfo, &worker->db));
    *out = TAKE(opened);
    return SM_OK;
}

void notifier_worker_close(void **worker)
{
    struct worker *closed = *worker;
    if (!closed)
        return;
    db_close(&closed->db);
    free(closed);
    *worker = NULL;
}

static enum sm_error on_enqueue(struct bus_request *request, const void *message, void *reply)
{
    const struct enqueue_request *enqueue = message;
    struct worker *worker = request->worker;
    bool is_due = false;
    (void)reply;
    TRY(jobs_enqueue(worker->db, &enqueue->jobs, &is_due));
    if (is_due) /* what may still be taken back is found when its time has come */
        senders_poke(worker->notifier->senders);
    relay_poke(worker->notifier->events);
    return SM_OK;
}

static enum sm_error on_cancel(struct bus_request *request, const void *message, void *reply)
{
    const struct cancel_request *cancel = message;
    struct cancel_reply *cancelled = reply;
    struct worker *worker = request->worker;
    TRY(jobs_cancel(worker->db, cancel->message, cancel->link, &cancelled->cancelled));
    relay_poke(worker->notifier->events);
    return SM_OK;
}

static enum sm_error on_delivery_feed(struct bus_request *request, const void *message, void *reply)
{
    struct delivery_feed_reply *feed = reply;
    struct worker *worker = request->worker;
    return jobs_deliveries(worker->db, message, request->arena, &feed->deliveries);
}

const struct bus_handler notifier_handlers[] = {
    {OP_ENQUEUE, on_enqueue},
    {OP_CANCEL, on_cancel},
    {OP_DELIVERY_FEED, on_delivery_feed},
};
const size_t notifier_handlers_count = sizeof notifier_handlers / sizeof notifier_handlers[0];
