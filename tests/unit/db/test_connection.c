/* The connection on a real PostgreSQL: what is checked, what is tried again, and what never is. */
#include "db/connection.h"

#include "base/metric.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct database *database;
static struct db *db;

static int make_database(void **state)
{
    (void)state;
    return database_new(&database) == SM_OK &&
                   database_run(database,
                       "CREATE TABLE thing (id bigint PRIMARY KEY, word text);"
                       "CREATE SEQUENCE commits;"
                       "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                       " PERFORM nextval('commits');"
                       " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
                       "CREATE TABLE deadly (id bigint);"
                       "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON deadly"
                       " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()") ==
                       SM_OK
               ? 0
               : -1;
}

static int drop_database(void **state)
{
    (void)state;
    database_free(&database);
    return 0;
}

static int open_db(void **state)
{
    (void)state;
    if (database_run(database, "DELETE FROM thing") != SM_OK)
        return -1;
    return db_open(database_conninfo(database, "postgres").text, &db) == SM_OK ? 0 : -1;
}

static int close_db(void **state)
{
    (void)state;
    db_close(&db);
    return 0;
}

/* Ends every other session of this database and waits until they are gone. */
static void terminate(void)
{
    int64_t gone = 0;
    assert_ok(database_number(database,
        "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        &gone));
    assert_true(gone > 0);
}

static int64_t number(const char *sql)
{
    int64_t value = -1;
    assert_ok(database_number(database, sql, &value));
    return value;
}

static const struct statement insert = {
    "thing_insert", "INSERT INTO thing (id, word) VALUES ($1, $2)"};
static const struct statement count_all = {"thing_count", "SELECT count(*) FROM thing"};

static enum sm_error add(int64_t id)
{
    return DB_RUN(db, &insert, NULL, db_i64(id), db_text(span_text("word")));
}

/* The one number that a statement without parameters gives. */
static enum sm_error ask(const struct statement *statement, int64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, statement, &rows));
    TRY(db_one(rows));
    return db_read_i64(rows, 0, 0, out);
}

static enum sm_error run(const struct statement *statement)
{
    return DB_RUN0(db, statement, NULL);
}

/* --- values --- */

static void every_kind_of_value_comes_back_as_it_went(void **state)
{
    static const struct statement echo = {"echo",
        "SELECT $1::bigint, $2::bigint, $3::boolean, $4::bytea, $5::text, $6::bytea, $7::text,"
        " $8::bytea"};
    (void)state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    static const uint8_t bytes[] = {0, 0xff, 0, '\'', '\\'};
    const struct id id = {{1, 2, 3}};
    int64_t least;
    uint64_t most;
    bool yes = false;
    struct span got;
    struct id got_id;

    assert_ok(DB_RUN(db, &echo, &rows, db_i64(INT64_MIN), db_u64(INT64_MAX), db_bool(true),
        db_bytes(SPAN(bytes)), db_text(span_text("d'accord")), db_bytes(span_of(NULL, 0)),
        db_text(span_of(NULL, 0)), db_id(&id)));

    assert_ok(db_one(rows));
    assert_ok(db_read_i64(rows, 0, 0, &least));
    assert_ok(db_read_u64(rows, 0, 1, &most));
    assert_ok(db_read_bool(rows, 0, 2, &yes));
    assert_true(least == INT64_MIN && most == INT64_MAX && yes);
    assert_ok(db_read_bytes(rows, 0, 3, sizeof bytes, &got));
    assert_true(span_equal(got, SPAN(bytes)));
    assert_ok(db_read_bytes(rows, 0, 4, 100, &got));
    assert_span(got, "d'accord");
    for (int column = 5; column <= 6; column++) { /* empty, and not NULL */
        assert_ok(db_read_bytes(rows, 0, column, 0, &got));
        assert_int_equal(got.size, 0);
        assert_non_null(got.at);
    }
    assert_ok(db_read_id(rows, 0, 7, &got_id));
    assert_true(id_equal(got_id, id));
}

static void nulls_are_refused_where_a_value_must_be(void **state)
{
    static const struct statement nulls = {"nulls",
        "SELECT $1::bigint, NULL::boolean, NULL::bytea, NULL::text, $2::bytea, NULL::int4"};
    (void)state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    const struct id none = {{0}};
    struct id id = {{1}};
    int64_t number = 0;
    uint64_t natural = 0;
    bool yes = false;
    struct span got;
    assert_ok(DB_RUN(db, &nulls, &rows, db_null(), db_id(&none)));

    assert_error(db_read_i64(rows, 0, 0, &number), SM_DATABASE);
    assert_error(db_read_u64(rows, 0, 0, &natural), SM_DATABASE);
    assert_error(db_read_i64(rows, 0, 5, &number), SM_DATABASE);
    assert_error(db_read_bool(rows, 0, 1, &yes), SM_DATABASE);
    for (int column = 2; column <= 3; column++) {
        assert_ok(db_read_bytes(rows, 0, column, 10, &got));
        assert_int_equal(got.size, 0);
    }
    assert_ok(db_read_id(rows, 0, 4, &id));
    assert_true(id_is_none(id));
}

static void a_column_of_another_type_or_size_is_refused(void **state)
{
    static const struct statement odd = {"odd",
        "SELECT 1::numeric, '1'::text, 1::bigint, '\\x01020304'::bytea, 2::int2, now(),"
        " (-1)::bigint, '1'::varchar, '{}'::text[], (-7)::int4"};
    (void)state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    int64_t number = 0;
    uint64_t natural = 0;
    bool yes = false;
    struct span got;
    struct id id;
    assert_ok(DB_RUN0(db, &odd, &rows));

    static const int no_numbers[] = {0, 1, 3, 4, 5, 7, 8, 10, 99};
    for (size_t i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++)
        assert_error(db_read_i64(rows, 0, no_numbers[i], &number), SM_DATABASE);
    static const int no_bytes[] = {0, 2, 4, 5, 7, 8, 10};
    for (size_t i = 0; i < sizeof no_bytes / sizeof no_bytes[0]; i++)
        assert_error(db_read_bytes(rows, 0, no_bytes[i], 100, &got), SM_DATABASE);
    assert_error(db_read_bool(rows, 0, 2, &yes), SM_DATABASE);
    assert_error(db_read_u64(rows, 0, 6, &natural), SM_DATABASE);
    assert_error(db_read_bytes(rows, 0, 3, 3, &got), SM_DATABASE); /* one byte too long */
    assert_ok(db_read_bytes(rows, 0, 3, 4, &got));
    assert_error(db_read_id(rows, 0, 3, &id), SM_DATABASE);
    assert_ok(db_read_i64(rows, 0, 9, &number));
    assert_int_equal(number, -7);
}

static void one_row_is_neither_none_nor_two(void **state)
{
    static const struct statement none = {"none", "SELECT 1 WHERE false"};
    static const struct statement two = {"two", "SELECT generate_series(1, 2)"};
    (void)state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_rows *more DEFER(db_rows_free) = NULL;

    assert_ok(DB_RUN0(db, &none, &rows));
    assert_error(db_one(rows), SM_NOT_FOUND);
    assert_ok(DB_RUN0(db, &two, &more));
    assert_error(db_one(more), SM_DATABASE);
    assert_int_equal(db_rows_count(more), 2);
}

static void a_value_that_no_parameter_can_hold_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    struct span huge = span_of("", (size_t)INT32_MAX + 1);

    assert_error(DB_RUN(db, &insert, NULL, db_i64(1), db_text(huge)), SM_TOO_LARGE);
    assert_int_equal(number("SELECT count(*) FROM thing"), 0);
}

static void a_parameter_may_be_null_at_first_and_a_value_later(void **state)
{
    static const struct statement maybe = {"maybe", "SELECT coalesce($1::bigint, 7)"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        int64_t got = 0;
        assert_ok(DB_RUN(db, &maybe, &rows, i ? db_i64(8) : db_null()));
        assert_ok(db_read_i64(rows, 0, 0, &got));
        assert_int_equal(got, 7 + i);
    }
}

static void a_name_means_one_statement(void **state)
{
    static const struct statement first = {"same", "SELECT 1::bigint"};
    static const struct statement second = {"same", "SELECT 2::bigint"};
    (void)state;
    int64_t got = 0;

    assert_ok(ask(&first, &got));
    assert_error(ask(&second, &got), SM_DATABASE); /* not the first one's answer */
    assert_ok(ask(&first, &got));
    assert_int_equal(got, 1);
}

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

    (void)snprintf(impatient, sizeof impatient, "%s options='-c statement_timeout=100'",
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

/* --- transactions --- */

static enum sm_error add_and_leave(void)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(db, &tx));
    TRY(add(1));
    return SM_GONE;
}

static void a_transaction_that_leaves_its_scope_is_rolled_back(void **state)
{
    (void)state;
    assert_error(add_and_leave(), SM_GONE);
    assert_int_equal(number("SELECT count(*) FROM thing"), 0);
    assert_ok(add(2)); /* outside any transaction */
    assert_int_equal(number("SELECT count(*) FROM thing"), 1);
}

static void a_commit_after_an_error_is_no_success(void **state)
{
    (void)state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(db, &tx));
    assert_ok(add(1));
    assert_error(add(1), SM_CONFLICT);
    assert_error(add(2), SM_DATABASE);

    assert_error(db_commit(&tx), SM_DATABASE);
    assert_int_equal(number("SELECT count(*) FROM thing"), 0);
    assert_ok(add(3));
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

/* --- posting --- */

static enum sm_error post(int64_t id)
{
    return DB_POST(db, &insert, db_i64(id), db_text(span_text("word")));
}

static void what_is_posted_is_committed_in_its_order(void **state)
{
    static const struct statement words = {
        "thing_words", "SELECT string_agg(id::text, ' ' ORDER BY ctid)::text FROM thing"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct span text;
    (void)state;

    assert_ok(db_begin(db, &tx));
    for (int64_t id = 3; id > 0; id--)
        assert_ok(post(id));
    assert_ok(db_commit(&tx));

    assert_ok(DB_RUN0(db, &words, &rows));
    assert_ok(db_read_bytes(rows, 0, 0, 16, &text));
    assert_true(span_equals_text(text, "3 2 1"));
}

static void a_later_statement_sees_what_was_posted(void **state)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t count = 0;
    (void)state;

    assert_ok(db_begin(db, &tx));
    assert_ok(post(1));
    assert_ok(ask(&count_all, &count));

    assert_int_equal(count, 1);
}

static void an_error_of_what_was_posted_is_the_commit_s(void **state)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t count = -1;
    (void)state;

    assert_ok(db_begin(db, &tx));
    assert_ok(post(1));
    assert_ok(post(1));
    assert_ok(post(2));
    assert_int_equal(db_commit(&tx), SM_CONFLICT);

    assert_ok(ask(&count_all, &count)); /* and the connection is good for the next */
    assert_int_equal(count, 0);
}

static void an_error_of_what_was_posted_is_the_next_statement_s(void **state)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t count = -1;
    (void)state;

    assert_ok(db_begin(db, &tx));
    assert_ok(post(1));
    assert_ok(post(1));
    assert_int_equal(ask(&count_all, &count), SM_CONFLICT);
    db_rollback(&tx);

    assert_ok(ask(&count_all, &count));
    assert_int_equal(count, 0);
}

static void a_row_that_is_there_already_is_told_as_asked_and_commits_nothing(void **state)
{
    const struct db_value values[] = {db_i64(1), db_text(span_text("word"))};
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t count = 0;
    (void)state;
    assert_ok(add(1));

    assert_ok(db_begin(db, &tx));
    assert_ok(db_post_once(db, &insert, values, 2, SM_REPLAYED));
    assert_ok(post(2));
    assert_int_equal(db_commit(&tx), SM_REPLAYED);

    assert_ok(ask(&count_all, &count));
    assert_int_equal(count, 1);
}

static void what_is_posted_and_left_is_rolled_back(void **state)
{
    int64_t count = -1;
    (void)state;

    {
        struct db_transaction tx DEFER(db_rollback) = {0};
        assert_ok(db_begin(db, &tx));
        assert_ok(post(1));
    }

    assert_ok(ask(&count_all, &count));
    assert_int_equal(count, 0);
}

static void several_run_at_once_behind_what_is_posted(void **state)
{
    struct db_rows *count DEFER(db_rows_free) = NULL;
    struct db_rows *none DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct db_value values[] = {db_i64(2), db_text(span_text("word"))};
    int64_t number = 0;
    (void)state;

    assert_ok(db_begin(db, &tx));
    assert_ok(post(1));
    assert_ok(db_run_all(db,
        (const struct db_query[]){{&insert, values, 2, &none}, {&count_all, NULL, 0, &count}}, 2));

    assert_ok(db_read_i64(count, 0, 0, &number));
    assert_int_equal(number, 2);
    assert_int_equal(db_rows_affected(none), 1);
}

static void of_several_one_error_leaves_no_result(void **state)
{
    struct db_rows *count DEFER(db_rows_free) = NULL;
    struct db_rows *none DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct db_value values[] = {db_i64(1), db_text(span_text("word"))};
    (void)state;
    assert_ok(add(1));

    assert_ok(db_begin(db, &tx));
    assert_int_equal(
        db_run_all(db,
            (const struct db_query[]){{&count_all, NULL, 0, &count}, {&insert, values, 2, &none}},
            2),
        SM_CONFLICT);

    assert_null(count);
    assert_null(none);
}

static void more_can_be_posted_than_is_remembered(void **state)
{
    enum { MANY = 3000 };
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t count = 0;
    (void)state;

    assert_ok(db_begin(db, &tx));
    for (int64_t id = 0; id < MANY; id++)
        assert_ok(post(id));
    assert_ok(db_commit(&tx));

    assert_ok(ask(&count_all, &count));
    assert_int_equal(count, MANY);
}

static void no_plan_reads_a_whole_table_for_one_row(void **state)
{
    static const struct statement explain = {
        "explain", "EXPLAIN SELECT word FROM thing WHERE id = 1"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct span plan;
    (void)state;
    assert_ok(add(1)); /* the table has one page: by itself the planner would read it */

    assert_ok(DB_RUN0(db, &explain, &rows));
    assert_ok(db_read_bytes(rows, 0, 0, 256, &plan));

    assert_non_null(memmem(plan.at, plan.size, "Index", 5));
}

/* Rows that nobody has counted yet: a bitmap over them and a sort would look cheap. */
static void a_page_in_the_index_s_order_is_not_sorted(void **state)
{
    enum { MANY = 3000 };
    static const struct statement explain = {
        "explain_page", "EXPLAIN SELECT word FROM thing WHERE id >= 10 ORDER BY id LIMIT 500"};
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    (void)state;
    assert_ok(db_begin(db, &tx));
    for (int64_t id = 0; id < MANY; id++)
        assert_ok(post(id));
    assert_ok(db_commit(&tx));

    assert_ok(DB_RUN0(db, &explain, &rows));

    for (size_t row = 0; row < db_rows_count(rows); row++) {
        struct span plan;
        assert_ok(db_read_bytes(rows, row, 0, 256, &plan));
        assert_null(memmem(plan.at, plan.size, "Sort", 4));
        assert_null(memmem(plan.at, plan.size, "Bitmap", 6));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_value_comes_back_as_it_went),
        TEST(nulls_are_refused_where_a_value_must_be),
        TEST(a_column_of_another_type_or_size_is_refused),
        TEST(one_row_is_neither_none_nor_two),
        TEST(a_value_that_no_parameter_can_hold_is_refused_before_it_is_sent),
        TEST(a_parameter_may_be_null_at_first_and_a_value_later),
        TEST(a_name_means_one_statement),
        TEST(what_the_server_says_becomes_a_typed_error),
        TEST(a_role_reaches_no_other_s_tables),
        TEST(statements_have_a_deadline_and_it_is_busy),
        TEST(a_server_that_became_read_only_is_left),
        TEST(nobody_there_is_unavailable),
        TEST(an_idle_connection_that_was_closed_is_made_again),
        TEST(a_transaction_is_begun_on_a_new_connection),
        TEST(inside_a_transaction_a_loss_is_an_error_and_nothing_is_tried_again),
        TEST(every_further_call_of_a_lost_transaction_fails),
        TEST(a_commit_whose_answer_is_lost_is_sent_once),
        TEST(a_statement_whose_answer_is_lost_is_sent_once),
        TEST(a_transaction_that_leaves_its_scope_is_rolled_back),
        TEST(a_commit_after_an_error_is_no_success),
        TEST(what_is_posted_is_committed_in_its_order),
        TEST(a_later_statement_sees_what_was_posted),
        TEST(an_error_of_what_was_posted_is_the_commit_s),
        TEST(an_error_of_what_was_posted_is_the_next_statement_s),
        TEST(a_row_that_is_there_already_is_told_as_asked_and_commits_nothing),
        TEST(what_is_posted_and_left_is_rolled_back),
        TEST(several_run_at_once_behind_what_is_posted),
        TEST(of_several_one_error_leaves_no_result),
        TEST(more_can_be_posted_than_is_remembered),
        TEST(no_plan_reads_a_whole_table_for_one_row),
        TEST(a_page_in_the_index_s_order_is_not_sorted),
        TEST(monitoring_is_told_of_connections_and_transactions),
        TEST(a_notification_ends_the_waiting),
        TEST(a_notification_that_came_with_an_answer_is_not_missed),
        TEST(waiting_on_a_lost_connection_is_an_error),
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, make_database, drop_database);
}
