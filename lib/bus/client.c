/*
 * The caller's side. A call waits for its own answer only: answers to earlier calls that came too
 * late are read and dropped by their request id.
 */
#include "bus/client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "bus/keyring.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPLICAS_MAX = 8,
    CONNECT_MS = 1500,  /* how long a call waits for any replica to be there */
    LOOK_MS = 5,        /* between two looks at who is there */
    WATCH_MS = 100,     /* how soon a call notices that its replica is gone */
    PATIENCE_MS = 1500, /* with one replica before it is asked whether it is there at all, */
    KNOCK_MS = 500, /* and how soon it says so; else the next is asked, where there are several */
};

/* A server that is back is found by the next call, however long it was away. */
static_assert(CONNECT_MS > 2 * (WIRE_RECONNECT_MS_MAX + WIRE_RECONNECT_MS),
    "a call waits for two tries to connect");

struct bus_client {
    struct wire *replicas[REPLICAS_MAX * BUS_KEYS_OF_A_PEER];
    size_t count;
    size_t current; /* the one that answered last */
};

/* --- opening --- */

static enum sm_error add_replica(struct bus_client *client, const struct bus_keys *keys,
    const struct wire_options *options, struct span endpoint)
{
    char text[WIRE_ENDPOINT_BYTES] = "";
    if (endpoint.size == 0 || endpoint.size >= sizeof text)
        return log_failure("bus-cannot-connect", SM_CONFIG, "an endpoint is empty or too long");
    memcpy(text, endpoint.at, endpoint.size);
    struct wire *wire DEFER(wire_close) = NULL;
    TRY(wire_open(bus_keys_clients(keys), options, &wire));
    TRY(wire_connect(wire, text));
    client->replicas[client->count++] = TAKE(wire);
    return SM_OK;
}

/* Of a peer that changes its key each place has two: only the one with its key gets there. */
static enum sm_error add_replicas(struct bus_client *client, const struct bus_keys *keys,
    const struct wire_options *options, struct span endpoints)
{
    size_t most = client->count + REPLICAS_MAX;
    do {
        if (client->count == most)
            return log_failure("bus-cannot-connect", SM_CONFIG, "there are too many endpoints");
        const uint8_t *comma = endpoints.size ? memchr(endpoints.at, ',', endpoints.size) : NULL;
        size_t size = comma ? (size_t)(comma - endpoints.at) : endpoints.size;
        TRY(add_replica(client, keys, options, span_slice(endpoints, 0, size)));
        endpoints = span_slice(endpoints, size + (comma ? 1 : 0), endpoints.size);
    } while (endpoints.size);
    return SM_OK;
}

enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct bus_client), &memory));
    struct bus_client *client DEFER(bus_client_close) = memory;
    struct wire_options options = bus_keys_options(keys, WIRE_DEALER);
    for (size_t which = 0; which < BUS_KEYS_OF_A_PEER; which++) {
        options.server_key = bus_keys_public_at(keys, server, which);
        if (options.server_key)
            TRY(add_replicas(client, keys, &options, span_text(endpoints)));
    }
    if (client->count == 0)
        return log_failure("bus-key-missing", SM_CONFIG, peer_name(server));
    uint64_t any = 0;
    TRY(random_bytes(&any, sizeof any));
    client->current = any % client->count;
    *out = TAKE(client);
    return SM_OK;
}

void bus_client_close(struct bus_client **client)
{
    if (!*client)
        return;
    for (size_t i = 0; i < (*client)->count; i++)
        wire_close(&(*client)->replicas[i]);
    memory_free(client);
}

/* --- calling --- */

/* A call on its way: the same frames go to whichever replica is asked. */
struct attempt {
    const struct operation_rule *rule;
    struct header header;
    uint8_t header_bytes[HEADER_BYTES];
    struct buffer message;
    int64_t end_ms; /* monotonic */
    struct id ping; /* none: not asked whether it is there */
    bool is_there;  /* it says so */
};

static int64_t left_of(const struct attempt *attempt)
{
    return attempt->end_ms - clock_monotonic_ms();
}

static enum sm_error prepare(
    const struct bus_call *call, const void *message, struct attempt *attempt)
{
    attempt->rule = catalog_find((uint16_t)call->operation);
    if (!attempt->rule)
        return SM_UNKNOWN_OPERATION;
    assert(attempt->rule->repeat != REPEAT_BY_KEY || !id_is_none(call->idempotency));
    attempt->end_ms = clock_monotonic_ms() + call->timeout_ms;
    attempt->message = BUFFER(attempt->rule->bytes_max);
    attempt->header = (struct header){.operation = (uint16_t)call->operation,
        .idempotency = call->idempotency,
        .deadline_ms = clock_wall_ms() + call->timeout_ms,
        .trace = call->trace ? call->trace : log_request()};
    TRY(id_random(&attempt->header.request));
    header_write(&attempt->header, attempt->header_bytes);
    return fields_encode(attempt->rule->request, message, &attempt->message);
}

/* The next replica that is there, beginning with `from`; SM_UNAVAILABLE when none comes in time. */
static enum sm_error find_replica(
    const struct bus_client *client, const struct attempt *attempt, size_t from, size_t *out)
{
    int64_t end = clock_monotonic_ms() + CONNECT_MS;
    for (;;) {
        for (size_t i = 0; i < client->count; i++) {
            size_t candidate = (from + i) % client->count;
            if (!wire_can_send(client->replicas[candidate]))
                continue;
            *out = candidate;
            return SM_OK;
        }
        if (left_of(attempt) <= 0 || clock_monotonic_ms() >= end)
            return SM_UNAVAILABLE;
        (void)wire_poll(client->replicas, client->count, -1, LOOK_MS);
    }
}

/* Reads one message; SM_TIMEOUT when there is none, SM_BUSY when it is no answer to this call. */
static enum sm_error read_answer(
    struct wire *replica, struct attempt *attempt, struct wire_message **out, struct header *header)
{
    struct wire_message *message DEFER(wire_message_free) = NULL;
    enum sm_error error = wire_receive(replica, &message);
    if (error == SM_BAD_FORMAT)
        return SM_BUSY; /* too many frames: of no call of ours */
    TRY(error);
    if (wire_frames(message) != 2 || header_read(wire_frame(message, 0), header) != SM_OK ||
        !header->is_reply)
        return SM_BUSY;
    attempt->is_there |= id_equal(header->request, attempt->ping);
    if (!id_equal(header->request, attempt->header.request))
        return SM_BUSY; /* somebody else's, or too late: look again at once */
    if (header->operation != attempt->header.operation + 1)
        return SM_BAD_FORMAT;
    *out = TAKE(message);
    return SM_OK;
}

static enum sm_error await_answer(struct wire *replica, struct attempt *attempt,
    int64_t patience_ms, struct wire_message **out, struct header *header)
{
    int64_t end = clock_monotonic_ms() + patience_ms;
    for (bool is_woken = false;;) {
        enum sm_error error = read_answer(replica, attempt, out, header);
        if (error != SM_TIMEOUT && error != SM_BUSY)
            return error;
        int64_t left = end - clock_monotonic_ms();
        if (left <= 0)
            return SM_TIMEOUT;
        if (error == SM_BUSY)
            continue;
        if (is_woken && !wire_can_send(replica))
            return SM_UNAVAILABLE; /* it is gone, and the answer with it */
        (void)wire_poll(&replica, 1, -1, left < WATCH_MS ? left : WATCH_MS);
        is_woken = true; /* by a message, by other news, or by the time: the next look says */
    }
}

/* The spans of a reply point into the arena, so the frame is copied there first. */
static enum sm_error decode(
    const struct attempt *attempt, struct wire_message *message, struct arena *arena, void *reply)
{
    struct span frame = wire_frame(message, 1);
    void *copy;
    TRY(arena_take(arena, frame.size, 1, &copy));
    if (frame.size)
        memcpy(copy, frame.at, frame.size);
    return fields_decode(attempt->rule->reply, span_of(copy, frame.size), arena, reply);
}

/* A place for a key that no server has any more, or yet, is nobody to go to. */
static bool is_only_one(const struct bus_client *client, size_t replica)
{
    for (size_t i = 0; i < client->count; i++)
        if (i != replica && wire_can_send(client->replicas[i]))
            return false;
    return true;
}

/*
 * A ping, which a replica answers without a worker: it says whether the process is there, however
 * long its work takes.
 */
static enum sm_error knock(struct wire *replica, struct attempt *attempt)
{
    struct header header = attempt->header;
    uint8_t bytes[HEADER_BYTES];
    struct buffer nothing DEFER(buffer_free) = BUFFER(16);
    struct ping_request request = {0};
    attempt->is_there = false;
    header.operation = OP_PING;
    header.idempotency = (struct id){0};
    TRY(id_random(&attempt->ping));
    header.request = attempt->ping;
    header_write(&header, bytes);
    TRY(fields_encode(&ping_request, &request, &nothing));
    return wire_send(replica, (const struct span[]){SPAN(bytes), buffer_span(&nothing)}, 2);
}

/*
 * Asks one replica, for as long as it deserves. One that is slow is not given up: the next would
 * find its work half done. Only who does not say that he is there is.
 */
static enum sm_error ask(struct bus_client *client, size_t which, struct attempt *attempt,
    struct wire_message **message, struct header *header)
{
    struct wire *replica = client->replicas[which];
    const struct span frames[] = {SPAN(attempt->header_bytes), buffer_span(&attempt->message)};
    TRY(wire_send(replica, frames, 2));
    while (left_of(attempt) > PATIENCE_MS) {
        enum sm_error error = await_answer(replica, attempt, PATIENCE_MS, message, header);
        if (error != SM_TIMEOUT)
            return error;
        TRY(knock(replica, attempt));
        error = await_answer(replica, attempt, KNOCK_MS, message, header);
        if (error != SM_TIMEOUT || (!attempt->is_there && !is_only_one(client, which)))
            return error;
    }
    return await_answer(replica, attempt, left_of(attempt), message, header);
}

enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply)
{
    struct attempt attempt = {0};
    struct buffer *body DEFER(buffer_release) = &attempt.message;
    TRY(prepare(call, message, &attempt));
    enum sm_error last = SM_TIMEOUT;
    for (size_t next = client->current; left_of(&attempt) > 0; next++) {
        struct wire_message *answer DEFER(wire_message_free) = NULL;
        struct header header;
        size_t replica;
        TRY(find_replica(client, &attempt, next % client->count, &replica));
        next = replica;
        last = ask(client, replica, &attempt, &answer, &header);
        if (last == SM_OK && header.error == SM_NOT_ACTIVE && client->count > 1) {
            last = SM_NOT_ACTIVE;
            (void)wire_poll(NULL, 0, -1, LOOK_MS); /* all may be standbys for a moment */
            continue;
        }
        bool is_to_go_on = last == SM_TIMEOUT || last == SM_BUSY || last == SM_NOT_FOUND ||
                           (last == SM_UNAVAILABLE && client->count > 1);
        if (is_to_go_on)
            continue;
        TRY(last);
        client->current = replica;
        TRY(header.error);
        return decode(&attempt, answer, arena, reply);
    }
    (void)body;
    return last;
}
