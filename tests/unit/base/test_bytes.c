/* Buffers, encodings, ids, secrets, arenas, errors: what everything else is made of. */
#include "tests/support/check.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/secret.h"

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

/* RFC 4648, section 10. */
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

static void secrets_compare_by_all_their_bytes(void **state)
{
    (void)state;
    struct secret *secret DEFER(secret_free) = NULL;
    uint8_t copy[32];
    assert_ok(secret_random(sizeof copy, &secret));
    memcpy(copy, secret_span(secret).at, sizeof copy);

    assert_true(secret_equal(secret_span(secret), SPAN(copy)));
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(secret_equal(secret_span(secret), SPAN(copy)));
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_false(secret_equal(secret_span(secret), span_of(copy, 31)));
}

static void an_arena_keeps_to_its_limit(void **state)
{
    (void)state;
    struct arena arena DEFER(arena_free) = ARENA(100);
    void *taken;

    assert_ok(arena_take(&arena, 10, 10, &taken));
    assert_error(arena_take(&arena, 1, 1, &taken), SM_TOO_LARGE);
    assert_error(arena_take(&arena, SIZE_MAX, 2, &taken), SM_TOO_LARGE);
}

static void every_error_has_a_word_that_leads_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SM_ERROR_COUNT; i++)
        assert_int_equal(error_from_name(error_name((enum sm_error)i)), i);
    assert_string_equal(error_name((enum sm_error)9999), "unknown");
    assert_int_equal(error_from_number(9999), SM_BAD_FORMAT);
}

static void random_numbers_stay_below_their_bound(void **state)
{
    (void)state;
    unsigned seen[3] = {0};
    for (int i = 0; i < 300; i++) {
        uint32_t number;
        assert_ok(random_below(3, &number));
        assert_true(number < 3);
        seen[number]++;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

static void times_are_written_in_utc(void **state)
{
    (void)state;
    assert_string_equal(clock_text(0).text, "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_text(1795507980123).text, "2026-11-24T08:13:00.123Z");
    assert_string_equal(clock_text(-1).text, "1969-12-31T23:59:59.999Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_never_grows_over_its_maximum),
        cmocka_unit_test(a_buffer_with_a_nul_is_no_text),
        cmocka_unit_test(base64_gives_the_rfc_s_examples),
        cmocka_unit_test(base32_gives_the_rfc_s_examples_without_padding),
        cmocka_unit_test(there_is_one_spelling_of_a_value),
        cmocka_unit_test(an_id_is_thirty_two_lower_case_digits),
        cmocka_unit_test(secrets_compare_by_all_their_bytes),
        cmocka_unit_test(an_arena_keeps_to_its_limit),
        cmocka_unit_test(every_error_has_a_word_that_leads_back),
        cmocka_unit_test(random_numbers_stay_below_their_bound),
        cmocka_unit_test(times_are_written_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
