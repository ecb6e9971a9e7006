/*
 * What the gateway process holds. `struct gateway` is made in main and shared by all threads; it is
 * read-only after start, and its parts lock for themselves. `struct worker` belongs to one thread:
 * a database connection and bus clients, opened when first needed, because the gateway starts and
 * answers health checks also while its peers are down.
 *
 * Threads: libmicrohttpd's event threads (they never wait for anything), two pools of workers
 * (calls to bus and database; transfers of ciphertext), the projector, the deadline watch, the
 * sweep.
 */
#ifndef SM_GATEWAY_GATEWAY_H
#define SM_GATEWAY_GATEWAY_H

#include "bus/client.h"
#include "db/connection.h"
#include "runtime/settings.h"
#include "store/store.h"

struct closed_set;     /* closed.h */
struct inflows;        /* inflow.h */
struct capability_key; /* capability_key.h */
struct projector;      /* projector.h */
struct pages;          /* pages.h */
struct kept_lists;     /* kept_lists.h */

struct gateway {
    bool is_enabled; /* SECURE_MAIL_ENABLED=true */
    bool is_tls;     /* the gateway itself speaks TLS */
    const struct settings *settings;
    const struct bus_keys *bus_keys;
    struct store *store;
    struct closed_set *closed;
    struct inflows *inflows;
    struct capability_key *capability_key;
    struct projector *projector;
    struct kept_lists *lists;
    struct pages *pages; /* NULL: none were built */
};

struct worker {
    struct gateway *gateway;
    struct db *db;                                            /* by worker_db */
    struct bus_client *crypto, *notifier, *retention, *audit; /* by worker_call */
};

void worker_close(struct worker *worker);

/* The worker's connection, opened now if need be. It lives as long as the worker. */
SM_MUST_USE enum sm_error worker_db(struct worker *worker, struct db **out);

/*
 * Calls the peer that serves `operation` (one of crypto, notifier, retention, audit), with the time
 * that a caller of the gateway is willing to wait. `reply` points into `arena`.
 */
SM_MUST_USE enum sm_error worker_call(struct worker *worker, enum operation operation,
    const void *message, struct arena *arena, void *reply);

/* The same with the caller's own time: call->operation and call->timeout_ms are set. */
SM_MUST_USE enum sm_error worker_ask(struct worker *worker, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply);

#endif
