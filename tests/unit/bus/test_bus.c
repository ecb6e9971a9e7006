/* The bus on real sockets: who gets in, what is refused, and that answers find their calls. */
#include "tests/support/check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "bus/client.h"
#include "bus/keyring.h"
#include "bus/selftest.h"
#include "bus/server.h"
#include "bus/zap.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/notify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A notifier with one slow and one quick operation, and what its callers hold. */
struct world {
    char directory[64];
    char endpoint[80];
    struct bus_keys *notifier, *crypto, *gateway;
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
        .keys = world->notifier,
        .endpoints = world->endpoint,
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
    (void)snprintf(world->directory, sizeof world->directory, "/tmp/sm-bus-XXXXXX");
    if (!mkdtemp(world->directory) || bus_keys_make(world->directory) != SM_OK)
        return -1;
    (void)snprintf(world->endpoint, sizeof world->endpoint, "ipc://%s/s", world->directory);
    if (bus_keys_load(world->directory, PEER_NOTIFIER, &world->notifier) != SM_OK ||
        bus_keys_load(world->directory, PEER_CRYPTO, &world->crypto) != SM_OK ||
        bus_keys_load(world->directory, PEER_GATEWAY, &world->gateway) != SM_OK)
        return -1;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    char command[128];
    if (world->server)
        stop(world);
    bus_keys_free(&world->notifier);
    bus_keys_free(&world->crypto);
    bus_keys_free(&world->gateway);
    (void)snprintf(command, sizeof command, "rm -r '%s'", world->directory);
    int status = system(command);
    free(world);
    return status;
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
    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, world->endpoint, &client));

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
    assert_ok(bus_client_open(world->gateway, PEER_NOTIFIER, world->endpoint, &client));

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
    (void)snprintf(path, sizeof path, "%s/crypto.key", world->directory);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/crypto.pub", world->directory);
    assert_int_equal(unlink(path), 0);
    assert_ok(bus_keys_make(world->directory)); /* a pair that the server did not read */
    assert_ok(bus_keys_load(world->directory, PEER_CRYPTO, &stranger));
    assert_ok(bus_client_open(stranger, PEER_NOTIFIER, world->endpoint, &client));

    assert_error(cancel(client, (struct id){{1}}, 2000, NULL), SM_UNAVAILABLE);
    assert_int_equal(atomic_load(&world->calls), 0);
}

static void without_a_zap_handler_the_self_test_fails_or_nobody_gets_in(void **state)
{
    struct world *world = *state;
    struct wire_context *context DEFER(wire_context_free) = NULL;
    struct wire *router DEFER(wire_close) = NULL;
    struct wire_options options = bus_keys_options(world->notifier, WIRE_ROUTER);
    char bound[WIRE_ENDPOINT_BYTES];
    assert_ok(wire_context_new(&context));
    assert_ok(wire_open(context, &options, &router));
    assert_ok(wire_bind(router, world->endpoint, bound));

    /* Fail closed: a known key is refused as well. */
    struct bus_client *client DEFER(bus_client_close) = NULL;
    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, world->endpoint, &client));
    assert_error(cancel(client, (struct id){{1}}, 1000, NULL), SM_UNAVAILABLE);
}

static void a_standby_says_so_and_the_next_replica_is_asked(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    struct world standby = {.notifier = world->notifier};
    char both[200];
    uint64_t cancelled;
    (void)snprintf(standby.endpoint, sizeof standby.endpoint, "ipc://%s/standby", world->directory);
    (void)snprintf(both, sizeof both, "%s,%s", standby.endpoint, world->endpoint);
    atomic_store(&standby.is_standby, true);
    start(world);
    start(&standby);
    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, both, &client));

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
    char both[200];
    (void)snprintf(both, sizeof both, "ipc://%s/nobody,%s", world->directory, world->endpoint);
    start(world);
    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, both, &client));

    assert_ok(cancel(client, (struct id){{1}}, 3000, NULL));
}

static void nobody_there_is_unavailable_and_nobody_answering_is_a_timeout(void **state)
{
    struct world *world = *state;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, world->endpoint, &client));
    assert_error(cancel(client, (struct id){{1}}, 300, NULL), SM_UNAVAILABLE);

    start(world);
    atomic_store(&world->slow_ms, 400);
    assert_ok(cancel(client, (struct id){{1}}, 3000, NULL));
    assert_error(cancel(client, (struct id){{1}}, 100, NULL), SM_TIMEOUT);
    uint64_t cancelled;
    assert_ok(cancel(client, (struct id){{1}}, 3000, &cancelled)); /* not the late answer */
    assert_int_equal(cancelled, 3);
}

static void *call_once(void *context)
{
    struct world *world = context;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    enum sm_error error = bus_client_open(world->crypto, PEER_NOTIFIER, world->endpoint, &client);
    if (error == SM_OK)
        error = cancel(client, (struct id){{1}}, 5000, NULL);
    return (void *)(uintptr_t)error;
}

/* Two are worked on, two wait, the rest hear "busy" at once. */
static void a_full_queue_says_busy(void **state)
{
    struct world *world = *state;
    pthread_t threads[8];
    int busy = 0;
    int good = 0;
    start(world);
    atomic_store(&world->slow_ms, 500);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_once, world), 0);
    for (size_t i = 0; i < 8; i++) {
        void *result;
        (void)pthread_join(threads[i], &result);
        good += (uintptr_t)result == SM_OK;
        busy += (uintptr_t)result == SM_BUSY || (uintptr_t)result == SM_TIMEOUT;
    }

    assert_true(good >= 4);
    assert_int_equal(good + busy, 8);
}

/* Raw frames from a peer that is let in but does not keep to the protocol. */
static void hostile_frames_stop_nothing(void **state)
{
    struct world *world = *state;
    struct wire *wire DEFER(wire_close) = NULL;
    struct wire_options options = bus_keys_options(world->crypto, WIRE_DEALER);
    struct bus_client *client DEFER(bus_client_close) = NULL;
    uint8_t *large = calloc(1, BUS_MESSAGE_BYTES_MAX + 1);
    uint8_t header[HEADER_BYTES] = {0};
    options.server_key = bus_keys_public(world->crypto, PEER_NOTIFIER);
    start(world);
    assert_ok(wire_open(bus_keys_clients(world->crypto), &options, &wire));
    assert_ok(wire_connect(wire, world->endpoint));
    for (int i = 0; i < 400 && !wire_can_send(wire); i++)
        (void)usleep(5000);

    const struct span one[] = {SPAN(header)};
    const struct span many[] = {SPAN(header), SPAN(header), SPAN(header), SPAN(header),
        SPAN(header), SPAN(header), SPAN(header), SPAN(header), SPAN(header), SPAN(header)};
    const struct span bomb[] = {span_text("x"), span_of(large, BUS_MESSAGE_BYTES_MAX + 1)};
    assert_ok(wire_send(wire, one, 1));
    assert_ok(wire_send(wire, many, 10));
    (void)error_name(wire_send(wire, bomb, 2)); /* the connection ends by it */
    free(large);

    assert_ok(bus_client_open(world->crypto, PEER_NOTIFIER, world->endpoint, &client));
    assert_ok(cancel(client, (struct id){{1}}, 3000, NULL));
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
    (void)snprintf(path, sizeof path, "%s/audit.key", world->directory);
    assert_int_equal(chmod(path, 0644), 0);

    assert_error(bus_keys_load(world->directory, PEER_AUDIT, &keys), SM_CONFIG);
}

static void a_passed_deadline_is_not_worked_on(void **state)
{
    struct world *world = *state;
    struct bus_server_options options = options_of(world);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct buffer message DEFER(buffer_free) = BUFFER(1024);
    struct buffer reply DEFER(buffer_free) = BUFFER(1024);
    struct bus_request request = {.caller = PEER_CRYPTO, .worker = world, .arena = &arena};
    struct header header = {.operation = OP_CANCEL, .deadline_ms = clock_wall_ms() - 1};
    struct header answer;
    struct cancel_request cancel_message = {.message = {{1}}};
    uint8_t bytes[HEADER_BYTES];
    header_write(&header, bytes);
    assert_ok(fields_encode(&cancel_request, &cancel_message, &message));

    assert_ok(
        bus_dispatch(&options, &request, SPAN(bytes), buffer_span(&message), &answer, &reply));
    assert_error(answer.error, SM_TIMEOUT);
    assert_int_equal(atomic_load(&world->calls), 0);
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
        TEST(a_full_queue_says_busy),
        TEST(hostile_frames_stop_nothing),
        TEST(a_table_that_breaks_the_catalogue_does_not_start),
        TEST(a_key_file_that_others_may_read_is_refused),
        TEST(a_passed_deadline_is_not_worked_on),
    };
    (void)alarm(120); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
