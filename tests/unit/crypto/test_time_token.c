/* A time token is ours, of now, or refused. */
#include "services/crypto/time_token.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#define NOW_MS INT64_C(1800000000000)

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    vault_close(*state);
    return 0;
}

static const struct keyring *keyring_of(void **state)
{
    return ((struct vault *)*state)->crypto.keyring;
}

static void a_token_is_good_for_its_time_and_no_longer(void **state)
{
    const int64_t life_ms = (int64_t)TIME_TOKEN_S * 1000;
    uint8_t token[TIME_TOKEN_BYTES];
    assert_ok(time_token_make(keyring_of(state), NOW_MS, token));

    assert_ok(time_token_check(keyring_of(state), SPAN(token), NOW_MS));
    assert_ok(time_token_check(keyring_of(state), SPAN(token), NOW_MS + life_ms));
    assert_error(
        time_token_check(keyring_of(state), SPAN(token), NOW_MS + life_ms + 1), SM_KEY_UNKNOWN);
}

static void a_token_from_the_future_is_refused(void **state)
{
    uint8_t token[TIME_TOKEN_BYTES];
    assert_ok(time_token_make(keyring_of(state), NOW_MS, token));

    assert_ok(time_token_check(keyring_of(state), SPAN(token), NOW_MS - 60000));
    assert_error(time_token_check(keyring_of(state), SPAN(token), NOW_MS - 60001), SM_KEY_UNKNOWN);
}

static void every_changed_bit_is_noticed(void **state)
{
    uint8_t token[TIME_TOKEN_BYTES];
    assert_ok(time_token_make(keyring_of(state), NOW_MS, token));

    for (size_t bit = 0; bit < 8 * sizeof token; bit++) {
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(time_token_check(keyring_of(state), SPAN(token), NOW_MS), SM_TAMPERED);
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_error(time_token_check(keyring_of(state), span_of(token, 39), NOW_MS), SM_TAMPERED);
}

static void two_tokens_of_one_moment_differ(void **state)
{
    uint8_t first[TIME_TOKEN_BYTES];
    uint8_t second[TIME_TOKEN_BYTES];

    assert_ok(time_token_make(keyring_of(state), NOW_MS, first));
    assert_ok(time_token_make(keyring_of(state), NOW_MS, second));

    assert_memory_not_equal(first, second, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_good_for_its_time_and_no_longer),
        cmocka_unit_test(a_token_from_the_future_is_refused),
        cmocka_unit_test(every_changed_bit_is_noticed),
        cmocka_unit_test(two_tokens_of_one_moment_differ),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
