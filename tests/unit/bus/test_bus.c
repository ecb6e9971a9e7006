/*
 * Client and server together, on real sockets: who gets in, what is refused, and that answers find
 * their calls. Each side against a hostile other is in test_client.c and test_server.c.
 */
#include "tests/support/check.h"

#include "base/memory.h"
#include "bus/client.h"
#include "bus/keyring.h"
#include "bus/server.h"
#include "proto/crypto.h"
#include "proto/notify.h"
#include "tests/support/bus.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A notifier with one slow and one quick operation, and what its callers hold. */
struct world {
    struct test_keys keys;
    struct test_endpoint endpoint;
    struct bus_server *server;
    pthread_t thread;
    enum sm_error ended;
    atomic_int calls;
    atomic_bool is_standby;
    atomic_int slow_ms;
};

static enum sm_error worker_open(void *service, void **out)
{
    *out = service;
    return SM_OK;
}

static enum sm_error on_cancel(struct bus_request *request, const void *message, void *reply)
{
    struct world *world = request->worker;
    const struct cancel_request *cancel = message;
    assert_int_equal(request->caller, PEER_CRYPTO);
    (void)usleep((useconds_t)atomic_load(&world->slow_ms) * 1000);
    ((struct cancel_reply *)reply)->cancelled = (uint64_t)atomic_fetch_add(&world->calls, 1) + 1;
    return id_equal(cancel->message, (struct id){{9}}) ? SM_CONFLICT : SM_OK;
}

static enum sm_error on_feed(struct bus_request *request, const void *message, void *reply)
{
    (void)request, (void)message, (void)reply;
    return SM_OK;
}

static const struct bus_handler handlers[] = {{OP_CANCEL, on_cancel}, {OP_DELIVERY_FEED, on_feed}};

static bool is_active(void *service)
{
    return !atomic_load(&((struct world *)service)->is_standby);
}

static void *serve(void *context)
{
    struct world *world = context;
    world->ended = bus_server_run(world->server);
    return NULL;
}

static struct bus_server_options options_of(struct world *world)
{
    return (struct bus_server_options){.self = PEER_NOTIFIER,
        .keys = world->keys.notifier,
        .endpoints = world->endpoint.text,
        .handlers = handlers,
        .handlers_count = 2,
        .workers = 2,
        .queue_max = 2,
        .service = world,
        .worker_open = worker_open,
        .is_active = is_active};
}

static void start(struct world *world)
{
    struct bus_server_options options = options_of(world);
    assert_ok(bus_server_new(&options, &world->server));
    assert_int_equal(pthread_create(&world->thread, NULL, serve, world), 0);
}

static void stop(struct world *world)
{
    bus_server_stop(world->server);
    (void)pthread_join(world->thread, NULL);
    bus_server_free(&world->server);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world || test_keys_open(&world->keys) != SM_OK)
        return -1;
    world->endpoint = test_endpoint(&world->keys, "s");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    if (world->server)
        stop(world);
    test_keys_close(&world->keys);
    free(world);
    return 0;
}

static enum sm_error cancel(
    struct bus_client *client, struct id message, int64_t timeout_ms, uint64_t *out)
{
    struct cancel_request request = {.message = message};
    struct cancel_reply reply = {0};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct bus_call call = {.operation = OP_CANCEL, .timeout_ms = timeout_ms};
    TRY(bus_client_call(client, &call, &request, &arena, &reply));
    if (out)
        *out = reply.cancelled;
    return SM_OK;
}

static void calls_are_answered_with_fields_or_with_a_typed_error(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    uint64_t cancelled = 0;
    start(world);
    assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, world->endpoint.text, &client));

    for (uint64_t i = 1; i <= 100; i++) {
        assert_ok(cancel(client, (struct id){{1}}, 2000, &cancelled));
        assert_int_equal(cancelled, i);
    }
    assert_error(cancel(client, (struct id){{9}}, 2000, NULL), SM_CONFLICT);
}

static void a_peer_that_the_catalogue_does_not_name_is_refused(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    start(world);
    assert_ok(bus_client_open(world->keys.gateway, PEER_NOTIFIER, world->endpoint.text, &client));

    assert_error(cancel(client, (struct id){{1}}, 2000, NULL), SM_NOT_ALLOWED);
    assert_int_equal(atomic_load(&world->calls), 0);
}

static void a_stranger_s_key_is_never_let_in(void **state)
{
    struct world *world = *state;
    struct bus_keys *stranger DEFER(bus_keys_free) = NULL;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    char path[128];
    start(world);
    (void)snprintf(path, sizeof path, "%s/crypto.key", world->keys.directory);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/crypto.pub", world->keys.directory);
    assert_int_equal(unlink(path), 0);
    assert_ok(bus_keys_make(world->keys.directory)); /* a pair that the server did not read */
    assert_ok(bus_keys_load(world->keys.directory, PEER_CRYPTO, &stranger));
    assert_ok(bus_client_open(stranger, PEER_NOTIFIER, world->endpoint.text, &client));

    assert_error(cancel(client, (struct id){{1}}, 2000, NULL), SM_UNAVAILABLE);
    assert_int_equal(atomic_load(&world->calls), 0);
}

static void without_a_zap_handler_the_self_test_fails_or_nobody_gets_in(void **state)
{
    struct world *world = *state;
    struct wire_context *context DEFER(wire_context_free) = NULL;
    struct wire *router DEFER(wire_close) = NULL;
    struct wire_options options = bus_keys_options(world->keys.notifier, WIRE_ROUTER);
    char bound[WIRE_ENDPOINT_BYTES];
    assert_ok(wire_context_new(&context));
    assert_ok(wire_open(context, &options, &router));
    assert_ok(wire_bind(router, world->endpoint.text, bound));

    /* Fail closed: a known key is refused as well. */
    struct bus_client *client DEFER(bus_client_close) = NULL;
    assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, world->endpoint.text, &client));
    assert_error(cancel(client, (struct id){{1}}, 1000, NULL), SM_UNAVAILABLE);
}

static void a_standby_says_so_and_the_next_replica_is_asked(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    struct world standby = {.keys = world->keys};
    char both[2 * WIRE_ENDPOINT_BYTES];
    uint64_t cancelled;
    standby.endpoint = test_endpoint(&world->keys, "standby");
    (void)snprintf(both, sizeof both, "%s,%s", standby.endpoint.text, world->endpoint.text);
    atomic_store(&standby.is_standby, true);
    start(world);
    start(&standby);
    assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, both, &client));

    assert_ok(cancel(client, (struct id){{1}}, 3000, &cancelled));
    assert_int_equal(atomic_load(&standby.calls), 0);
    stop(&standby);
    assert_ok(cancel(client, (struct id){{1}}, 3000, &cancelled));
    assert_int_equal(cancelled, 2);
}

static void a_dead_replica_is_passed_over(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    char both[2 * WIRE_ENDPOINT_BYTES];
    (void)snprintf(
        both, sizeof both, "ipc://%s/nobody,%s", world->keys.directory, world->endpoint.text);
    start(world);
    assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, both, &client));

    assert_ok(cancel(client, (struct id){{1}}, 3000, NULL));
}

static bool has_answered_late(void *context)
{
    return atomic_load(&((struct world *)context)->calls) == 2;
}

static void nobody_there_is_unavailable_and_nobody_answering_is_a_timeout(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, world->endpoint.text, &client));
    assert_error(cancel(client, (struct id){{1}}, 300, NULL), SM_UNAVAILABLE);

    start(world);
    assert_ok(cancel(client, (struct id){{1}}, 20000, NULL));
    atomic_store(&world->slow_ms, 3000);
    assert_error(cancel(client, (struct id){{1}}, 1000, NULL), SM_TIMEOUT);
    assert_true(test_soon(has_answered_late, world));
    atomic_store(&world->slow_ms, 0);
    uint64_t cancelled;
    assert_ok(cancel(client, (struct id){{1}}, 20000, &cancelled)); /* not the late answer */
    assert_int_equal(cancelled, 3);
}

static void a_table_that_breaks_the_catalogue_does_not_start(void **state)
{
    struct world *world = *state;
    struct bus_server *server = NULL;
    const struct bus_handler foreign[] = {{OP_CARRY, on_cancel}};
    const struct bus_handler twice[] = {{OP_CANCEL, on_cancel}, {OP_CANCEL, on_cancel}};
    struct bus_server_options options = options_of(world);
    options.handlers = foreign;
    options.handlers_count = 1;
    assert_error(bus_server_new(&options, &server), SM_UNKNOWN_OPERATION);
    options.handlers = twice;
    options.handlers_count = 2;
    assert_error(bus_server_new(&options, &server), SM_UNKNOWN_OPERATION);
}

static void a_key_file_that_others_may_read_is_refused(void **state)
{
    struct world *world = *state;
    struct bus_keys *keys = NULL;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit.key", world->keys.directory);
    assert_int_equal(chmod(path, 0644), 0);

    assert_error(bus_keys_load(world->keys.directory, PEER_AUDIT, &keys), SM_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_answered_with_fields_or_with_a_typed_error),
        TEST(a_peer_that_the_catalogue_does_not_name_is_refused),
        TEST(a_stranger_s_key_is_never_let_in),
        TEST(without_a_zap_handler_the_self_test_fails_or_nobody_gets_in),
        TEST(a_standby_says_so_and_the_next_replica_is_asked),
        TEST(a_dead_replica_is_passed_over),
        TEST(nobody_there_is_unavailable_and_nobody_answering_is_a_timeout),
        TEST(a_table_that_breaks_the_catalogue_does_not_start),
        TEST(a_key_file_that_others_may_read_is_refused),
    };
    (void)alarm(120); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
