/* Owned bytes: bounded, whole or unchanged, and wiped wherever they go. */
#include "tests/support/check.h"

#include "base/buffer.h"
#include "base/memory.h"

#include "tests/support/wipes.inc"

static void a_buffer_never_grows_over_its_maximum(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(5);

    assert_ok(buffer_append_text(&buffer, "12345"));
    assert_error(buffer_append_u8(&buffer, '6'), SM_TOO_LARGE);
    assert_error(buffer_format(&buffer, "%d", 7), SM_TOO_LARGE);
    assert_span(buffer_span(&buffer), "12345");
    buffer_truncate(&buffer, 2);
    assert_ok(buffer_append_be(&buffer, 0x414243, 3));
    assert_span(buffer_span(&buffer), "12ABC");
}

static void a_buffer_with_a_nul_is_no_text(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(5);
    const char *text;

    assert_ok(buffer_append_text(&buffer, "abc"));
    assert_ok(buffer_text(&buffer, &text));
    assert_string_equal(text, "abc");
    assert_ok(buffer_append_u8(&buffer, 0));
    assert_error(buffer_text(&buffer, &text), SM_BAD_FORMAT);
}

static void what_fails_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(8);
    uint8_t *room = NULL;
    assert_ok(buffer_append_text(&buffer, "12345"));

    assert_error(buffer_append_text(&buffer, "6789"), SM_TOO_LARGE);
    assert_error(buffer_append_be(&buffer, 1, 4), SM_TOO_LARGE);
    assert_error(buffer_format(&buffer, "%s", "6789"), SM_TOO_LARGE);
    assert_error(buffer_extend(&buffer, SIZE_MAX, &room), SM_TOO_LARGE);
    assert_error(buffer_extend(&buffer, SIZE_MAX - 5, &room), SM_TOO_LARGE);
    assert_null(room);
    assert_span(buffer_span(&buffer), "12345");
    assert_ok(buffer_format(&buffer, "%d", 678)); /* exactly full */
    assert_span(buffer_span(&buffer), "12345678");
}

static void a_buffer_grows_over_its_first_capacity_without_losing_a_byte(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(5000);
    for (size_t i = 0; i < 5000; i++)
        assert_ok(buffer_append_u8(&buffer, (uint8_t)(i * 7)));
    assert_error(buffer_append_u8(&buffer, 0), SM_TOO_LARGE);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(buffer.bytes[i], (uint8_t)(i * 7));
}

static void numbers_are_written_in_network_order(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(64);
    assert_ok(buffer_append_be(&buffer, 0x0102030405060708, 8));
    assert_ok(buffer_append_be(&buffer, 0xabcd, 2));
    assert_ok(buffer_append_be(&buffer, 0xff, 0)); /* none */
    assert_memory_equal(buffer.bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\xab\xcd", 10);
    assert_int_equal(buffer.size, 10);
}

static void an_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    struct buffer buffer DEFER(buffer_free) = BUFFER(0);
    const char *text = NULL;
    assert_ok(buffer_append(&buffer, span_of(NULL, 0)));
    assert_ok(buffer_text(&buffer, &text));
    assert_string_equal(text, "");
}

static void what_a_buffer_lets_go_of_is_wiped(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER(2000);
    assert_ok(buffer_append_text(&buffer, "secret and more"));
    wiped_bytes = 0;
    buffer_truncate(&buffer, 6);
    assert_int_equal(wiped_bytes, strlen(" and more"));
    assert_int_equal(buffer.bytes[6], 0);
    buffer_truncate(&buffer, 100); /* longer than it is */
    assert_int_equal(wiped_bytes, strlen(" and more"));

    const uint8_t *before = buffer.bytes;
    size_t capacity = buffer.capacity;
    uint8_t *room;
    assert_ok(buffer_extend(&buffer, 1000, &room));
    assert_true(wiped_at == before && wiped_bytes >= capacity); /* the old place */
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.bytes[0], 0);
    before = buffer.bytes;
    capacity = buffer.capacity;
    wiped_bytes = 0;
    buffer_free(&buffer);
    assert_true(wiped_at == before);
    assert_int_equal(wiped_bytes, capacity);
    assert_null(buffer.bytes);
    assert_int_equal(buffer.size_max, 2000); /* it may be used again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_never_grows_over_its_maximum),
        cmocka_unit_test(a_buffer_with_a_nul_is_no_text),
        cmocka_unit_test(what_fails_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_buffer_grows_over_its_first_capacity_without_losing_a_byte),
        cmocka_unit_test(numbers_are_written_in_network_order),
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(what_a_buffer_lets_go_of_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
