/* A row's MAC is good for exactly these fields, in this order, in this table. */
#include "services/crypto/rowmac.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

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

static void the_same_fields_pass(void **state)
{
    const struct db_value row[] = {db_text(span_text("a@example.org")), db_i64(5), db_null()};
    uint8_t mac[ROWMAC_BYTES];

    assert_ok(rowmac_make(keyring_of(state), "link", row, 3, mac));

    assert_ok(rowmac_check(keyring_of(state), "link", row, 3, SPAN(mac)));
}

static void any_other_row_is_refused(void **state)
{
    const struct db_value row[] = {db_text(span_text("ab")), db_text(span_text("c")), db_i64(5)};
    const struct db_value others[][3] = {
        {db_text(span_text("a")), db_text(span_text("bc")), db_i64(5)},
        {db_text(span_text("c")), db_text(span_text("ab")), db_i64(5)},
        {db_text(span_text("ab")), db_text(span_text("c")), db_i64(6)},
        {db_text(span_text("ab")), db_text(span_text("c")), db_i64(-5)},
        {db_text(span_text("ab")), db_text(span_text("c")), db_null()},
        {db_text(span_text("ab")), db_null(), db_i64(5)},
        {db_bytes(span_text("ab")), db_text(span_text("c")), db_i64(5)},
    };
    uint8_t mac[ROWMAC_BYTES];
    assert_ok(rowmac_make(keyring_of(state), "link", row, 3, mac));

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_error(rowmac_check(keyring_of(state), "link", others[i], 3, SPAN(mac)), SM_TAMPERED);
    assert_error(rowmac_check(keyring_of(state), "link", row, 2, SPAN(mac)), SM_TAMPERED);
    assert_error(rowmac_check(keyring_of(state), "account", row, 3, SPAN(mac)), SM_TAMPERED);
}

static void empty_text_and_null_differ(void **state)
{
    const struct db_value empty[] = {db_text(span_text(""))};
    const struct db_value null[] = {db_null()};
    uint8_t mac[ROWMAC_BYTES];

    assert_ok(rowmac_make(keyring_of(state), "link", empty, 1, mac));

    assert_error(rowmac_check(keyring_of(state), "link", null, 1, SPAN(mac)), SM_TAMPERED);
}

static void every_changed_bit_of_the_mac_is_noticed(void **state)
{
    const struct db_value row[] = {db_i64(1)};
    uint8_t mac[ROWMAC_BYTES];
    assert_ok(rowmac_make(keyring_of(state), "link", row, 1, mac));

    for (size_t bit = 0; bit < 8 * sizeof mac; bit++) {
        mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(rowmac_check(keyring_of(state), "link", row, 1, SPAN(mac)), SM_TAMPERED);
        mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_error(rowmac_check(keyring_of(state), "link", row, 1, span_of(mac, 35)), SM_TAMPERED);
    assert_error(rowmac_check(keyring_of(state), "link", row, 1, span_of(NULL, 0)), SM_TAMPERED);
}

static void another_key_gives_another_mac(void **state)
{
    const struct db_value row[] = {db_i64(1)};
    struct rowmac_input input = {KEY_SESSION, "link", row, 1};
    uint8_t mac[ROWMAC_BYTES];

    assert_ok(rowmac_make_under(keyring_of(state), &input, mac));

    assert_ok(rowmac_check_under(keyring_of(state), &input, SPAN(mac)));
    assert_error(rowmac_check(keyring_of(state), "link", row, 1, SPAN(mac)), SM_TAMPERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_fields_pass),
        cmocka_unit_test(any_other_row_is_refused),
        cmocka_unit_test(empty_text_and_null_differ),
        cmocka_unit_test(every_changed_bit_of_the_mac_is_noticed),
        cmocka_unit_test(another_key_gives_another_mac),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
