/* A master key is 32 or more random bytes, or the service does not start. */
#include "base/memory.h"
#include "services/crypto/master_key.h"
#include "tests/support/check.h"

/* The same 32 bytes in the spellings that we take. */
static const char hexadecimal[] =
    "6f0ec3a7916b2d58f4e08a1c35d7b96270419cfb8e23a5d64b17f0823ce95d1a";
static const char base64[] = "bw7Dp5FrLVj04IocNde5YnBBnPuOI6XWSxfwgjzpXRo=";
static const char base64url[] = "bw7Dp5FrLVj04IocNde5YnBBnPuOI6XWSxfwgjzpXRo";

static enum sm_error parse(const char *text)
{
    struct secret *key DEFER(secret_free) = NULL;
    return master_key_parse(span_text(text), &key);
}

static void all_spellings_give_the_same_bytes(void **state)
{
    const char *const spellings[] = {base64, base64url,
        " bw7Dp5FrLVj04IocNde5YnBBnPuOI6XWSxfwgjzpXRo=\n",
        "6F0EC3A7916B2D58F4E08A1C35D7B96270419CFB8E23A5D64B17F0823CE95D1A"};
    struct secret *expected DEFER(secret_free) = NULL;
    assert_ok(master_key_parse(span_text(hexadecimal), &expected));
    assert_int_equal(secret_span(expected).size, 32);

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        struct secret *key DEFER(secret_free) = NULL;
        assert_ok(master_key_parse(span_text(spellings[i]), &key));
        assert_true(secret_equal(secret_span(key), secret_span(expected)));
    }
    (void)state;
}

static void what_is_no_key_is_refused(void **state)
{
    const char *const refused[] = {
        "",
        "   \n",
        "change me",
        "secret",
        /* 31 bytes */
        "6f0ec3a7916b2d58f4e08a1c35d7b96270419cfb8e23a5d64b17f0823ce95d",
        /* an odd number of digits, a stray letter, two values */
        "6f0ec3a7916b2d58f4e08a1c35d7b96270419cfb8e23a5d64b17f0823ce95d1",
        "bw7Dp5FrLVj04IocNde5YnBBnPuOI6XWSxfwgjzpXRo!",
        "bw7Dp5FrLVj04IocNde5YnBB nPuOI6XWSxfwgjzpXRo=",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_error(parse(refused[i]), SM_CONFIG);
    (void)state;
}

static void what_no_random_source_gives_is_refused(void **state)
{
    const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "abababababababababababababababababababababababababababababababab",
        /* 15 different bytes */
        "000102030405060708090a0b0c0d0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e",
        /* counting up, and down in steps of three */
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2",
        /* "correct horse battery staple 1234" */
        "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSAxMjM0",
    };
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        assert_error(parse(weak[i]), SM_CONFIG);
    (void)state;
}

static void longer_keys_are_good_up_to_the_limit(void **state)
{
    char text[2 * (MASTER_KEY_BYTES_MAX + 1) + 1] = "";
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = hexadecimal[(i + i / 64) % 64];

    assert_error(parse(text), SM_CONFIG);
    text[2 * MASTER_KEY_BYTES_MAX] = '\0';
    assert_ok(parse(text));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_spellings_give_the_same_bytes),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(what_no_random_source_gives_is_refused),
        cmocka_unit_test(longer_keys_are_good_up_to_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
