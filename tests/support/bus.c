/* Keys, raw peers and scripted servers for tests of the bus. */
#include "tests/support/bus.h"

#include "base/memory.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEP_US = 5000, STEPS = 4000, STEP_MS = 20 };

enum sm_error test_keys_open(struct test_keys *out)
{
    *out = (struct test_keys){.directory = "/tmp/sm-bus-XXXXXX"};
    if (!mkdtemp(out->directory))
        return SM_IO;
    TRY(bus_keys_make(out->directory));
    TRY(bus_keys_load(out->directory, PEER_NOTIFIER, &out->notifier));
    TRY(bus_keys_load(out->directory, PEER_CRYPTO, &out->crypto));
    return bus_keys_load(out->directory, PEER_GATEWAY, &out->gateway);
}

void test_keys_close(struct test_keys *keys)
{
    char command[128];
    bus_keys_free(&keys->notifier);
    bus_keys_free(&keys->crypto);
    bus_keys_free(&keys->gateway);
    (void)snprintf(command, sizeof command, "rm -r '%s'", keys->directory);
    assert_int_equal(system(command), 0);
}

struct test_endpoint test_endpoint(const struct test_keys *keys, const char *name)
{
    struct test_endpoint endpoint;
    (void)snprintf(endpoint.text, sizeof endpoint.text, "ipc://%s/%s", keys->directory, name);
    return endpoint;
}

bool test_soon(bool (*is_so)(void *context), void *context)
{
    for (int i = 0; i < STEPS; i++) {
        if (is_so(context))
            return true;
        (void)usleep(STEP_US);
    }
    return false;
}

static bool can_send(void *wire)
{
    return wire_can_send(wire);
}

struct wire *test_peer(const struct bus_keys *keys, const char *endpoint)
{
    struct wire *wire = NULL;
    struct wire_options options = bus_keys_options(keys, WIRE_DEALER);
    options.server_key = bus_keys_public(keys, PEER_NOTIFIER);
    assert_ok(wire_open(bus_keys_clients(keys), &options, &wire));
    assert_ok(wire_connect(wire, endpoint));
    assert_true(test_soon(can_send, wire));
    return wire;
}

struct wire_message *test_receive(struct wire *wire)
{
    struct wire_message *message = NULL;
    for (int i = 0; i < STEPS; i++) {
        enum sm_error error = wire_receive(wire, &message);
        if (error != SM_TIMEOUT)
            return message;
        wire_poll(&wire, 1, -1, STEP_US / 1000);
    }
    return NULL;
}

/* --- the scripted server --- */

static void *serve(void *context)
{
    struct test_server *server = context;
    while (!atomic_load(&server->is_stopping)) {
        struct wire_message *request DEFER(wire_message_free) = NULL;
        wire_poll(&server->router, 1, -1, STEP_MS);
        if (wire_receive(server->router, &request) != SM_OK)
            continue;
        if (server->script)
            server->script(server, request);
        (void)atomic_fetch_add(&server->requests, 1);
    }
    return NULL;
}

void test_server_start(struct test_server *server, const struct test_keys *keys,
    const char *endpoint, test_script *script, void *data)
{
    struct wire_options options = bus_keys_options(keys->notifier, WIRE_ROUTER);
    *server = (struct test_server){.script = script, .data = data};
    assert_ok(wire_context_new(&server->context));
    assert_ok(zap_start(server->context, keys->notifier, &server->zap));
    assert_ok(wire_open(server->context, &options, &server->router));
    assert_ok(wire_bind(server->router, endpoint, NULL));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

void test_server_stop(struct test_server *server)
{
    atomic_store(&server->is_stopping, true);
    (void)pthread_join(server->thread, NULL);
    wire_close(&server->router);
    zap_stop(&server->zap);
    wire_context_free(&server->context);
}

struct header test_answer_header(struct wire_message *request)
{
    struct header header = {0};
    assert_ok(header_read(wire_frame(request, 1), &header));
    header.is_reply = true;
    header.operation++;
    return header;
}

void test_answer(struct test_server *server, struct wire_message *request,
    const struct header *header, struct span fields)
{
    uint8_t bytes[HEADER_BYTES];
    header_write(header, bytes);
    const struct span frames[] = {wire_frame(request, 0), SPAN(bytes), fields};
    assert_ok(wire_send(server->router, frames, 3));
}
