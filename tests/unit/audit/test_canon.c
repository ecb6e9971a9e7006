/* Canonical JSON: one spelling of each value, written and read by two codes that check each other.
 */
#include "services/audit/canon.h"

#include "base/memory.h"
#include "tests/support/check.h"

static struct buffer written(void)
{
    return BUFFER(64 * 1024);
}

static void members_are_written_without_white_space(void **state)
{
    (void)state;
    struct buffer out DEFER(buffer_free) = written();
    struct canon canon = CANON(&out);
    static const uint8_t bytes[] = {0x0a, 0xff};
    assert_ok(canon_object(&canon, NULL));
    assert_ok(canon_array(&canon, "a"));
    assert_ok(canon_number(&canon, NULL, 0));
    assert_ok(canon_object(&canon, NULL));
    assert_ok(canon_object_end(&canon));
    assert_ok(canon_array_end(&canon));
    assert_ok(canon_hex(&canon, "b", SPAN(bytes)));
    assert_ok(canon_hex(&canon, "c", span_of(NULL, 0))); /* left out */
    assert_ok(canon_number(&canon, "d", CANON_NUMBER_MAX));
    assert_ok(canon_raw(&canon, "e", span_text("{\"f\":1}")));
    assert_ok(canon_object_end(&canon));

    assert_span(
        buffer_span(&out), "{\"a\":[0,{}],\"b\":\"0aff\",\"d\":9007199254740991,\"e\":{\"f\":1}}");
    assert_ok(canon_check(buffer_span(&out)));
}

/* RFC 8785 section 3.2.2.2; the letters of its example. */
static void letters_are_escaped_as_the_standard_says(void **state)
{
    static const struct {
        const char *value, *spelling;
    } cases[] = {
        {"", "\"\""},
        {"\xe2\x82\xac$\x0f\nA'B\"\\\\\"/", "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
        {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out DEFER(buffer_free) = written();
        struct canon canon = CANON(&out);
        assert_ok(canon_text(&canon, NULL, span_text(cases[i].value)));
        assert_span(buffer_span(&out), cases[i].spelling);
    }
}

static void what_is_not_utf_8_is_not_written(void **state)
{
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buffer out DEFER(buffer_free) = written();
        struct canon canon = CANON(&out);
        assert_error(canon_text(&canon, NULL, span_text(bad[i])), SM_BAD_FORMAT);
        assert_int_equal(out.size, 0);
    }
}

static void a_number_that_javascript_would_round_is_not_written(void **state)
{
    (void)state;
    struct buffer out DEFER(buffer_free) = written();
    struct canon canon = CANON(&out);
    assert_error(canon_number(&canon, NULL, CANON_NUMBER_MAX + 1), SM_BAD_VALUE);
}

/* --- reading --- */

static void canonical_objects_are_accepted(void **state)
{
    static const char *const good[] = {"{}", "{\"a\":0}", "{\"a\":\"\"}", "{\"a\":[],\"b\":{}}",
        "{\"a\":[[[]]]}", "{\"a\":9007199254740991}", "{\"a\":\"\\u001f\\n\\\"\\\\/\"}",
        "{\"a\":1,\"a_\":1,\"b\":1,\"ba\":1}", "{\"0\":1,\"_\":1}"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(canon_check(span_text(good[i])));
}

static void any_other_spelling_is_refused(void **state)
{
    static const char *const bad[] = {"", "{", "}", "[]", "1", "\"a\"", " {}", "{} ", "{}\n",
        "{}{}", "{\"a\" :1}", "{\"a\": 1}", "{\"a\":1 }", "{\"a\":1,}", "{,\"a\":1}", "{\"a\"}",
        "{\"a\":}", "{\"b\":1,\"a\":1}", "{\"a\":1,\"a\":1}", "{\"ab\":1,\"a\":1}", "{\"\":1}",
        "{\"A\":1}", "{\"a b\":1}", "{\"\\u0061\":1}", "{\"abcdefghijklmnopqrstuvwxyz0123456\":1}",
        "{\"a\":01}", "{\"a\":-1}", "{\"a\":1.0}", "{\"a\":1e3}", "{\"a\":9007199254740992}",
        "{\"a\":99999999999999999999999}", "{\"a\":true}", "{\"a\":null}", "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u000A\"}", "{\"a\":\"\\u000a\"}", "{\"a\":\"\\u0008\"}", "{\"a\":\"\\u0020\"}",
        "{\"a\":\"\\u00e9\"}", "{\"a\":\"\\u001F\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\",
        "{\"a\":\"\\u", "{\"a\":\"\n\"}", "{\"a\":\"\x1f\"}", "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"x}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 ,2]}",
        "{\"a\":[}", "{\"a\":[[[[]]]]}", "{\"a\":{\"b\":1,\"a\":1}}", "{\"a\":[\"b\":1]}",
        "{\"a\":1]"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (canon_check(span_text(bad[i])) == SM_OK)
            assert_string_equal(bad[i], "refused");
    assert_error(canon_check(span_of("{}\0", 3)), SM_BAD_FORMAT);
}

static void a_member_is_read_as_it_is_written(void **state)
{
    static const char text[] = "{\"a\":\"x\\ny\",\"b\":{\"c\":\"inner\"},\"d\":42}";
    struct span value;
    (void)state;
    assert_ok(canon_member(span_text(text), "a", &value));
    assert_span(value, "x\\ny");
    assert_ok(canon_member(span_text(text), "d", &value));
    assert_span(value, "42");
    assert_error(canon_member(span_text(text), "c", &value), SM_NOT_FOUND);
    assert_error(canon_member(span_text(text), "b", &value), SM_NOT_FOUND); /* no text, no number */
    assert_error(canon_member(span_text("{\"a\":1} "), "a", &value), SM_BAD_FORMAT);
}

/* Whatever the writer writes the reader reads, for every letter. */
static void every_letter_passes_from_the_writer_to_the_reader(void **state)
{
    (void)state;
    for (uint8_t letter = 1; letter < 0x80; letter++) {
        struct buffer out DEFER(buffer_free) = written();
        struct canon canon = CANON(&out);
        assert_ok(canon_object(&canon, NULL));
        assert_ok(canon_text(&canon, "a", span_of(&letter, 1)));
        assert_ok(canon_object_end(&canon));
        assert_ok(canon_check(buffer_span(&out)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_written_without_white_space),
        cmocka_unit_test(letters_are_escaped_as_the_standard_says),
        cmocka_unit_test(what_is_not_utf_8_is_not_written),
        cmocka_unit_test(a_number_that_javascript_would_round_is_not_written),
        cmocka_unit_test(canonical_objects_are_accepted),
        cmocka_unit_test(any_other_spelling_is_refused),
        cmocka_unit_test(a_member_is_read_as_it_is_written),
        cmocka_unit_test(every_letter_passes_from_the_writer_to_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
