/*
 * The outbox and its relay on a real database: every committed event reaches audit, in order, and
 * its row goes when audit has it and not before. Audit is played here, in place of the bus client.
 */
#include "db/outbox.h"

#include "base/memory.h"
#include "proto/catalog.h"
#include "proto/limits.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static const struct id clinic = {{0xc1}};
static const struct id court = {{0xc0}};
static const struct outbox outbox = OUTBOX_SQL("retention", 7516040);

enum {
    EVENTS_MAX = 4096,
    RELAYS_MAX = 2,
    LONG_MS = 60000,
    STEP_US = 5000,
    STEPS = 12000,
    NEVER_MS = 3600 * 1000, /* longer than any test waits */
};

/* --- audit --- */

struct bus_client {
    atomic_int calls;
};

static struct {
    pthread_mutex_t lock;
    struct bus_client clients[RELAYS_MAX]; /* in the order of relay_start */
    size_t clients_count;
    struct id received[EVENTS_MAX]; /* repeats too */
    size_t count;
    size_t largest;   /* batch */
    int lost_answers; /* so many next batches are logged, and then the answer is lost */
    bool is_down;
    struct id refused;                /* an event that audit refuses; none: nothing */
    struct db_transaction *meanwhile; /* is committed while the next batch is on its way */
} edge = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out)
{
    (void)keys, (void)server, (void)endpoints;
    assert_true(edge.clients_count < RELAYS_MAX);
    *out = &edge.clients[edge.clients_count++];
    return SM_OK;
}

void bus_client_close(struct bus_client **client)
{
    *client = NULL;
}

static bool is_refused(const struct list *events)
{
    for (size_t i = 0; i < events->count; i++)
        if (id_equal(LIST_AT(struct audit_event, *events, i)->event, edge.refused))
            return true;
    return false;
}

static enum sm_error take(const struct list *events)
{
    if (edge.is_down)
        return SM_UNAVAILABLE;
    if (events->count > edge.largest)
        edge.largest = events->count;
    if (is_refused(events))
        return SM_NOT_ALLOWED;
    for (size_t i = 0; i < events->count && edge.count < EVENTS_MAX; i++)
        edge.received[edge.count++] = LIST_AT(struct audit_event, *events, i)->event;
    return edge.lost_answers-- > 0 ? SM_TIMEOUT : SM_OK;
}

enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply)
{
    const struct append_request *request = message;
    (void)call, (void)arena, (void)reply;
    (void)pthread_mutex_lock(&edge.lock);
    enum sm_error error = take(&request->events);
    if (edge.meanwhile)
        assert_ok(db_commit(edge.meanwhile));
    edge.meanwhile = NULL;
    (void)atomic_fetch_add(&client->calls, 1);
    (void)pthread_mutex_unlock(&edge.lock);
    return error;
}

static size_t received(void)
{
    (void)pthread_mutex_lock(&edge.lock);
    size_t count = edge.count;
    (void)pthread_mutex_unlock(&edge.lock);
    return count;
}

static void set_down(bool is_down)
{
    (void)pthread_mutex_lock(&edge.lock);
    edge.is_down = is_down;
    (void)pthread_mutex_unlock(&edge.lock);
}

/* --- the table and its relays --- */

struct place {
    struct database *database;
    struct database_conninfo conninfo;
    struct db *db;
    struct relay *relays[RELAYS_MAX];
};

static int open_place(void **state)
{
    static struct place place;
    place = (struct place){0};
    edge.clients_count = edge.count = edge.largest = 0;
    edge.lost_answers = 0;
    edge.is_down = false;
    edge.meanwhile = NULL;
    edge.refused = (struct id){{0xff}};
    for (size_t i = 0; i < RELAYS_MAX; i++)
        atomic_store(&edge.clients[i].calls, 0);
    if (database_new(&place.database) != SM_OK)
        return -1;
    place.conninfo = database_conninfo(place.database, "sm_retention");
    *state = &place;
    return db_open(place.conninfo.text, &place.db) == SM_OK ? 0 : -1;
}

static int close_place(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < RELAYS_MAX; i++)
        relay_stop(&place->relays[i]);
    db_close(&place->db);
    database_free(&place->database);
    return 0;
}

static void start_relay_that_looks(struct place *place, size_t which, int64_t idle_ms)
{
    const struct relay_options options = {.outbox = &outbox,
        .conninfo = place->conninfo.text,
        .audit_endpoints = "",
        .idle_ms = idle_ms};
    assert_ok(relay_start(&options, &place->relays[which]));
}

static void start_relay(struct place *place, size_t which)
{
    start_relay_that_looks(place, which, 0);
}

static struct id event_id(size_t number)
{
    return (struct id){{1, (uint8_t)(number >> 8), (uint8_t)number}};
}

static enum sm_error add_of(struct place *place, struct id organisation, size_t number)
{
    const struct audit_event event = {
        .event = event_id(number), .organisation = organisation, .kind = EVENT_PURGED};
    return outbox_add(place->db, &outbox, &event);
}

static enum sm_error add(struct place *place, size_t number)
{
    return add_of(place, clinic, number);
}

static int64_t pending(struct place *place)
{
    int64_t count = -1;
    assert_ok(database_number(place->database, "SELECT count(*) FROM retention.event", &count));
    return count;
}

static void await_received(struct place *place, size_t count)
{
    for (int i = 0; received() < count && i < STEPS; i++)
        (void)usleep(STEP_US);
    assert_true(received() >= count);
    (void)place;
}

static enum sm_error wait_for(struct place *place, size_t number)
{
    return relay_wait(place->relays[0], place->db, event_id(number), LONG_MS);
}

/* --- adding --- */

static void an_event_is_added_once_by_its_id(void **state)
{
    struct place *place = *state;

    assert_ok(add(place, 1));
    assert_ok(add(place, 1));
    assert_int_equal(pending(place), 1);
}

static void an_event_is_sent_when_its_transaction_is_committed_and_not_before(void **state)
{
    struct place *place = *state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    start_relay(place, 0);
    assert_ok(db_begin(place->db, &tx));
    assert_ok(add(place, 1));
    db_rollback(&tx);
    assert_ok(db_begin(place->db, &tx));
    assert_ok(add(place, 2));
    relay_poke(place->relays[0]);
    assert_int_equal(received(), 0);
    assert_ok(db_commit(&tx));

    assert_ok(wait_for(place, 2));
    assert_int_equal(received(), 1);
    assert_true(id_equal(edge.received[0], event_id(2)));
}

/* --- relaying --- */

static void events_arrive_in_their_order_in_batches_and_their_rows_go(void **state)
{
    enum { EVENTS = 2 * AUDIT_BATCH_MAX + 10 };
    struct place *place = *state;
    for (size_t i = 0; i < EVENTS; i++)
        assert_ok(add(place, i));
    start_relay(place, 0);

    assert_ok(wait_for(place, EVENTS - 1));
    assert_int_equal(received(), EVENTS);
    for (size_t i = 0; i < EVENTS; i++)
        assert_true(id_equal(edge.received[i], event_id(i)));
    assert_int_equal(edge.largest, AUDIT_BATCH_MAX);
    assert_int_equal(pending(place), 0);
}

/* Who waits for the last event of a transaction takes it for all of them. */
static void the_events_of_a_transaction_arrive_in_order_though_another_s_lie_between(void **state)
{
    struct place *place = *state;
    struct db *other DEFER(db_close) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t now_ms;
    assert_ok(db_open(place->conninfo.text, &other));
    assert_ok(db_begin(place->db, &tx));
    assert_ok(add(place, 1));
    assert_ok(db_now_ms(place->db, &now_ms)); /* it has its row's number now */
    const struct audit_event between = {
        .event = event_id(2), .organisation = court, .kind = EVENT_PURGED};
    assert_ok(outbox_add(other, &outbox, &between));
    assert_ok(add(place, 3));
    assert_ok(db_now_ms(place->db, &now_ms));
    edge.meanwhile = &tx;

    start_relay(place, 0);
    await_received(place, 3);
    assert_true(id_equal(edge.received[0], event_id(2)));
    assert_true(id_equal(edge.received[1], event_id(1)));
    assert_true(id_equal(edge.received[2], event_id(3)));
}

/* Without the poke each would wait for the relay's next look, and the test for minutes. */
static void a_poke_wakes_the_relay(void **state)
{
    enum { EVENTS = 400 };
    struct place *place = *state;
    start_relay(place, 0);

    for (size_t i = 0; i < EVENTS; i++) {
        assert_ok(add(place, i));
        assert_ok(wait_for(place, i));
    }
    assert_int_equal(received(), EVENTS);
}

static void without_audit_the_row_stays_and_the_wait_fails(void **state)
{
    struct place *place = *state;
    set_down(true);
    start_relay(place, 0);
    assert_ok(add(place, 1));

    assert_error(relay_wait(place->relays[0], place->db, event_id(1), 300), SM_UNAVAILABLE);
    assert_int_equal(pending(place), 1);
    set_down(false);
    assert_ok(wait_for(place, 1));
    assert_int_equal(received(), 1);
}

static void an_event_whose_acknowledgement_is_lost_is_sent_again(void **state)
{
    struct place *place = *state;
    edge.lost_answers = 2;
    assert_ok(add(place, 1));
    assert_ok(add(place, 2));
    start_relay(place, 0);

    assert_ok(wait_for(place, 2));
    assert_int_equal(received(), 6); /* three times both: audit passes over what it knows */
    for (size_t i = 0; i < 6; i++)
        assert_true(id_equal(edge.received[i], event_id(1 + i % 2)));
}

static void waiting_for_an_event_that_was_never_added_ends_at_once(void **state)
{
    struct place *place = *state;
    set_down(true);
    start_relay(place, 0);

    assert_ok(relay_wait(place->relays[0], place->db, event_id(9), 0));
}

/* --- what audit refuses --- */

static void a_refused_event_holds_up_its_organisation_and_nobody_else(void **state)
{
    enum { EVENTS = 700 };
    struct place *place = *state;
    edge.refused = event_id(333);
    for (size_t i = 0; i < EVENTS; i++)
        assert_ok(add_of(place, i % 3 == 0 ? court : clinic, i));
    start_relay(place, 0);

    assert_ok(wait_for(place, EVENTS - 2)); /* of the clinic: 698 */
    assert_error(relay_wait(place->relays[0], place->db, event_id(333), 100), SM_UNAVAILABLE);
    size_t before = 0; /* of the court, in their order, up to the refused one */
    for (size_t i = 0; i < edge.count; i++) {
        size_t number = (size_t)edge.received[i].bytes[1] << 8 | edge.received[i].bytes[2];
        assert_true(number % 3 != 0 || number == 3 * before++);
    }
    assert_int_equal(before, 333 / 3);
    assert_int_equal(pending(place), EVENTS / 3 + 1 - 333 / 3);
}

static void a_row_that_is_no_event_stops_all_and_is_kept(void **state)
{
    struct place *place = *state;
    assert_ok(add(place, 1));
    assert_ok(database_run(
        place->database, "UPDATE retention.event SET body = '\\x80'")); /* whoever did that */
    assert_ok(add(place, 2));
    start_relay(place, 0);

    assert_error(relay_wait(place->relays[0], place->db, event_id(2), 300), SM_UNAVAILABLE);
    assert_int_equal(received(), 0);
    assert_int_equal(pending(place), 2);
}

/* --- one relay of several --- */

static int calls_of(size_t which)
{
    return atomic_load(&edge.clients[which].calls);
}

static void one_relay_is_elected_and_the_standby_takes_over_when_it_stops(void **state)
{
    struct place *place = *state;
    start_relay(place, 0);
    assert_ok(add(place, 1));
    assert_ok(wait_for(place, 1));
    start_relay(place, 1);

    for (size_t i = 2; i < 20; i++) {
        assert_ok(add(place, i));
        relay_poke(place->relays[1]);
        assert_ok(wait_for(place, i));
    }
    assert_true(calls_of(0) > 0);
    assert_int_equal(calls_of(1), 0);

    relay_stop(&place->relays[0]);
    assert_ok(add(place, 20));
    assert_ok(relay_wait(place->relays[1], place->db, event_id(20), LONG_MS));
    assert_true(calls_of(1) > 0);
}

/* Neither relay looks by itself: what is sent was heard of. */
static void what_a_standby_is_poked_for_is_sent_by_the_elected_one_at_once(void **state)
{
    enum { EVENTS = 50 };
    struct place *place = *state;
    assert_ok(add(place, 0));
    start_relay_that_looks(place, 0, NEVER_MS);
    assert_ok(wait_for(place, 0));
    start_relay_that_looks(place, 1, NEVER_MS);

    for (size_t i = 1; i < EVENTS; i++) {
        assert_ok(add(place, i));
        assert_ok(relay_wait(place->relays[1], place->db, event_id(i), LONG_MS));
    }
    assert_int_equal(calls_of(1), 0);
}

static void an_elected_relay_whose_connection_was_lost_hears_the_others_again(void **state)
{
    static const struct statement end = {"end",
        "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"};
    struct place *place = *state;
    assert_ok(add(place, 0));
    start_relay_that_looks(place, 0, NEVER_MS);
    assert_ok(wait_for(place, 0));
    assert_ok(DB_RUN0(place->db, &end, NULL));
    relay_poke(place->relays[0]); /* it connects anew, is elected, listens */
    assert_ok(add(place, 1));
    assert_ok(wait_for(place, 1));
    start_relay_that_looks(place, 1, NEVER_MS);

    assert_ok(add(place, 2));
    assert_ok(relay_wait(place->relays[1], place->db, event_id(2), LONG_MS));
}

/* Somebody else's session holds the lock: neither relays until it is gone. */
static void a_relay_without_the_lock_sends_nothing_until_the_holder_s_session_ends(void **state)
{
    static const struct statement none = {"other", "SELECT 1"};
    struct place *place = *state;
    struct db *holder DEFER(db_close) = NULL;
    assert_ok(db_open(place->conninfo.text, &holder));
    assert_ok(DB_RUN0(holder, &none, NULL));
    assert_ok(DB_RUN0(holder, &outbox.lock, NULL));
    start_relay(place, 0);
    assert_ok(add(place, 1));

    assert_error(relay_wait(place->relays[0], place->db, event_id(1), 300), SM_UNAVAILABLE);
    assert_int_equal(received(), 0);
    db_close(&holder);
    assert_ok(wait_for(place, 1));
}

static void when_connections_die_the_events_still_arrive_in_order(void **state)
{
    struct place *place = *state;
    start_relay(place, 0);
    start_relay(place, 1);
    for (size_t i = 0; i < 5; i++) {
        int64_t gone;
        assert_ok(add(place, i));
        assert_ok(wait_for(place, i));
        assert_ok(database_number(place->database,
            "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &gone));
        assert_true(gone > 0);
    }
    assert_ok(add(place, 5));
    assert_ok(wait_for(place, 5));

    await_received(place, 6);
    size_t next = 0; /* repeats may come, gaps may not */
    for (size_t i = 0; i < edge.count; i++)
        next += id_equal(edge.received[i], event_id(next));
    assert_int_equal(next, 6);
    assert_int_equal(pending(place), 0);
}

static void a_relay_stops_at_once_though_much_is_pending(void **state)
{
    struct place *place = *state;
    set_down(true);
    for (size_t i = 0; i < 10; i++)
        assert_ok(add(place, i));
    start_relay(place, 0);
    relay_stop(&place->relays[0]);
    assert_null(place->relays[0]);
    assert_int_equal(pending(place), 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_added_once_by_its_id),
        TEST(an_event_is_sent_when_its_transaction_is_committed_and_not_before),
        TEST(events_arrive_in_their_order_in_batches_and_their_rows_go),
        TEST(the_events_of_a_transaction_arrive_in_order_though_another_s_lie_between),
        TEST(a_poke_wakes_the_relay),
        TEST(without_audit_the_row_stays_and_the_wait_fails),
        TEST(an_event_whose_acknowledgement_is_lost_is_sent_again),
        TEST(waiting_for_an_event_that_was_never_added_ends_at_once),
        TEST(a_refused_event_holds_up_its_organisation_and_nobody_else),
        TEST(a_row_that_is_no_event_stops_all_and_is_kept),
        TEST(one_relay_is_elected_and_the_standby_takes_over_when_it_stops),
        TEST(what_a_standby_is_poked_for_is_sent_by_the_elected_one_at_once),
        TEST(an_elected_relay_whose_connection_was_lost_hears_the_others_again),
        TEST(a_relay_without_the_lock_sends_nothing_until_the_holder_s_session_ends),
        TEST(when_connections_die_the_events_still_arrive_in_order),
        TEST(a_relay_stops_at_once_though_much_is_pending),
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
