/*
 * libzmq, tamed. Its defaults queue a thousand messages of any size towards peers that may never
 * come, wait for ever, and a CURVE server without a ZAP handler admits any key. Each option below
 * closes one of these; the ZAP domain is enforced, so that without a handler nobody gets in.
 */
#include "bus/wire.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "proto/limits.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/*
 * Debian's zmq.h leaves the draft names out; the library has them. That the option does what it
 * says is proven at each start (selftest.h).
 */
enum { OPTION_ZAP_ENFORCE_DOMAIN = 93 };
static const char property_user_id[] = "User-Id";

struct wire_context {
    void *zmq;
};
struct wire {
    void *socket;
    int descriptor; /* ZMQ_FD: readable when libzmq has news, of whatever kind */
    bool is_dry;    /* nothing to receive, and the next to come makes the descriptor readable */
};
struct wire_message {
    zmq_msg_t frames[WIRE_FRAMES_MAX];
    size_t count;
};

static enum sm_error wire_failure(const char *what)
{
    log_line(
        LOG_ERROR, "bus-socket-failed", "call", what, "cause", zmq_strerror(zmq_errno()), NULL);
    return SM_IO;
}

enum sm_error wire_context_new(struct wire_context **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct wire_context), &memory));
    struct wire_context *context = memory;
    context->zmq = zmq_ctx_new();
    if (!context->zmq) {
        memory_free(&context);
        return SM_NO_MEMORY;
    }
    *out = context;
    return SM_OK;
}

void wire_context_free(struct wire_context **context)
{
    if (!*context)
        return;
    while (zmq_ctx_term((*context)->zmq) != 0 && zmq_errno() == EINTR)
        continue;
    memory_free(context);
}

/* --- options --- */

struct number_option {
    int name, value;
};

/* clang-format off */
static const struct number_option options_of_all[] = {
    {ZMQ_LINGER, 0},        /* closing never waits for a peer that is gone */
    {ZMQ_SNDTIMEO, 0},      /* send and receive never wait: a refused client would for ever */
    {ZMQ_RCVTIMEO, 0},
    {ZMQ_SNDHWM, BUS_QUEUE_MESSAGES_MAX},
    {ZMQ_RCVHWM, BUS_QUEUE_MESSAGES_MAX},
    {ZMQ_HANDSHAKE_IVL, WIRE_HANDSHAKE_MS},
    {ZMQ_HEARTBEAT_IVL, WIRE_HEARTBEAT_MS},
    {ZMQ_HEARTBEAT_TIMEOUT, WIRE_HEARTBEAT_MS * WIRE_HEARTBEATS_MISSED},
    {ZMQ_HEARTBEAT_TTL, WIRE_HEARTBEAT_MS * WIRE_HEARTBEATS_MISSED},
};
static const struct number_option options_of_router[] = {
    {ZMQ_ROUTER_MANDATORY, 1}, /* a reply to nobody is an error, not silence */
};
static const struct number_option options_of_dealer[] = {
    {ZMQ_IMMEDIATE, 1}, /* queue only to a peer that is there and authenticated */
    {ZMQ_RECONNECT_IVL, WIRE_RECONNECT_MS},
    {ZMQ_RECONNECT_IVL_MAX, WIRE_RECONNECT_MS_MAX},
    {ZMQ_CONNECT_TIMEOUT, WIRE_CONNECT_MS},
};
static const struct number_option options_of_server[] = {
    {ZMQ_CURVE_SERVER, 1},
    {OPTION_ZAP_ENFORCE_DOMAIN, 1}, /* without a ZAP handler: refuse, do not admit */
};
/* clang-format on */

#define SET_NUMBERS(wire, list) set_numbers((wire), (list), sizeof(list) / sizeof((list)[0]))

static enum sm_error set_option(struct wire *wire, int name, const void *value, size_t size)
{
    return zmq_setsockopt(wire->socket, name, value, size) == 0 ? SM_OK
                                                                : wire_failure("zmq_setsockopt");
}

static enum sm_error set_numbers(struct wire *wire, const struct number_option *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(set_option(wire, list[i].name, &list[i].value, sizeof list[i].value));
    return SM_OK;
}

static enum sm_error set_keys(struct wire *wire, const struct wire_options *options)
{
    if (!options->secret_key)
        return SM_OK;
    TRY(set_option(wire, ZMQ_CURVE_SECRETKEY, options->secret_key, WIRE_KEY_BYTES));
    TRY(set_option(wire, ZMQ_CURVE_PUBLICKEY, options->public_key, WIRE_KEY_BYTES));
    if (options->server_key)
        return set_option(wire, ZMQ_CURVE_SERVERKEY, options->server_key, WIRE_KEY_BYTES);
    TRY(set_option(wire, ZMQ_ZAP_DOMAIN, WIRE_ZAP_DOMAIN, strlen(WIRE_ZAP_DOMAIN)));
    return SET_NUMBERS(wire, options_of_server);
}

static enum sm_error set_options(struct wire *wire, const struct wire_options *options)
{
    int64_t frame_bytes_max = BUS_MESSAGE_BYTES_MAX;
    TRY(SET_NUMBERS(wire, options_of_all));
    TRY(set_option(wire, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max));
    if (options->kind == WIRE_ROUTER)
        TRY(SET_NUMBERS(wire, options_of_router));
    if (options->kind == WIRE_DEALER)
        TRY(SET_NUMBERS(wire, options_of_dealer));
    return set_keys(wire, options);
}

/* --- sockets --- */

static enum sm_error find_descriptor(struct wire *wire)
{
    size_t size = sizeof wire->descriptor;
    return zmq_getsockopt(wire->socket, ZMQ_FD, &wire->descriptor, &size) == 0
               ? SM_OK
               : wire_failure("zmq_getsockopt");
}

enum sm_error wire_open(
    struct wire_context *context, const struct wire_options *options, struct wire **out)
{
    static const int types[] = {
        [WIRE_ROUTER] = ZMQ_ROUTER,
        [WIRE_DEALER] = ZMQ_DEALER,
        [WIRE_REPLY] = ZMQ_REP,
        [WIRE_REQUEST] = ZMQ_REQ,
    };
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct wire), &memory));
    struct wire *wire DEFER(wire_close) = memory;
    wire->socket = zmq_socket(context->zmq, types[options->kind]);
    if (!wire->socket)
        return wire_failure("zmq_socket");
    TRY(set_options(wire, options));
    TRY(find_descriptor(wire));
    *out = TAKE(wire);
    return SM_OK;
}

void wire_close(struct wire **wire)
{
    if (*wire && (*wire)->socket)
        (void)zmq_close((*wire)->socket);
    memory_free(wire);
}

static enum sm_error endpoint_failure(const char *event, const char *endpoint)
{
    log_line(LOG_ERROR, event, "endpoint", endpoint, "cause", zmq_strerror(zmq_errno()), NULL);
    return SM_IO;
}

enum sm_error wire_bind(struct wire *wire, const char *endpoint, char bound[WIRE_ENDPOINT_BYTES])
{
    size_t size = WIRE_ENDPOINT_BYTES;
    if (zmq_bind(wire->socket, endpoint) != 0)
        return endpoint_failure("bus-cannot-listen", endpoint);
    if (bound && zmq_getsockopt(wire->socket, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
        return endpoint_failure("bus-cannot-listen", endpoint);
    return SM_OK;
}

enum sm_error wire_connect(struct wire *wire, const char *endpoint)
{
    wire->is_dry = false;
    return zmq_connect(wire->socket, endpoint) == 0
               ? SM_OK
               : endpoint_failure("bus-cannot-connect", endpoint);
}

void wire_set_linger(struct wire *wire, int milliseconds)
{
    (void)zmq_setsockopt(wire->socket, ZMQ_LINGER, &milliseconds, sizeof milliseconds);
}

/* --- messages --- */

enum sm_error wire_send(struct wire *wire, const struct span *frames, size_t count)
{
    wire->is_dry = false; /* sending may take note of what arrived */
    for (size_t i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        const void *bytes = frames[i].size ? (const void *)frames[i].at : "";
        int sent;
        do
            sent = zmq_send(wire->socket, bytes, frames[i].size, flags);
        while (sent < 0 && zmq_errno() == EINTR);
        if (sent >= 0)
            continue;
        int cause = zmq_errno(); /* also of a later frame: libzmq takes the begun message back */
        return cause == EAGAIN ? SM_BUSY : cause == EHOSTUNREACH ? SM_NOT_FOUND : SM_IO;
    }
    return SM_OK;
}

void wire_message_free(struct wire_message **message)
{
    if (!*message)
        return;
    for (size_t i = 0; i < (*message)->count; i++)
        (void)zmq_msg_close(&(*message)->frames[i]);
    memory_free(message);
}

size_t wire_frames(const struct wire_message *message)
{
    return message->count;
}

struct span wire_frame(struct wire_message *message, size_t index)
{
    assert(message);
    if (index >= message->count)
        return span_of(NULL, 0);
    zmq_msg_t *frame = &message->frames[index];
    return span_of(zmq_msg_data(frame), zmq_msg_size(frame));
}

const char *wire_user(struct wire_message *message)
{
    assert(message);
    const char *user = message->count
                           ? zmq_msg_gets(&message->frames[message->count - 1], property_user_id)
                           : NULL;
    return user ? user : "";
}

static enum sm_error receive_frame(struct wire *wire, zmq_msg_t *frame)
{
    int received;
    (void)zmq_msg_init(frame);
    do
        received = zmq_msg_recv(frame, wire->socket, ZMQ_DONTWAIT);
    while (received < 0 && zmq_errno() == EINTR);
    wire->is_dry = received < 0 && zmq_errno() == EAGAIN;
    if (received >= 0)
        return SM_OK;
    (void)zmq_msg_close(frame);
    return wire->is_dry ? SM_TIMEOUT : SM_IO;
}

/* A message arrives whole, so this ends. */
static enum sm_error discard_rest(struct wire *wire)
{
    bool is_more = true;
    while (is_more) {
        zmq_msg_t frame;
        TRY(receive_frame(wire, &frame));
        is_more = zmq_msg_more(&frame);
        (void)zmq_msg_close(&frame);
    }
    return SM_BAD_FORMAT;
}

enum sm_error wire_receive(struct wire *wire, struct wire_message **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct wire_message), &memory));
    struct wire_message *message DEFER(wire_message_free) = memory;
    for (bool is_more = true; is_more;) {
        if (message->count == WIRE_FRAMES_MAX)
            return discard_rest(wire);
        zmq_msg_t *frame = &message->frames[message->count];
        TRY(receive_frame(wire, frame));
        message->count++;
        is_more = zmq_msg_more(frame);
    }
    *out = TAKE(message);
    return SM_OK;
}

/* --- waiting --- */

/*
 * What libzmq knows of the socket, after it took note of all news. After that, and after a receive
 * that found nothing, the next news makes the descriptor readable: only then may one wait for it.
 * zmq_poll asks the same, and first polls without waiting: three system calls more for each wait.
 */
static int events_of(struct wire *wire)
{
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(wire->socket, ZMQ_EVENTS, &events, &size) != 0)
        events = ZMQ_POLLIN; /* receive says what is wrong */
    wire->is_dry = !(events & ZMQ_POLLIN);
    return events;
}

bool wire_poll(struct wire *const *wires, size_t count, int descriptor, int64_t timeout_ms)
{
    enum { ITEMS_MAX = 65 };
    struct pollfd items[ITEMS_MAX];
    nfds_t used = 0;
    assert(count < ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!wires[i]->is_dry && (events_of(wires[i]) & ZMQ_POLLIN))
            return false;
        items[used++] = (struct pollfd){.fd = wires[i]->descriptor, .events = POLLIN};
    }
    items[used++] = (struct pollfd){.fd = descriptor, .events = POLLIN}; /* -1 is passed over */
    int64_t bounded = timeout_ms < 0 ? 0 : timeout_ms > INT_MAX ? INT_MAX : timeout_ms;
    return poll(items, used, (int)bounded) > 0 && items[count].revents != 0;
}

bool wire_can_send(struct wire *wire)
{
    return events_of(wire) & ZMQ_POLLOUT;
}

/* --- handshakes, watched --- */

/* One event of libzmq's monitor: frame 1 is u16 event and u32 value in the machine's order. */
static enum handshake event_outcome(struct wire_message *message)
{
    struct span frame = wire_frame(message, 0);
    uint16_t event = 0;
    if (frame.size >= sizeof event)
        memcpy(&event, frame.at, sizeof event);
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return HANDSHAKE_ACCEPTED;
    return event ? HANDSHAKE_REFUSED : HANDSHAKE_PENDING;
}

static enum handshake await_outcome(struct wire *monitor, int64_t timeout_ms)
{
    int64_t end = clock_monotonic_ms() + timeout_ms;
    for (int64_t now; (now = clock_monotonic_ms()) < end;) {
        struct wire_message *message DEFER(wire_message_free) = NULL;
        if (wire_receive(monitor, &message) == SM_OK)
            return event_outcome(message);
        (void)wire_poll(&monitor, 1, -1, end - now);
    }
    return HANDSHAKE_PENDING;
}

enum sm_error wire_try_handshake(struct wire_context *context, struct wire *wire,
    const char *endpoint, int64_t timeout_ms, enum handshake *out)
{
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    char name[64];
    struct id unique; /* not the wire's address: libzmq frees a name some time after its socket */
    TRY(id_random(&unique));
    (void)snprintf(name, sizeof name, "inproc://watch-%s", id_text(unique).text);
    if (zmq_socket_monitor(wire->socket, name, events) != 0)
        return wire_failure("zmq_socket_monitor");
    struct wire monitor = {.socket = zmq_socket(context->zmq, ZMQ_PAIR)};
    if (!monitor.socket)
        return wire_failure("zmq_socket");
    enum sm_error error = find_descriptor(&monitor);
    if (error == SM_OK)
        error = wire_connect(&monitor, name);
    if (error == SM_OK)
        error = wire_connect(wire, endpoint);
    if (error == SM_OK)
        *out = await_outcome(&monitor, timeout_ms);
    (void)zmq_socket_monitor(wire->socket, NULL, 0);
    (void)zmq_close(monitor.socket);
    return error;
}

/* --- keys --- */

enum sm_error wire_key_pair(
    uint8_t public_key[static WIRE_KEY_BYTES], uint8_t secret_key[static WIRE_KEY_BYTES])
{
    char public_text[WIRE_KEY_TEXT_BYTES];
    char secret_text[WIRE_KEY_TEXT_BYTES];
    DEFER_WIPE(secret_text);
    if (zmq_curve_keypair(public_text, secret_text) != 0)
        return wire_failure("zmq_curve_keypair");
    (void)zmq_z85_decode(public_key, public_text);
    (void)zmq_z85_decode(secret_key, secret_text);
    return SM_OK;
}

enum sm_error wire_key_public(
    const uint8_t secret_key[static WIRE_KEY_BYTES], uint8_t public_key[static WIRE_KEY_BYTES])
{
    char public_text[WIRE_KEY_TEXT_BYTES];
    char secret_text[WIRE_KEY_TEXT_BYTES];
    DEFER_WIPE(secret_text);
    wire_key_write(secret_key, secret_text);
    if (zmq_curve_public(public_text, secret_text) != 0)
        return wire_failure("zmq_curve_public");
    (void)zmq_z85_decode(public_key, public_text);
    return SM_OK;
}

void wire_key_write(const uint8_t key[static WIRE_KEY_BYTES], char text[static WIRE_KEY_TEXT_BYTES])
{
    (void)zmq_z85_encode(text, key, WIRE_KEY_BYTES);
}

enum sm_error wire_key_read(struct span text, uint8_t key[static WIRE_KEY_BYTES])
{
    char copy[WIRE_KEY_TEXT_BYTES] = "";
    DEFER_WIPE(copy);
    if (text.size != sizeof copy - 1 || memchr(text.at, '\0', text.size))
        return SM_BAD_FORMAT;
    memcpy(copy, text.at, text.size);
    return zmq_z85_decode(key, copy) ? SM_OK : SM_BAD_FORMAT;
}
