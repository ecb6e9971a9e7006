/* Text as a mail: whatever is given, nothing begins another header and no line is too long. */
#include "services/notifier/mime.h"

#include "base/memory.h"
#include "tests/support/check.h"

enum { OUT_BYTES_MAX = 64 * 1024 };

static void assert_text(const struct buffer *out, const char *expected)
{
    struct buffer copy DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    const char *text;
    assert_ok(buffer_append(&copy, buffer_span(out)));
    assert_ok(buffer_text(&copy, &text));
    assert_string_equal(text, expected);
}

static void assert_header(const char *value, const char *expected)
{
    struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    assert_ok(mime_text_header(&out, "Subject", span_text(value)));
    assert_text(&out, expected);
}

static void assert_body(const char *text, const char *expected)
{
    struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    assert_ok(mime_body(&out, span_text(text)));
    assert_text(&out, expected);
}

/* ASCII, CRLF only, lines within 76 bytes. */
static void assert_is_mail(struct span text)
{
    size_t line = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool is_end = text.at[i] == '\n', is_return = text.at[i] == '\r';
        assert_true(is_end || is_return || (text.at[i] >= 0x20 && text.at[i] < 0x7f));
        assert_true(!is_return || (i + 1 < text.size && text.at[i + 1] == '\n'));
        assert_true(!is_end || (i > 0 && text.at[i - 1] == '\r'));
        line = is_end || is_return ? 0 : line + 1;
        assert_true(line <= 76);
    }
}

static void plain_words_stand_as_they_are(void **state)
{
    (void)state;
    assert_header("Secure message from Ann", "Subject: Secure message from Ann\r\n");
    assert_header("", "Subject: \r\n");
}

static void all_else_is_encoded(void **state)
{
    (void)state;
    assert_header("J\xc3\xb3n", "Subject: =?utf-8?Q?J=C3=B3n?=\r\n");
    assert_header("Dr. A, B", "Subject: =?utf-8?Q?Dr=2E_A=2C_B?=\r\n");
    assert_header("=?utf-8?Q?x?=", "Subject: =?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=\r\n");
    assert_header("a\"b<c>@d:e", "Subject: =?utf-8?Q?a=22b=3Cc=3E=40d=3Ae?=\r\n");
}

static void a_long_value_is_folded_between_code_points(void **state)
{
    (void)state;
    struct buffer long_name DEFER(buffer_free) = BUFFER(1024);
    struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    for (int i = 0; i < 40; i++)
        assert_ok(buffer_append_text(&long_name, "\xe2\x82\xac"));

    assert_ok(mime_text_header(&out, "Subject", buffer_span(&long_name)));

    assert_is_mail(buffer_span(&out));
    /* 40 euro signs of 9 encoded bytes, 5 in a word of 48: 8 words */
    size_t words = 0;
    for (size_t i = 0; i + 10 <= out.size; i++)
        words += memcmp(out.bytes + i, "=?utf-8?Q?", 10) == 0;
    assert_int_equal(words, 8);
}

static void what_is_not_one_line_is_refused(void **state)
{
    static const char *const bad[] = {"a\r\nBcc: x@y.example", "a\nb", "a\rb",
        "a\x0b"
        "b",
        "a\xe2\x80\xa8"
        "b",
        "\xff", "\xc0\x8a", "a\x7f"};
    struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct span value = span_text(bad[i]), address = span_text("a@b.example");
        assert_error(mime_text_header(&out, "Subject", value), SM_BAD_FORMAT);
        assert_error(mime_address_header(&out, "To", value, address), SM_BAD_FORMAT);
        assert_error(mime_address_header(&out, "To", span_text("Ann"), value), SM_BAD_FORMAT);
        assert_int_equal(out.size, 0);
    }
}

static void an_address_stands_in_angle_brackets(void **state)
{
    struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    (void)state;
    assert_ok(mime_address_header(&out, "To", span_text("Ann"), span_text("a@b.example")));
    assert_ok(mime_address_header(&out, "To", span_text(""), span_text("a@b.example")));
    assert_text(&out, "To: Ann\r\n <a@b.example>\r\nTo: <a@b.example>\r\n");
}

static void a_body_is_quoted_printable(void **state)
{
    (void)state;
    assert_body("plain\n", "plain\r\n");
    assert_body("\xc3\xa9\xc3\xa9n = 1\n", "=C3=A9=C3=A9n =3D 1\r\n");
    assert_body("end space \n\n", "end space=20\r\n\r\n");
    assert_body("no end", "no end\r\n");
    assert_body("tab\there\r\n", "tab=09here=0D\r\n");
    assert_body("", "");
}

/* Every length around the limit, with a byte that grows threefold at every place. */
static void no_line_of_a_body_is_too_long(void **state)
{
    (void)state;
    for (size_t size = 70; size < 160; size++)
        for (size_t at = 0; at < size; at++) {
            char text[161];
            struct buffer out DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
            memset(text, 'a', size);
            text[at] = '=';
            assert_ok(mime_body(&out, span_of(text, size)));
            assert_is_mail(buffer_span(&out));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stand_as_they_are),
        cmocka_unit_test(all_else_is_encoded),
        cmocka_unit_test(a_long_value_is_folded_between_code_points),
        cmocka_unit_test(what_is_not_one_line_is_refused),
        cmocka_unit_test(an_address_stands_in_angle_brackets),
        cmocka_unit_test(a_body_is_quoted_printable),
        cmocka_unit_test(no_line_of_a_body_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
