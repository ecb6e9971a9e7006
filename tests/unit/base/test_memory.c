/* Ownership: arenas with a limit that are wiped as one, and pointers that are given away once. */
#include "tests/support/check.h"

#include "base/memory.h"
#include <stdlib.h>

#include "tests/support/wipes.inc"

static void an_arena_keeps_to_its_limit(void **state)
{
    (void)state;
    struct arena arena DEFER(arena_free) = ARENA(100);
    void *taken;

    assert_ok(arena_take(&arena, 10, 10, &taken));
    assert_error(arena_take(&arena, 1, 1, &taken), SM_TOO_LARGE);
    assert_error(arena_take(&arena, SIZE_MAX, 2, &taken), SM_TOO_LARGE);
}

static void what_an_arena_gives_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena DEFER(arena_free) = ARENA(4096);
    void *taken[16];
    for (size_t i = 0; i < 16; i++) {
        assert_ok(arena_take(&arena, i + 1, 7, &taken[i]));
        assert_int_equal((uintptr_t)taken[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < 7 * (i + 1); k++)
            assert_int_equal(((uint8_t *)taken[i])[k], 0);
        memset(taken[i], (int)i + 1, 7 * (i + 1));
    }
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(((uint8_t *)taken[i])[7 * (i + 1) - 1], i + 1);
}

static void what_does_not_fit_takes_nothing(void **state)
{
    (void)state;
    struct arena arena DEFER(arena_free) = ARENA(100);
    void *taken = NULL;
    assert_error(arena_take(&arena, 1, 101, &taken), SM_TOO_LARGE);
    assert_error(arena_take(&arena, SIZE_MAX / 2, 3, &taken), SM_TOO_LARGE);
    assert_null(taken);
    assert_ok(arena_take(&arena, 0, 8, &taken)); /* nothing is something that may be pointed to */
    assert_non_null(taken);
    assert_ok(arena_take(&arena, 100, 1, &taken));
}

static void a_freed_arena_is_wiped_and_may_be_used_again(void **state)
{
    (void)state;
    struct arena arena = ARENA(100);
    void *taken;
    assert_ok(arena_take(&arena, 1, 60, &taken));
    assert_ok(arena_take(&arena, 1, 40, &taken));
    wiped_bytes = 0;
    arena_free(&arena);
    assert_int_equal(wiped_bytes, 100);
    assert_ok(arena_take(&arena, 1, 100, &taken));
    arena_free(&arena);
    arena_free(&arena);
}

static void memory_is_zeroed_counted_and_freed_once(void **state)
{
    (void)state;
    void *memory DEFER(memory_free) = NULL;
    void *none DEFER(memory_free) = NULL;
    assert_ok(memory_zeroed(10, 10, &memory));
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(((uint8_t *)memory)[i], 0);
    assert_ok(memory_zeroed(0, 0, &none));
    assert_non_null(none);
    memory_free(&memory);
    assert_null(memory);
}

static void what_is_taken_leaves_nothing_behind(void **state)
{
    (void)state;
    char *mine DEFER(memory_free) = malloc(1);
    char *given = TAKE(mine);
    assert_null(mine);
    assert_non_null(given);
    memory_free(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_keeps_to_its_limit),
        cmocka_unit_test(what_an_arena_gives_is_zeroed_aligned_and_apart),
        cmocka_unit_test(what_does_not_fit_takes_nothing),
        cmocka_unit_test(a_freed_arena_is_wiped_and_may_be_used_again),
        cmocka_unit_test(memory_is_zeroed_counted_and_freed_once),
        cmocka_unit_test(what_is_taken_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
