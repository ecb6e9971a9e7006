/* Ids: random or in order, one spelling, and none is none. */
#include "tests/support/check.h"

#include "base/clock.h"
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

static struct id parsed(const char *text)
{
    struct id id;
    assert_ok(id_parse(span_text(text), &id));
    return id;
}

/* RFC 9562, appendix A.6. */
static void a_new_id_is_a_uuid_of_version_7(void **state)
{
    (void)state;
    struct id id = id_of_time(0x017f22e279b0, parsed("ffffffffffff0cc318c4dc0c0c07398f"));
    assert_string_equal(id_text(id).text, "017f22e279b07cc398c4dc0c0c07398f");
    id = id_of_time(0, parsed("ffffffffffffffffffffffffffffffff"));
    assert_string_equal(id_text(id).text, "0000000000007fffbfffffffffffffff");
    id = id_of_time(0xffffffffffff, (struct id){{0}});
    assert_string_equal(id_text(id).text, "ffffffffffff70008000000000000000");
}

static int64_t time_of(struct id id)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    return ms;
}

static void a_new_id_begins_with_the_time(void **state)
{
    enum { COUNT = 64 };
    struct id ids[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        int64_t before_ms = clock_wall_ms();
        assert_ok(id_new(&ids[i]));
        assert_in_range(time_of(ids[i]), before_ms, clock_wall_ms());
        for (size_t k = 0; k < i; k++)
            assert_false(id_equal(ids[i], ids[k]));
    }
}

/* Ids of one millisecond take all places of a table, of a power of two or not. (That a place stays
 * free by chance: 256 * e^-32.) */
static void ids_of_one_time_have_different_hashes(void **state)
{
    enum { COUNT = 8192, PLACES = 256 };
    bool is_taken[3][PLACES] = {{false}};
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct id random;
        assert_ok(id_random(&random));
        uint64_t hash = id_hash(id_of_time(1700000000000, random));
        is_taken[0][hash % PLACES] = true;
        is_taken[1][(hash >> 8) % PLACES] = true;
        is_taken[2][hash % (PLACES - 1)] = true;
    }
    for (size_t place = 0; place < PLACES; place++) {
        assert_true(is_taken[0][place]);
        assert_true(is_taken[1][place]);
        assert_true(is_taken[2][place] || place == PLACES - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_thirty_two_lower_case_digits),
        cmocka_unit_test(only_the_id_of_zeros_is_none),
        cmocka_unit_test(an_id_is_exactly_sixteen_bytes),
        cmocka_unit_test(two_random_ids_are_two),
        cmocka_unit_test(a_new_id_is_a_uuid_of_version_7),
        cmocka_unit_test(a_new_id_begins_with_the_time),
        cmocka_unit_test(ids_of_one_time_have_different_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
