/* What goes into a statement comes back as it was, and nothing else is taken for it: on a real
 * PostgreSQL. */
#include "tests/support/things.h"

#include <string.h>
#include <unistd.h>

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
    };
    (void)alarm(280);
    return cmocka_run_group_tests(tests, make_things, drop_things);
}
