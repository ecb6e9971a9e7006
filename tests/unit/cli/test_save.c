/* Files that appear when they are whole. */
#include "cli/save.h"
#include "base/memory.h"
#include "tests/support/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/securemail-save-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *inside(const char *name)
{
    static char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* How many names the folder has; `unlinks`: takes them away. */
static size_t names(bool unlinks)
{
    size_t count = 0;
    const struct dirent *entry;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            count++;
            if (unlinks)
                (void)unlink(inside(entry->d_name));
        }
    (void)closedir(listing);
    return count;
}

static int tear_down(void **state)
{
    (void)state;
    (void)names(true);
    return rmdir(folder);
}

static void put(const char *name, const char *content)
{
    FILE *file = fopen(inside(name), "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *name, const char *content)
{
    char found[64] = "";
    FILE *file = fopen(inside(name), "r");
    assert_non_null(file);
    (void)fread(found, 1, sizeof found - 1, file);
    (void)fclose(file);
    assert_string_equal(found, content);
}

static void save(const char *wanted, const char *expected)
{
    struct save file DEFER(save_end) = SAVE;
    char name[FILE_NAME_BYTES + 1];
    assert_ok(save_begin(&file, folder));
    assert_ok(save_write(&file, span_text("new")));
    assert_ok(save_finish(&file, span_text(wanted), name));
    assert_string_equal(name, expected);
    assert_content(name, "new");
}

static void a_file_has_no_name_before_it_is_finished(void **state)
{
    (void)state;
    struct save file DEFER(save_end) = SAVE;
    char name[FILE_NAME_BYTES + 1];
    struct stat facts;
    assert_ok(save_begin(&file, folder));
    assert_ok(save_write(&file, span_text("half")));
    assert_int_equal(access(inside("scan.pdf"), F_OK), -1);
    assert_ok(save_write(&file, span_text(" whole")));
    assert_ok(save_finish(&file, span_text("scan.pdf"), name));
    assert_content("scan.pdf", "half whole");
    assert_int_equal(stat(inside("scan.pdf"), &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(names(false), 1);
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    (void)state;
    struct save file = SAVE;
    assert_ok(save_begin(&file, folder));
    assert_ok(save_write(&file, span_text("half")));
    save_end(&file);
    assert_int_equal(names(false), 0);
}

static void no_file_is_replaced(void **state)
{
    (void)state;
    put("scan.pdf", "old");
    save("scan.pdf", "scan (2).pdf");
    save("scan.pdf", "scan (3).pdf");
    assert_content("scan.pdf", "old");
}

static void a_name_that_differs_in_case_alone_is_taken(void **state)
{
    (void)state;
    put("Scan.PDF", "old");
    save("scan.pdf", "scan (2).pdf");
    assert_content("Scan.PDF", "old");
}

static void a_symbolic_link_is_not_followed(void **state)
{
    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", inside("scan.pdf")), 0);
    assert_int_equal(symlink("missing", inside("dangling.pdf")), 0);
    save("scan.pdf", "scan (2).pdf");
    save("dangling.pdf", "dangling (2).pdf");
    assert_content("target", "old");
    assert_int_equal(access(inside("missing"), F_OK), -1);
}

static void a_name_stays_in_the_folder_and_is_not_hidden(void **state)
{
    (void)state;
    save("../outside", "_.._outside");
    save(".bashrc", "_.bashrc");
    save("-rf", "_-rf");
}

static void a_name_is_given_without_unnamed_files_too(void **state)
{
    (void)state;
    struct save file DEFER(save_end) = SAVE;
    char name[FILE_NAME_BYTES + 1];
    put("scan.pdf", "old");
    assert_ok(save_begin(&file, folder));
    (void)close(file.file); /* as save_begin leaves it where O_TMPFILE is not known */
    (void)snprintf(file.hidden, sizeof file.hidden, ".unfinished-test");
    file.file = open(inside(file.hidden), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file.file >= 0);
    assert_ok(save_write(&file, span_text("new")));
    assert_ok(save_finish(&file, span_text("scan.pdf"), name));
    assert_string_equal(name, "scan (2).pdf");
    assert_content("scan (2).pdf", "new");
    assert_int_equal(names(false), 2);
}

static void a_folder_that_is_none_is_refused(void **state)
{
    (void)state;
    struct save file DEFER(save_end) = SAVE;
    put("file", "old");
    assert_error(save_begin(&file, inside("file")), SM_IO);
    assert_error(save_begin(&file, inside("missing")), SM_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_no_name_before_it_is_finished),
        TEST(an_abandoned_file_leaves_nothing),
        TEST(no_file_is_replaced),
        TEST(a_name_that_differs_in_case_alone_is_taken),
        TEST(a_symbolic_link_is_not_followed),
        TEST(a_name_stays_in_the_folder_and_is_not_hidden),
        TEST(a_name_is_given_without_unnamed_files_too),
        TEST(a_folder_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
