/* Secrets: compared by all their bytes, wiped when they go. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "base/metric.h"
#include "base/sanitizer.h"
#include "base/secret.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/wipes.inc"

enum { NOBODY = 65534, TWO_PAGES = 5000 }; /* no page that was kept serves so much */

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

static void a_new_secret_is_zeros_and_a_copy_is_a_copy(void **state)
{
    (void)state;
    struct secret *fresh DEFER(secret_free) = NULL;
    struct secret *copy DEFER(secret_free) = NULL;
    struct secret *none DEFER(secret_free) = NULL;
    static const uint8_t zeros[10000];
    char text[] = "passphrase";
    assert_ok(secret_new(sizeof zeros, &fresh)); /* more than a page */
    assert_true(span_equal(secret_span(fresh), SPAN(zeros)));
    secret_bytes(fresh)[9999] = 1;
    assert_false(span_equal(secret_span(fresh), SPAN(zeros)));

    assert_ok(secret_copy(span_text(text), &copy));
    text[0] = 'P';
    assert_span(secret_span(copy), "passphrase");
    assert_ok(secret_copy(span_of(NULL, 0), &none));
    assert_int_equal(secret_span(none).size, 0);
}

static void a_secret_larger_than_memory_is_an_error(void **state)
{
    (void)state;
    struct secret *secret = NULL;
    assert_error(secret_new(SIZE_MAX, &secret), SM_TOO_LARGE);
    assert_error(secret_new(SIZE_MAX / 2, &secret), SM_NO_MEMORY);
    assert_null(secret);
}

static void a_freed_secret_is_wiped_with_its_whole_page(void **state)
{
    (void)state;
    struct secret *secret = NULL;
    assert_ok(secret_random(32, &secret));
    wiped_bytes = 0;
    const void *at = secret;
    secret_free(&secret);
    assert_null(secret);
    assert_true(wiped_at == at);
    assert_true(wiped_bytes >= 32 && wiped_bytes % 4096 == 0);
    secret_free(&secret); /* of nothing: nothing */
}

static void wipe_within_a_scope(uint8_t **out)
{
    uint8_t key[32];
    DEFER_WIPE(key);
    memset(key, 7, sizeof key);
    *out = key;
    wiped_bytes = 0;
}

static void a_buffer_on_the_stack_is_wiped_at_the_end_of_its_scope(void **state)
{
    (void)state;
    uint8_t *key;
    wipe_within_a_scope(&key);
    assert_true(wiped_at == key);
    assert_int_equal(wiped_bytes, 32);
}

static void spans_of_other_sizes_are_no_equal_secrets(void **state)
{
    (void)state;
    assert_true(secret_equal(span_of(NULL, 0), span_text("")));
    assert_false(secret_equal(span_text("a"), span_text("")));
    assert_false(secret_equal(span_text("a"), span_text("ab")));
}

static void a_page_that_was_given_back_serves_the_next_secret_empty(void **state)
{
    (void)state;
    static const uint8_t zeros[3000];
    struct secret *secret = NULL;
    assert_ok(secret_random(sizeof zeros, &secret));
    const void *at = secret;
    secret_free(&secret);

    assert_ok(secret_new(sizeof zeros, &secret));

    assert_ptr_equal(secret, at);
    assert_true(span_equal(secret_span(secret), SPAN(zeros)));
    secret_free(&secret);
}

/* In a child of an ordinary user who may lock nothing; its end is how often it was counted. */
static int unlocked_of_a_child(void)
{
    const struct rlimit none = {0, 0};
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    struct secret *first = NULL;
    struct secret *second = NULL;
    bool is_ordinary = geteuid() != 0 || setuid(NOBODY) == 0;
    if (!is_ordinary || setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
        secret_new(TWO_PAGES, &first) != SM_OK || secret_new(TWO_PAGES, &second) != SM_OK)
        _exit(255);
    _exit((int)metric_value(METRIC_SECRETS_UNLOCKED, 0));
}

static void what_cannot_be_locked_is_kept_and_counted(void **state)
{
    struct secret *locked DEFER(secret_free) = NULL;
    (void)state;
    if (SM_HAS_SANITIZER) {
        print_message("left out: a sanitizer's mlock locks nothing, and never fails\n");
        skip();
    }
    int64_t before = metric_value(METRIC_SECRETS_UNLOCKED, 0);
    assert_ok(secret_new(32, &locked));
    assert_int_equal(metric_value(METRIC_SECRETS_UNLOCKED, 0), before); /* the control */
    assert_int_equal(unlocked_of_a_child(), before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_compare_by_all_their_bytes),
        cmocka_unit_test(a_new_secret_is_zeros_and_a_copy_is_a_copy),
        cmocka_unit_test(a_secret_larger_than_memory_is_an_error),
        cmocka_unit_test(a_freed_secret_is_wiped_with_its_whole_page),
        cmocka_unit_test(a_buffer_on_the_stack_is_wiped_at_the_end_of_its_scope),
        cmocka_unit_test(spans_of_other_sizes_are_no_equal_secrets),
        cmocka_unit_test(a_page_that_was_given_back_serves_the_next_secret_empty),
        cmocka_unit_test(what_cannot_be_locked_is_kept_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
