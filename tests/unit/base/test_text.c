/* What counts as acceptable text from outside. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "base/text.h"

struct sample {
    const char *text;
    size_t size;
};
#define S(literal)                   \
    {                                \
        literal, sizeof(literal) - 1 \
    }

static void good_utf8_is_accepted(void **state)
{
    (void)state;
    static const struct sample good[] = {S(""), S("plain"), S("caf\xc3\xa9"), S("\xe2\x82\xac"),
        S("\xf0\x9f\x98\x80"), S("\xed\x9f\xbf"), S("\xee\x80\x80"), S("\xf4\x8f\xbf\xbf"),
        S("two\nlines")};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_utf8(span_of(good[i].text, good[i].size)));
}

static void ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    static const struct sample bad[] = {S("\x80"), S("\xc0\x80"), S("\xc1\xbf"), S("\xe0\x9f\xbf"),
        S("\xf0\x8f\xbf\xbf"), S("\xed\xa0\x80"), S("\xf4\x90\x80\x80"), S("\xf8\x88\x80\x80\x80"),
        S("\xff"), S("\xe2\x82"), S("\xc3("), S("a\0b")};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_utf8(span_of(bad[i].text, bad[i].size)));
}

/* Each other letter at each place of more than one word of eight, with nothing like it before. */
static void plain_letters_end_where_another_begins(void **state)
{
    (void)state;
    uint8_t text[20];

    for (size_t at = 0; at < sizeof text; at++)
        for (unsigned letter = 0; letter < 256; letter++) {
            bool is_plain = letter >= 0x20 && letter < 0x80 && letter != '"' && letter != '\\';
            memset(text, ' ', sizeof text); /* the lowest of them */
            memset(text + at, (int)letter, sizeof text - at);
            assert_int_equal(text_plain(SPAN(text)), is_plain ? sizeof text : at);
            memset(text, 0x7f, at); /* the highest */
            assert_int_equal(text_plain(SPAN(text)), is_plain ? sizeof text : at);
        }
}

/* Wherever it stands in a word of eight, or over its end. */
static void utf8_is_found_at_every_place(void **state)
{
    (void)state;

    for (size_t at = 0; at < 18; at++) {
        char good[] = "0123456789abcdefghijk";
        char bad[] = "0123456789abcdefghijk";
        memcpy(good + at, "\xe2\x82\xac", 3);
        memcpy(bad + at, "\xed\xa0\x80", 3);
        assert_true(text_is_utf8(span_text(good)));
        assert_false(text_is_utf8(span_text(bad)));
        bad[at] = bad[at + 1] = bad[at + 2] = '\0';
        assert_false(text_is_utf8(span_of(bad, sizeof bad - 1)));
    }
}

static void a_line_has_nothing_that_cannot_be_shown(void **state)
{
    (void)state;
    static const struct sample bad[] = {S("a\nb"), S("a\rb"), S("\t"), S("\x7f"), S("\xc2\x85"),
        S("\xe2\x80\xa8"), S("\xe2\x80\xa9"),
        S("fdp.\xe2\x80\xae"
          "exe"),
        S("\xe2\x81\xa6x")};

    assert_true(text_is_line(span_text("Dr. Ren\xc3\xa9 de Vries")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_line(span_of(bad[i].text, bad[i].size)));
}

static void what_cannot_be_shown_is_replaced(void **state)
{
    (void)state;
    struct buffer shown DEFER(buffer_free) = BUFFER(256);
    assert_ok(text_show(span_text("na\xc3\xafve \xf0\x9f\x94\x92"), false, &shown));
    assert_span(buffer_span(&shown), "na\xc3\xafve \xf0\x9f\x94\x92");
    buffer_clear(&shown);
    assert_ok(text_show(span_of("\0a\n\t\x7f", 5), false, &shown));
    assert_span(buffer_span(&shown), "\xef\xbf\xbd"
                                     "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    buffer_clear(&shown);
    assert_ok(text_show(span_text("a\r\n\tb\xe2\x80\xa8\xe2\x81\xa6"), true, &shown));
    assert_span(buffer_span(&shown), "a\xef\xbf\xbd\n\tb\xef\xbf\xbd\xef\xbf\xbd");
    buffer_clear(&shown);
    assert_ok(text_show(span_text("\xe2\x82"), true, &shown)); /* cut in the middle */
    assert_span(buffer_span(&shown), "\xef\xbf\xbd\xef\xbf\xbd");
}

static void good_addresses_are_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {"a@example.org", "first.last+tag@sub.example.co.uk",
        "o'hara@example.org", "x_{}~@a-b.nl", "1@2.nl"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_address(span_text(good[i])));
}

static void addresses_that_could_be_another_are_refused(void **state)
{
    (void)state;
    static const struct sample bad[] = {S(""), S("a"), S("@example.org"), S("a@"), S("a@example"),
        S("a@example..org"), S("a@.example.org"), S("a@example.org."), S(".a@example.org"),
        S("a.@example.org"), S("a..b@example.org"), S("a b@example.org"), S("\"a\"@example.org"),
        S("a@[127.0.0.1]"), S("a@b@example.org"), S("a@example.org\r\nBcc: x@example.org"),
        S("a@-example.org"), S("a@example-.org"), S("a<b@example.org>"), S("a@ex\xc3\xa4mple.org"),
        S("\xd0\xb0@example.org"), S("a@example.org,b@example.org"), S("a@exam ple.org"),
        S("a@example.org\0")};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_address(span_of(bad[i].text, bad[i].size)));
}

static void an_address_has_the_lengths_of_rfc_5321(void **state)
{
    (void)state;
    char address[320];
    memset(address, 'a', sizeof address);
    memcpy(address + 64, "@example.org", 12);
    assert_true(text_is_address(span_of(address, 76)));
    memset(address, 'a', sizeof address);
    memcpy(address + 65, "@example.org", 12);
    assert_false(text_is_address(span_of(address, 77)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_utf8_is_accepted),
        cmocka_unit_test(ill_formed_utf8_is_refused),
        cmocka_unit_test(plain_letters_end_where_another_begins),
        cmocka_unit_test(utf8_is_found_at_every_place),
        cmocka_unit_test(a_line_has_nothing_that_cannot_be_shown),
        cmocka_unit_test(what_cannot_be_shown_is_replaced),
        cmocka_unit_test(good_addresses_are_accepted),
        cmocka_unit_test(addresses_that_could_be_another_are_refused),
        cmocka_unit_test(an_address_has_the_lengths_of_rfc_5321),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
