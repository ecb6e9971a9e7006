/* Ids: random, one spelling, and none is none. */
#include "tests/support/check.h"

#include "base/id.h"

static void an_id_is_thirty_two_lower_case_digits(void **state)
{
    (void)state;
    struct id id;
    struct id again;

    assert_ok(id_random(&id));
    assert_false(id_is_none(id));
    assert_ok(id_parse(span_text(id_text(id).text), &again));
    assert_true(id_equal(id, again));
    assert_error(id_parse(span_text("ABABABABABABABABABABABABABABABAB"), &id), SM_BAD_FORMAT);
    assert_error(id_parse(span_text("abababababababababababababababa"), &id), SM_BAD_FORMAT);
    assert_error(id_parse(span_text("ababababababababababababababababab"), &id), SM_BAD_FORMAT);
}

static void only_the_id_of_zeros_is_none(void **state)
{
    struct id id = {{0}};
    (void)state;
    assert_true(id_is_none(id));
    assert_string_equal(id_text(id).text, "00000000000000000000000000000000");
    for (size_t bit = 0; bit < 8 * ID_BYTES; bit++) {
        struct id other = {{0}};
        other.bytes[bit / 8] = (uint8_t)(1 << bit % 8);
        assert_false(id_is_none(other));
        assert_false(id_equal(id, other));
        assert_true(id_equal(other, other));
    }
}

static void an_id_is_exactly_sixteen_bytes(void **state)
{
    static const uint8_t bytes[ID_BYTES + 1] = {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    struct id id = {{0}};
    (void)state;
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_int_equal(id_from_bytes(span_of(bytes, size), &id) == SM_OK, size == ID_BYTES);
    assert_true(span_equal(id_span(&id), span_of(bytes, ID_BYTES)));
}

static void two_random_ids_are_two(void **state)
{
    struct id ids[64];
    (void)state;
    for (size_t i = 0; i < 64; i++) {
        assert_ok(id_random(&ids[i]));
        for (size_t k = 0; k < i; k++)
            assert_false(id_equal(ids[i], ids[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_thirty_two_lower_case_digits),
        cmocka_unit_test(only_the_id_of_zeros_is_none),
        cmocka_unit_test(an_id_is_exactly_sixteen_bytes),
        cmocka_unit_test(two_random_ids_are_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
