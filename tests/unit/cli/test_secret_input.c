/* Secrets from files and from a terminal. */
#include "base/memory.h"
#include "cli/cli.h"
#include "tests/support/check.h"
#include "tests/support/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECRET_BYTES_MAX = 511 };

static char folder[] = "/tmp/securemail-secret-XXXXXX";
static char path[sizeof folder + 16];

static enum sm_error tell(struct cli *cli)
{
    struct buffer secret DEFER(buffer_free) = BUFFER(512);
    TRY(cli_secret(cli, "--password-file", "Password", &secret));
    cli_say(cli, "it is [%.*s]", SPAN_PRINT(buffer_span(&secret)));
    return SM_OK;
}

static enum sm_error choose(struct cli *cli)
{
    struct buffer secret DEFER(buffer_free) = BUFFER(512);
    TRY(cli_new_secret_at(cli, "--password-file", 0, "New password", &secret));
    cli_say(cli, "it is [%.*s]", SPAN_PRINT(buffer_span(&secret)));
    return SM_OK;
}

static const struct cli_option options[] = {
    {"--password-file", "FILE", "holds it"},
    CLI_OPTIONS_END,
};
static const struct cli_command commands[] = {
    {"tell", "", 0, options, tell, "Tell it.", NULL},
    {"choose", "", 0, options, choose, "Choose it.", NULL},
};
static const struct cli_program program = {"test", "for the tests", commands, 2};

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/%s", mkdtemp(folder), "secret");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void put(const char *bytes, size_t size, mode_t mode)
{
    (void)unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), (ssize_t)size);
    assert_int_equal(fchmod(file, mode), 0);
    (void)close(file);
}

static struct terminal run_with(const char *bytes, size_t size, mode_t mode)
{
    struct terminal run = {.program = &program, .arguments = {"tell", "--password-file", path}};
    put(bytes, size, mode);
    terminal_run(&run);
    return run;
}

static void assert_is(const char *bytes, const char *said)
{
    struct terminal run = run_with(bytes, strlen(bytes), 0600);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    assert_true(terminal_holds(&run.out, said));
    assert_int_equal(run.err.size, 0);
    terminal_free(&run);
}

static void assert_refused(const char *bytes, size_t size)
{
    struct terminal run = run_with(bytes, size, 0600);
    assert_int_equal(run.exit, CLI_EXIT_USAGE);
    assert_true(terminal_holds(&run.err, path));
    terminal_free(&run);
}

static void a_file_gives_its_first_line_without_the_newline(void **state)
{
    (void)state;
    assert_is("correct horse", "it is [correct horse]\n");
    assert_is("correct horse\n", "it is [correct horse]\n");
    assert_is("correct horse\r\n", "it is [correct horse]\n");
    assert_is(" correct horse \nuser: ada\n", "it is [ correct horse ]\n");
}

static void an_empty_or_too_long_file_is_refused(void **state)
{
    char bytes[SECRET_BYTES_MAX + 2];
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_refused("", 0);
    assert_refused("\n", 1);
    assert_refused("\ncorrect horse\n", 15);
    assert_refused("nul\0inside\n", 11);
    assert_refused(bytes, sizeof bytes);
    bytes[SECRET_BYTES_MAX] = '\n';
    struct terminal run = run_with(bytes, SECRET_BYTES_MAX + 1, 0600);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    terminal_free(&run);
}

static void a_file_that_others_may_read_is_taken_with_a_warning(void **state)
{
    (void)state;
    struct terminal run = run_with("correct horse\n", 14, 0644);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    assert_true(terminal_holds(&run.err, "may read"));
    assert_true(terminal_holds(&run.err, path));
    terminal_free(&run);
}

/* --- typed --- */

static struct terminal prompted(void)
{
    struct terminal run = {.program = &program, .arguments = {"tell"}, .is_terminal = true};
    terminal_start(&run);
    terminal_wait_for(&run, "Password: ");
    assert_false(terminal_has_echo(&run));
    return run;
}

static void a_typed_secret_is_not_shown(void **state)
{
    (void)state;
    struct terminal run = prompted();
    terminal_type(&run, "correct horse\n");
    terminal_wait_for(&run, "it is [correct horse]");
    assert_true(terminal_has_echo(&run));
    terminal_end(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    /* once: as the command's own answer */
    buffer_truncate(&run.out, run.out.size - strlen("it is [correct horse]\r\n"));
    assert_false(terminal_holds(&run.out, "correct"));
    terminal_free(&run);
}

static void ctrl_c_at_the_prompt_gives_the_echo_back(void **state)
{
    (void)state;
    int slave;
    struct terminal run = prompted();
    slave =
        open(ptsname(run.master), O_RDWR | O_NOCTTY | O_CLOEXEC); /* keeps the state to look at */
    assert_true(slave >= 0);
    terminal_type(&run, "half\x03");
    int status = 0;
    assert_int_equal(waitpid(run.child, &status, 0), run.child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_true(terminal_has_echo(&run));
    (void)close(slave);
    (void)close(run.master);
    terminal_free(&run);
}

/* The child is alone in its session, so that the stop itself has no effect and it goes on at once.
 */
static void ctrl_z_at_the_prompt_asks_anew_without_echo(void **state)
{
    (void)state;
    struct terminal run = prompted();
    terminal_type(&run, "half\x1a");
    terminal_wait_for(&run, "Password: \r\nPassword: ");
    assert_false(terminal_has_echo(&run));
    terminal_type(&run, "correct horse\n");
    terminal_wait_for(&run, "it is [correct horse]");
    terminal_end(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    terminal_free(&run);
}

static void a_typed_line_that_is_too_long_is_refused_and_leaves_nothing_behind(void **state)
{
    (void)state;
    char line[1000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    struct terminal run = prompted();
    terminal_type(&run, line);
    terminal_end(&run);
    assert_int_equal(run.exit, CLI_EXIT_USAGE);
    assert_true(terminal_holds(&run.out, "too long"));
    terminal_free(&run);
}

/* --- chosen --- */

static struct terminal chosen(const char *second)
{
    struct terminal run = {.program = &program, .arguments = {"choose"}, .is_terminal = true};
    terminal_start(&run);
    terminal_wait_for(&run, "New password: ");
    terminal_type(&run, "correct horse\n");
    terminal_wait_for(&run, "New password, once more: ");
    terminal_type(&run, second);
    return run;
}

static void a_new_secret_is_typed_twice(void **state)
{
    (void)state;
    struct terminal run = chosen("correct horse\n");
    terminal_wait_for(&run, "it is [correct horse]");
    terminal_end(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    terminal_free(&run);
}

static void a_new_secret_that_is_typed_differently_is_refused(void **state)
{
    (void)state;
    struct terminal run = chosen("correct house\n");
    terminal_end(&run);
    assert_int_equal(run.exit, CLI_EXIT_USAGE);
    assert_true(terminal_holds(&run.out, "not the same"));
    terminal_free(&run);
}

static void a_new_secret_of_a_file_is_not_asked_for(void **state)
{
    (void)state;
    struct terminal run = {.program = &program, .arguments = {"choose", "--password-file", path}};
    put("correct horse\n", 14, 0600);
    terminal_run(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    assert_true(terminal_holds(&run.out, "it is [correct horse]"));
    terminal_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_first_line_without_the_newline),
        cmocka_unit_test(an_empty_or_too_long_file_is_refused),
        cmocka_unit_test(a_file_that_others_may_read_is_taken_with_a_warning),
        cmocka_unit_test(a_typed_secret_is_not_shown),
        cmocka_unit_test(ctrl_c_at_the_prompt_gives_the_echo_back),
        cmocka_unit_test(ctrl_z_at_the_prompt_asks_anew_without_echo),
        cmocka_unit_test(a_typed_line_that_is_too_long_is_refused_and_leaves_nothing_behind),
        cmocka_unit_test(a_new_secret_is_typed_twice),
        cmocka_unit_test(a_new_secret_that_is_typed_differently_is_refused),
        cmocka_unit_test(a_new_secret_of_a_file_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
