/*
 * Who gets in is decided by the ZAP handler, and a handler that is wrong, silent or gone is found
 * out: nobody gets in by it, and the self-test and the watch say so.
 */
#include "tests/support/check.h"

#include "base/memory.h"
#include "bus/selftest.h"
#include "bus/zap_watch.h"
#include "tests/support/bus.h"

#include <stdlib.h>
#include <unistd.h>

struct world {
    struct test_keys keys;
    struct test_endpoint endpoint;
    struct wire_context *context;
    struct wire *client; /* asks the handler as libzmq would */
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    if (!world || test_keys_open(&world->keys) != SM_OK ||
        wire_context_new(&world->context) != SM_OK)
        return -1;
    world->endpoint = test_endpoint(&world->keys, "server");
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    wire_close(&world->client);
    wire_context_free(&world->context);
    test_keys_close(&world->keys);
    free(world);
    return 0;
}

/* --- the handler's answers --- */

static void connect_client(struct world *world)
{
    struct wire_options options = {.kind = WIRE_REQUEST};
    assert_ok(wire_open(world->context, &options, &world->client));
    assert_ok(wire_connect(world->client, WIRE_ZAP_ENDPOINT));
}

struct question {
    struct span frames[WIRE_FRAMES_MAX];
    size_t count;
};

static struct question question_about(struct span key)
{
    return (struct question){.count = ZAP_REQUEST_FRAMES,
        .frames = {
            [ZAP_VERSION] = span_text("1.0"),
            [ZAP_REQUEST] = span_text("42"),
            [ZAP_DOMAIN] = span_text(WIRE_ZAP_DOMAIN),
            [ZAP_ADDRESS] = span_text("192.0.2.1"),
            [ZAP_IDENTITY] = span_text("i"),
            [ZAP_MECHANISM] = span_text("CURVE"),
            [ZAP_KEY] = key,
        }};
}

static void is_answered(
    struct world *world, const struct question *question, const char *status, const char *user)
{
    assert_ok(wire_send(world->client, question->frames, question->count));
    struct wire_message *answer DEFER(wire_message_free) = test_receive(world->client);
    assert_non_null(answer);
    assert_int_equal(wire_frames(answer), ZAP_ANSWER_FRAMES);
    assert_span(wire_frame(answer, ZAP_VERSION), "1.0");
    assert_true(span_equal(wire_frame(answer, ZAP_REQUEST), question->frames[ZAP_REQUEST]));
    assert_span(wire_frame(answer, ZAP_STATUS), status);
    assert_span(wire_frame(answer, ZAP_USER), user);
    assert_int_equal(wire_frame(answer, ZAP_METADATA).size, 0);
}

static struct span key_of(const struct world *world, enum peer peer)
{
    return span_of(bus_keys_public(world->keys.notifier, peer), WIRE_KEY_BYTES);
}

static void every_peer_of_the_folder_gets_its_name(void **state)
{
    struct world *world = *state;
    struct zap *zap = NULL;
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    connect_client(world);

    for (unsigned peer = 1; peer <= PEER_OPERATOR; peer <<= 1) {
        struct question question = question_about(key_of(world, (enum peer)peer));
        is_answered(world, &question, "200", peer_name((enum peer)peer));
    }
    assert_true(zap_is_alive(zap));
    wire_close(&world->client);
    zap_stop(&zap);
}

static void what_is_not_exactly_a_question_of_ours_is_refused(void **state)
{
    static const struct {
        enum zap_request frame;
        const char *text;
    } wrong[] = {{ZAP_VERSION, "2.0"}, {ZAP_VERSION, ""}, {ZAP_DOMAIN, "other"}, {ZAP_DOMAIN, ""},
        {ZAP_MECHANISM, "NULL"}, {ZAP_MECHANISM, "PLAIN"}, {ZAP_MECHANISM, "curve"}, {ZAP_KEY, ""}};
    struct world *world = *state;
    struct zap *zap = NULL;
    struct span key = key_of(world, PEER_CRYPTO);
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    connect_client(world);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct question question = question_about(key);
        question.frames[wrong[i].frame] = span_text(wrong[i].text);
        is_answered(world, &question, "400", "");
    }
    struct question question = question_about(span_slice(key, 0, WIRE_KEY_BYTES - 1));
    is_answered(world, &question, "400", "");
    for (question = question_about(key); question.count > 2;) {
        question.count--;
        is_answered(world, &question, "400", "");
    }
    question = question_about(key);
    question.frames[question.count++] = span_text("more");
    is_answered(world, &question, "400", "");
    wire_close(&world->client);
    zap_stop(&zap);
}

static bool is_gone(void *zap)
{
    return !zap_is_alive(zap);
}

/* It cannot be answered, and so ends the handler: closed, and seen by the server. */
static void a_question_of_too_many_frames_ends_the_handler_visibly(void **state)
{
    struct world *world = *state;
    struct zap *zap = NULL;
    struct span x = span_text("x");
    const struct span many[] = {x, x, x, x, x, x, x, x, x, x};
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    connect_client(world);

    assert_ok(wire_send(world->client, many, 10));
    assert_true(test_soon(is_gone, zap));
    wire_close(&world->client);
    zap_stop(&zap);
}

/* --- a stand-in for a handler that is broken --- */

/* The six frames of an answer; NULL: the question's request id. */
struct said {
    const char *frames[ZAP_ANSWER_FRAMES];
};
static const struct said admits = {{"1.0", NULL, "200", "OK", "notifier", ""}};
static const struct said refuses = {{"1.0", NULL, "400", "no", "", ""}};

struct stand_in {
    struct wire *wire;
    pthread_t thread;
    _Atomic(const struct said *) said; /* NULL: takes one question and is silent */
    atomic_bool is_stopping;
};

static enum sm_error say(struct stand_in *stand_in, struct wire_message *question)
{
    const struct said *said = atomic_load(&stand_in->said);
    struct span frames[ZAP_ANSWER_FRAMES];
    if (!said)
        return SM_OK;
    for (size_t i = 0; i < ZAP_ANSWER_FRAMES; i++)
        frames[i] =
            said->frames[i] ? span_text(said->frames[i]) : wire_frame(question, ZAP_REQUEST);
    return wire_send(stand_in->wire, frames, ZAP_ANSWER_FRAMES);
}

static void open_stand_in(struct world *world, struct stand_in *stand_in)
{
    struct wire_options options = {.kind = WIRE_REPLY};
    assert_ok(wire_open(world->context, &options, &stand_in->wire));
    assert_ok(wire_bind(stand_in->wire, WIRE_ZAP_ENDPOINT, NULL));
}

static void *stand_in_thread(void *context)
{
    struct stand_in *stand_in = context;
    while (!atomic_load(&stand_in->is_stopping)) {
        struct wire_message *question DEFER(wire_message_free) = NULL;
        wire_poll(&stand_in->wire, 1, -1, 20);
        if (wire_receive(stand_in->wire, &question) == SM_OK && say(stand_in, question) != SM_OK)
            break;
    }
    return NULL;
}

static void start_stand_in(struct world *world, struct stand_in *stand_in)
{
    open_stand_in(world, stand_in);
    assert_int_equal(pthread_create(&stand_in->thread, NULL, stand_in_thread, stand_in), 0);
}

static void stop_stand_in(struct stand_in *stand_in)
{
    atomic_store(&stand_in->is_stopping, true);
    (void)pthread_join(stand_in->thread, NULL);
    wire_close(&stand_in->wire);
}

/* --- nobody gets in by a broken handler --- */

static struct wire *open_router(struct world *world)
{
    struct wire *router = NULL;
    struct wire_options options = bus_keys_options(world->keys.notifier, WIRE_ROUTER);
    assert_ok(wire_open(world->context, &options, &router));
    assert_ok(wire_bind(router, world->endpoint.text, NULL));
    return router;
}

static enum handshake knock(struct world *world, int64_t timeout_ms)
{
    enum handshake outcome = HANDSHAKE_PENDING;
    struct wire *wire DEFER(wire_close) = NULL;
    struct wire_options options = bus_keys_options(world->keys.crypto, WIRE_DEALER);
    options.server_key = bus_keys_public(world->keys.crypto, PEER_NOTIFIER);
    assert_ok(wire_open(world->context, &options, &wire));
    assert_ok(wire_try_handshake(world->context, wire, world->endpoint.text, timeout_ms, &outcome));
    return outcome;
}

enum { NOT_LONG_MS = 400, LONG_MS = 20000 };

static void a_handler_that_is_wrong_or_silent_lets_nobody_in(void **state)
{
    static const struct said wrong[] = {
        {{"2.0", NULL, "200", "OK", "crypto", ""}},      /* another version */
        {{"1.0", "another", "200", "OK", "crypto", ""}}, /* to another question, or late */
        {{"1.0", NULL, "300", "later", "crypto", ""}},
        {{"1.0", NULL, "500", "broken", "crypto", ""}}, {{"1.0", NULL, "200 ", "OK", "crypto", ""}},
        {{"1.0", NULL, "", "", "crypto", ""}},
        {{"1.0", NULL, "200", "OK", "crypto", "\x7f"}}, /* metadata that cannot be read */
    };
    struct world *world = *state;
    struct wire *router = open_router(world);
    struct stand_in stand_in = {0};
    start_stand_in(world, &stand_in);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        atomic_store(&stand_in.said, &wrong[i]);
        assert_int_not_equal(knock(world, NOT_LONG_MS), HANDSHAKE_ACCEPTED);
    }
    atomic_store(&stand_in.said, NULL);
    assert_int_not_equal(knock(world, NOT_LONG_MS), HANDSHAKE_ACCEPTED);
    stop_stand_in(&stand_in);
    wire_close(&router);
}

static void a_handler_that_does_its_work_lets_a_known_key_in(void **state)
{
    struct world *world = *state;
    struct zap *zap = NULL;
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    struct wire *router = open_router(world);

    assert_int_equal(knock(world, LONG_MS), HANDSHAKE_ACCEPTED);
    wire_close(&router);
    zap_stop(&zap);
}

/* --- the self-test at the start --- */

static enum sm_error self_test(struct world *world)
{
    return selftest_who_gets_in(
        world->context, world->keys.notifier, PEER_NOTIFIER, world->endpoint.text);
}

static void the_self_test_passes_with_the_handler_and_fails_without(void **state)
{
    struct world *world = *state;
    struct zap *zap = NULL;
    struct wire *router = open_router(world);

    assert_error(self_test(world), SM_NOT_ALLOWED);
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    assert_ok(self_test(world));
    wire_close(&router);
    zap_stop(&zap);
}

static void the_self_test_finds_a_handler_that_admits_or_refuses_everybody(void **state)
{
    struct world *world = *state;
    struct stand_in stand_in = {.said = &admits};
    struct wire *router = open_router(world);
    start_stand_in(world, &stand_in);

    assert_error(self_test(world), SM_NOT_ALLOWED);
    atomic_store(&stand_in.said, &refuses);
    assert_error(self_test(world), SM_NOT_ALLOWED);
    stop_stand_in(&stand_in);
    wire_close(&router);
}

/* --- the watch --- */

enum { NOON_MS = 43200000 };

/* Looks until `count` questions were answered rightly; each is due at once. */
struct watched {
    struct zap_watch *watch;
    int64_t now_ms;
    uint64_t wanted;
    enum sm_error error;
};

static bool has_answers(void *context)
{
    struct watched *watched = context;
    if (watched->error == SM_OK)
        watched->error = zap_watch_look(watched->watch, watched->now_ms);
    uint64_t answers = zap_watch_answers(watched->watch);
    if (watched->error == SM_OK && answers < watched->wanted)
        return false;
    return true;
}

/* The clock stands still while an answer is awaited, and moves to the next question's time. */
static enum sm_error watch_until(struct zap_watch *watch, uint64_t answers)
{
    struct watched watched = {.watch = watch, .now_ms = NOON_MS};
    while (watched.wanted < answers && watched.error == SM_OK) {
        watched.wanted++;
        assert_true(test_soon(has_answers, &watched));
        watched.now_ms += WATCH_EVERY_MS;
    }
    return watched.error;
}

static void a_handler_that_does_its_work_passes_the_watch(void **state)
{
    struct world *world = *state;
    struct zap *zap = NULL;
    struct zap_watch *watch = NULL;
    assert_ok(zap_start(world->context, world->keys.notifier, &zap));
    assert_ok(zap_watch_new(world->context, world->keys.notifier, PEER_NOTIFIER, &watch));

    assert_ok(watch_until(watch, 10));
    zap_watch_free(&watch);
    zap_stop(&zap);
}

static void the_watch_asks_no_more_often_than_it_says(void **state)
{
    struct world *world = *state;
    struct stand_in stand_in = {.said = &admits};
    struct zap_watch *watch = NULL;
    open_stand_in(world, &stand_in);
    assert_ok(zap_watch_new(world->context, world->keys.notifier, PEER_NOTIFIER, &watch));

    assert_ok(zap_watch_look(watch, NOON_MS));
    struct wire_message *question = test_receive(stand_in.wire);
    assert_non_null(question);
    assert_ok(say(&stand_in, question));
    wire_message_free(&question);
    struct watched watched = {.watch = watch, .now_ms = NOON_MS, .wanted = 1};
    assert_true(test_soon(has_answers, &watched));
    assert_ok(zap_watch_look(watch, NOON_MS + WATCH_EVERY_MS - 1));
    assert_error(wire_receive(stand_in.wire, &question), SM_TIMEOUT);
    assert_ok(zap_watch_look(watch, NOON_MS + WATCH_EVERY_MS));
    question = test_receive(stand_in.wire);
    assert_non_null(question);
    wire_message_free(&question);
    zap_watch_free(&watch);
    wire_close(&stand_in.wire);
}

static void silence_fails_the_watch_when_its_patience_ends_and_for_good(void **state)
{
    struct world *world = *state;
    struct zap_watch *watch = NULL;
    assert_ok(zap_watch_new(world->context, world->keys.notifier, PEER_NOTIFIER, &watch));

    assert_ok(zap_watch_look(watch, NOON_MS));
    assert_ok(zap_watch_look(watch, NOON_MS + WATCH_PATIENCE_MS - 1));
    assert_error(zap_watch_look(watch, NOON_MS + WATCH_PATIENCE_MS), SM_NOT_ALLOWED);
    assert_error(zap_watch_look(watch, NOON_MS), SM_NOT_ALLOWED);
    zap_watch_free(&watch);
}

static void the_watch_finds_every_wrong_answer(void **state)
{
    static const struct said others[] = {
        {{"1.0", NULL, "200", "OK", "crypto", ""}}, /* under another's name */
        {{"1.0", "another", "200", "OK", "notifier", ""}},
        {{"1.0", NULL, "500", "broken", "", ""}},
    };
    const struct said *const wrong[] = {&admits /* also the stranger */,
        &refuses /* also the own key */, &others[0], &others[1], &others[2]};
    struct world *world = *state;
    struct stand_in stand_in = {0};
    start_stand_in(world, &stand_in);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct zap_watch *watch = NULL;
        atomic_store(&stand_in.said, wrong[i]);
        assert_ok(zap_watch_new(world->context, world->keys.notifier, PEER_NOTIFIER, &watch));
        assert_error(watch_until(watch, 2), SM_NOT_ALLOWED);
        zap_watch_free(&watch);
    }
    stop_stand_in(&stand_in);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_peer_of_the_folder_gets_its_name),
        TEST(what_is_not_exactly_a_question_of_ours_is_refused),
        TEST(a_question_of_too_many_frames_ends_the_handler_visibly),
        TEST(a_handler_that_is_wrong_or_silent_lets_nobody_in),
        TEST(a_handler_that_does_its_work_lets_a_known_key_in),
        TEST(the_self_test_passes_with_the_handler_and_fails_without),
        TEST(the_self_test_finds_a_handler_that_admits_or_refuses_everybody),
        TEST(a_handler_that_does_its_work_passes_the_watch),
        TEST(the_watch_asks_no_more_often_than_it_says),
        TEST(silence_fails_the_watch_when_its_patience_ends_and_for_good),
        TEST(the_watch_finds_every_wrong_answer),
    };
    (void)alarm(240); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
