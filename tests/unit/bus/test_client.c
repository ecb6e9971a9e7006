/* The caller's side against servers that are late, mistaken or hostile. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "bus/client.h"
#include "proto/limits.h"
#include "proto/notify.h"
#include "tests/support/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* {"cancelled": 7} */
#define SEVEN             \
    span_text("\x81\xa9"  \
              "cancelled" \
              "\x07")

enum { MANY = 16 };

struct world {
    struct test_keys keys;
    struct test_endpoint endpoint;
    struct test_server server;
    bool is_running;
    struct bus_client *client;
    struct bus_client *many[MANY]; /* a test's, where one is not enough */
};

static void start(struct world *world, test_script *script, void *data)
{
    test_server_start(&world->server, &world->keys, world->endpoint.text, script, data);
    world->is_running = true;
    assert_ok(
        bus_client_open(world->keys.crypto, PEER_NOTIFIER, world->endpoint.text, &world->client));
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
    bus_client_close(&world->client);
    for (size_t i = 0; i < MANY; i++)
        bus_client_close(&world->many[i]);
    if (world->is_running)
        test_server_stop(&world->server);
    test_keys_close(&world->keys);
    free(world);
    return 0;
}

static enum sm_error cancel(struct bus_client *client, int64_t timeout_ms, uint64_t *out)
{
    struct cancel_request request = {.message = {{1}}};
    struct cancel_reply reply = {0};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct bus_call call = {.operation = OP_CANCEL, .timeout_ms = timeout_ms, .idempotency = {{5}}};
    TRY(bus_client_call(client, &call, &request, &arena, &reply));
    *out = reply.cancelled;
    return SM_OK;
}

enum { LONG_MS = 20000 };

static void is_answered_with_seven(struct world *world)
{
    uint64_t cancelled = 0;
    assert_ok(cancel(world->client, LONG_MS, &cancelled));
    assert_int_equal(cancelled, 7);
}

static void say_seven(struct test_server *server, struct wire_message *request)
{
    struct header header = test_answer_header(request);
    test_answer(server, request, &header, SEVEN);
}

/* --- answers that are not the answer --- */

static void say_another_s_first(struct test_server *server, struct wire_message *request)
{
    struct header header = test_answer_header(request);
    header.request.bytes[0] ^= 1;
    test_answer(server, request, &header,
        span_text("\x81\xa9"
                  "cancelled"
                  "\x09"));
    say_seven(server, request);
}

static void an_answer_under_another_request_id_is_passed_over(void **state)
{
    struct world *world = *state;
    start(world, say_another_s_first, NULL);

    is_answered_with_seven(world);
}

static void say_seven_and_much_more(struct test_server *server, struct wire_message *request)
{
    struct header header = test_answer_header(request);
    say_seven(server, request);
    /* Those of two calls find room together, also while libzmq has not yet counted what was read.
     */
    for (int i = 0; i < BUS_QUEUE_MESSAGES_MAX / 8; i++) {
        header.request.bytes[0]++;
        test_answer(server, request, &header, SEVEN);
    }
}

static void answers_that_nobody_asked_for_do_not_reach_a_later_call(void **state)
{
    struct world *world = *state;
    start(world, say_seven_and_much_more, NULL);

    for (int i = 0; i < 5; i++)
        is_answered_with_seven(world);
}

/* Each is a message as it should never come; the last is the answer. */
static void say_nonsense_first(struct test_server *server, struct wire_message *request)
{
    struct span to = wire_frame(request, 0);
    struct span asked = wire_frame(request, 1);
    struct span x = span_text("x");
    uint8_t bad_error[HEADER_BYTES];
    struct header header = test_answer_header(request);
    header_write(&header, bad_error);
    bad_error[4] = 0xff; /* an error outside the list */
    const struct span lone[] = {to, x};
    const struct span echo[] = {to, asked, SEVEN}; /* a request is no answer */
    const struct span shortened[] = {to, span_slice(SPAN(bad_error), 0, HEADER_BYTES - 1), SEVEN};
    const struct span error[] = {to, SPAN(bad_error), SEVEN};
    const struct span third[] = {to, SPAN(bad_error), SEVEN, x};
    const struct span many[] = {to, x, x, x, x, x, x, x, x, x, x, x};
    assert_ok(wire_send(server->router, lone, 2));
    assert_ok(wire_send(server->router, echo, 3));
    assert_ok(wire_send(server->router, shortened, 3));
    assert_ok(wire_send(server->router, error, 3));
    assert_ok(wire_send(server->router, third, 4));
    assert_ok(wire_send(server->router, many, 12));
    say_seven(server, request);
}

static void nonsense_before_the_answer_is_passed_over(void **state)
{
    struct world *world = *state;
    start(world, say_nonsense_first, NULL);

    is_answered_with_seven(world);
    is_answered_with_seven(world);
}

static void say_nonsense_after_the_first(struct test_server *server, struct wire_message *request)
{
    const struct span nonsense[] = {wire_frame(request, 0), span_text("x")};
    if (atomic_load(&server->requests) == 0) {
        say_seven(server, request);
        return;
    }
    for (int i = 0; i < 10; i++)
        (void)error_name(wire_send(server->router, nonsense, 2));
}

static void nonsense_alone_does_not_hold_a_call_over_its_deadline(void **state)
{
    struct world *world = *state;
    uint64_t cancelled;
    start(world, say_nonsense_after_the_first, NULL);
    is_answered_with_seven(world); /* it is connected */

    assert_error(cancel(world->client, 300, &cancelled), SM_TIMEOUT);
}

/* --- answers that are wrong --- */

struct wrong_answer {
    uint16_t operation_more;
    enum sm_error error;
    struct span fields;
    enum sm_error expected;
};

static void say_wrong(struct test_server *server, struct wire_message *request)
{
    const struct wrong_answer *wrong = server->data;
    wrong += atomic_load(&server->requests); /* each once, in turn */
    struct header header = test_answer_header(request);
    header.operation = (uint16_t)(header.operation + wrong->operation_more);
    header.error = wrong->error;
    test_answer(server, request, &header, wrong->fields);
}

static void an_answer_that_is_not_the_table_s_is_an_error(void **state)
{
    struct world *world = *state;
    struct wrong_answer all[] = {
        {2, SM_OK, SEVEN, SM_BAD_FORMAT},             /* of another operation */
        {0, SM_OK, span_text(""), SM_BAD_FORMAT},     /* no fields */
        {0, SM_OK, span_text("\x80"), SM_BAD_FORMAT}, /* a field is missing */
        {0, SM_OK,
            span_text("\x81\xa9"
                      "cancelled"
                      "\x07\x07"),
            SM_BAD_FORMAT}, /* one byte more */
        {0, SM_OK,
            span_text("\x81\xa9"
                      "cancelled"
                      "\xa1x"),
            SM_BAD_FORMAT},               /* a text */
        {0, SM_LOCKED, SEVEN, SM_LOCKED}, /* an error is an error, whatever comes with it */
    };
    start(world, say_wrong, all);

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint64_t cancelled;
        assert_error(cancel(world->client, LONG_MS, &cancelled), all[i].expected);
    }
}

/* --- servers that go away --- */

static bool was_asked(void *server)
{
    return atomic_load(&((struct test_server *)server)->requests) > 0;
}

static void *stop_when_asked(void *context)
{
    struct test_server *server = context;
    bool asked = test_soon(was_asked, server);
    test_server_stop(server);
    return (void *)(uintptr_t)asked;
}

static void a_server_that_goes_away_with_the_answer_is_unavailable(void **state)
{
    struct world *world = *state;
    pthread_t thread;
    void *asked;
    uint64_t cancelled;
    start(world, NULL, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop_when_asked, &world->server), 0);

    assert_error(cancel(world->client, LONG_MS, &cancelled), SM_UNAVAILABLE);
    (void)pthread_join(thread, &asked);
    world->is_running = false;
    assert_true(asked);
}

/* The tries to reach it have become as rare as they get. */
static void a_server_that_was_away_for_long_is_found_as_soon_as_it_is_back(void **state)
{
    enum { AWAY_MS = 3700 };
    struct world *world = *state;
    for (size_t i = 0; i < MANY; i++)
        assert_ok(bus_client_open(
            world->keys.crypto, PEER_NOTIFIER, world->endpoint.text, &world->many[i]));
    (void)usleep(AWAY_MS * 1000);
    start(world, say_seven, NULL);

    uint64_t cancelled;
    for (size_t i = 0; i < MANY; i++)
        assert_ok(cancel(world->many[i], LONG_MS, &cancelled));
}

enum { CLIENTS_MAX = 64 }; /* each begins with either replica: all with the same one, never */

/* What a server saw of a call. */
struct seen {
    struct header header;
    struct span fields;
    uint8_t bytes[256];
};

static struct header header_of(struct wire_message *request)
{
    struct header header;
    assert_ok(header_read(wire_frame(request, 1), &header));
    return header;
}

static void note(struct test_server *server, struct wire_message *request)
{
    struct seen *seen = server->data;
    struct span fields = wire_frame(request, 2);
    if (header_of(request).operation == OP_PING)
        return;
    seen->header = header_of(request);
    assert_true(fields.size <= sizeof seen->bytes);
    memcpy(seen->bytes, fields.at, fields.size);
    seen->fields = span_of(seen->bytes, fields.size);
}

static void note_and_say_seven(struct test_server *server, struct wire_message *request)
{
    note(server, request);
    say_seven(server, request);
}

static void the_next_replica_hears_the_same_request_under_the_same_key(void **state)
{
    struct world *world = *state;
    struct test_server silent;
    struct test_endpoint endpoint = test_endpoint(&world->keys, "silent");
    struct seen first = {0};
    struct seen second = {0};
    char both[2 * WIRE_ENDPOINT_BYTES];
    test_server_start(&silent, &world->keys, endpoint.text, note, &first);
    start(world, note_and_say_seven, &second);
    (void)snprintf(both, sizeof both, "%s,%s", endpoint.text, world->endpoint.text);
    struct wire *there = test_peer(world->keys.crypto, endpoint.text); /* it is up and lets in */
    wire_close(&there);

    for (int clients = 0; atomic_load(&silent.requests) == 0 && clients < CLIENTS_MAX; clients++) {
        bus_client_close(&world->client);
        assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, both, &world->client));
        is_answered_with_seven(world);
    }

    test_server_stop(&silent);
    test_server_stop(&world->server);
    world->is_running = false;
    assert_true(atomic_load(&silent.requests) > 0);
    assert_true(id_equal(second.header.idempotency, (struct id){{5}}));
    assert_true(id_equal(first.header.request, second.header.request));
    assert_true(id_equal(first.header.idempotency, second.header.idempotency));
    assert_int_equal(first.header.deadline_ms, second.header.deadline_ms);
    assert_true(span_equal(first.fields, second.fields));
}

/* Slow, and there: says so each time it is asked, and has the answer when it was asked twice. */
struct slow {
    struct header answer;
    int pings;
};

static void say_that_it_is_there(struct test_server *server, struct wire_message *request)
{
    struct slow *slow = server->data;
    struct header header = test_answer_header(request);
    if (header_of(request).operation != OP_PING) {
        slow->answer = header;
        return;
    }
    test_answer(
        server, request, &header, span_text("\x82\xa7service\xa8notifier\xa9is_active\xc3"));
    if (++slow->pings == 2)
        test_answer(server, request, &slow->answer, SEVEN);
}

/* Counted before the answer is out, so that who has it may look. */
static void count_and_say_seven(struct test_server *server, struct wire_message *request)
{
    (void)atomic_fetch_add((atomic_int *)server->data, 1);
    say_seven(server, request);
}

static void a_slow_replica_that_says_it_is_there_is_waited_for(void **state)
{
    struct world *world = *state;
    struct test_server slow_one;
    struct test_endpoint endpoint = test_endpoint(&world->keys, "slow");
    struct slow slow = {0};
    atomic_int others = 0;
    char both[2 * WIRE_ENDPOINT_BYTES];
    test_server_start(&slow_one, &world->keys, endpoint.text, say_that_it_is_there, &slow);
    start(world, count_and_say_seven, &others);
    (void)snprintf(both, sizeof both, "%s,%s", endpoint.text, world->endpoint.text);

    int asked = 0; /* of the other one, before a client began with the slow one */
    for (int clients = 0; slow.pings == 0 && clients < CLIENTS_MAX; clients++) {
        asked = atomic_load(&others);
        bus_client_close(&world->client);
        assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, both, &world->client));
        is_answered_with_seven(world);
    }

    test_server_stop(&slow_one);
    assert_int_equal(slow.pings, 2);
    assert_int_equal(atomic_load(&others), asked);
}

static void many_clients_use_all_replicas(void **state)
{
    struct world *world = *state;
    struct test_server other;
    struct test_endpoint endpoint = test_endpoint(&world->keys, "other");
    char both[2 * WIRE_ENDPOINT_BYTES];
    test_server_start(&other, &world->keys, endpoint.text, say_seven, NULL);
    start(world, say_seven, NULL);
    (void)snprintf(both, sizeof both, "%s,%s", endpoint.text, world->endpoint.text);

    bool is_used = false;
    for (int clients = 0; !is_used && clients < CLIENTS_MAX; clients++) {
        bus_client_close(&world->client);
        assert_ok(bus_client_open(world->keys.crypto, PEER_NOTIFIER, both, &world->client));
        is_answered_with_seven(world);
        is_used = atomic_load(&other.requests) > 0 && atomic_load(&world->server.requests) > 0;
    }

    test_server_stop(&other);
    assert_true(is_used);
}

static void endpoints_that_are_none_are_refused_at_once(void **state)
{
    struct world *world = *state;
    struct bus_client *client = NULL;
    static const char *const wrong[] = {"", ",ipc:///tmp/x", "nonsense",
        "tcp://:::", "ipc://a,ipc://b,ipc://c,ipc://d,ipc://e,ipc://f,ipc://g,ipc://h,ipc://i"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(bus_client_open(world->keys.crypto, PEER_NOTIFIER, wrong[i], &client) != SM_OK);
        assert_null(client);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_under_another_request_id_is_passed_over),
        TEST(answers_that_nobody_asked_for_do_not_reach_a_later_call),
        TEST(nonsense_before_the_answer_is_passed_over),
        TEST(nonsense_alone_does_not_hold_a_call_over_its_deadline),
        TEST(an_answer_that_is_not_the_table_s_is_an_error),
        TEST(a_server_that_goes_away_with_the_answer_is_unavailable),
        TEST(a_server_that_was_away_for_long_is_found_as_soon_as_it_is_back),
        TEST(the_next_replica_hears_the_same_request_under_the_same_key),
        TEST(a_slow_replica_that_says_it_is_there_is_waited_for),
        TEST(many_clients_use_all_replicas),
        TEST(endpoints_that_are_none_are_refused_at_once),
    };
    (void)alarm(240); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
