/*
 * The relay of events when audit cannot log those of one organisation: the others go on, the held
 * rows stay in their order, and none is lost. Audit is played here, in place of the bus client.
 */
#include "db/outbox.h"

#include "base/memory.h"
#include "proto/catalog.h"
#include "proto/limits.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const struct id damaged = {{0xda}};
static const struct id whole = {{0x30}};
static const struct outbox outbox = OUTBOX_SQL("retention", 7516040);

enum { EVENTS_MAX = 2048 };

static struct {
    pthread_mutex_t lock;
    bool is_mended;
    struct id logged[EVENTS_MAX];
    size_t count;
    size_t asked;        /* events of the damaged log that came in vain */
    size_t asked_before; /* how many of them before the last one that was logged */
} edge = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- audit --- */

struct bus_client {
    char none;
};

enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out)
{
    static struct bus_client client;
    (void)keys;
    (void)server;
    (void)endpoints;
    *out = &client;
    return SM_OK;
}

void bus_client_close(struct bus_client **client)
{
    *client = NULL;
}

enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply)
{
    const struct append_request *request = message;
    struct append_reply *answer = reply;
    void *held;
    (void)client;
    (void)call;
    TRY(arena_take(arena, request->events.count, sizeof(struct held_event), &held));
    (void)pthread_mutex_lock(&edge.lock);
    for (size_t i = 0; i < request->events.count; i++) {
        const struct audit_event *event = LIST_AT(struct audit_event, request->events, i);
        if (!edge.is_mended && id_equal(event->organisation, damaged)) {
            ((struct held_event *)held)[answer->held.count++].event = event->event;
            edge.asked++;
        } else if (edge.count < EVENTS_MAX) {
            edge.logged[edge.count++] = event->event;
            edge.asked_before = edge.asked;
        }
    }
    answer->held.items = held;
    (void)pthread_mutex_unlock(&edge.lock);
    return SM_OK;
}

/* --- the table --- */

struct place {
    struct database *database;
    struct database_conninfo conninfo;
    struct db *db;
    struct relay *relay;
};

static int open_place(void **state)
{
    static struct place place;
    place = (struct place){0};
    edge.is_mended = false;
    edge.count = edge.asked = edge.asked_before = 0;
    assert_ok(database_new(&place.database));
    place.conninfo = database_conninfo(place.database, "sm_retention");
    assert_ok(db_open(place.conninfo.text, &place.db));
    *state = &place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    relay_stop(&place->relay);
    db_close(&place->db);
    database_free(&place->database);
    return 0;
}

static void start_relay(struct place *place)
{
    const struct relay_options options = {
        .outbox = &outbox, .conninfo = place->conninfo.text, .audit_endpoints = ""};
    assert_ok(relay_start(&options, &place->relay));
}

static struct id event_id(size_t number)
{
    return (struct id){{1, (uint8_t)(number >> 8), (uint8_t)number}};
}

static void add(struct place *place, size_t number, struct id organisation)
{
    const struct audit_event event = {
        .event = event_id(number), .organisation = organisation, .kind = EVENT_PURGED};
    assert_ok(outbox_add(place->db, &outbox, &event));
}

static size_t logged(void)
{
    (void)pthread_mutex_lock(&edge.lock);
    size_t count = edge.count;
    (void)pthread_mutex_unlock(&edge.lock);
    return count;
}

static void await_logged(struct place *place, size_t count)
{
    for (int tries = 0; logged() < count && tries < 6000; tries++) {
        relay_poke(place->relay);
        (void)usleep(10 * 1000);
    }
    assert_int_equal(logged(), count);
}

static int64_t pending(struct place *place)
{
    int64_t count = -1;
    assert_ok(database_number(place->database, "SELECT count(*) FROM retention.event", &count));
    return count;
}

/* --- the promises --- */

static void events_of_other_organisations_pass_a_held_one(void **state)
{
    struct place *place = *state;
    add(place, 1, damaged);
    add(place, 2, whole);
    start_relay(place);

    assert_ok(relay_wait(place->relay, place->db, event_id(2), 60000));
    assert_error(relay_wait(place->relay, place->db, event_id(1), 100), SM_UNAVAILABLE);
    assert_int_equal(pending(place), 1);
    add(place, 3, whole);
    assert_ok(relay_wait(place->relay, place->db, event_id(3), 60000));
}

/* More than one batch of them: the relay must look behind what it cannot send. */
static void many_held_events_hold_up_nobody(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < 2 * AUDIT_BATCH_MAX + 10; i++)
        add(place, i, damaged);
    add(place, 1000, whole);
    start_relay(place);

    assert_ok(relay_wait(place->relay, place->db, event_id(1000), 60000));
    assert_int_equal(pending(place), 2 * AUDIT_BATCH_MAX + 10);
    assert_int_equal(edge.asked_before, AUDIT_BATCH_MAX); /* the rest of the pass knows already */
}

static void held_events_go_in_their_order_once_the_log_is_mended(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < 5; i++)
        add(place, i, damaged);
    add(place, 1000, whole);
    start_relay(place);
    assert_ok(relay_wait(place->relay, place->db, event_id(1000), 60000));
    (void)pthread_mutex_lock(&edge.lock);
    edge.is_mended = true;
    (void)pthread_mutex_unlock(&edge.lock);
    await_logged(place, 6);

    for (size_t i = 0; i < 5; i++)
        assert_true(id_equal(edge.logged[1 + i], event_id(i)));
    assert_ok(relay_wait(place->relay, place->db, event_id(4), 60000));
    assert_int_equal(pending(place), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_of_other_organisations_pass_a_held_one),
        TEST(many_held_events_hold_up_nobody),
        TEST(held_events_go_in_their_order_once_the_log_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
