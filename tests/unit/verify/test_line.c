/* Lines of any length, wherever a block of the file ends; and their letters, eight at a time. */
#include "tests/support/check.h"

#include "cli/verify/line.h"

#include <stdlib.h>
#include <string.h>

/* Up to the longest, so that each place of a block is the end of one. */
static const size_t sizes[] = {0, 1, LINE_BYTES_MAX, 0, LINE_BYTES_MAX - 1, LINE_BYTES_MAX,
    LINE_BYTES_MAX, 7, LINE_BYTES_MAX - 8, 1, LINE_BYTES_MAX};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static struct line_source *source;

static int stop(void **state)
{
    (void)state;
    if (source)
        (void)fclose(source->file);
    free(source);
    source = NULL;
    return 0;
}

static void write_line(size_t size, char letter)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fputc(letter, source->file), letter);
}

static int start(void **state)
{
    (void)state;
    source = calloc(1, sizeof *source);
    source->file = tmpfile();
    return source->file ? 0 : -1;
}

static void each_line_comes_as_it_is(void **state)
{
    (void)state;
    struct slice line;
    for (size_t i = 0; i < SIZES; i++) {
        write_line(sizes[i], (char)('a' + i));
        write_line(1, '\n');
    }
    rewind(source->file);

    for (size_t i = 0; i < SIZES; i++) {
        assert_int_equal(line_read(source, &line), LINE_READ);
        assert_int_equal(line.size, sizes[i]);
        for (size_t at = 0; at < line.size; at++)
            if (line.at[at] != (char)('a' + i))
                fail();
    }
    assert_int_equal(line_read(source, &line), LINE_END);
}

static void the_last_line_stays_when_no_other_comes(void **state)
{
    (void)state;
    struct slice line;
    struct slice none;
    write_line(LINE_BYTES_MAX, 'a');
    write_line(1, '\n');
    rewind(source->file);

    assert_int_equal(line_read(source, &line), LINE_READ);
    assert_int_equal(line_read(source, &none), LINE_END);

    assert_int_equal(line.size, LINE_BYTES_MAX);
    assert_int_equal(line.at[0], 'a');
    assert_int_equal(line.at[line.size - 1], 'a');
}

static void a_line_that_is_longer_by_one_is_not_read(void **state)
{
    (void)state;
    struct slice line;
    write_line(1, '\n');
    write_line(LINE_BYTES_MAX + 1, 'a');
    write_line(1, '\n');
    rewind(source->file);

    assert_int_equal(line_read(source, &line), LINE_READ);
    assert_int_equal(line_read(source, &line), LINE_TOO_LONG);
}

static void a_line_that_is_cut_off_is_said_to_be(void **state)
{
    (void)state;
    static const size_t cut[] = {1, LINE_BYTES_MAX};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        struct slice line;
        (void)stop(NULL);
        assert_int_equal(start(NULL), 0);
        write_line(1, '\n');
        write_line(cut[i], 'a');
        rewind(source->file);

        assert_int_equal(line_read(source, &line), LINE_READ);
        assert_int_equal(line_read(source, &line), LINE_CUT);
    }
}

/* --- letters --- */

static bool is_read(const char *letters, size_t size)
{
    char text[64];
    struct object object;
    int written = snprintf(text, sizeof text, "{\"a\":\"%.*s\"}", (int)size, letters);
    object_read((struct slice){text, (size_t)written}, &object);
    return object.is_whole;
}

/* Behind the lowest letters and the highest, at each place of a word of eight. */
static void a_letter_that_must_be_escaped_is_found_at_every_place(void **state)
{
    (void)state;
    char letters[20];
    static const char around[] = {' ', '!', '#', '[', ']', 0x7f};

    for (size_t at = 0; at < sizeof letters; at++)
        for (int letter = 1; letter < 256; letter++)
            for (size_t i = 0; i < sizeof around; i++) {
                bool is_plain = letter >= 0x20 && letter < 0x80 && letter != '"' && letter != '\\';
                memset(letters, around[i], sizeof letters);
                letters[at] = (char)letter;
                assert_int_equal(is_read(letters, sizeof letters), is_plain);
            }
}

static void other_scripts_and_escapes_are_read_at_every_place(void **state)
{
    (void)state;
    for (size_t at = 0; at < 18; at++) {
        char letters[] = "0123456789abcdefghijk";
        memcpy(letters + at, "\xe2\x82\xac", 3);
        assert_true(is_read(letters, sizeof letters - 1));
        memcpy(letters + at, "\xed\xa0\x80", 3); /* half of a pair */
        assert_false(is_read(letters, sizeof letters - 1));
        memcpy(letters + at, "\\\"\\x", 4); /* the second escape is none */
        assert_false(is_read(letters, sizeof letters - 1));
        letters[at + 3] = 'n';
        assert_true(is_read(letters, sizeof letters - 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_line_comes_as_it_is, start, stop),
        cmocka_unit_test_setup_teardown(the_last_line_stays_when_no_other_comes, start, stop),
        cmocka_unit_test_setup_teardown(a_line_that_is_longer_by_one_is_not_read, start, stop),
        cmocka_unit_test_setup_teardown(a_line_that_is_cut_off_is_said_to_be, start, stop),
        cmocka_unit_test(a_letter_that_must_be_escaped_is_found_at_every_place),
        cmocka_unit_test(other_scripts_and_escapes_are_read_at_every_place),
    };
    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
