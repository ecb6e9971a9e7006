/*
 * Who comes in, told apart by the address they come from: how many connections each may have, how
 * much it may ask in a minute, and how long one connection may take over what it says and hears.
 *
 * Behind a proxy every connection has the proxy's address. What a configured proxy
 * (SECURE_MAIL_TRUSTED_PROXIES) writes in X-Forwarded-For is believed, from the right, up to the
 * first address that is no such proxy; what anybody else writes there is not looked at. Connections
 * from this machine itself, and those of proxies, are not counted by address: they are not one
 * client.
 *
 * All functions may be called by any thread. The sockets are libmicrohttpd's: a visit lasts from
 * the connection's beginning to its end, and only within it the socket is shut down here.
 */
#ifndef SM_GATEWAY_VISITORS_H
#define SM_GATEWAY_VISITORS_H

#include "base/network.h"

enum {
    VISIT_HEAD_MS = 75 * 1000,  /* for the head of a request; silence ends a connection before */
    VISIT_GRACE_MS = 60 * 1000, /* for a body or an answer, and a second more for each: */
    VISIT_BYTES_PER_S_MIN = 1024,
    VISIT_STREAM_MS = 3600 * 1000, /* for an answer of unknown length */
};

struct visitors;
struct visitors_options {
    const char *trusted_proxies; /* "10.0.0.0/8, 127.0.0.1"; empty: none */
    uint32_t connections_max;    /* of one address */
    uint32_t visits_max; /* of all: beyond it, who listens longest makes room; 0: no limit */
    uint32_t requests_per_minute, proofs_per_minute; /* of one address; 0: no limit */
};

/* SM_CONFIG with one clear log line. The caller owns *out. */
SM_MUST_USE enum sm_error visitors_new(
    const struct visitors_options *options, struct visitors **out);
void visitors_free(struct visitors **visitors);

/* Whether a connection from there may be taken. */
bool visitors_may_connect(struct visitors *visitors, const struct sockaddr *from);

struct visit;

/*
 * NULL without memory. From now on it listens for the head of a request. Where there are more than
 * visits_max, the connection that has listened longest is shut down.
 */
struct visit *visit_begin(struct visitors *visitors, const struct sockaddr *from, int socket);
void visit_end(struct visit **visit);

/* The request that was begun must be done by then, on the monotonic clock. */
void visit_until(struct visit *visit, int64_t until_ms);
/* The request is over: it listens for the next one, as at its beginning. */
void visit_listens(struct visit *visit);
/* The time that `size` bytes may take, from now. */
int64_t visit_patience_ms(uint64_t size);

/*
 * One more request of this connection; `is_proof` where it costs a password check or sends a mail.
 * SM_RATE_LIMITED with the seconds to wait.
 */
SM_MUST_USE enum sm_error visit_admit(
    struct visit *visit, struct span forwarded_for, bool is_proof, uint64_t *wait_s);

/* Shuts down what takes too long. To be repeated. */
void visitors_end_late(struct visitors *visitors, int64_t now_ms);

#endif
