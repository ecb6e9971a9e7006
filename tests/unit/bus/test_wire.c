/* The sockets beneath the bus: what is bounded is bounded, and half a message never arrives. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "proto/limits.h"
#include "tests/support/bus.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct test_keys keys;
    struct wire_context *context;
    struct zap *zap;
    struct wire *router;
    char endpoint[WIRE_ENDPOINT_BYTES]; /* on loopback, at a port that the kernel chose */
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    if (!world || test_keys_open(&world->keys) != SM_OK)
        return -1;
    struct wire_options options = bus_keys_options(world->keys.notifier, WIRE_ROUTER);
    if (wire_context_new(&world->context) != SM_OK ||
        zap_start(world->context, world->keys.notifier, &world->zap) != SM_OK ||
        wire_open(world->context, &options, &world->router) != SM_OK)
        return -1;
    return wire_bind(world->router, "tcp://127.0.0.1:*", world->endpoint) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    wire_close(&world->router);
    zap_stop(&world->zap);
    wire_context_free(&world->context);
    test_keys_close(&world->keys);
    free(world);
    return 0;
}

static struct wire *peer(struct world *world)
{
    return test_peer(world->keys.crypto, world->endpoint);
}

/* Sends `text` from the peer and expects it, alone, at the router. */
static void arrives(struct world *world, struct wire *from, const char *text)
{
    const struct span frames[] = {span_text(text)};
    assert_ok(wire_send(from, frames, 1));
    struct wire_message *message DEFER(wire_message_free) = test_receive(world->router);
    assert_non_null(message);
    assert_int_equal(wire_frames(message), 2);
    assert_span(wire_frame(message, 1), text);
}

/* --- messages --- */

static void a_message_comes_whole_with_the_name_of_its_sender(void **state)
{
    struct world *world = *state;
    struct wire *from = peer(world);
    const struct span frames[] = {span_text("one"), span_text(""), span_text("three")};

    assert_ok(wire_send(from, frames, 3));
    struct wire_message *message DEFER(wire_message_free) = test_receive(world->router);
    assert_non_null(message);
    assert_int_equal(wire_frames(message), 4);
    assert_span(wire_frame(message, 1), "one");
    assert_int_equal(wire_frame(message, 2).size, 0);
    assert_span(wire_frame(message, 3), "three");
    assert_int_equal(wire_frame(message, 4).size, 0); /* there is none */
    assert_string_equal(wire_user(message), "crypto");
    wire_close(&from);
}

static void a_message_of_too_many_frames_is_discarded_whole(void **state)
{
    struct world *world = *state;
    struct wire *from = peer(world);
    struct wire_message *message = NULL;
    struct span frames[WIRE_FRAMES_MAX];
    for (size_t i = 0; i < WIRE_FRAMES_MAX; i++)
        frames[i] = span_text("x");

    assert_ok(wire_send(from, frames, WIRE_FRAMES_MAX - 1)); /* the router adds one */
    message = test_receive(world->router);
    assert_non_null(message);
    assert_int_equal(wire_frames(message), WIRE_FRAMES_MAX);
    wire_message_free(&message);

    assert_ok(wire_send(from, frames, WIRE_FRAMES_MAX));
    wire_poll(&world->router, 1, -1, 20000);
    assert_error(wire_receive(world->router, &message), SM_BAD_FORMAT);
    assert_null(message);
    arrives(world, from, "after it");
    wire_close(&from);
}

/* libzmq hands a message over when its last frame is there: the reader never waits inside one. */
static void a_message_of_very_many_frames_stops_nothing(void **state)
{
    enum { MANY = 50000 };
    struct world *world = *state;
    struct wire *from = peer(world);
    struct wire *other = peer(world);
    struct wire_message *message = NULL;
    struct span *frames = calloc(MANY, sizeof *frames);
    assert_non_null(frames);
    for (size_t i = 0; i < MANY; i++)
        frames[i] = span_text("0123456789");

    assert_ok(wire_send(from, frames, MANY));
    arrives(world, other, "from another");
    free(frames);
    for (enum sm_error error = SM_TIMEOUT; error != SM_BAD_FORMAT;) {
        wire_poll(&world->router, 1, -1, 20000);
        error = wire_receive(world->router, &message);
        assert_null(message);
    }
    arrives(world, from, "after it");
    wire_close(&from);
    wire_close(&other);
}

static void a_frame_over_the_limit_does_not_arrive(void **state)
{
    struct world *world = *state;
    struct wire *from = peer(world);
    struct wire_message *message = NULL;
    uint8_t *bytes = calloc(1, BUS_MESSAGE_BYTES_MAX + 1);
    assert_non_null(bytes);
    const struct span largest[] = {span_of(bytes, BUS_MESSAGE_BYTES_MAX - 1024)};
    const struct span larger[] = {span_text("x"), span_of(bytes, BUS_MESSAGE_BYTES_MAX + 1)};

    assert_ok(wire_send(from, largest, 1));
    message = test_receive(world->router);
    assert_non_null(message);
    assert_int_equal(wire_frame(message, 1).size, BUS_MESSAGE_BYTES_MAX - 1024);
    wire_message_free(&message);

    assert_ok(wire_send(from, larger, 2)); /* the server hangs up */
    struct wire *other = peer(world);
    arrives(world, other, "the next that arrives");
    wire_close(&other);
    wire_close(&from);
    free(bytes);
}

/* --- a peer that goes away in the middle --- */

/* Carries bytes between a client and the server, and hangs up after `left` of them came. */
struct carrier {
    int listener;
    uint16_t to_port;
    size_t left;
    pthread_t thread;
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool carry_some(int from, int to, size_t *left)
{
    uint8_t bytes[16384];
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got <= 0)
        return false;
    size_t size = (size_t)got < *left ? (size_t)got : *left;
    *left -= size;
    return send(to, bytes, size, MSG_NOSIGNAL) == (ssize_t)size && *left > 0;
}

static void *carry(void *context)
{
    struct carrier *carrier = context;
    size_t back = SIZE_MAX;
    struct sockaddr_in address = loopback(carrier->to_port);
    int client = accept(carrier->listener, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool goes_on = connect(server, (struct sockaddr *)&address, sizeof address) == 0;
    while (goes_on) {
        struct pollfd ends[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        (void)poll(ends, 2, -1);
        if (ends[0].revents)
            goes_on = carry_some(client, server, &carrier->left);
        if (goes_on && ends[1].revents)
            goes_on = carry_some(server, client, &back);
    }
    (void)close(client);
    (void)close(server);
    return NULL;
}

static void start_carrier(
    struct carrier *carrier, const char *endpoint, char out[static WIRE_ENDPOINT_BYTES])
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    carrier->to_port = (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
    carrier->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(carrier->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(carrier->listener, 1), 0);
    assert_int_equal(getsockname(carrier->listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(out, WIRE_ENDPOINT_BYTES, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&carrier->thread, NULL, carry, carrier), 0);
}

/* Two frames of 300 kB, of which the connection carries one and a half: then it is cut. */
static void a_message_that_is_cut_between_its_frames_never_arrives(void **state)
{
    enum { FRAME_BYTES = 300000 };
    struct world *world = *state;
    struct carrier carrier = {.left = FRAME_BYTES + FRAME_BYTES / 2};
    struct wire_message *message = NULL;
    char through[WIRE_ENDPOINT_BYTES];
    uint8_t *bytes = calloc(1, FRAME_BYTES);
    assert_non_null(bytes);
    const struct span frames[] = {span_of(bytes, FRAME_BYTES), span_of(bytes, FRAME_BYTES)};
    start_carrier(&carrier, world->endpoint, through);
    struct wire *from = test_peer(world->keys.crypto, through);
    struct wire *other = peer(world);

    assert_ok(wire_send(from, frames, 2));
    (void)pthread_join(carrier.thread, NULL); /* it hung up */
    arrives(world, other, "from another");
    assert_int_equal(carrier.left, 0);
    assert_error(wire_receive(world->router, &message), SM_TIMEOUT);
    (void)close(carrier.listener);
    wire_close(&from);
    wire_close(&other);
    free(bytes);
}

/* --- nobody to send to --- */

static void sending_to_nobody_is_an_error_and_not_a_queue(void **state)
{
    struct world *world = *state;
    struct wire *lonely DEFER(wire_close) = NULL;
    struct wire_options options = bus_keys_options(world->keys.crypto, WIRE_DEALER);
    const struct span frames[] = {span_text("nobody"), span_text("text")};
    options.server_key = bus_keys_public(world->keys.crypto, PEER_NOTIFIER);
    assert_ok(wire_open(world->context, &options, &lonely));
    assert_ok(wire_connect(lonely, "tcp://127.0.0.1:1"));

    assert_false(wire_can_send(lonely));
    assert_error(wire_send(lonely, frames, 2), SM_BUSY);
    assert_error(wire_send(world->router, frames, 2), SM_NOT_FOUND);
}

/* What waits for a peer that does not read is bounded by messages and by the kernel's buffers. */
static void a_peer_that_does_not_read_is_busy_soon(void **state)
{
    enum { BYTES = 256 * 1024, TRIES = 1000, LIMIT = 4 * BUS_QUEUE_MESSAGES_MAX };
    struct world *world = *state;
    struct wire *deaf = peer(world);
    const struct span hello[] = {span_text("hello")};
    uint8_t *bytes = calloc(1, BYTES);
    assert_non_null(bytes);
    assert_ok(wire_send(deaf, hello, 1));
    struct wire_message *message DEFER(wire_message_free) = test_receive(world->router);
    assert_non_null(message);
    const struct span frames[] = {wire_frame(message, 0), span_of(bytes, BYTES)};

    int taken = 0;
    int busy = 0;
    for (int i = 0; i < TRIES; i++) {
        enum sm_error error = wire_send(world->router, frames, 2);
        taken += error == SM_OK;
        busy += error == SM_BUSY;
        (void)usleep(1000);
    }
    assert_int_equal(taken + busy, TRIES);
    assert_in_range(taken, 1, LIMIT);
    free(bytes);
    wire_close(&deaf);
}

/* --- keys as text --- */

static void a_key_is_written_as_the_standard_has_it(void **state)
{
    (void)state;
    /* Z85's own example (ZeroMQ RFC 32), four times over. */
    static const uint8_t eight[] = {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b};
    uint8_t key[WIRE_KEY_BYTES];
    uint8_t again[WIRE_KEY_BYTES] = {0};
    char text[WIRE_KEY_TEXT_BYTES];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = eight[i % sizeof eight];

    wire_key_write(key, text);
    assert_string_equal(text, "HelloWorldHelloWorldHelloWorldHelloWorld");
    assert_ok(wire_key_read(span_text(text), again));
    assert_memory_equal(again, key, sizeof key);
}

static void a_text_that_is_no_key_is_refused(void **state)
{
    (void)state;
    uint8_t key[WIRE_KEY_BYTES];
    char with_nul[] = "HelloWorldHelloWorldHelloWorldHelloWorld";
    with_nul[20] = '\0';

    assert_error(wire_key_read(span_text(""), key), SM_BAD_FORMAT);
    assert_error(
        wire_key_read(span_text("HelloWorldHelloWorldHelloWorldHelloWorl"), key), SM_BAD_FORMAT);
    assert_error(
        wire_key_read(span_text("HelloWorldHelloWorldHelloWorldHelloWorld0"), key), SM_BAD_FORMAT);
    assert_error(
        wire_key_read(span_text("HelloWorldHelloWorldHelloWorldHelloWor~d"), key), SM_BAD_FORMAT);
    assert_error(wire_key_read(span_text("HelloWorldHelloWorldHelloWorldHelloWor\xff"
                                         "d"),
                     key),
        SM_BAD_FORMAT);
    assert_error(wire_key_read(span_of(with_nul, 40), key), SM_BAD_FORMAT);
    assert_error(
        wire_key_read(span_text("##################################################"), key),
        SM_BAD_FORMAT);
    assert_error(wire_key_read(span_text("########################################"), key),
        SM_BAD_FORMAT); /* five letters that spell more than four bytes hold */
}

static void a_public_key_follows_from_its_secret_key(void **state)
{
    (void)state;
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES];
    uint8_t again[WIRE_KEY_BYTES];

    assert_ok(wire_key_pair(public_key, secret_key));
    assert_ok(wire_key_public(secret_key, again));
    assert_memory_equal(again, public_key, sizeof again);
    assert_memory_not_equal(secret_key, public_key, sizeof secret_key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_comes_whole_with_the_name_of_its_sender),
        TEST(a_message_of_too_many_frames_is_discarded_whole),
        TEST(a_message_of_very_many_frames_stops_nothing),
        TEST(a_frame_over_the_limit_does_not_arrive),
        TEST(a_message_that_is_cut_between_its_frames_never_arrives),
        TEST(sending_to_nobody_is_an_error_and_not_a_queue),
        TEST(a_peer_that_does_not_read_is_busy_soon),
        cmocka_unit_test(a_key_is_written_as_the_standard_has_it),
        cmocka_unit_test(a_text_that_is_no_key_is_refused),
        cmocka_unit_test(a_public_key_follows_from_its_secret_key),
    };
    (void)alarm(240); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
