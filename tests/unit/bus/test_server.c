/* The server against peers that are let in and do not keep to the protocol, and its own end. */
#include "tests/support/check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/metric.h"
#include "bus/server.h"
#include "proto/limits.h"
#include "proto/notify.h"
#include "tests/support/bus.h"

#include <stdlib.h>
#include <unistd.h>

struct world {
    struct test_keys keys;
    struct test_endpoint endpoint;
    struct bus_server *server;
    pthread_t thread;
    enum sm_error ended;
    enum sm_error worker_error;
    atomic_int calls;
    atomic_bool is_held; /* handlers wait while it is set */
    atomic_int in_hand;
};

static enum sm_error worker_open(void *service, void **out)
{
    *out = service;
    return ((struct world *)service)->worker_error;
}

static bool is_let_go(void *context)
{
    return !atomic_load(&((struct world *)context)->is_held);
}

static enum sm_error on_cancel(struct bus_request *request, const void *message, void *reply)
{
    struct world *world = request->worker;
    (void)message;
    (void)atomic_fetch_add(&world->in_hand, 1);
    (void)test_soon(is_let_go, world);
    (void)atomic_fetch_sub(&world->in_hand, 1);
    (void)atomic_fetch_add(&world->calls, 1);
    ((struct cancel_reply *)reply)->cancelled = 7;
    return SM_OK;
}

static const struct bus_handler handlers[] = {{OP_CANCEL, on_cancel}};

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
        .handlers_count = 1,
        .workers = 2,
        .queue_max = 4,
        .service = world,
        .worker_open = worker_open};
}

static void start(struct world *world)
{
    struct bus_server_options options = options_of(world);
    assert_ok(bus_server_new(&options, &world->server));
    assert_int_equal(pthread_create(&world->thread, NULL, serve, world), 0);
}

static void join(struct world *world)
{
    (void)pthread_join(world->thread, NULL);
    bus_server_free(&world->server);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    if (!world || test_keys_open(&world->keys) != SM_OK)
        return -1;
    world->endpoint = test_endpoint(&world->keys, "server");
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->server) {
        atomic_store(&world->is_held, false);
        bus_server_stop(world->server);
        join(world);
    }
    test_keys_close(&world->keys);
    free(world);
    return 0;
}

/* --- a raw peer --- */

struct sent {
    uint8_t header[HEADER_BYTES];
    struct buffer message;
};

/* A good request to cancel, under request id `number`. */
static struct sent request_of(uint8_t number)
{
    struct sent sent = {.message = BUFFER(1024)};
    struct header header = {
        .operation = OP_CANCEL, .request = {{number}}, .deadline_ms = clock_wall_ms() + 60000};
    const struct cancel_request cancel = {.message = {{1}}};
    header_write(&header, sent.header);
    assert_ok(fields_encode(&cancel_request, &cancel, &sent.message));
    return sent;
}

static void send_request(struct wire *peer, const struct sent *sent)
{
    const struct span frames[] = {SPAN(sent->header), buffer_span(&sent->message)};
    assert_ok(wire_send(peer, frames, 2));
}

static void ask(struct wire *peer, uint8_t number)
{
    struct sent sent = request_of(number);
    send_request(peer, &sent);
    buffer_free(&sent.message);
}

/* The next answer's header; its body must be there exactly when there is no error. */
static struct header next_answer(struct wire *peer)
{
    struct header header = {0};
    struct wire_message *message DEFER(wire_message_free) = test_receive(peer);
    assert_non_null(message);
    assert_int_equal(wire_frames(message), 2);
    assert_ok(header_read(wire_frame(message, 0), &header));
    assert_true(header.is_reply);
    assert_int_equal((wire_frame(message, 1).size > 0), (header.error == SM_OK));
    return header;
}

static void is_answered(struct wire *peer, uint8_t number, enum sm_error error)
{
    struct header header = next_answer(peer);
    assert_error(header.error, error);
    assert_int_equal(header.operation, OP_CANCEL + 1);
    assert_true(id_equal(header.request, (struct id){{number}}));
}

/* --- what is not a request --- */

struct spoilt_byte {
    size_t at;
    uint8_t value;
};

static void headers_that_are_no_request_are_dropped_and_the_next_is_answered(void **state)
{
    static const struct spoilt_byte spoilt[] = {
        {0, 2},    /* another version */
        {1, 1},    /* a reply, to nothing that was asked */
        {1, 2},    /* another kind */
        {3, 0x03}, /* an odd operation: a reply's */
        {5, 1},    /* a request with an error */
        {7, 1},    /* what must be zero */
    };
    struct world *world = *state;
    start(world);
    struct wire *peer = test_peer(world->keys.crypto, world->endpoint.text);
    struct sent good = request_of(1);

    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        struct sent bad = good;
        bad.header[spoilt[i].at] = spoilt[i].value;
        send_request(peer, &bad);
    }
    const struct span cut[] = {
        span_slice(SPAN(good.header), 0, HEADER_BYTES - 1), buffer_span(&good.message)};
    const struct span lone[] = {SPAN(good.header)};
    const struct span three[] = {SPAN(good.header), buffer_span(&good.message), span_text("x")};
    assert_ok(wire_send(peer, cut, 2));
    assert_ok(wire_send(peer, lone, 1));
    assert_ok(wire_send(peer, three, 3));
    ask(peer, 9);

    is_answered(peer, 9, SM_OK); /* the first answer: the others have none */
    assert_int_equal(atomic_load(&world->calls), 1);
    buffer_free(&good.message);
    wire_close(&peer);
}

static void each_answer_carries_the_id_of_its_request(void **state)
{
    enum { REQUESTS = 4 };
    struct world *world = *state;
    unsigned seen = 0;
    start(world);
    struct wire *peer = test_peer(world->keys.crypto, world->endpoint.text);

    for (uint8_t i = 0; i < REQUESTS; i++)
        ask(peer, (uint8_t)(i + 1));
    for (size_t i = 0; i < REQUESTS; i++) {
        struct header header = next_answer(peer);
        assert_error(header.error, SM_OK);
        seen |= 1u << header.request.bytes[0];
    }
    assert_int_equal(seen, 0x1e); /* 1 to 4, each once */
    wire_close(&peer);
}

/* --- peers that go away, and too many of them --- */

static bool both_are_held(void *context)
{
    return atomic_load(&((struct world *)context)->in_hand) == 2;
}

static void a_peer_that_leaves_before_its_answer_stops_nothing(void **state)
{
    struct world *world = *state;
    start(world);
    struct wire *leaver = test_peer(world->keys.crypto, world->endpoint.text);
    struct wire *stayer = test_peer(world->keys.crypto, world->endpoint.text);
    atomic_store(&world->is_held, true);
    ask(leaver, 1);
    ask(leaver, 2);
    assert_true(test_soon(both_are_held, world));

    wire_close(&leaver);
    ask(stayer, 3);
    atomic_store(&world->is_held, false);
    is_answered(stayer, 3, SM_OK);
    wire_close(&stayer);
}

static void more_than_the_queue_holds_is_refused_at_once(void **state)
{
    struct world *world = *state;
    start(world);
    struct wire *peer = test_peer(world->keys.crypto, world->endpoint.text);
    atomic_store(&world->is_held, true);
    ask(peer, 1);
    ask(peer, 2);
    assert_true(test_soon(both_are_held, world));

    for (uint8_t number = 3; number <= 7; number++) /* four wait */
        ask(peer, number);
    is_answered(peer, 7, SM_BUSY);
    assert_int_equal(metric_value(METRIC_REQUESTS_WAITING, 0), 4);
    atomic_store(&world->is_held, false);
    for (size_t i = 0; i < 6; i++)
        assert_error(next_answer(peer).error, SM_OK);
    wire_close(&peer);
}

/* A ping from `peer`, answered by the service that it asks. */
static void is_there(struct wire *peer)
{
    struct header header = {
        .operation = OP_PING, .request = {{99}}, .deadline_ms = clock_wall_ms() + 60000};
    struct buffer message DEFER(buffer_free) = BUFFER(64);
    uint8_t bytes[HEADER_BYTES];
    header_write(&header, bytes);
    const struct ping_request nothing = {0};
    assert_ok(fields_encode(catalog_find(OP_PING)->request, &nothing, &message));
    const struct span frames[] = {SPAN(bytes), buffer_span(&message)};
    assert_ok(wire_send(peer, frames, 2));
    header = next_answer(peer);
    assert_error(header.error, SM_OK);
    assert_int_equal(header.operation, OP_PING + 1);
    assert_true(id_equal(header.request, (struct id){{99}}));
}

static void a_ping_waits_for_no_worker(void **state)
{
    struct world *world = *state;
    start(world);
    struct wire *peer = test_peer(world->keys.crypto, world->endpoint.text);
    atomic_store(&world->is_held, true);
    ask(peer, 1);
    ask(peer, 2);
    assert_true(test_soon(both_are_held, world));
    for (uint8_t number = 3; number <= 7; number++) /* four wait, one is too many */
        ask(peer, number);
    is_answered(peer, 7, SM_BUSY);

    is_there(peer);
    assert_int_equal(atomic_load(&world->calls), 0);
    atomic_store(&world->is_held, false);
    for (size_t i = 0; i < 6; i++)
        assert_error(next_answer(peer).error, SM_OK);
    wire_close(&peer);
}

/* --- deadlines --- */

static int64_t deadline_seen_ms;

static enum sm_error on_deadline(struct bus_request *request, const void *message, void *reply)
{
    (void)message, (void)reply;
    deadline_seen_ms = request->header.deadline_ms;
    return SM_OK;
}

static enum sm_error dispatch_with_deadline(struct world *world, int64_t deadline_ms)
{
    static const struct bus_handler noting[] = {{OP_CANCEL, on_deadline}};
    struct bus_server_options options = options_of(world);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct buffer reply DEFER(buffer_free) = BUFFER(1024);
    struct bus_request request = {.caller = PEER_CRYPTO, .arena = &arena};
    struct header header;
    struct header answer = {0};
    struct sent sent = request_of(1);
    options.handlers = noting;
    assert_ok(header_read(SPAN(sent.header), &header));
    header.deadline_ms = deadline_ms;
    header_write(&header, sent.header);
    deadline_seen_ms = -1;
    assert_ok(bus_dispatch(
        &options, &request, SPAN(sent.header), buffer_span(&sent.message), &answer, &reply));
    buffer_free(&sent.message);
    return answer.error;
}

static void a_deadline_in_the_far_future_holds_no_worker(void **state)
{
    int64_t now_ms = clock_wall_ms();

    assert_ok(dispatch_with_deadline(*state, now_ms + 30000));
    assert_int_equal(deadline_seen_ms, now_ms + 30000);
    assert_ok(dispatch_with_deadline(*state, INT64_MAX));
    assert_true(deadline_seen_ms >= now_ms + BUS_CALL_MS_MAX);
    assert_true(deadline_seen_ms <= clock_wall_ms() + BUS_CALL_MS_MAX);
}

static void a_deadline_that_passed_is_not_worked_on(void **state)
{
    assert_error(dispatch_with_deadline(*state, clock_wall_ms() - 1), SM_TIMEOUT);
    assert_error(dispatch_with_deadline(*state, 0), SM_TIMEOUT);
    assert_error(dispatch_with_deadline(*state, INT64_MIN), SM_TIMEOUT);
    assert_int_equal(deadline_seen_ms, -1);
}

/* --- its end --- */

static bool one_is_held(void *context)
{
    return atomic_load(&((struct world *)context)->in_hand) == 1;
}

static void what_a_worker_holds_is_answered_before_the_end(void **state)
{
    struct world *world = *state;
    start(world);
    struct wire *peer = test_peer(world->keys.crypto, world->endpoint.text);
    atomic_store(&world->is_held, true);
    ask(peer, 1);
    assert_true(test_soon(one_is_held, world));

    bus_server_stop(world->server);
    ask(peer, 2); /* it comes too late, or not at all */
    atomic_store(&world->is_held, false);
    (void)pthread_join(world->thread, NULL);
    for (struct header header = next_answer(peer); header.request.bytes[0] != 1;
         header = next_answer(peer))
        assert_error(header.error, SM_NOT_ACTIVE);
    bus_server_free(&world->server);
    assert_error(world->ended, SM_OK);
    assert_int_equal(atomic_load(&world->calls), 1);
    wire_close(&peer);
}

static void a_worker_that_cannot_start_ends_the_server(void **state)
{
    struct world *world = *state;
    world->worker_error = SM_DATABASE;
    start(world);

    join(world);
    assert_error(world->ended, SM_UNAVAILABLE);
}

static void endpoints_that_are_none_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const wrong[] = {",", "ipc:///nowhere/at/all", "nonsense"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bus_server_options options = options_of(world);
        options.endpoints = wrong[i];
        assert_true(bus_server_new(&options, &world->server) != SM_OK);
        assert_null(world->server);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_that_are_no_request_are_dropped_and_the_next_is_answered),
        TEST(each_answer_carries_the_id_of_its_request),
        TEST(a_peer_that_leaves_before_its_answer_stops_nothing),
        TEST(more_than_the_queue_holds_is_refused_at_once),
        TEST(a_ping_waits_for_no_worker),
        TEST(a_deadline_in_the_far_future_holds_no_worker),
        TEST(a_deadline_that_passed_is_not_worked_on),
        TEST(what_a_worker_holds_is_answered_before_the_end),
        TEST(a_worker_that_cannot_start_ends_the_server),
        TEST(endpoints_that_are_none_are_refused),
    };
    (void)alarm(240); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
