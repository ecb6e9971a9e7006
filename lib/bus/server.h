/*
 * One service's side of the bus: a ROUTER on one or more endpoints, CURVE with ZAP that fails
 * closed, and a fixed set of worker threads that run handlers.
 *
 * Before a handler runs, the dispatcher has refused: a peer whose key is not in the directory, an
 * unreadable header (dropped, logged), an unknown operation, a caller that the catalogue does not
 * name, a frame over the operation's limit, a passed deadline, and fields that are not exactly the
 * table's. The caller is the CURVE-authenticated User-Id of that very message, never a claim in it.
 *
 * At start the server proves, on every endpoint and before it serves, that a stranger's key is
 * refused and that its own is admitted; while it serves it asks its ZAP handler the same at
 * intervals (zap_watch.h). If a proof fails, or the handler ends or falls silent, bus_server_run
 * returns and the process must exit.
 *
 * An operation that is asked twice acts once: the catalogue says by what (enum repeat). Where it is
 * the idempotency key, a request without one is refused here; that the key is remembered, in the
 * transaction of the effect, is the handler's. A handler never sees a deadline further away than
 * BUS_CALL_MS_MAX.
 *
 * Threads: the caller of bus_server_run owns the ROUTER and never runs a handler; it hands requests
 * to the workers and takes their replies. It answers a ping by itself, so that a service whose
 * workers are all at work still says that it is there; `is_active` must therefore not wait.
 */
#ifndef SM_BUS_SERVER_H
#define SM_BUS_SERVER_H

#include "base/memory.h"
#include "bus/keys.h"
#include "proto/header.h"

struct bus_server;

/* What a handler is told. Lives for one call. */
struct bus_request {
    enum peer caller;     /* authenticated */
    struct header header; /* request id, idempotency key, deadline, trace */
    void *worker;         /* what worker_open made for this thread */
    struct arena *arena;  /* for whatever the reply points to; freed after the reply is packed */
};

/*
 * `message` is the decoded request struct of the operation, `reply` its zeroed reply struct. An
 * error other than SM_OK is sent as such, without reply fields.
 */
typedef enum sm_error bus_handler_fn(struct bus_request *request, const void *message, void *reply);

/* One row per operation that this service serves; checked at start against the catalogue. */
struct bus_handler {
    enum operation operation;
    bus_handler_fn *run;
};

struct bus_server_options {
    enum peer self;
    const struct bus_keys *keys;
    const char *endpoints; /* "tcp://127.0.0.1:5701,ipc:///run/x.sock": comma-separated */
    const struct bus_handler *handlers;
    size_t handlers_count;
    size_t workers;   /* threads, 1..64 */
    size_t queue_max; /* requests waiting for a worker; beyond: SM_BUSY at once */
    void *service;    /* handed to worker_open */
    enum sm_error (*worker_open)(void *service, void **out); /* in the worker's own thread */
    void (*worker_close)(void **worker);
    bool (*is_active)(
        void *service); /* NULL: always; false: everything but ping is SM_NOT_ACTIVE */
};

/* Checks the table, binds, proves who gets in. The caller owns *out. */
SM_MUST_USE enum sm_error bus_server_new(
    const struct bus_server_options *options, struct bus_server **out);

/* Serves until bus_server_stop; returns an error if it had to stop by itself. */
SM_MUST_USE enum sm_error bus_server_run(struct bus_server *server);

/* From any thread: run finishes what workers hold (at most 5 s) and returns. */
void bus_server_stop(struct bus_server *server);
void bus_server_free(struct bus_server **server);

/*
 * The dispatcher by itself: one request in, one reply out, without sockets. It is what the workers
 * run, and what tests/contract loops over. `reply_frame` is empty when header->error says why.
 */
SM_MUST_USE enum sm_error bus_dispatch(const struct bus_server_options *options,
    struct bus_request *request, struct span header_frame, struct span message_frame,
    struct header *reply_header, struct buffer *reply_frame);

#endif
