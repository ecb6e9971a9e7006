/* Options, answers and what reaches a terminal: a program of small commands, run as people do. */
#include "cli/cli.h"
#include "tests/support/check.h"
#include "tests/support/terminal.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* --- the program --- */

static const char evil[] = "a\x1b[2Jb\nc\rd\xc2\x9b"
                           "e\xe2\x80\xae"
                           "f\xff";
#define EVIL_SHOWN                  \
    "a\xef\xbf\xbd[2Jb\xef\xbf\xbd" \
    "c\xef\xbf\xbd"                 \
    "d\xef\xbf\xbd"                 \
    "e\xef\xbf\xbd"                 \
    "f\xef\xbf\xbd"

#define EVIL_TEXT_SHOWN     \
    "a\xef\xbf\xbd[2Jb\r\n" \
    "c\xef\xbf\xbd"         \
    "d\xef\xbf\xbd"         \
    "e\xef\xbf\xbd"         \
    "f\xef\xbf\xbd"

static enum sm_error say(struct cli *cli)
{
    cli_say(cli, "name: %s", evil);
    return doc_set_text(cli->answer, "name", span_text(evil));
}

static enum sm_error text(struct cli *cli)
{
    return cli_text(cli, span_text(evil));
}

static enum sm_error refuse(struct cli *cli)
{
    return cli_problem(cli, SM_NOT_ALLOWED, "Ask for it", "%s is closed", evil);
}

static enum sm_error count(struct cli *cli)
{
    cli_say(cli, "%zu and %zu", cli_count(cli, "--one"), cli_count(cli, "--many"));
    return SM_OK;
}

static enum sm_error number(struct cli *cli)
{
    uint64_t value = 0;
    TRY(cli_number(cli, "--one", 7, &value));
    cli_say(cli, "%llu", (unsigned long long)value);
    return SM_OK;
}

static enum sm_error err(struct cli *cli)
{
    uint64_t value = 0;
    TRY(cli_number(cli, "--one", 0, &value));
    return (enum sm_error)value;
}

static enum sm_error guarded(struct cli *cli)
{
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    cli_say(cli, "dumpable %d, core %d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), (int)core.rlim_max);
    return SM_OK;
}

static const struct cli_option options[] = {
    {"--one", "VALUE", "once"},
    {"--many", "VALUE ...", "often"},
    {"--flag", NULL, "yes or no"},
    CLI_OPTIONS_END,
};
static const struct cli_command commands[] = {
    {"say", "", 0, options, say, "Say it.", NULL},
    {"text", "", 0, options, text, "Say many lines.", NULL},
    {"fail", "", 0, options, refuse, "Fail.", NULL},
    {"count", "", 0, options, count, "Count.", NULL},
    {"number", "", 0, options, number, "A number.", NULL},
    {"err", "", 0, options, err, "An error without words of its own.", NULL},
    {"guarded", "", 0, options, guarded, "Look at the process.", NULL},
};
static const struct cli_program program = {
    "test", "for the tests", commands, sizeof commands / sizeof commands[0]};

#define RUN(...)                                          \
    {                                                     \
        .program = &program, .arguments = { __VA_ARGS__ } \
    }

static void assert_is_json(const struct buffer *written)
{
    struct doc *doc = NULL;
    assert_ok(doc_parse(buffer_span(written), &doc));
    doc_free(&doc);
}

static void assert_is_ascii(const struct buffer *written)
{
    for (size_t i = 0; i < written->size; i++)
        assert_true(
            written->bytes[i] == '\n' || (written->bytes[i] >= ' ' && written->bytes[i] <= '~'));
}

/* --- options --- */

static void an_option_given_twice_is_refused(void **state)
{
    (void)state;
    struct terminal value = RUN("count", "--one", "a", "--one", "b");
    struct terminal flag = RUN("count", "--flag", "--flag");
    struct terminal common = RUN("count", "--json", "--json");
    terminal_run(&value);
    terminal_run(&flag);
    terminal_run(&common);
    assert_int_equal(value.exit, CLI_EXIT_USAGE);
    assert_int_equal(flag.exit, CLI_EXIT_USAGE);
    assert_int_equal(common.exit, CLI_EXIT_USAGE);
    assert_true(terminal_holds(&value.err, "--one"));
    terminal_free(&value);
    terminal_free(&flag);
    terminal_free(&common);
}

static void an_option_that_may_repeat_is_taken_each_time(void **state)
{
    (void)state;
    struct terminal run = RUN("count", "--many", "a", "--one", "b", "--many", "c");
    terminal_run(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    assert_true(terminal_holds(&run.out, "1 and 2\n"));
    terminal_free(&run);
}

static void a_number_is_whole_or_refused(void **state)
{
    (void)state;
    struct terminal preset = RUN("number");
    struct terminal good = RUN("number", "--one", "18446744073709551615");
    terminal_run(&preset);
    terminal_run(&good);
    assert_span(buffer_span(&preset.out), "7\n");
    assert_span(buffer_span(&good.out), "18446744073709551615\n");
    terminal_free(&preset);
    terminal_free(&good);
    static const char *const bad[] = {"", "x", "-1", "+1", " 1", "1k", "18446744073709551616"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct terminal run = RUN("number", "--one", bad[i]);
        terminal_run(&run);
        assert_int_equal(run.exit, CLI_EXIT_USAGE);
        terminal_free(&run);
    }
}

/* --- what is shown --- */

static void a_line_cannot_move_the_terminal(void **state)
{
    (void)state;
    struct terminal run = RUN("say");
    terminal_run(&run);
    assert_int_equal(run.exit, CLI_EXIT_OK);
    assert_span(buffer_span(&run.out), "name: " EVIL_SHOWN "\n");
    terminal_free(&run);
}

static void a_text_is_harmless_on_a_terminal_and_itself_in_a_pipe(void **state)
{
    (void)state;
    struct terminal piped = RUN("text");
    struct terminal shown = RUN("text");
    shown.is_terminal = true;
    terminal_run(&piped);
    terminal_run(&shown);
    assert_int_equal(piped.out.size, strlen(evil) + 1);
    assert_memory_equal(piped.out.bytes, evil, strlen(evil));
    assert_span(buffer_span(&shown.out), EVIL_TEXT_SHOWN "\r\n");
    terminal_free(&piped);
    terminal_free(&shown);
}

static void a_failure_cannot_move_the_terminal(void **state)
{
    (void)state;
    struct terminal run = RUN("fail");
    terminal_run(&run);
    assert_int_equal(run.exit, CLI_EXIT_FAILED);
    assert_span(buffer_span(&run.err), "test: " EVIL_SHOWN " is closed. Ask for it.\n");
    terminal_free(&run);
}

static void json_is_whole_whatever_the_bytes(void **state)
{
    (void)state;
    struct terminal runs[] = {RUN("say", "--json"), RUN("fail", "--json"),
        RUN("count", "--json", "--none"), RUN("count", "--none\xff", "--json"),
        RUN("nothing", "--json"), RUN("count", "extra\xff", "--json")};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        terminal_run(&runs[i]);
        assert_is_json(&runs[i].out);
        assert_is_ascii(&runs[i].out);
        assert_int_equal(runs[i].err.size, 0);
        terminal_free(&runs[i]);
    }
}

static void every_error_has_words_and_a_remedy(void **state)
{
    (void)state;
    for (unsigned error = SM_OK + 1; error < SM_ERROR_COUNT; error++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", error);
        struct terminal run = RUN("err", "--one", number);
        terminal_run(&run);
        assert_in_range(run.exit, CLI_EXIT_FAILED, CLI_EXIT_UNREACHABLE);
        if (terminal_holds(&run.err, "It did not work"))
            fail_msg("no words for %s", error_name((enum sm_error)error));
        terminal_free(&run);
    }
}

static void an_answer_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    struct terminal words = RUN("count");
    struct terminal json = RUN("count", "--json");
    words.output = json.output = "/dev/full";
    terminal_run(&words);
    terminal_run(&json);
    assert_int_equal(words.exit, CLI_EXIT_FAILED);
    assert_int_equal(json.exit, CLI_EXIT_FAILED);
    terminal_free(&words);
    terminal_free(&json);
}

/* --- the process --- */

static void nothing_of_the_process_is_dumped(void **state)
{
    (void)state;
    struct terminal run = RUN("guarded");
    terminal_run(&run);
    assert_true(terminal_holds(&run.out, "dumpable 0, core 0\n"));
    terminal_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_given_twice_is_refused),
        cmocka_unit_test(an_option_that_may_repeat_is_taken_each_time),
        cmocka_unit_test(a_number_is_whole_or_refused),
        cmocka_unit_test(a_line_cannot_move_the_terminal),
        cmocka_unit_test(a_text_is_harmless_on_a_terminal_and_itself_in_a_pipe),
        cmocka_unit_test(a_failure_cannot_move_the_terminal),
        cmocka_unit_test(json_is_whole_whatever_the_bytes),
        cmocka_unit_test(every_error_has_words_and_a_remedy),
        cmocka_unit_test(an_answer_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(nothing_of_the_process_is_dumped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
