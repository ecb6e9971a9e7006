/* What the notifier serves on the bus: crypto enqueues and cancels, the gateway pulls results. */
#ifndef SM_NOTIFIER_HANDLERS_H
#define SM_NOTIFIER_HANDLERS_H

#include "bus/server.h"
#include "db/outbox.h"
#include "services/notifier/sender.h"

/* Shared by the workers; read-only after start, its parts lock for themselves. */
struct notifier {
    const char *conninfo;
    struct relay *events;
    struct senders *senders;
};

extern const struct bus_handler notifier_handlers[];
extern const size_t notifier_handlers_count;

/* For struct bus_server_options: a worker has its own database connection. `service` is a notifier.
 */
SM_MUST_USE enum sm_error notifier_worker_open(void *service, void **out);
void notifier_worker_close(void **worker);

#endif
