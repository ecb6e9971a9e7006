/* Bytes as text, and back in one spelling only. */
#include "tests/support/check.h"

#include "base/encode.h"
#include "base/memory.h"

static void base64_gives_the_rfc_s_examples(void **state)
{
    (void)state;
    static const char *const examples[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct buffer text DEFER(buffer_free) = BUFFER(64);
        struct buffer bytes DEFER(buffer_free) = BUFFER(64);
        assert_ok(base64_encode(span_text(examples[i][0]), &text));
        assert_span(buffer_span(&text), examples[i][1]);
        assert_ok(base64_decode(buffer_span(&text), &bytes));
        assert_span(buffer_span(&bytes), examples[i][0]);
    }
}

static void there_is_one_spelling_of_a_value(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z", "Zh==", "Zm9=", "Zg=", "Zg", "Zg===", "Z g=", "Zm9v\n", "Zg==Zg=="};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buffer bytes DEFER(buffer_free) = BUFFER(64);
        assert_error(base64_decode(span_text(bad[i]), &bytes), SM_BAD_FORMAT);
    }
    struct buffer bytes DEFER(buffer_free) = BUFFER(64);
    assert_error(base64url_decode(span_text("Zg=="), &bytes), SM_BAD_FORMAT);
    assert_error(base64url_decode(span_text("Zh"), &bytes), SM_BAD_FORMAT);
    assert_error(base64url_decode(span_text("a+/b"), &bytes), SM_BAD_FORMAT);
}

static void every_byte_survives_each_encoding(void **state)
{
    (void)state;
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;

    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct buffer text DEFER(buffer_free) = BUFFER(1024);
        struct buffer url DEFER(buffer_free) = BUFFER(1024);
        struct buffer again DEFER(buffer_free) = BUFFER(1024);
        char hex[2 * sizeof bytes + 1];
        uint8_t out[sizeof bytes];
        struct span part = span_of(bytes + sizeof bytes - size, size);
        hex_encode(part, hex);
        assert_int_equal(strlen(hex), 2 * size);
        assert_ok(hex_decode(span_text(hex), out, size));
        assert_memory_equal(out, part.at, size);
        assert_ok(base64_encode(part, &text));
        assert_ok(base64_decode(buffer_span(&text), &again));
        assert_true(span_equal(buffer_span(&again), part));
        buffer_clear(&again);
        assert_ok(base64url_encode(part, &url));
        assert_ok(base64url_decode(buffer_span(&url), &again));
        assert_true(span_equal(buffer_span(&again), part));
    }
}

static void hexadecimal_is_lower_case_and_of_the_size_asked_for(void **state)
{
    static const char *const wrong[] = {
        "", "0", "00", "000", "00000", "0G00", "00 0", "0x00", "AB00"};
    uint8_t out[2];
    char text[5];
    (void)state;
    hex_encode(span_of("\x0f\xa0", 2), text);
    assert_string_equal(text, "0fa0");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(hex_decode(span_text(wrong[i]), out, sizeof out), SM_BAD_FORMAT);
    assert_error(hex_decode(span_of("00\0000", 4), out, sizeof out), SM_BAD_FORMAT);
}

static void what_does_not_fit_is_an_error(void **state)
{
    (void)state;
    struct buffer small DEFER(buffer_free) = BUFFER(3);
    assert_error(base64_encode(span_text("foo"), &small), SM_TOO_LARGE);
    buffer_clear(&small);
    assert_error(base64_decode(span_text("Zm9vYg=="), &small), SM_TOO_LARGE);
}

static void no_byte_outside_the_alphabet_is_read(void **state)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        struct buffer out DEFER(buffer_free) = BUFFER(16);
        struct buffer out_url DEFER(buffer_free) = BUFFER(16);
        char text[] = {'A', (char)byte, 'A', 'A'};
        bool is_letter = byte && strchr(letters, (int)byte);
        bool is_good = is_letter || byte == '+' || byte == '/';
        bool is_good_url = is_letter || byte == '-' || byte == '_';
        assert_int_equal(base64_decode(SPAN(text), &out) == SM_OK, is_good);
        assert_int_equal(base64url_decode(SPAN(text), &out_url) == SM_OK, is_good_url);
    }
}

static void base32_gives_the_rfc_s_examples_without_padding(void **state)
{
    (void)state;
    static const char *const examples[][2] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"},
        {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct buffer text DEFER(buffer_free) = BUFFER(16);
        assert_ok(base32_encode(span_text(examples[i][0]), &text));
        assert_span(buffer_span(&text), examples[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base32_gives_the_rfc_s_examples_without_padding),
        cmocka_unit_test(base64_gives_the_rfc_s_examples),
        cmocka_unit_test(there_is_one_spelling_of_a_value),
        cmocka_unit_test(every_byte_survives_each_encoding),
        cmocka_unit_test(hexadecimal_is_lower_case_and_of_the_size_asked_for),
        cmocka_unit_test(what_does_not_fit_is_an_error),
        cmocka_unit_test(no_byte_outside_the_alphabet_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
