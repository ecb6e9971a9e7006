/*
 * A peer gets another key: each step on files, and what client and server know and let in at each
 * point between the steps. Processes are loaded keys here; tests/system/25 has the real ones.
 */
#include "bus/key_change.h"

#include "base/memory.h"
#include "bus/client.h"
#include "bus/keys.h"
#include "bus/server.h"
#include "proto/notify.h"
#include "tests/support/bus.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALL_MS = 3000 };

static int setup(void **state)
{
    struct test_keys *keys = calloc(1, sizeof *keys);
    *state = keys;
    return keys && test_keys_open(keys) == SM_OK ? 0 : -1;
}

static int teardown(void **state)
{
    test_keys_close(*state);
    free(*state);
    return 0;
}

/* What a process of `peer` that starts now knows. */
static struct bus_keys *started(const struct test_keys *keys, enum peer peer)
{
    struct bus_keys *loaded = NULL;
    assert_ok(bus_keys_load(keys->directory, peer, &loaded));
    return loaded;
}

static bool is_file(const struct test_keys *keys, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", keys->directory, name);
    return access(path, F_OK) == 0;
}

/* --- the steps --- */

static void the_steps_come_in_their_order_and_may_be_repeated(void **state)
{
    const struct test_keys *keys = *state;
    const char *folder = keys->directory;

    assert_error(key_change_use(folder, PEER_NOTIFIER), SM_BAD_VALUE);
    for (int i = 0; i < 2; i++)
        assert_ok(key_change_next(folder, PEER_NOTIFIER));
    assert_true(is_file(keys, "notifier.next.key") && is_file(keys, "notifier.next.pub"));
    assert_error(key_change_drop(folder, PEER_NOTIFIER), SM_BAD_VALUE);
    for (int i = 0; i < 2; i++)
        assert_ok(key_change_use(folder, PEER_NOTIFIER));
    assert_false(is_file(keys, "notifier.next.key"));
    assert_ok(key_change_next(folder, PEER_NOTIFIER)); /* still the change under way */
    assert_false(is_file(keys, "notifier.next.key"));
    for (int i = 0; i < 2; i++)
        assert_ok(key_change_drop(folder, PEER_NOTIFIER));
    assert_false(is_file(keys, "notifier.next.pub"));
}

static void a_next_key_is_for_its_owner_alone_and_another_one(void **state)
{
    const struct test_keys *keys = *state;
    struct bus_keys *before DEFER(bus_keys_free) = started(keys, PEER_CRYPTO);
    char path[128];
    struct stat facts;
    (void)snprintf(path, sizeof path, "%s/notifier.next.key", keys->directory);

    assert_ok(key_change_next(keys->directory, PEER_NOTIFIER));

    struct bus_keys *after DEFER(bus_keys_free) = started(keys, PEER_CRYPTO);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_null(bus_keys_public_at(before, PEER_NOTIFIER, 1));
    assert_non_null(bus_keys_public_at(after, PEER_NOTIFIER, 1));
    assert_null(bus_keys_public_at(after, PEER_NOTIFIER, 2));
    assert_memory_not_equal(bus_keys_public_at(after, PEER_NOTIFIER, 0),
        bus_keys_public_at(after, PEER_NOTIFIER, 1), WIRE_KEY_BYTES);
    assert_null(bus_keys_public_at(after, PEER_GATEWAY, 1));
}

static void a_key_that_its_own_peers_do_not_know_is_not_used(void **state)
{
    const struct test_keys *keys = *state;
    char path[128];
    assert_ok(key_change_next(keys->directory, PEER_NOTIFIER));
    assert_ok(key_change_use(keys->directory, PEER_NOTIFIER));
    struct bus_keys *known DEFER(bus_keys_free) = started(keys, PEER_NOTIFIER);
    assert_non_null(bus_keys_own(known, PEER_NOTIFIER));
    assert_null(bus_keys_own(known, PEER_CRYPTO));

    (void)snprintf(path, sizeof path, "%s/notifier.next.pub", keys->directory);
    assert_int_equal(unlink(path), 0);

    struct bus_keys *unknown DEFER(bus_keys_free) = started(keys, PEER_NOTIFIER);
    assert_null(bus_keys_own(unknown, PEER_NOTIFIER));
    struct bus_server *server = NULL;
    struct test_endpoint endpoint = test_endpoint(keys, "s");
    const struct bus_server_options options = {.self = PEER_NOTIFIER,
        .keys = unknown,
        .endpoints = endpoint.text,
        .workers = 1,
        .queue_max = 1};
    assert_error(bus_server_new(&options, &server), SM_CONFIG);
}

/* --- between the steps --- */

static void say_nothing_cancelled(struct test_server *server, struct wire_message *request)
{
    const struct cancel_reply reply = {0};
    const struct header header = test_answer_header(request);
    struct buffer fields DEFER(buffer_free) = BUFFER(64);
    assert_ok(fields_encode(&cancel_reply, &reply, &fields));
    test_answer(server, request, &header, buffer_span(&fields));
}

/* What comes of a call from crypto to the notifier, each with what it knows. */
static enum sm_error call(
    const struct test_keys *keys, struct bus_keys *notifier, struct bus_keys *crypto)
{
    const struct test_keys of_server = {.notifier = notifier};
    const struct bus_call call = {.operation = OP_CANCEL, .timeout_ms = CALL_MS};
    const struct cancel_request request = {.message = {{1}}};
    struct cancel_reply reply = {0};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct bus_client *client DEFER(bus_client_close) = NULL;
    struct test_endpoint endpoint = test_endpoint(keys, "s");
    struct test_server server;
    test_server_start(&server, &of_server, endpoint.text, say_nothing_cancelled, NULL);
    enum sm_error error = bus_client_open(crypto, PEER_NOTIFIER, endpoint.text, &client);
    if (error == SM_OK)
        error = bus_client_call(client, &call, &request, &arena, &reply);
    test_server_stop(&server);
    return error;
}

/* Before the first step, and after each. */
enum { POINTS = 4 };
struct history {
    struct bus_keys *notifier[POINTS], *crypto[POINTS];
};

static void note(const struct test_keys *keys, struct history *history, size_t point)
{
    history->notifier[point] = started(keys, PEER_NOTIFIER);
    history->crypto[point] = started(keys, PEER_CRYPTO);
}

static void history_free(struct history *history)
{
    for (size_t i = 0; i < POINTS; i++) {
        bus_keys_free(&history->notifier[i]);
        bus_keys_free(&history->crypto[i]);
    }
}

/* During a step there are processes from before it and from after it. */
static void check_change(const struct test_keys *keys, enum peer peer)
{
    struct history history DEFER(history_free) = {0};
    note(keys, &history, 0);
    assert_ok(key_change_next(keys->directory, peer));
    note(keys, &history, 1);
    assert_ok(key_change_use(keys->directory, peer));
    note(keys, &history, 2);
    assert_ok(key_change_drop(keys->directory, peer));
    note(keys, &history, 3);

    for (size_t point = 1; point < POINTS; point++) {
        assert_ok(call(keys, history.notifier[point], history.crypto[point]));
        assert_ok(call(keys, history.notifier[point - 1], history.crypto[point]));
        assert_ok(call(keys, history.notifier[point], history.crypto[point - 1]));
    }
    assert_error(call(keys, history.notifier[0], history.crypto[3]), SM_UNAVAILABLE);
    assert_error(call(keys, history.notifier[3], history.crypto[0]), SM_UNAVAILABLE);
}

static void a_server_changes_its_key_and_is_reached_throughout(void **state)
{
    check_change(*state, PEER_NOTIFIER);
}

static void a_client_changes_its_key_and_is_let_in_throughout(void **state)
{
    check_change(*state, PEER_CRYPTO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_steps_come_in_their_order_and_may_be_repeated),
        TEST(a_next_key_is_for_its_owner_alone_and_another_one),
        TEST(a_key_that_its_own_peers_do_not_know_is_not_used),
        TEST(a_server_changes_its_key_and_is_reached_throughout),
        TEST(a_client_changes_its_key_and_is_let_in_throughout),
    };
    (void)alarm(120); /* a failed test leaves sockets open, and the context would wait for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
