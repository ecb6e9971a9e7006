/*
 * What the files of the web server share: a request under way, and how it changes hands. The only
 * place that includes libmicrohttpd. See http.h for who owns an exchange when.
 *
 *     http.c           begins and ends the server
 *     http_request.c   the steps of a request, in event threads
 *     http_handover.c  to the workers and back, and the watch over how long that takes
 *     http_answer.c    from an answer to libmicrohttpd
 */
#ifndef SM_GATEWAY_HTTP_PENDING_H
#define SM_GATEWAY_HTTP_PENDING_H

#include "services/gateway/http.h"
#include "services/gateway/task.h"
#include "services/gateway/visitors.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum holder { HELD_BY_EVENT, HELD_BY_WORKER, HELD_TOO_LONG };
/* What a worker does for the stream while the connection sends. The event thread asks, and may then
 * come to wait; the worker ends it. */
enum ahead { AHEAD_NONE, AHEAD_ASKED, AHEAD_AWAITED };
enum phase { PHASE_BEGIN, PHASE_HANDLER, PHASE_BODY, PHASE_END };

/* A request under way. References: one for the connection, one while a worker has it. */
struct pending {
    struct job job; /* first: a job is a pending */
    struct http *http;
    struct MHD_Connection *connection;
    struct visit *visit; /* of the connection; may be NULL */
    struct exchange exchange;
    enum phase phase; /* of the event thread */
    enum task task;
    atomic_int references, holder, ahead;
    int64_t begun_ms, deadline_ms;
    struct pending *previous, *next; /* among those that workers have; under http->lock */
};

struct http {
    struct gateway *gateway;
    struct workers *calls, *transfers;
    struct MHD_Daemon *daemon;
    int listener; /* after quiesce: ours to close */
    pthread_mutex_t lock;
    pthread_cond_t stopping;
    bool is_stopping;
    struct pending *held; /* by workers */
    struct visitors *visitors;
    pthread_t watch;
    bool is_watching;
};

/* --- http_handover.c --- */

SM_MUST_USE enum sm_error http_watch_start(struct http *http);
void http_watch_stop(struct http *http);

/* NULL without memory. The connection has the one reference. */
struct pending *pending_new(struct http *http, struct MHD_Connection *connection);

/* So long the connection may now take; then the watch ends it. */
void pending_grant(struct pending *pending, int64_t patience_ms);

/* The connection gives its reference up. What arrived of an upload is kept by a worker. */
void pending_end(struct pending *pending);

/* A worker has, or had, it for too long: nothing of the exchange may be touched. */
bool pending_is_late(const struct pending *pending);

/* Suspends and hands to a worker; when the queue is full the answer is "busy" at once. */
void pending_hand_over(struct pending *pending, enum task task);

/* The stream has nothing at hand: as above, or waits for the worker who is at it already. */
void pending_refill(struct pending *pending);

/* The stream has something at hand: a worker gets what comes next, when that is due and there is
 * one. Bounded by the stream, which holds one refill besides what is read. */
void pending_look_ahead(struct pending *pending);

/* --- http_request.c: what libmicrohttpd calls --- */

void *http_on_uri(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_on_access(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
    void **request);
void http_on_completed(void *context, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode reason);

/* --- http_answer.c --- */

/* The exchange's answer. */
enum MHD_Result http_send(struct pending *pending);

/* A worker still has the exchange: the answer is made without it, and the connection ends. */
enum MHD_Result http_send_too_late(struct pending *pending);

#endif
