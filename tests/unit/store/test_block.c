/* Blocks: names are read as they are written and no other way, a run has no gap and no byte twice,
 * and a list that was not written by us is refused. */
#include "base/memory.h"
#include "store/block.h"
#include "tests/support/check.h"

#include <stdio.h>

static const struct id upload = {{0xfe, 1}};

static void a_name_is_read_as_it_was_written(void **state)
{
    const struct block block = {262144, 262144, 0x0123456789abcdef};
    struct block read;
    (void)state;

    assert_string_equal(block_name(&block).text, "000000262144-00262144-0123456789abcdef");
    assert_ok(block_parse(span_text(block_name(&block).text), &read));
    assert_int_equal(read.offset, block.offset);
    assert_int_equal(read.size, block.size);
    assert_true(read.writer == block.writer);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const wrong[] = {"", "whole", "000000000000-00000000-0123456789abcdef",
        "000000000000-00000001-0123456789ABCDEF", "000000000000-00000001-0123456789abcde",
        "000000000000-00000001-0123456789abcdeff", "000000000000_00000001-0123456789abcdef",
        "00000000000a-00000001-0123456789abcdef", "000000000000-0000000a-0123456789abcdef",
        "000000000000-00000001.0123456789abcdef", "-00000000001-00000001-0123456789abcdef"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct block block;
        assert_error(block_parse(span_text(wrong[i]), &block), SM_BAD_FORMAT);
    }
}

static void blocks_that_follow_each_other_are_a_run(void **state)
{
    struct run run DEFER(run_free) = {0};
    uint32_t from;
    (void)state;

    assert_ok(run_add(&run, (struct block){0, 10, 1}));
    assert_ok(run_add(&run, (struct block){10, 5, 1}));
    assert_int_equal(run.size, 15);
    assert_int_equal(run_find(&run, 9, &from)->block.offset, 0);
    assert_int_equal(from, 9);
    assert_int_equal(run_find(&run, 10, &from)->block.offset, 10);
    assert_int_equal(from, 0);
    assert_null(run_find(&run, 15, &from));
}

/* The longest block of the second writer does not reach as far as the first one's two. */
static void blocks_of_two_writers_reach_as_far_as_either_did(void **state)
{
    struct run run DEFER(run_free) = {0};
    uint32_t from;
    (void)state;

    assert_ok(run_add(&run, (struct block){0, 60, 1}));
    assert_ok(run_add(&run, (struct block){0, 100, 2}));
    assert_ok(run_add(&run, (struct block){60, 60, 1}));
    assert_int_equal(run.size, 120);
    assert_int_equal(run.count, 3);
    assert_int_equal(run_find(&run, 80, &from)->block.writer, 2);
    assert_int_equal(from, 80);
    assert_int_equal(run_find(&run, 110, &from)->block.offset, 60);
    assert_int_equal(from, 50);
}

static void a_block_behind_a_gap_is_no_part_and_one_that_adds_nothing_is_passed_over(void **state)
{
    struct run run DEFER(run_free) = {0};
    (void)state;

    assert_ok(run_add(&run, (struct block){0, 10, 1}));
    assert_error(run_add(&run, (struct block){11, 10, 1}), SM_CONFLICT);
    assert_ok(run_add(&run, (struct block){2, 5, 1}));
    assert_int_equal(run.size, 10);
    assert_int_equal(run.count, 1);
}

static void a_run_has_a_limit(void **state)
{
    struct run run DEFER(run_free) = {0};
    (void)state;

    for (uint64_t i = 0; i < BLOCKS_MAX; i++)
        assert_ok(run_add(&run, (struct block){i, 1, 1}));
    assert_error(run_add(&run, (struct block){BLOCKS_MAX, 1, 1}), SM_TOO_LARGE);
    assert_int_equal(run.size, BLOCKS_MAX);
}

static void a_list_is_read_as_it_was_written(void **state)
{
    struct run run DEFER(run_free) = {0}, read DEFER(run_free) = {0};
    struct buffer text DEFER(buffer_free) = BUFFER(BLOCK_LIST_BYTES_MAX);
    struct id origin;
    (void)state;
    for (uint64_t i = 0; i < BLOCKS_MAX; i++)
        assert_ok(run_add(&run, (struct block){10 * i, 10, i}));

    assert_ok(run_write(&run, upload, &text));
    assert_ok(run_read(buffer_span(&text), &origin, &read));
    assert_true(id_equal(origin, upload));
    assert_int_equal(read.size, run.size);
    assert_int_equal(read.count, run.count);
}

static void a_list_that_was_not_written_by_us_is_refused(void **state)
{
#define TITLE "securemail-blocks/1 fe010000000000000000000000000000 "
    static const char *const wrong[] = {"", "\n", "x", TITLE "000000000010\n", TITLE "000000000000",
        TITLE "000000000001\n000000000000-00000001-0123456789abcdef",
        TITLE "000000000002\n000000000000-00000001-0123456789abcdef\n",
        TITLE "000000000001\n000000000001-00000001-0123456789abcdef\n",
        TITLE "000000000001\n000000000000-00000001-0123456789abcdef\n"
              "000000000000-00000001-0123456789abcdef\n",
        TITLE "000000000000\nwhole\n",
        "securemail-blocks/2 fe010000000000000000000000000000 000000000000\n"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run run DEFER(run_free) = {0};
        struct id origin;
        assert_error(run_read(span_text(wrong[i]), &origin, &run), SM_BAD_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(blocks_that_follow_each_other_are_a_run),
        cmocka_unit_test(blocks_of_two_writers_reach_as_far_as_either_did),
        cmocka_unit_test(a_block_behind_a_gap_is_no_part_and_one_that_adds_nothing_is_passed_over),
        cmocka_unit_test(a_run_has_a_limit),
        cmocka_unit_test(a_list_is_read_as_it_was_written),
        cmocka_unit_test(a_list_that_was_not_written_by_us_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
