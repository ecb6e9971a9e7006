/* A kept checkpoint, as people keep one: by itself, pasted, or the mail as it was saved. */
#include "cli/verify/mailed.h"

#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#define NOTE                                                        \
    "securemail/8504a8e4202f5b8ba3c4ec53a07129bf\n15\n"             \
    "9h0PFLVYtaZccPK+CFjM2FNy6fCasCyUKw8tto8jpdU=\n\n\xe2\x80\x94 " \
    "securemail/8504a8e4202f5b8ba3c4ec53a07129bf "                  \
    "ejXnqZYZPp1bivsLEgSkCpb5DOy+dr7PSyWIu179HzOsfIN+plguVxmKoOzQxYc9fd32bECilNhvdu2Z9QizXEfk5Aw=\n"

static enum mailed read_bytes(const char *bytes, size_t size, char out[static PROOF_NOTE_MAX])
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    rewind(file);
    enum mailed found = mailed_read(file, out);
    (void)fclose(file);
    return found;
}

static void assert_found(const char *text)
{
    char note[PROOF_NOTE_MAX] = "";
    assert_int_equal(read_bytes(text, strlen(text), note), MAILED_FOUND);
    assert_string_equal(note, NOTE);
}

static void the_note_is_found_by_itself_and_pasted(void **state)
{
    (void)state;
    assert_found(NOTE);
    assert_found("Dear Ada,\n\n" NOTE "\nHow to use it\n");
    assert_found("securemail-admin said:\nsecuremail/x\n\n" NOTE);
}

static void line_ends_may_be_a_mail_s_and_the_last_may_be_lost(void **state)
{
    char text[2 * sizeof NOTE] = "";
    size_t used = 0;
    (void)state;
    for (const char *at = NOTE; *at; at++) {
        if (*at == '\n')
            text[used++] = '\r';
        text[used++] = *at;
    }
    assert_found(text);
    text[used - 2] = '\0';
    assert_found(text);
}

/* The letters that the notifier's test holds to be what it mails. */
static void the_mail_that_brought_it_is_taken_as_it_is(void **state)
{
    static const char *const paths[] = {"tests/unit/notifier/letters/checkpoint.nl.eml",
        "tests/unit/notifier/letters/checkpoint.en.eml"};
    char note[PROOF_NOTE_MAX];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "r");
        assert_non_null(file);
        assert_int_equal(mailed_read(file, note), MAILED_FOUND);
        (void)fclose(file);
        assert_string_equal(note, NOTE);
    }
}

static void what_is_no_checkpoint_is_said_to_be_none(void **state)
{
    static const char *const texts[] = {"", "\n", "securemail/", "securemail/a\n1\nb\n",
        "\xe2\x80\x94 ", "securemail/a\n1\nb\n\n", "securemail/a\n1\nb\n\n\xe2\x80\x94",
        "\ncontent-transfer-encoding: quoted-printable\n=",
        "\ncontent-transfer-encoding: quoted-printable\n=4",
        "\ncontent-transfer-encoding: quoted-printable\n=\r"};
    char note[PROOF_NOTE_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(read_bytes(texts[i], strlen(texts[i]), note), MAILED_NONE);
    assert_int_equal(read_bytes("a\0b", 3, note), MAILED_NONE);
}

static void a_note_longer_than_any_is_passed_over(void **state)
{
    static char text[3 * PROOF_NOTE_MAX];
    int used = snprintf(text, sizeof text, "securemail/a\n1\nb\n\n\xe2\x80\x94 ");
    (void)state;
    memset(text + used, 'c', PROOF_NOTE_MAX);
    (void)snprintf(text + used + PROOF_NOTE_MAX, PROOF_NOTE_MAX, "\n%s", NOTE);
    assert_found(text);
}

/* Found by fuzz_proof: what stood in a size's or a root's place made a mail of the note. */
static void a_note_has_no_header_within(void **state)
{
    static const char *const texts[] = {
        "securemail/a\ncontent-transfer-encoding: quoted-printable\nb\n\n\xe2\x80\x94 c=3D\n",
        "securemail/a\n1\ncontent-transfer-encoding: quoted-printable\n\n\xe2\x80\x94 c=3D\n",
        "securemail/a\n\nb\n\n\xe2\x80\x94 c\n", "securemail/a\n1\n\n\n\xe2\x80\x94 c\n"};
    char note[PROOF_NOTE_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(read_bytes(texts[i], strlen(texts[i]), note), MAILED_NONE);
}

static void a_file_without_an_end_is_not_read_on(void **state)
{
    char note[PROOF_NOTE_MAX];
    FILE *file = fopen("/dev/zero", "r");
    (void)state;
    assert_non_null(file);
    assert_int_equal(mailed_read(file, note), MAILED_UNREADABLE);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_note_is_found_by_itself_and_pasted),
        cmocka_unit_test(line_ends_may_be_a_mail_s_and_the_last_may_be_lost),
        cmocka_unit_test(the_mail_that_brought_it_is_taken_as_it_is),
        cmocka_unit_test(what_is_no_checkpoint_is_said_to_be_none),
        cmocka_unit_test(a_note_longer_than_any_is_passed_over),
        cmocka_unit_test(a_note_has_no_header_within),
        cmocka_unit_test(a_file_without_an_end_is_not_read_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
