/* Time-based codes against the vectors of RFC 6238, appendix B (SHA-1). */
#include "envelope/totp.h"

#include "tests/support/check.h"

static void the_codes_of_rfc_6238(void **state)
{
    (void)state;
    static const struct {
        uint64_t unix_s;
        const char *code;
    } vectors[] = {
        {59, "94287082"},
        {1111111109, "07081804"},
        {1111111111, "14050471"},
        {1234567890, "89005924"},
        {2000000000, "69279037"},
        {20000000000, "65353130"},
    };

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct totp_code code;
        assert_ok(totp_code(
            span_text("12345678901234567890"), vectors[i].unix_s / TOTP_STEP_S, 8, &code));
        assert_string_equal(code.digits, vectors[i].code);
    }
}

static void six_digits_are_the_last_six(void **state)
{
    (void)state;
    struct totp_code code;

    assert_ok(totp_code(span_text("12345678901234567890"), 1, TOTP_DIGITS, &code));

    assert_string_equal(code.digits, "287082");
}

static void what_is_no_secret_or_no_length_is_refused(void **state)
{
    (void)state;
    struct totp_code code;

    assert_error(totp_code(span_of(NULL, 0), 1, 6, &code), SM_BAD_VALUE);
    assert_error(totp_code(span_text("x"), 1, 9, &code), SM_BAD_VALUE);
    assert_error(totp_code(span_text("x"), 1, 0, &code), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_codes_of_rfc_6238),
        cmocka_unit_test(six_digits_are_the_last_six),
        cmocka_unit_test(what_is_no_secret_or_no_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
