/* Requests whose answers are lost. The clock is the test's. */
#include "cli/again.h"
#include "cli/answer.h"
#include "tests/support/check.h"
#include "tests/support/terminal.h"

#include <stdio.h>

enum { ANSWERS_MAX = 100 };

static struct {
    enum sm_error answers[ANSWERS_MAX]; /* the last one for ever */
    size_t answers_count, asked;
    int64_t now_ms, try_ms; /* how long a try takes */
    const char *words;
} world;
static struct cli cli;

static int64_t now_ms(void)
{
    return world.now_ms;
}

static void pause_for(unsigned ms)
{
    world.now_ms += ms;
}

static enum sm_error ask(void *context)
{
    (void)context;
    size_t at = world.asked < world.answers_count ? world.asked : world.answers_count - 1;
    world.asked++;
    world.now_ms += world.try_ms;
    if (world.words)
        (void)snprintf(cli.message, sizeof cli.message, "%s", world.words);
    return world.answers[at];
}

static const struct cli_program program = {"test", "for the tests", NULL, 0};

static enum sm_error run(const enum sm_error *answers, size_t count)
{
    cli = (struct cli){.program = &program, .is_json = true};
    world.answers_count = count;
    world.asked = 0;
    memcpy(world.answers, answers, count * sizeof *answers);
    const struct again again = {.cli = &cli,
        .message = {{1, 2, 3}},
        .remedy = "Look at the list",
        .ask = ask,
        .now_ms = now_ms,
        .pause = pause_for};
    return again_until_answered(&again);
}
#define RUN(...)                              \
    run((const enum sm_error[]){__VA_ARGS__}, \
        sizeof((const enum sm_error[]){__VA_ARGS__}) / sizeof(enum sm_error))

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    return 0;
}

static void an_answer_is_taken_at_once(void **state)
{
    (void)state;
    assert_ok(RUN(SM_OK));
    assert_int_equal(world.asked, 1);
    assert_error(RUN(SM_NOT_ALLOWED), SM_NOT_ALLOWED);
    assert_int_equal(world.asked, 1);
    assert_true(id_is_none(cli.unknown));
    assert_int_equal(world.now_ms, 0);
}

static void a_lost_answer_is_asked_for_again_until_it_comes(void **state)
{
    (void)state;
    assert_ok(RUN(SM_UNAVAILABLE, SM_TIMEOUT, SM_UNAVAILABLE, SM_OK));
    assert_int_equal(world.asked, 4);
    assert_true(id_is_none(cli.unknown));
    assert_string_equal(cli.message, "");
}

static void after_twenty_seconds_the_outcome_is_unknown(void **state)
{
    (void)state;
    assert_error(RUN(SM_UNAVAILABLE), SM_UNAVAILABLE);
    assert_in_range(world.now_ms, AGAIN_FOR_MS / 2, AGAIN_FOR_MS);
    assert_in_range(world.asked, 5, 20); /* pauses grow */
    assert_false(id_is_none(cli.unknown));
    assert_non_null(strstr(cli.message, "not known"));
    assert_non_null(strstr(cli.message, id_text(cli.unknown).text));
    assert_string_equal(cli.remedy, "Look at the list");
}

static void a_slow_server_is_not_asked_for_ever(void **state)
{
    (void)state;
    world.try_ms = 60000;
    assert_error(RUN(SM_TIMEOUT), SM_TIMEOUT);
    assert_int_equal(world.asked, 1);
    assert_false(id_is_none(cli.unknown));
}

static void a_refusal_after_a_lost_answer_is_no_certainty(void **state)
{
    (void)state;
    assert_error(RUN(SM_TIMEOUT, SM_NOT_SIGNED_IN), SM_NOT_SIGNED_IN);
    assert_int_equal(world.asked, 2);
    assert_false(id_is_none(cli.unknown));
}

static void a_busy_server_is_asked_again_and_did_nothing(void **state)
{
    (void)state;
    assert_ok(RUN(SM_BUSY, SM_BUSY, SM_OK));
    assert_error(RUN(SM_BUSY), SM_BUSY);
    assert_true(id_is_none(cli.unknown));
}

static void a_wrong_key_is_told_and_not_asked_again(void **state)
{
    (void)state;
    world.words = "it does not have the key that it should have";
    assert_error(RUN(SM_TAMPERED), SM_TAMPERED);
    assert_int_equal(world.asked, 1);
    assert_string_equal(cli.message, world.words);
    world.words = NULL; /* a reply that does not open: it may have been done */
    assert_error(RUN(SM_TAMPERED), SM_TAMPERED);
    assert_false(id_is_none(cli.unknown));
}

/* --- the exit code --- */

static enum sm_error lose(struct cli *of)
{
    return cli_outcome_unknown(of, SM_TIMEOUT, (struct id){{1}}, "Look at the list");
}

static void an_unknown_outcome_has_an_exit_code_of_its_own(void **state)
{
    (void)state;
    static const struct cli_option none[] = {CLI_OPTIONS_END};
    static const struct cli_command commands[] = {{"lose", "", 0, none, lose, "Lose.", NULL}};
    static const struct cli_program loser = {"test", "for the tests", commands, 1};
    struct terminal words = {.program = &loser, .arguments = {"lose"}};
    struct terminal json = {.program = &loser, .arguments = {"lose", "--json"}};
    terminal_run(&words);
    terminal_run(&json);
    assert_int_equal(words.exit, CLI_EXIT_UNKNOWN);
    assert_int_equal(json.exit, CLI_EXIT_UNKNOWN);
    assert_true(terminal_holds(&words.err, "Look at the list"));
    assert_true(terminal_holds(&json.out, "\"outcome\": \"unknown\""));
    assert_true(terminal_holds(&json.out, id_text((struct id){{1}}).text));
    terminal_free(&words);
    terminal_free(&json);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_taken_at_once),
        TEST(a_lost_answer_is_asked_for_again_until_it_comes),
        TEST(after_twenty_seconds_the_outcome_is_unknown),
        TEST(a_slow_server_is_not_asked_for_ever),
        TEST(a_refusal_after_a_lost_answer_is_no_certainty),
        TEST(a_busy_server_is_asked_again_and_did_nothing),
        TEST(a_wrong_key_is_told_and_not_asked_again),
        TEST(an_unknown_outcome_has_an_exit_code_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
