/*
 * The timer: a thread that sweeps every so many seconds, the first time right after it was elected.
 * Of several replicas one is active, by an advisory lock of its database connection; another takes
 * over when that connection is gone. Purges by request (handlers.c) report here too.
 */
#ifndef SM_RETENTION_SWEEPER_H
#define SM_RETENTION_SWEEPER_H

#include "proto/retention.h"
#include "services/retention/peers.h"
#include "services/retention/sweep.h"

struct sweeper_options {
    const char *conninfo;
    struct store *store;
    struct peers_options peers;
    int64_t interval_ms;
};

struct sweeper;

/* Starts the thread. What the options name outlives it; the caller owns *out. */
SM_MUST_USE enum sm_error sweeper_start(
    const struct sweeper_options *options, struct sweeper **out);
void sweeper_stop(struct sweeper **sweeper);

/* Any thread. */
bool sweeper_is_active(const struct sweeper *sweeper);
void sweeper_report(struct sweeper *sweeper, const struct sweep_counts *counts);
struct sweep_status_reply sweeper_status(const struct sweeper *sweeper);

#endif
