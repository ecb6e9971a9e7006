/* Arrays as one parameter: the server reads back what was put in, and limits hold. */
#include "db/array.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

static struct database *database;
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    return database_new(&database) == SM_OK &&
                   db_open(database_conninfo(database, "sm_audit").text, &db) == SM_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&db);
    database_free(&database);
    return 0;
}

/* What the server makes of the array: "1,NULL,3", its items as text. */
static const struct statement numbers = {
    "numbers", "SELECT coalesce(array_to_string($1::bigint[], ',', 'NULL'), 'nothing')"};
static const struct statement texts = {
    "texts", "SELECT coalesce(array_to_string($1::text[], ',', 'NULL'), 'nothing')"};
static const struct statement bytes = {"bytes",
    "SELECT coalesce(string_agg(coalesce(encode(item, 'hex'), 'NULL'), ',' ORDER BY place), '')"
    " FROM unnest($1::bytea[]) WITH ORDINALITY AS all_items(item, place)"};

static void reads_as(const struct statement *statement, struct db_array *array, const char *text)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_value value;
    struct span got;
    assert_ok(db_array_value(array, &value));
    assert_ok(DB_RUN(db, statement, &rows, value));
    assert_ok(db_read_bytes(rows, 0, 0, 1024, &got));
    assert_span(got, text);
}

static void numbers_arrive_in_their_order(void **state)
{
    (void)state;
    struct db_array array DEFER(db_array_free) = DB_ARRAY(DB_I64, 1024);
    assert_ok(db_array_add(&array, db_i64(INT64_MIN)));
    assert_ok(db_array_add(&array, db_i64(-1)));
    reads_as(&numbers, &array, "-9223372036854775808,-1");
    assert_ok(db_array_add(&array, db_null()));
    assert_ok(db_array_add(&array, db_i64(INT64_MAX)));
    reads_as(&numbers, &array, "-9223372036854775808,-1,NULL,9223372036854775807");
}

static void texts_need_no_quoting(void **state)
{
    (void)state;
    struct db_array array DEFER(db_array_free) = DB_ARRAY(DB_TEXT, 1024);
    assert_ok(db_array_add(&array, db_text(span_text("a'b\"c\\d}{,"))));
    assert_ok(db_array_add(&array, db_text(span_text(""))));
    assert_ok(db_array_add(&array, db_text(span_text("NULL"))));
    reads_as(&texts, &array, "a'b\"c\\d}{,,,NULL");
}

static void bytes_may_be_any_and_none(void **state)
{
    (void)state;
    static const uint8_t some[] = {0, 0xff, 0x27};
    struct db_array array DEFER(db_array_free) = DB_ARRAY(DB_BYTES, 1024);
    assert_ok(db_array_add(&array, db_bytes(SPAN(some))));
    assert_ok(db_array_add(&array, db_bytes(span_of(NULL, 0))));
    assert_ok(db_array_add(&array, db_null()));
    reads_as(&bytes, &array, "00ff27,,NULL");
}

static void an_array_without_elements_is_empty_and_not_null(void **state)
{
    (void)state;
    struct db_array none DEFER(db_array_free) = DB_ARRAY(DB_I64, 1024);
    reads_as(&numbers, &none, "");
    assert_ok(db_array_add(&none, db_i64(5)));
    reads_as(&numbers, &none, "5"); /* and grows from there */
}

/* Room for the head, one element of three bytes, and then so many bytes more. */
static void is_refused_with_room_left(size_t left)
{
    enum { HEAD = 20, LENGTH = 4, TEXT = 3 };
    struct db_array array DEFER(db_array_free) = DB_ARRAY(DB_BYTES, HEAD + LENGTH + TEXT + left);
    assert_ok(db_array_add(&array, db_bytes(span_text("abc"))));
    assert_error(db_array_add(&array, db_bytes(span_text("de"))), SM_TOO_LARGE);
    assert_error(db_array_add(&array, db_bytes(span_of("", (size_t)INT32_MAX + 1))), SM_TOO_LARGE);
    reads_as(&bytes, &array, "616263");
}

static void an_element_over_the_limit_is_refused_and_the_array_stays_what_it_was(void **state)
{
    (void)state;
    for (size_t left = 0; left < 6; left++)
        is_refused_with_room_left(left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_arrive_in_their_order),
        cmocka_unit_test(texts_need_no_quoting),
        cmocka_unit_test(bytes_may_be_any_and_none),
        cmocka_unit_test(an_array_without_elements_is_empty_and_not_null),
        cmocka_unit_test(an_element_over_the_limit_is_refused_and_the_array_stays_what_it_was),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
