/*
 * The timer of retention on a real PostgreSQL and the real bus: of two one is active, the other
 * takes over, and without crypto the service waits and says so instead of sweeping.
 */
#include "services/retention/sweeper.h"

#include "base/clock.h"
#include "base/metric.h"
#include "bus/keys.h"
#include "store/store_files.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_MS = 20000 };

struct place {
    struct database *database;
    struct database_conninfo conninfo;
    struct bus_keys *keys;
    struct store *store;
    char folder[64];
};

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char path[96];
    if (!place || database_new(&place->database) != SM_OK)
        return -1;
    *state = place;
    place->conninfo = database_conninfo(place->database, "sm_retention");
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/sweeper-test-XXXXXX");
    if (!mkdtemp(place->folder) || store_files_open(place->folder, &place->store) != SM_OK)
        return -1;
    (void)snprintf(path, sizeof path, "%s/keys", place->folder);
    bool has_keys =
        bus_keys_make(path) == SM_OK && bus_keys_load(path, PEER_RETENTION, &place->keys) == SM_OK;
    return has_keys ? 0 : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    char command[96];
    store_close(&place->store);
    bus_keys_free(&place->keys);
    database_free(&place->database);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    free(place);
    return system(command);
}

static struct sweeper *start_sweeper(const struct place *place)
{
    struct sweeper *sweeper = NULL;
    struct sweeper_options options = {.conninfo = place->conninfo.text,
        .store = place->store,
        .peers = {.keys = place->keys, .crypto_endpoints = "tcp://127.0.0.1:24901"},
        .interval_ms = 1000};
    assert_ok(sweeper_start(&options, &sweeper));
    return sweeper;
}

static void assert_becomes_active(const struct sweeper *sweeper)
{
    int64_t end = clock_monotonic_ms() + WAIT_MS;
    while (!sweeper_is_active(sweeper)) {
        assert_true(clock_monotonic_ms() < end);
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

/* By a connection of now: those before were terminated. */
static void assert_lock_is_held(const struct place *place)
{
    int64_t end = clock_monotonic_ms() + WAIT_MS, count = 0;
    while (count == 0) {
        assert_true(clock_monotonic_ms() < end);
        assert_ok(database_number(place->database,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7516041"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            &count));
    }
}

static void of_two_one_is_active_and_the_other_takes_over(void **state)
{
    struct sweeper *first = start_sweeper(*state);
    assert_becomes_active(first);
    metric_set(METRIC_SWEEP_TIME, 0, 1); /* as of one that swept once */
    struct sweeper *second = start_sweeper(*state);
    (void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 200000000}, NULL);
    assert_true(sweeper_is_active(first));
    assert_false(sweeper_is_active(second));
    assert_int_equal(metric_value(METRIC_SWEEP_TIME, 0), 0);

    sweeper_stop(&first);

    assert_becomes_active(second);
    sweeper_stop(&second);
}

static void who_lost_its_connection_is_elected_anew(void **state)
{
    struct place *place = *state;
    struct sweeper *sweeper = start_sweeper(place);
    assert_becomes_active(sweeper);

    assert_ok(database_run(place->database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'sm_retention' AND datname = current_database()"));

    assert_lock_is_held(place);
    assert_becomes_active(sweeper);
    sweeper_stop(&sweeper);
}

static void without_crypto_no_sweep_is_claimed(void **state)
{
    struct sweeper *sweeper = start_sweeper(*state);
    assert_becomes_active(sweeper);
    (void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 200000000}, NULL);

    struct sweep_status_reply status = sweeper_status(sweeper);

    assert_int_equal(status.last_sweep_ms, 0);
    assert_int_equal(status.purged, 0);
    sweeper_stop(&sweeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_one_is_active_and_the_other_takes_over),
        cmocka_unit_test(who_lost_its_connection_is_elected_anew),
        cmocka_unit_test(without_crypto_no_sweep_is_claimed),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
