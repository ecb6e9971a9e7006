/*
 * The one writer and its queue, on a real PostgreSQL: many who wait share a commit, a standby
 * writes nothing until the leader is gone, and whoever waits is always answered.
 */
#include "services/audit/writer.h"

#include "tests/unit/audit/ledger.inc"

#include <pthread.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000, CALLERS = 16, EVENTS_EACH = 20 };

static struct database_conninfo conninfo;

static int open_ledger(void **state)
{
    static struct ledger ledger;
    ledger_open(&ledger);
    conninfo = database_conninfo(ledger.database, "sm_audit");
    *state = &ledger;
    return 0;
}

static struct writer *start(const struct ledger *ledger, int64_t checkpoint_interval_ms)
{
    struct writer *writer = NULL;
    const struct writer_options options = {.conninfo = conninfo.text,
        .key = ledger->key,
        .checkpoint_interval_ms = checkpoint_interval_ms};
    assert_ok(writer_start(&options, &writer));
    return writer;
}

static void await_active(struct writer *writer)
{
    for (int tries = 0; !writer_is_active(writer) && tries < 6000; tries++)
        (void)usleep(10 * 1000);
    assert_true(writer_is_active(writer));
}

struct caller {
    struct writer *writer;
    uint8_t number;
    pthread_t thread;
    size_t appended;
    enum sm_error error;
};

static void *append_some(void *context)
{
    struct caller *caller = context;
    for (uint8_t i = 0; i < EVENTS_EACH && caller->error == SM_OK; i++) {
        struct audit_event event = opened(clinic, (struct id){{0xaa, caller->number, i}});
        struct append_job job = job_of(&event, 1);
        caller->error = writer_commit(caller->writer, &job, TIMEOUT_MS);
        caller->appended += job.appended;
    }
    return NULL;
}

static void callers_at_once_are_all_logged_once_without_a_gap(void **state)
{
    struct ledger *ledger = *state;
    struct writer *writer DEFER(writer_stop) = start(ledger, 3600 * 1000);
    struct caller callers[CALLERS];
    int64_t highest = 0;
    await_active(writer);
    for (uint8_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.writer = writer, .number = i};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, append_some, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        (void)pthread_join(callers[i].thread, NULL);
        assert_ok(callers[i].error);
        assert_int_equal(callers[i].appended, EVENTS_EACH);
    }

    assert_int_equal(ledger_size(ledger, clinic), CALLERS * EVENTS_EACH + 1);
    assert_ok(database_number(ledger->database, "SELECT max(seq) FROM audit.entry", &highest));
    assert_int_equal(highest, CALLERS * EVENTS_EACH + 1);
}

static void a_standby_takes_over_when_the_leader_stops(void **state)
{
    struct ledger *ledger = *state;
    struct writer *leader DEFER(writer_stop) = start(ledger, 3600 * 1000);
    await_active(leader);
    struct writer *standby DEFER(writer_stop) = start(ledger, 3600 * 1000);
    struct audit_event events[] = {opened(clinic, event_id(1)), opened(clinic, event_id(2))};
    struct append_job first = job_of(&events[0], 1);
    struct append_job second = job_of(&events[1], 1);
    struct append_job repeated = job_of(&events[0], 1);
    assert_false(writer_is_active(standby));
    assert_error(writer_commit(standby, &second, TIMEOUT_MS), SM_NOT_ACTIVE);
    assert_ok(writer_commit(leader, &first, TIMEOUT_MS));

    writer_stop(&leader);
    await_active(standby);
    assert_ok(writer_commit(standby, &second, TIMEOUT_MS));
    assert_ok(writer_commit(standby, &repeated, TIMEOUT_MS));
    assert_int_equal(repeated.repeated, 1);
    assert_int_equal(ledger_size(ledger, clinic), 3);
}

static void a_job_without_time_is_not_begun(void **state)
{
    struct ledger *ledger = *state;
    struct writer *writer DEFER(writer_stop) = start(ledger, 3600 * 1000);
    struct audit_event event = opened(clinic, event_id(1));
    struct append_job job = job_of(&event, 1);
    await_active(writer);
    assert_error(writer_commit(writer, &job, 0), SM_TIMEOUT);
    assert_error(writer_commit(writer, &job, -5), SM_TIMEOUT);
    assert_int_equal(ledger_size(ledger, clinic), 0);
}

static void a_damaged_log_does_not_end_the_lead(void **state)
{
    struct ledger *ledger = *state;
    struct audit_event events[] = {opened(clinic, event_id(101)), opened(lawyers, event_id(102))};
    struct append_job job = job_of(events, 2);
    ledger_fill(ledger, clinic, 2);
    ledger_damage(ledger, "UPDATE audit.entry SET hash = sha256('x') WHERE seq = 2");
    struct writer *writer DEFER(writer_stop) = start(ledger, 3600 * 1000);
    await_active(writer);
    assert_ok(writer_commit(writer, &job, TIMEOUT_MS));

    assert_int_equal(job.appended, 1);
    assert_int_equal(job.held, 1);
    assert_true(writer_is_active(writer));
}

static void a_log_that_grew_is_signed_by_itself(void **state)
{
    struct ledger *ledger = *state;
    struct writer *writer DEFER(writer_stop) = start(ledger, 1);
    struct audit_event event = opened(clinic, event_id(1));
    struct append_job job = job_of(&event, 1);
    int64_t signed_logs = 0;
    await_active(writer);
    assert_ok(writer_commit(writer, &job, TIMEOUT_MS));
    for (int tries = 0; !signed_logs && tries < 6000; tries++) {
        (void)usleep(10 * 1000);
        assert_ok(database_number(ledger->database,
            "SELECT count(*) FROM audit.checkpoint WHERE size = 2", &signed_logs));
    }
    assert_int_equal(signed_logs, 1);
}

/* The session that held the lock is gone; whatever was committed through another must be seen. */
static void a_lost_session_is_a_lost_lead(void **state)
{
    struct ledger *ledger = *state;
    struct writer *writer DEFER(writer_stop) = start(ledger, 3600 * 1000);
    struct audit_event events[] = {opened(clinic, event_id(1)), opened(clinic, event_id(2))};
    struct append_job first = job_of(&events[0], 1);
    await_active(writer);
    assert_ok(writer_commit(writer, &first, TIMEOUT_MS));
    assert_ok(database_run(ledger->database,
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = "
        "l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()"));

    enum sm_error error = SM_UNAVAILABLE;
    for (int tries = 0; error != SM_OK && tries < 6000; tries++) {
        struct append_job second = job_of(&events[1], 1);
        error = writer_commit(writer, &second, TIMEOUT_MS);
        if (error != SM_OK)
            (void)usleep(10 * 1000);
    }
    assert_ok(error);
    assert_int_equal(ledger_size(ledger, clinic), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ledger, ledger_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(callers_at_once_are_all_logged_once_without_a_gap),
        TEST(a_standby_takes_over_when_the_leader_stops),
        TEST(a_job_without_time_is_not_begun),
        TEST(a_damaged_log_does_not_end_the_lead),
        TEST(a_log_that_grew_is_signed_by_itself),
        TEST(a_lost_session_is_a_lost_lead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
