/* The two small files of keys that crypto shares with its neighbours. */
#include "base/encode.h"
#include "envelope/ed25519.h"
#include "services/crypto/capability_file.h"
#include "services/crypto/letter_key.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/securemail-key-files-XXXXXX";

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return mkdtemp(folder) && vault_open(&vault) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    const char *const names[] = {"capability.pub", "notifier-letter.pub"};
    char path[128];
    vault_close(*state);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_capability_file_is_right(const struct keyring *keyring)
{
    char path[128];
    char found[80] = "";
    char expected[2 * ED25519_PUBLIC_BYTES + 1];
    uint8_t key[ED25519_PUBLIC_BYTES];
    (void)snprintf(path, sizeof path, "%s/capability.pub", folder);
    assert_ok(ed25519_public(keyring_key(keyring, KEY_CAPABILITY), key));
    hex_encode(SPAN(key), expected);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof found, file), 65);
    (void)fclose(file);
    assert_memory_equal(found, expected, 64);
    assert_int_equal(found[64], '\n');
}

static void the_capability_key_is_written_and_mended(void **state)
{
    const struct vault *vault = *state;

    assert_ok(capability_file_write(folder, vault->crypto.keyring));
    assert_capability_file_is_right(vault->crypto.keyring);

    write_file("capability.pub", "something older\n");
    assert_ok(capability_file_write(folder, vault->crypto.keyring));
    assert_capability_file_is_right(vault->crypto.keyring);
}

static void a_folder_that_cannot_be_written_stops_nothing(void **state)
{
    const struct vault *vault = *state;

    assert_ok(capability_file_write("/nonexistent", vault->crypto.keyring));
}

static void a_letter_key_must_be_a_point(void **state)
{
    const struct vault *vault = *state;
    uint8_t point[P256_PUBLIC_BYTES];
    struct p256_key *key = NULL;
    char digits[2 * P256_PUBLIC_BYTES + 1];
    (void)vault;

    assert_error(letter_public_load(folder, point), SM_CONFIG);
    write_file("notifier-letter.pub", "04");
    assert_error(letter_public_load(folder, point), SM_CONFIG);
    memset(digits, '0', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    write_file("notifier-letter.pub", digits);
    assert_error(letter_public_load(folder, point), SM_CONFIG);

    assert_ok(p256_generate(&key));
    hex_encode(span_of(p256_public(key), P256_PUBLIC_BYTES), digits);
    write_file("notifier-letter.pub", digits);
    assert_ok(letter_public_load(folder, point));
    assert_memory_equal(point, p256_public(key), sizeof point);
    p256_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_capability_key_is_written_and_mended),
        cmocka_unit_test(a_folder_that_cannot_be_written_stops_nothing),
        cmocka_unit_test(a_letter_key_must_be_a_point),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
