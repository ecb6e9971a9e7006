/* The connection on a real PostgreSQL: what is tried again when it is lost, and what never is. */
#include "tests/support/things.h"

#include "base/metric.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- errors --- */

static void what_the_server_says_becomes_a_typed_error(void **state)
{
    static const struct statement no_table = {"no_table", "SELECT * FROM nowhere"};
    static const struct statement division = {"division", "SELECT 1 / (random() * 0)::int"};
    static const struct statement full = {
        "full", "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"};
    static const struct statement serialization = {
        "serialization", "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"};
    (void)state;

    assert_ok(add(1));
    assert_error(add(1), SM_CONFLICT);
    assert_error(run(&no_table), SM_DATABASE);
    assert_error(run(&division), SM_DATABASE);
    assert_error(run(&full), SM_DISK_FULL);
    assert_error(run(&serialization), SM_BUSY);
    assert_ok(add(2)); /* none of them cost the connection */
    assert_int_equal(db_sessions(db), 1);
}

static void a_role_reaches_no_other_s_tables(void **state)
{
    static const struct statement peek = {"peek", "SELECT count(*) FROM vault.organisation"};
    (void)state;
    struct db *gateway DEFER(db_close) = NULL;
    assert_ok(db_open(database_conninfo(database, "sm_gateway").text, &gateway));

    assert_error(DB_RUN0(gateway, &peek, NULL), SM_DATABASE);
}

static void statements_have_a_deadline_and_it_is_busy(void **state)
{
    static const struct statement sleeps = {"sleeps", "SELECT pg_sleep(600)"};
    static const struct statement limit = {
        "limit", "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'"};
    static const struct statement idle_limit = {"idle_limit",
        "SELECT setting::bigint FROM pg_settings"
        " WHERE name = 'idle_in_transaction_session_timeout'"};
    (void)state;
    int64_t ms;
    char impatient[400];
    assert_ok(ask(&limit, &ms));
    assert_int_equal(ms, 30000);
    assert_ok(ask(&idle_limit, &ms));
    assert_int_equal(ms, 60000);

    (void)snprintf(impatient, sizeof impatient, "%s options='-c statement_timeout=2000'",
        database_conninfo(database, "postgres").text);
    db_close(&db);
    assert_ok(db_open(impatient, &db));
    assert_error(run(&sleeps), SM_BUSY);
    assert_ok(add(1));
    assert_int_equal(db_sessions(db), 1);
}

/* After a change of leader the old one is read-only: the next call looks for the new one. */
static void a_server_that_became_read_only_is_left(void **state)
{
    static const struct statement demote = {"demote", "SET default_transaction_read_only = on"};
    (void)state;
    assert_ok(run(&demote));

    assert_error(add(1), SM_UNAVAILABLE);
    assert_ok(add(1)); /* on a new connection, which has not the setting */
    assert_int_equal(db_sessions(db), 2);
}

static void nobody_there_is_unavailable(void **state)
{
    (void)state;
    struct db *nobody = NULL;

    assert_error(db_open("host=/nowhere dbname=x", &nobody), SM_UNAVAILABLE);
    assert_error(db_open("no connection text", &nobody), SM_UNAVAILABLE);
    assert_null(nobody);
}

/* --- lost connections --- */

static void an_idle_connection_that_was_closed_is_made_again(void **state)
{
    (void)state;
    int64_t count = -1;
    assert_ok(add(1));
    terminate();

    assert_ok(add(2)); /* the same statement, prepared anew */
    assert_ok(ask(&count_all, &count));
    assert_int_equal(count, 2);
    assert_int_equal(db_sessions(db), 2);
}

static void a_transaction_is_begun_on_a_new_connection(void **state)
{
    (void)state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    terminate();

    assert_ok(db_begin(db, &tx));
    assert_ok(add(1));
    assert_ok(db_commit(&tx));
    assert_int_equal(number("SELECT count(*) FROM thing"), 1);
}

/* What was prepared is gone with the first connection, BEGIN and COMMIT too. */
static void after_a_commit_and_a_loss_a_transaction_is_whole_again(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 3; id++) {
        struct db_transaction tx DEFER(db_rollback) = {0};
        assert_ok(db_begin(db, &tx));
        assert_ok(add(id));
        assert_ok(db_commit(&tx));
        terminate();
    }
    assert_int_equal(number("SELECT count(*) FROM thing"), 3);
}

static enum sm_error add_two_with_a_loss_between(void)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(db, &tx));
    TRY(add(1));
    terminate();
    TRY(add(2));
    return db_commit(&tx);
}

static void inside_a_transaction_a_loss_is_an_error_and_nothing_is_tried_again(void **state)
{
    (void)state;
    assert_error(add_two_with_a_loss_between(), SM_UNAVAILABLE);
    assert_int_equal(db_sessions(db), 1);
    assert_int_equal(number("SELECT count(*) FROM thing"), 0);

    assert_ok(add(3));
    assert_int_equal(number("SELECT count(*) FROM thing"), 1);
}

static void every_further_call_of_a_lost_transaction_fails(void **state)
{
    (void)state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(db, &tx));
    terminate();

    assert_error(add(1), SM_UNAVAILABLE);
    assert_error(add(2), SM_UNAVAILABLE);
    assert_error(db_commit(&tx), SM_UNAVAILABLE);
    assert_int_equal(number("SELECT count(*) FROM thing"), 0);
}

/* What it did is unknown to the caller: a second COMMIT, or the statements again, would be wrong.
 */
static void a_commit_whose_answer_is_lost_is_sent_once(void **state)
{
    static const struct statement insert_deadly = {"deadly", "INSERT INTO deadly VALUES (1)"};
    (void)state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t before = number("SELECT last_value + is_called::int FROM commits");
    assert_ok(db_begin(db, &tx));
    assert_ok(run(&insert_deadly));

    assert_error(db_commit(&tx), SM_UNAVAILABLE);
    assert_ok(add(1)); /* the next call connects */
    assert_int_equal(db_sessions(db), 2);
    assert_int_equal(number("SELECT last_value + is_called::int FROM commits"), before + 1);
    assert_int_equal(number("SELECT count(*) FROM deadly"), 0);
}

/* The same for a statement by itself, which commits by itself. */
static void a_statement_whose_answer_is_lost_is_sent_once(void **state)
{
    static const struct statement insert_deadly = {"deadly", "INSERT INTO deadly VALUES (1)"};
    (void)state;
    int64_t before = number("SELECT last_value + is_called::int FROM commits");

    assert_error(run(&insert_deadly), SM_UNAVAILABLE);
    assert_int_equal(number("SELECT last_value + is_called::int FROM commits"), before + 1);
}

/* --- notifications --- */

static void monitoring_is_told_of_connections_and_transactions(void **state)
{
    (void)state;
    int64_t connections = metric_value(METRIC_DATABASE_CONNECTIONS, 0);
    int64_t transactions = metric_value(METRIC_DATABASE_TRANSACTIONS, 0);
    struct db *second DEFER(db_close) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};

    assert_ok(db_open(database_conninfo(database, "postgres").text, &second));
    assert_int_equal(metric_value(METRIC_DATABASE_CONNECTIONS, 0), connections + 1);
    assert_ok(db_begin(second, &tx));
    assert_int_equal(metric_value(METRIC_DATABASE_TRANSACTIONS, 0), transactions + 1);
    assert_ok(db_commit(&tx));
    assert_ok(db_begin(second, &tx));
    db_rollback(&tx);
    assert_int_equal(metric_value(METRIC_DATABASE_TRANSACTIONS, 0), transactions);

    terminate(); /* what is lost and made anew is one */
    assert_ok(db_begin(second, &tx));
    assert_ok(db_commit(&tx));
    db_close(&second);
    assert_int_equal(metric_value(METRIC_DATABASE_CONNECTIONS, 0), connections);
}

static void a_notification_ends_the_waiting(void **state)
{
    enum { FAR_MS = 60000 };
    (void)state;
    assert_ok(db_listen(db, "news"));
    assert_ok(database_run(database, "NOTIFY news"));

    assert_ok(db_wait(db, FAR_MS)); /* the test's own time limit would tell */
    assert_ok(db_wait(db, 0));
}

static void a_notification_that_came_with_an_answer_is_not_missed(void **state)
{
    enum { FAR_MS = 60000 };
    (void)state;
    assert_ok(db_listen(db, "news"));
    assert_ok(database_run(database, "NOTIFY news"));
    for (int64_t count = 0, looks = 0; looks < 50; looks++)
        assert_ok(ask(&count_all, &count)); /* reads what came, and the notification with it */

    assert_ok(db_wait(db, FAR_MS));
}

static void waiting_on_a_lost_connection_is_an_error(void **state)
{
    (void)state;
    assert_ok(db_listen(db, "news"));
    terminate();

    enum sm_error error = SM_OK;
    for (int looks = 0; looks < 10 && error == SM_OK; looks++)
        error = db_wait(db, 60000); /* the farewell may come before the end */
    assert_error(error, SM_UNAVAILABLE);
    assert_error(db_wait(db, 60000), SM_UNAVAILABLE);
    assert_ok(db_listen(db, "news"));
    assert_int_equal(db_sessions(db), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_server_says_becomes_a_typed_error),
        TEST(a_role_reaches_no_other_s_tables),
        TEST(statements_have_a_deadline_and_it_is_busy),
        TEST(a_server_that_became_read_only_is_left),
        TEST(nobody_there_is_unavailable),
        TEST(an_idle_connection_that_was_closed_is_made_again),
        TEST(a_transaction_is_begun_on_a_new_connection),
        TEST(after_a_commit_and_a_loss_a_transaction_is_whole_again),
        TEST(inside_a_transaction_a_loss_is_an_error_and_nothing_is_tried_again),
        TEST(every_further_call_of_a_lost_transaction_fails),
        TEST(a_commit_whose_answer_is_lost_is_sent_once),
        TEST(a_statement_whose_answer_is_lost_is_sent_once),
        TEST(monitoring_is_told_of_connections_and_transactions),
        TEST(a_notification_ends_the_waiting),
        TEST(a_notification_that_came_with_an_answer_is_not_missed),
        TEST(waiting_on_a_lost_connection_is_an_error),
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, make_things, drop_things);
}
