/* What services write into the journal is what a restore reads, and a crash spoils no other line.
 */
#include "runtime/journal.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "cli/backup_journal.h"
#include "tests/support/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

static const struct id message = {{0xde, 1}}, link_id = {{0x11, 2}};
static char folder[64], path[96];

static int begin(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/journal-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/erasures.journal", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void close_text(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

/* Reads the journal as a restore does. */
static struct journal_counts read_rows(char rows[static 1024])
{
    struct journal_counts counts;
    FILE *in DEFER(close_text) = fopen(path, "re");
    FILE *out DEFER(close_text) = fmemopen(rows, 1024, "w");
    assert_non_null(in);
    assert_non_null(out);
    assert_ok(backup_journal(in, out, &counts));
    return counts;
}

static void add_text(const char *text)
{
    FILE *file DEFER(close_text) = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static void write_two(void)
{
    struct journal *journal DEFER(journal_close) = NULL;
    assert_ok(journal_open(folder, &journal));
    assert_ok(journal_add(journal, ERASURE_DELETED, message, 1700000000123));
    assert_ok(journal_add(journal, ERASURE_LINK_REVOKED, link_id, 1700000000456));
}

static void several_lines_are_as_good_as_one_at_a_time(void **state)
{
    char rows[1024] = "";
    const struct journal_line lines[] = {
        {ERASURE_VALUE, message, 1700000000123}, {ERASURE_VALUE + 3, link_id, 1700000000456}};
    struct journal *journal DEFER(journal_close) = NULL;
    (void)state;
    assert_ok(journal_open(folder, &journal));
    assert_ok(journal_add_all(journal, lines, 2));

    assert_int_equal(read_rows(rows).lines, 2);
    assert_string_equal(rows, "1700000000123\tvalue-0\t\\\\xde010000000000000000000000000000\n"
                              "1700000000456\tvalue-3\t\\\\x11020000000000000000000000000000\n");
}

static void what_is_written_is_read_as_rows_of_the_table(void **state)
{
    char rows[1024] = "";
    (void)state;
    write_two();

    struct journal_counts counts = read_rows(rows);

    assert_int_equal(counts.lines, 2);
    assert_int_equal(counts.bad, 0);
    assert_string_equal(rows,
        "1700000000123\tdeleted\t\\\\xde010000000000000000000000000000\n"
        "1700000000456\tlink-revoked\t\\\\x11020000000000000000000000000000\n");
}

static void a_journal_that_is_opened_again_goes_on(void **state)
{
    char rows[1024] = "";
    (void)state;
    write_two();
    write_two();
    assert_int_equal(read_rows(rows).lines, 4);
}

static void a_line_that_a_crash_cut_is_passed_over_and_spoils_no_other(void **state)
{
    char rows[1024] = "";
    (void)state;
    write_two();
    assert_int_equal(truncate(path, 110), 0);
    write_two();

    struct journal_counts counts = read_rows(rows);

    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.bad, 1);
    assert_int_equal(counts.first_bad, 4);
}

static void what_is_no_line_is_passed_over_and_counted(void **state)
{
    static const char *const bad[] = {"hello\n", "1700000000123",
        "1700000000123 deleted de010000000000000000000000000000 00000000\n",
        "1700000000123 purged de010000000000000000000000000000 00000000\n",
        "1;DROP deleted de010000000000000000000000000000 00000000\n"};
    char rows[1024] = "";
    char longest[400];
    (void)state;
    memset(longest, '1', sizeof longest);
    longest[sizeof longest - 2] = '\n';
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        add_text(bad[i]);
    add_text(longest);
    write_two();

    struct journal_counts counts = read_rows(rows);

    assert_int_equal(counts.bad, 5);
    assert_int_equal(counts.first_bad, 1);
    assert_int_equal(counts.lines, 2);
}

static void only_its_owner_reads_it(void **state)
{
    struct stat facts;
    (void)state;
    write_two();
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
}

static void without_its_folder_it_is_refused(void **state)
{
    struct journal *journal DEFER(journal_close) = NULL;
    (void)state;
    assert_error(journal_open("/nonexistent", &journal), SM_CONFIG);
    assert_null(journal);
}

/* The limit of a file's size stands for a full disk. */
static void a_line_that_does_not_fit_is_not_written(void **state)
{
    struct journal *journal DEFER(journal_close) = NULL;
    struct rlimit before;
    (void)state;
    assert_ok(journal_open(folder, &journal));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, before.rlim_max}), 0);
    enum sm_error error = journal_add(journal, ERASURE_DELETED, message, 1);
    enum sm_error again = journal_add(journal, ERASURE_DELETED, message, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(error != SM_OK && again != SM_OK);
    assert_ok(journal_add(journal, ERASURE_DELETED, message, 1));

    char rows[1024] = "";
    assert_int_equal(read_rows(rows).lines, 1);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_as_rows_of_the_table),
        TEST(several_lines_are_as_good_as_one_at_a_time),
        TEST(a_journal_that_is_opened_again_goes_on),
        TEST(a_line_that_a_crash_cut_is_passed_over_and_spoils_no_other),
        TEST(what_is_no_line_is_passed_over_and_counted),
        TEST(only_its_owner_reads_it),
        cmocka_unit_test(without_its_folder_it_is_refused),
        TEST(a_line_that_does_not_fit_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
