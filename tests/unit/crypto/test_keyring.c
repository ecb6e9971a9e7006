/* Keys survive a restart, open nowhere but in their place, and only for the right master key. */
#include "services/crypto/keyring.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

static struct vault *vault_of(void **state)
{
    return *state;
}

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    vault_close(vault_of(state));
    return 0;
}

static enum sm_error open_again(const struct vault *vault, const char *master)
{
    struct keyring *keyring DEFER(keyring_free) = NULL;
    return keyring_open(
        vault->worker.db, &(struct master_keys){.current = span_text(master)}, &keyring);
}

static void service_keys_are_the_same_after_a_restart(void **state)
{
    const struct vault *vault = vault_of(state);
    struct keyring *again DEFER(keyring_free) = NULL;

    assert_ok(keyring_open(
        vault->worker.db, &(struct master_keys){.current = span_text(VAULT_MASTER_KEY)}, &again));

    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct span first = keyring_key(vault->crypto.keyring, (enum service_key)i);
        assert_int_equal(first.size, 32);
        assert_true(secret_equal(first, keyring_key(again, (enum service_key)i)));
        assert_int_equal(keyring_version(again, (enum service_key)i), 1);
    }
}

static void every_purpose_has_a_key_of_its_own(void **state)
{
    const struct keyring *keyring = vault_of(state)->crypto.keyring;

    for (size_t i = 0; i < KEY_COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(secret_equal(keyring_key(keyring, (enum service_key)i),
                keyring_key(keyring, (enum service_key)j)));
}

static void a_version_that_never_was_is_not_found(void **state)
{
    struct span key;

    assert_error(
        keyring_key_version(vault_of(state)->crypto.keyring, KEY_ROW, 2, &key), SM_NOT_FOUND);
    assert_error(
        keyring_key_version(vault_of(state)->crypto.keyring, KEY_ROW, 0, &key), SM_NOT_FOUND);
}

static void another_master_key_is_refused(void **state)
{
    assert_error(open_again(vault_of(state),
                     "6f0ec3a7916b2d58f4e08a1c35d7b96270419cfb8e23a5d64b17f0823ce95d1b"),
        SM_CONFIG);
}

static void a_lost_check_value_is_noticed(void **state)
{
    struct vault *vault = vault_of(state);

    assert_ok(database_run(vault->database, "UPDATE vault.key_check SET version = 99"));
    assert_error(open_again(vault, VAULT_MASTER_KEY), SM_CONFIG);

    assert_ok(database_run(vault->database, "UPDATE vault.key_check SET version = 1"));
    assert_ok(open_again(vault, VAULT_MASTER_KEY));
}

static void swapped_service_keys_are_refused(void **state)
{
    struct vault *vault = vault_of(state);
    const char *swap =
        "UPDATE vault.service_key SET purpose = CASE purpose WHEN 'link' THEN 'code'"
        " WHEN 'code' THEN 'x' END WHERE purpose IN ('link', 'code') AND purpose <> 'link';"
        "UPDATE vault.service_key SET purpose = 'code' WHERE purpose = 'link';"
        "UPDATE vault.service_key SET purpose = 'link' WHERE purpose = 'x'";

    assert_ok(database_run(vault->database, swap));
    assert_error(open_again(vault, VAULT_MASTER_KEY), SM_TAMPERED);

    assert_ok(database_run(vault->database, swap));
    assert_ok(open_again(vault, VAULT_MASTER_KEY));
}

static void no_key_stands_in_the_database_in_clear(void **state)
{
    struct vault *vault = vault_of(state);
    int64_t sizes;

    /* version 4, wrap's version 1, nonce 12, key 32, tag 16 */
    assert_ok(database_number(vault->database,
        "SELECT count(*) FROM vault.service_key WHERE octet_length(wrapped) <> 65", &sizes));

    assert_int_equal(sizes, 0);
}

/* --- organisations --- */

struct wrapped_key {
    struct id organisation, object;
    struct buffer bytes;
};

static struct wrapped_key wrap_sample(const struct vault *vault)
{
    struct wrapped_key sample = {.bytes = BUFFER(512)};
    assert_ok(vault_organisation(vault, &sample.organisation));
    assert_ok(id_random(&sample.object));
    assert_ok(
        keyring_wrap(vault->crypto.keyring, vault->worker.db, sample.organisation, "message key",
            sample.object, span_text("0123456789abcdef0123456789abcdef"), &sample.bytes));
    return sample;
}

static int rename_clinics(const struct vault *vault)
{
    return database_run(vault->database,
               "UPDATE vault.organisation SET name = encode(organisation, 'hex')") == SM_OK
               ? 0
               : -1;
}

static enum sm_error unwrap(const struct vault *vault, const struct wrapped_key *sample,
    const char *purpose, struct span bytes)
{
    struct secret *key DEFER(secret_free) = NULL;
    TRY(keyring_unwrap(vault->crypto.keyring, vault->worker.db, sample->organisation, purpose,
        sample->object, bytes, &key));
    assert_true(span_equals_text(secret_span(key), "0123456789abcdef0123456789abcdef"));
    return SM_OK;
}

static void a_wrapped_key_opens_in_its_place_only(void **state)
{
    struct vault *vault = vault_of(state);
    struct wrapped_key here = wrap_sample(vault);
    assert_int_equal(rename_clinics(vault), 0);
    struct wrapped_key there = wrap_sample(vault);
    assert_int_equal(rename_clinics(vault), 0);

    assert_ok(unwrap(vault, &here, "message key", buffer_span(&here.bytes)));
    assert_error(unwrap(vault, &here, "verifier", buffer_span(&here.bytes)), SM_TAMPERED);
    assert_error(unwrap(vault, &there, "message key", buffer_span(&here.bytes)), SM_TAMPERED);
    there.organisation = here.organisation;
    assert_error(unwrap(vault, &there, "message key", buffer_span(&here.bytes)), SM_TAMPERED);

    buffer_free(&here.bytes);
    buffer_free(&there.bytes);
}

static void every_changed_byte_of_a_wrapped_key_is_noticed(void **state)
{
    struct vault *vault = vault_of(state);
    struct wrapped_key sample = wrap_sample(vault);
    assert_int_equal(rename_clinics(vault), 0);

    for (size_t i = 0; i < sample.bytes.size; i++) {
        sample.bytes.bytes[i] ^= 1;
        assert_error(
            unwrap(vault, &sample, "message key", buffer_span(&sample.bytes)), SM_TAMPERED);
        sample.bytes.bytes[i] ^= 1;
        struct span cut = span_slice(buffer_span(&sample.bytes), 0, i);
        assert_error(unwrap(vault, &sample, "message key", cut), SM_TAMPERED);
    }

    buffer_free(&sample.bytes);
}

static void an_organisation_without_a_key_wraps_nothing(void **state)
{
    struct vault *vault = vault_of(state);
    struct buffer out DEFER(buffer_free) = BUFFER(512);
    struct id nobody;
    assert_ok(id_random(&nobody));

    assert_error(keyring_wrap(vault->crypto.keyring, vault->worker.db, nobody, "message key",
                     nobody, span_text("x"), &out),
        SM_NOT_FOUND);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_keys_are_the_same_after_a_restart),
        cmocka_unit_test(every_purpose_has_a_key_of_its_own),
        cmocka_unit_test(a_version_that_never_was_is_not_found),
        cmocka_unit_test(another_master_key_is_refused),
        cmocka_unit_test(a_lost_check_value_is_noticed),
        cmocka_unit_test(swapped_service_keys_are_refused),
        cmocka_unit_test(no_key_stands_in_the_database_in_clear),
        cmocka_unit_test(a_wrapped_key_opens_in_its_place_only),
        cmocka_unit_test(every_changed_byte_of_a_wrapped_key_is_noticed),
        cmocka_unit_test(an_organisation_without_a_key_wraps_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
