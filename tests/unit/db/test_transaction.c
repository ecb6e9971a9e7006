/* Transactions on a real PostgreSQL, and what is posted in them and read with their COMMIT; and the
 * plans. */
#include "tests/support/things.h"

#include <string.h>
#include <unistd.h>

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

static bool waits_for_the_disk(void)
{
    static const struct statement look = {
        "test_look", "SELECT current_setting('synchronous_commit') <> 'off'"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool answer = false;
    assert_ok(DB_RUN0(db, &look, &rows));
    assert_ok(db_read_bool(rows, 0, 0, &answer));
    return answer;
}

/* Not the next one, and not one that ended otherwise. (The cluster of tests never waits by itself.)
 */
static void one_transaction_alone_does_not_wait_for_the_disk(void **state)
{
    static const struct statement wait = {
        "test_wait", "SELECT set_config('synchronous_commit', 'on', false)"};
    (void)state;
    assert_ok(DB_RUN0(db, &wait, NULL));
    for (int is_left = 0; is_left < 2; is_left++) {
        struct db_transaction tx DEFER(db_rollback) = {0};
        assert_true(waits_for_the_disk());
        assert_ok(db_begin_unsynced(db, &tx));
        assert_false(waits_for_the_disk());
        if (is_left)
            db_rollback(&tx);
        else
            assert_ok(db_commit(&tx));
        assert_true(waits_for_the_disk());
    }
    assert_ok(db_be_unsynced(db));
    assert_false(waits_for_the_disk());
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

/* --- plans --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_that_leaves_its_scope_is_rolled_back),
        TEST(a_commit_after_an_error_is_no_success),
        TEST(one_transaction_alone_does_not_wait_for_the_disk),
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
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, make_things, drop_things);
}
