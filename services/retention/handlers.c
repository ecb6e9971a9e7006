/* The table of retention's operations and their thin handlers; sweep.c does the work. */
#include "services/retention/handlers.h"

#include "base/log.h"

#include <stdlib.h>

#include "base/banned.h"

struct worker {
    struct retention *retention;
    struct peers *peers;
    struct purger purger;
};

enum sm_error retention_worker_open(void *service, void **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    void *opened DEFER(retention_worker_close) = worker;
    if (!worker)
        return SM_NO_MEMORY;
    worker->retention = service;
    TRY(peers_open(&worker->retention->peers, &worker->peers));
    TRY(db_open(worker->retention->conninfo, &worker->purger.db));
    worker->purger.store = worker->retention->store;
    worker->purger.peers = peers_for_purge(worker->peers);
    *out = TAKE(opened);
    return SM_OK;
}

void retention_worker_close(void **worker)
{
    struct worker *closed = *worker;
    if (!closed)
        return;
    db_close(&closed->purger.db);
    peers_close(&closed->peers);
    free(closed);
    *worker = NULL;
}

bool retention_is_active(void *service)
{
    const struct retention *retention = service;
    return sweeper_is_active(retention->sweeper);
}

static enum sm_error on_purge(struct bus_request *request, const void *message, void *reply)
{
    const struct purge_request *purge = message;
    struct purge_reply *purged = reply;
    struct worker *worker = request->worker;
    struct sweep_counts counts = {0};
    enum sm_error error = sweep_one(&worker->purger, purge->message, &purged->is_purged, &counts);
    sweeper_report(worker->retention->sweeper, &counts);
    log_line(LOG_DEBUG, "purge-asked", "message", id_text(purge->message).text, "outcome",
        error != SM_OK      ? error_name(error)
        : purged->is_purged ? "purged"
                            : "not-due",
        NULL);
    return error;
}

static enum sm_error on_sweep_status(struct bus_request *request, const void *message, void *reply)
{
    const struct worker *worker = request->worker;
    struct sweep_status_reply *status = reply;
    (void)message;
    *status = sweeper_status(worker->retention->sweeper);
    return SM_OK;
}

const struct bus_handler retention_handlers[] = {
    {OP_PURGE, on_purge},
    {OP_SWEEP_STATUS, on_sweep_status},
};
const size_t retention_handlers_count = sizeof retention_handlers / sizeof retention_handlers[0];
