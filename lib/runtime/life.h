/*
 * The life of a process: no core dumps, not dumpable, signals blocked for all threads and logging,
 * before anything else; then servers until the end, which is a signal or a server that cannot go
 * on.
 */
#ifndef SM_RUNTIME_LIFE_H
#define SM_RUNTIME_LIFE_H

#include "bus/server.h"

/* First call of main: before any thread. */
SM_MUST_USE enum sm_error life_start(enum peer self);

/*
 * Runs each server in a thread of its own, logs "ready", and returns on SIGTERM or SIGINT (SM_OK)
 * or when a server had to stop by itself (its error). All are stopped then. Without a server it
 * waits for the signal; SM_TOO_LARGE for more than four.
 */
SM_MUST_USE enum sm_error life_wait(struct bus_server *const *servers, size_t count);

/* Exit status for main: 0 for SM_OK; else logs "stopped" with the error and gives 1. */
int life_end(enum sm_error error);

#endif
