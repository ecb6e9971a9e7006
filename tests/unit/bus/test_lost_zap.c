/*
 * A server whose ZAP handler goes wrong while it serves stops by itself. The handler here stands in
 * for lib/bus/zap.c: right at first, and then as the test says.
 */
#include "tests/support/check.h"

#include "base/memory.h"
#include "bus/server.h"
#include "proto/notify.h"
#include "tests/support/bus.h"

#include <stdlib.h>
#include <unistd.h>

/* --- the stand-in --- */

enum behaviour { DOES_ITS_WORK, ENDED, ADMITS_EVERYBODY, REFUSES_EVERYBODY };
static _Atomic(enum behaviour) behaviour;

struct zap {
    const struct bus_keys *keys;
    struct wire *wire;
    pthread_t thread;
    atomic_bool is_stopping;
};

static enum sm_error answer(struct zap *zap, struct wire_message *question)
{
    enum behaviour now = atomic_load(&behaviour);
    enum peer owner = bus_keys_owner(zap->keys, wire_frame(question, ZAP_KEY));
    enum peer peer = now == ADMITS_EVERYBODY    ? PEER_NOTIFIER
                     : now == REFUSES_EVERYBODY ? PEER_NONE
                                                : owner;
    const struct span frames[ZAP_ANSWER_FRAMES] = {span_text("1.0"),
        wire_frame(question, ZAP_REQUEST), span_text(peer ? "200" : "400"), span_text(""),
        span_text(peer ? peer_name(peer) : ""), span_text("")};
    return wire_send(zap->wire, frames, ZAP_ANSWER_FRAMES);
}

static void *handle(void *context)
{
    struct zap *zap = context;
    while (!atomic_load(&zap->is_stopping)) {
        struct wire_message *question DEFER(wire_message_free) = NULL;
        wire_poll(&zap->wire, 1, -1, 20);
        if (wire_receive(zap->wire, &question) == SM_OK && answer(zap, question) != SM_OK)
            break;
    }
    return NULL;
}

enum sm_error zap_start(struct wire_context *context, const struct bus_keys *keys, struct zap **out)
{
    struct wire_options options = {.kind = WIRE_REPLY};
    struct zap *zap = calloc(1, sizeof *zap);
    if (!zap)
        return SM_NO_MEMORY;
    zap->keys = keys;
    TRY(wire_open(context, &options, &zap->wire));
    TRY(wire_bind(zap->wire, WIRE_ZAP_ENDPOINT, NULL));
    *out = zap;
    return pthread_create(&zap->thread, NULL, handle, zap) == 0 ? SM_OK : SM_NO_MEMORY;
}

void zap_stop(struct zap **zap)
{
    if (!*zap)
        return;
    atomic_store(&(*zap)->is_stopping, true);
    (void)pthread_join((*zap)->thread, NULL);
    wire_close(&(*zap)->wire);
    free(*zap);
    *zap = NULL;
}

bool zap_is_alive(struct zap *zap)
{
    (void)zap;
    return atomic_load(&behaviour) != ENDED;
}

/* --- the server --- */

static enum sm_error on_cancel(struct bus_request *request, const void *message, void *reply)
{
    (void)request, (void)message, (void)reply;
    return SM_OK;
}

static const struct bus_handler handlers[] = {{OP_CANCEL, on_cancel}};

struct running {
    struct bus_server *server;
    enum sm_error ended;
};

static void *serve(void *context)
{
    struct running *running = context;
    running->ended = bus_server_run(running->server);
    return NULL;
}

/* A server that starts well; then its handler changes. Returns how the server ended. */
static enum sm_error end_with(enum behaviour change)
{
    struct test_keys keys;
    struct running running = {0};
    pthread_t thread;
    assert_ok(test_keys_open(&keys));
    struct test_endpoint endpoint = test_endpoint(&keys, "server");
    const struct bus_server_options options = {.self = PEER_NOTIFIER,
        .keys = keys.notifier,
        .endpoints = endpoint.text,
        .handlers = handlers,
        .handlers_count = 1,
        .workers = 1,
        .queue_max = 1};
    atomic_store(&behaviour, DOES_ITS_WORK);
    assert_ok(bus_server_new(&options, &running.server));
    assert_int_equal(pthread_create(&thread, NULL, serve, &running), 0);

    atomic_store(&behaviour, change);
    (void)pthread_join(thread, NULL); /* or the alarm */
    bus_server_free(&running.server);
    test_keys_close(&keys);
    return running.ended;
}

static void a_handler_that_ended_ends_the_server(void **state)
{
    (void)state;
    assert_error(end_with(ENDED), SM_NOT_ALLOWED);
}

static void a_handler_that_begins_to_admit_everybody_ends_the_server(void **state)
{
    (void)state;
    assert_error(end_with(ADMITS_EVERYBODY), SM_NOT_ALLOWED);
}

static void a_handler_that_begins_to_refuse_everybody_ends_the_server(void **state)
{
    (void)state;
    assert_error(end_with(REFUSES_EVERYBODY), SM_NOT_ALLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_that_ended_ends_the_server),
        cmocka_unit_test(a_handler_that_begins_to_admit_everybody_ends_the_server),
        cmocka_unit_test(a_handler_that_begins_to_refuse_everybody_ends_the_server),
    };
    (void)alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
