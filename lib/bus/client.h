/*
 * The caller's side: synchronous calls to one service that may have several replicas. One DEALER a
 * replica (two while the server's peer changes its key: only the one with its key gets there), no
 * queueing towards a dead peer (ZMQ_IMMEDIATE, small high-water marks). A client begins
 * with any of them, so that many clients use all; a call goes to the replica that answered last; on
 * "not-active", or from one that does not even answer a ping, it goes to the next, with the same
 * request id and idempotency key, until the deadline. One that is there and slow is waited for. One
 * owner thread per client.
 */
#ifndef SM_BUS_CLIENT_H
#define SM_BUS_CLIENT_H

#include "base/memory.h"
#include "bus/keys.h"
#include "proto/header.h"

struct bus_client;

/* `endpoints`: comma-separated replicas of `server`. Connects in the background. Caller owns *out.
 */
SM_MUST_USE enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out);
void bus_client_close(struct bus_client **client);

struct bus_call {
    enum operation operation;
    int64_t timeout_ms;    /* from now; also the deadline in the header */
    struct id idempotency; /* none for reads */
    uint64_t trace;        /* 0: the request that this thread is at work for */
};

/*
 * Sends `message` and waits for the answer. Returns the peer's typed error, or SM_TIMEOUT when
 * nobody answered in time, SM_UNAVAILABLE when no replica is connected or
 * the only one went away (whether it acted is unknown: ask again under the same idempotency key),
 * SM_BAD_FORMAT for an answer that is not the table's. `reply` points into `arena`, which keeps the
 * frame too.
 */
SM_MUST_USE enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply);

#endif
