/* Names that senders choose. */
#include "cli/file_name.h"
#include "base/text.h"
#include "tests/support/check.h"

#include <stdio.h>

static void assert_safe(const char *name, const char *expected)
{
    char safe[FILE_NAME_SAFE_BYTES_MAX + 1];
    file_name_safe(span_text(name), safe);
    assert_string_equal(safe, expected);
}

static void an_ordinary_name_stays(void **state)
{
    (void)state;
    static const char *const names[] = {"scan.pdf", "Uitslag maart 2026.docx", "a",
        "r\xc3\xa9sum\xc3\xa9.pdf", "archive.tar.gz", "console.txt", "com.pdf", "COM10.txt",
        "_.txt", "a-b~c.d", "\xf0\x9f\x93\x84.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_safe(names[i], names[i]);
}

static void a_name_is_never_hidden_an_option_or_a_home(void **state)
{
    (void)state;
    assert_safe(".bashrc", "_.bashrc");
    assert_safe("-rf", "_-rf");
    assert_safe("--save-to", "_--save-to");
    assert_safe("~", "_~");
    assert_safe("~root", "_~root");
    assert_safe("  .profile", "_.profile");
}

static void a_name_leads_nowhere_else(void **state)
{
    (void)state;
    assert_safe("", "_");
    assert_safe(".", "_");
    assert_safe("..", "_");
    assert_safe(". .", "_");
    assert_safe("../../etc/passwd", "_.._.._etc_passwd");
    assert_safe("a/b\\c", "a_b_c");
    assert_safe("C:evil", "C_evil");
    assert_safe("file.txt:stream", "file.txt_stream");
}

static void what_cannot_be_shown_is_an_underscore(void **state)
{
    (void)state;
    assert_safe("a\nb\x1b[2Jc\x7f", "a_b_[2Jc_");
    assert_safe("gpj.\xe2\x80\xae"
                "exe",
        "gpj._exe");
    assert_safe("a\xc2\x9b"
                "b\xff"
                "c\xe2\x80\xa8",
        "a_b_c_");
    assert_safe("what?*<>|\".txt", "what______.txt");
    assert_safe("trailing. . ", "trailing");
}

static void a_device_is_only_a_file(void **state)
{
    (void)state;
    assert_safe("NUL", "_NUL");
    assert_safe("con.txt", "_con.txt");
    assert_safe("Aux .tar.gz", "_Aux .tar.gz");
    assert_safe("COM1", "_COM1");
    assert_safe("lpt9.pdf", "_lpt9.pdf");
    assert_safe("com\xc2\xb2.txt", "_com\xc2\xb2.txt");
    assert_safe("CONIN$", "_CONIN$");
}

static void a_long_name_keeps_whole_letters_and_its_ending(void **state)
{
    (void)state;
    char name[400];
    char safe[FILE_NAME_SAFE_BYTES_MAX + 1];
    for (size_t start = 0; start < 2; start++) { /* the cut falls before, then inside, a letter */
        memset(name, 'x', start);
        for (size_t i = start; i + 1 < 300 + start; i += 2)
            memcpy(name + i, "\xc3\xa9", 2);
        memcpy(name + 300 + start, ".pdf", 5);
        file_name_safe(span_text(name), safe);
        size_t size = strlen(safe);
        assert_in_range(size, FILE_NAME_SAFE_BYTES_MAX - 2, FILE_NAME_SAFE_BYTES_MAX);
        assert_true(text_is_utf8(span_text(safe)));
        assert_string_equal(safe + size - 4, ".pdf");
    }
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    name[5] = '.'; /* what is that long is no extension */
    file_name_safe(span_text(name), safe);
    assert_in_range(strlen(safe), FILE_NAME_SAFE_BYTES_MAX - 1, FILE_NAME_SAFE_BYTES_MAX);
}

/* Found by fuzz_file_name: the prefix left no room for itself the second time. */
static void what_was_made_harmless_stays(void **state)
{
    (void)state;
    char name[400];
    char once[FILE_NAME_SAFE_BYTES_MAX + 1];
    static const char *const beginnings[] = {"x", ".", "con" /* the cut leaves "con" and blanks */};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        memset(name, i == 2 ? ' ' : 'y', sizeof name);
        memcpy(name, beginnings[i], strlen(beginnings[i]));
        memcpy(name + sizeof name - 6, "z.pdf", 6);
        file_name_safe(span_text(name), once);
        assert_int_equal(strlen(once), FILE_NAME_SAFE_BYTES_MAX);
        assert_safe(once, once);
    }
}

static void a_number_stands_behind_the_stem(void **state)
{
    (void)state;
    char numbered[FILE_NAME_BYTES + 1];
    char longest[FILE_NAME_SAFE_BYTES_MAX + 1];
    file_name_numbered("scan.pdf", 1, numbered);
    assert_string_equal(numbered, "scan.pdf");
    file_name_numbered("scan.pdf", 2, numbered);
    assert_string_equal(numbered, "scan (2).pdf");
    file_name_numbered("scan", 12, numbered);
    assert_string_equal(numbered, "scan (12)");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    file_name_numbered(longest, 1000, numbered);
    assert_int_equal(strlen(numbered), sizeof longest - 1 + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_name_stays),
        cmocka_unit_test(a_name_is_never_hidden_an_option_or_a_home),
        cmocka_unit_test(a_name_leads_nowhere_else),
        cmocka_unit_test(what_cannot_be_shown_is_an_underscore),
        cmocka_unit_test(a_device_is_only_a_file),
        cmocka_unit_test(a_long_name_keeps_whole_letters_and_its_ending),
        cmocka_unit_test(what_was_made_harmless_stays),
        cmocka_unit_test(a_number_stands_behind_the_stem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
