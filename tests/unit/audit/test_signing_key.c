/* The signing key's file: made once, never replaced, never shared. */
#include "services/audit/signing_key.h"

#include "base/memory.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct drawer {
    char folder[64], path[128], public_path[128];
};

static int open_drawer(void **state)
{
    static struct drawer drawer;
    (void)snprintf(drawer.folder, sizeof drawer.folder, "/tmp/securemail-signing-XXXXXX");
    assert_non_null(mkdtemp(drawer.folder));
    (void)snprintf(drawer.path, sizeof drawer.path, "%s/audit-sign.key", drawer.folder);
    (void)snprintf(
        drawer.public_path, sizeof drawer.public_path, "%s/audit-sign.pub", drawer.folder);
    *state = &drawer;
    return 0;
}

static int close_drawer(void **state)
{
    struct drawer *drawer = *state;
    (void)unlink(drawer->path);
    (void)unlink(drawer->public_path);
    assert_int_equal(rmdir(drawer->folder), 0); /* nothing else is left */
    return 0;
}

static void a_key_is_made_once_and_is_the_same_ever_after(void **state)
{
    struct drawer *drawer = *state;
    struct signing_key *made DEFER(signing_key_free) = NULL;
    struct signing_key *read DEFER(signing_key_free) = NULL;
    struct stat facts;
    assert_ok(signing_key_open(drawer->folder, true, &made));
    assert_ok(signing_key_open(drawer->folder, true, &read));

    assert_true(span_equal(signing_key_public(made), signing_key_public(read)));
    assert_int_equal(stat(drawer->path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
}

static void a_key_that_signed_a_log_is_not_made_anew(void **state)
{
    const struct drawer *drawer = *state;
    struct signing_key *key DEFER(signing_key_free) = NULL;
    assert_error(signing_key_open(drawer->folder, false, &key), SM_CONFIG);
    assert_int_not_equal(access(drawer->path, F_OK), 0);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    struct drawer *drawer = *state;
    struct signing_key *key DEFER(signing_key_free) = NULL;
    struct signing_key *again DEFER(signing_key_free) = NULL;
    assert_ok(signing_key_open(drawer->folder, true, &key));
    assert_int_equal(chmod(drawer->path, 0640), 0);
    assert_error(signing_key_open(drawer->folder, true, &again), SM_CONFIG);
}

static void a_file_that_holds_no_key_is_refused_and_kept(void **state)
{
    struct drawer *drawer = *state;
    static const char *const texts[] = {"", "\n", "00\n",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000000g\n",
        "0000000000000000000000000000000000000000000000000000000000000000\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct signing_key *key DEFER(signing_key_free) = NULL;
        struct stat facts;
        FILE *file = fopen(drawer->path, "w");
        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(drawer->path, 0600), 0);
        assert_error(signing_key_open(drawer->folder, true, &key), SM_CONFIG);
        assert_int_equal(stat(drawer->path, &facts), 0);
        assert_int_equal(facts.st_size, strlen(texts[i]));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_drawer, close_drawer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_made_once_and_is_the_same_ever_after),
        TEST(a_key_that_signed_a_log_is_not_made_anew),
        TEST(a_file_that_others_may_read_is_refused),
        TEST(a_file_that_holds_no_key_is_refused_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
