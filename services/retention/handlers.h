/* What retention serves on the bus: the gateway asks to purge a message now, and how sweeps go. */
#ifndef SM_RETENTION_HANDLERS_H
#define SM_RETENTION_HANDLERS_H

#include "bus/server.h"
#include "services/retention/sweeper.h"

/* Shared by the workers; read-only after start, its parts lock for themselves. */
struct retention {
    const char *conninfo;
    struct store *store;
    struct peers_options peers;
    struct sweeper *sweeper;
};

extern const struct bus_handler retention_handlers[];
extern const size_t retention_handlers_count;

/* For struct bus_server_options; `service` is a struct retention. A worker has its own connections.
 */
SM_MUST_USE enum sm_error retention_worker_open(void *service, void **out);
void retention_worker_close(void **worker);
bool retention_is_active(void *service);

#endif
