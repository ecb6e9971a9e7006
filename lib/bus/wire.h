/*
 * The sockets beneath the bus: libzmq with the options that its defaults get wrong, in one place.
 * wire.c is the only file that includes zmq.h. Every socket has high-water marks, a largest frame,
 * no linger and never blocks in send or receive; waiting is wire_poll's. A context belongs to a
 * server or to a process's clients, never to the whole process: each server has its own ZAP
 * handler (ZeroMQ RFC 27), and nothing here is global.
 *
 * A socket belongs to one thread at a time. A context is safe from any thread.
 */
#ifndef SM_BUS_WIRE_H
#define SM_BUS_WIRE_H

#include "base/error.h"
#include "base/secret.h"
#include "base/span.h"

enum {
    WIRE_KEY_BYTES = 32,       /* CURVE, Curve25519 */
    WIRE_KEY_TEXT_BYTES = 41,  /* the same in Z85, with a NUL */
    WIRE_FRAMES_MAX = 8,       /* of one message; more are refused */
    WIRE_ENDPOINT_BYTES = 256, /* with a NUL */
    WIRE_HANDSHAKE_MS = 5000,  /* a connection that is not authenticated by then is closed */
    WIRE_HEARTBEAT_MS = 1000,
    WIRE_HEARTBEATS_MISSED = 3, /* after so many a peer is dead */
    WIRE_CONNECT_MS = 1000,     /* a connection that is not there by then is tried anew */
    /* The pause before a peer that went away is tried again, at first and at most: it doubles with
     * each try, and libzmq adds a random part of up to the first. */
    WIRE_RECONNECT_MS = 100,
    WIRE_RECONNECT_MS_MAX = 500,
};

#define WIRE_ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define WIRE_ZAP_DOMAIN "securemail"

struct wire_context;
struct wire;

/* The caller owns *out. Freeing waits until every socket of the context is closed. */
SM_MUST_USE enum sm_error wire_context_new(struct wire_context **out);
void wire_context_free(struct wire_context **context);

enum wire_kind { WIRE_ROUTER, WIRE_DEALER, WIRE_REPLY, WIRE_REQUEST };

struct wire_options {
    enum wire_kind kind;
    const uint8_t *public_key, *secret_key; /* own CURVE pair; NULL: none (inproc only) */
    const uint8_t *server_key;              /* a client's: whom it must meet; NULL: a server */
};

/* The caller owns *out and closes it in the thread that used it last. */
SM_MUST_USE enum sm_error wire_open(
    struct wire_context *context, const struct wire_options *options, struct wire **out);
void wire_close(struct wire **wire);

/* `bound` (may be NULL) gets the endpoint as it is, e.g. with the port that the kernel chose. */
SM_MUST_USE enum sm_error wire_bind(
    struct wire *wire, const char *endpoint, char bound[WIRE_ENDPOINT_BYTES]);
SM_MUST_USE enum sm_error wire_connect(struct wire *wire, const char *endpoint);

/* Closing then waits at most so long for what was sent to leave; without it, nothing. */
void wire_set_linger(struct wire *wire, int milliseconds);

/*
 * Sends the frames as one message, or nothing: SM_BUSY when no peer is there or its queue is full,
 * SM_NOT_FOUND when a ROUTER does not know the first frame's peer (any more), SM_IO.
 */
SM_MUST_USE enum sm_error wire_send(struct wire *wire, const struct span *frames, size_t count);

/* A received message; owned by whoever received it. */
struct wire_message;
void wire_message_free(struct wire_message **message);
size_t wire_frames(const struct wire_message *message);
/* Lives as long as the message; empty for a frame that is not there. */
struct span wire_frame(struct wire_message *message, size_t index);
/* The User-Id that the ZAP handler gave to the connection of this message; "" when it gave none. */
const char *wire_user(struct wire_message *message);

/*
 * SM_TIMEOUT when there is none now; SM_BAD_FORMAT for a message of too many frames (it is gone);
 * SM_IO.
 */
SM_MUST_USE enum sm_error wire_receive(struct wire *wire, struct wire_message **out);

/*
 * Waits until one of `wires` has a message, `descriptor` (-1: none) is readable, or `timeout_ms`
 * passed. Spurious returns are possible: receive says what is there. True: `descriptor` is
 * readable.
 */
bool wire_poll(struct wire *const *wires, size_t count, int descriptor, int64_t timeout_ms);

/* Whether an authenticated peer is connected and its queue has room. */
bool wire_can_send(struct wire *wire);

enum handshake { HANDSHAKE_PENDING, HANDSHAKE_ACCEPTED, HANDSHAKE_REFUSED };

/* Connects, and tells how the first handshake ended; pending after `timeout_ms`. For self-tests. */
SM_MUST_USE enum sm_error wire_try_handshake(struct wire_context *context, struct wire *wire,
    const char *endpoint, int64_t timeout_ms, enum handshake *out);

/* CURVE keys. Z85 is ZeroMQ RFC 32. */
SM_MUST_USE enum sm_error wire_key_pair(
    uint8_t public_key[static WIRE_KEY_BYTES], uint8_t secret_key[static WIRE_KEY_BYTES]);
SM_MUST_USE enum sm_error wire_key_public(
    const uint8_t secret_key[static WIRE_KEY_BYTES], uint8_t public_key[static WIRE_KEY_BYTES]);
void wire_key_write(
    const uint8_t key[static WIRE_KEY_BYTES], char text[static WIRE_KEY_TEXT_BYTES]);
/* Exactly 40 characters Z85, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error wire_key_read(struct span text, uint8_t key[static WIRE_KEY_BYTES]);

#endif
