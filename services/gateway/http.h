/*
 * The web server: libmicrohttpd's epoll threads. Nothing of libmicrohttpd outside http*.c; how
 * those share the work is said in http_pending.h.
 *
 * An event thread never waits. What may wait is handed to a worker while the connection is
 * suspended; the exchange belongs to exactly one of them at a time. What a stream will need next
 * may be got by a worker while the connection sends (struct stream): then the worker has that, and
 * no more of the exchange. Suspended connections do not time out by themselves in libmicrohttpd, so
 * a watch thread ends what takes longer than EXCHANGE_TIMEOUT_MS with 504; the worker's late result
 * is then dropped.
 *
 * Refused before a body is read: unknown route, a second header of the same name, any
 * Transfer-Encoding (so that body and length are never ambiguous), a body where none belongs or
 * over the route's limit (413, the limit in words), a missing proof. Answers that are made at the
 * second call of a request keep the connection alive (DESIGN 8); early refusals with a body on the
 * way close it.
 *
 * Nobody is waited for longer than visitors.h says: the head of a request, its body and the reading
 * of an answer have an end each, however the bytes trickle.
 *
 * Every answer has the security headers of SECURITY 5. libmicrohttpd writes a few refusals of
 * unreadable requests itself (400, 414, 431): they have a short constant body and no such headers.
 */
#ifndef SM_GATEWAY_HTTP_H
#define SM_GATEWAY_HTTP_H

#include "services/gateway/workers.h"

enum {
    HTTP_CONNECTIONS_MAX = 2000,
    HTTP_VISITS_MAX =
        1900, /* then the slowest make room; what they leave is closed within moments */
    HTTP_IDLE_TIMEOUT_S = 60,
    HTTP_CONNECTION_BYTES = 128 * 1024, /* of one connection; half of it is one read of an upload */
    EXCHANGE_TIMEOUT_MS = 60 * 1000,
};

struct visitors; /* visitors.h */
struct http;
struct http_options {
    struct gateway *gateway;
    struct visitors *visitors;         /* outlives the server */
    struct workers *calls, *transfers; /* outlive the server's last answer: stop them first */
    const char *listen;                /* "127.0.0.1:8480", "[::1]:8480" */
    const char *certificate, *key;     /* PEM files; empty: plain http */
    unsigned threads;
};

/* Starts to serve. SM_CONFIG with a clear line when the address or the certificate is no good. */
SM_MUST_USE enum sm_error http_start(const struct http_options *options, struct http **out);

/* Takes no further connections; what is under way may end. */
void http_quiesce(struct http *http);

/* After the workers have stopped: closes what is left. */
void http_stop(struct http **http);

#endif
