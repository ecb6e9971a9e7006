/*
 * The connections that uploads come in by, in this process: so that an upload does not stay locked
 * by one that is dead.
 *
 * libmicrohttpd (0.9.75, epoll) takes a short read for "nothing more for now" and then waits for an
 * event. When a client's last bytes and its end came together, that event is already spent: the end
 * is not noticed before the idle timeout. And a client whose network went away ends nothing at all;
 * it comes back by another connection and finds its own upload locked.
 *
 * Both are mended without taking a lock from anybody. Reading is shut down: what has arrived is
 * still read and kept, then the connection ends by itself, and with it the lock of the store. Two
 * connections never write one upload: whoever has the lock is the one that writes. (Another
 * gateway's connection is reached by wanted.h.)
 *
 * The sockets are libmicrohttpd's: one is in the set only while it cannot be closed, from
 * inflow_take to inflow_end. All functions may be called by any thread; an inflow of no set (an
 * exchange made by hand) does nothing.
 */
#ifndef SM_GATEWAY_INFLOW_H
#define SM_GATEWAY_INFLOW_H

#include "base/error.h"
#include "base/id.h"

#include <stdbool.h>

struct inflows;

SM_MUST_USE enum sm_error inflows_new(struct inflows **out);
void inflows_free(struct inflows **inflows); /* none is in it any more */

/* Part of an exchange; all zero is one of no set. */
struct inflow {
    struct inflows *set;
    int socket;
    bool has_ended;
    struct id upload;               /* whose lock it has */
    int64_t taken_ms;               /* since when, by the clock that goes forward */
    struct inflow *previous, *next; /* of the set, while it has a lock */
    bool is_in;
};

/* A request has come in by `socket`. */
struct inflow inflow_of(struct inflows *set, int socket);

/* It has the lock of `upload` now. Nothing happens when it has ended already. */
void inflow_take(struct inflow *inflow, struct id upload);

/* The request is over: from now on the socket may be closed. */
void inflow_end(struct inflow *inflow);

/* Somebody who may write `upload` found it locked: whoever has it in this set ends soon. */
void inflow_displace(struct inflow *by, struct id upload);

/* The same, found at another gateway: whoever has had it for `age_ms` or longer. */
void inflows_displace(struct inflows *inflows, struct id upload, int64_t age_ms);

/* Wakes those whose other side has ended. To be repeated: an end lasts, its event does not. */
void inflows_wake_ended(struct inflows *inflows);

#endif
