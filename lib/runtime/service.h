/*
 * The life of every process, in the same visible order: service_start (no core dumps, not dumpable,
 * signals blocked for all threads, logging), settings, connections, server, service_wait, take down
 * in reverse. main.c of each service is these calls and no logic.
 */
#ifndef SM_RUNTIME_SERVICE_H
#define SM_RUNTIME_SERVICE_H

#include "bus/server.h"
#include "runtime/settings.h"

/* First call of main: before any thread. */
SM_MUST_USE enum sm_error service_start(enum peer self);

/*
 * Runs `server` in a thread of its own, logs "ready" when `self` serves, and returns on SIGTERM or
 * SIGINT (SM_OK) or when the server had to stop by itself (its error). The server is stopped then.
 */
SM_MUST_USE enum sm_error service_wait(struct bus_server *server);

/* The same for several servers (crypto: the bus and the operator's socket). */
SM_MUST_USE enum sm_error service_wait_all(struct bus_server *const *servers, size_t count);

/* Exit status for main: 0 for SM_OK; else logs "stopped" with the error and gives 1. */
int service_end(enum sm_error error);

#endif
