/*
 * What every command of the command line works with: its options, how it tells what went wrong, and
 * how it answers. A program is a table of commands (struct cli_program); cli_main does the rest.
 *
 * A command returns an error of the one list. Before that it may say, with cli_problem, what the
 * trouble was and what to do about it; else the words of the error's own row are used. With --json
 * the answer is one JSON object on standard output, for a failure {"error","message","remedy",...}.
 */
#ifndef SM_CLI_CLI_H
#define SM_CLI_CLI_H

#include "base/buffer.h"
#include "cli/json.h"

enum { CLI_POSITIONALS_MAX = 2, CLI_VALUES_MAX = 256, CLI_TEXT_MAX = 512 };

/* Exit codes: docs/cli.md is checked against them. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_NOT_SIGNED_IN = 3,
    CLI_EXIT_LOCKED = 4,
    CLI_EXIT_GONE = 5,
    CLI_EXIT_UNREACHABLE = 6,
};

struct cli;
typedef enum sm_error cli_run(struct cli *cli);

struct cli_option {
    const char *name;        /* "--to" */
    const char *placeholder; /* "ADDRESS"; NULL: a flag */
    const char *meaning;
};

struct cli_command {
    const char *name;        /* "send", or two words: "user create" */
    const char *positionals; /* "MESSAGE", or "" */
    size_t positionals_count;
    const struct cli_option *options; /* ended by a NULL name */
    cli_run *run;
    const char *meaning;
    const char *example;
};

struct cli_program {
    const char *name;
    const char *meaning;
    const struct cli_command *commands;
    size_t commands_count;
};

struct cli {
    const struct cli_program *program;
    const struct cli_command *command;
    const char *positionals[CLI_POSITIONALS_MAX];
    struct {
        const struct cli_option *option;
        const char *value;
    } values[CLI_VALUES_MAX];
    size_t values_count;
    bool is_json;
    struct doc *answer; /* what --json prints */
    char message[CLI_TEXT_MAX], remedy[CLI_TEXT_MAX];
    uint64_t attempts_left, until_ms;
};

/* Parses, runs, answers. Returns the exit code. */
int cli_main(const struct cli_program *program, int count, char **arguments);

/* The value of an option, NULL when it was not given; the n-th where it may be given often. */
const char *cli_value(const struct cli *cli, const char *option);
const char *cli_value_at(const struct cli *cli, const char *option, size_t index);
size_t cli_count(const struct cli *cli, const char *option);
bool cli_has(const struct cli *cli, const char *option);

/* The value, or SM_BAD_VALUE with words that name the option. */
SM_MUST_USE enum sm_error cli_need(struct cli *cli, const char *option, const char **out);

/* Says what is wrong and what to do. Returns `error`. */
SM_MUST_USE enum sm_error cli_problem(struct cli *cli, enum sm_error error, const char *remedy,
    const char *format, ...) SM_PRINTF(4, 5);

/* A line for people; nothing with --json. */
void cli_say(const struct cli *cli, const char *format, ...) SM_PRINTF(2, 3);

/* A secret from a file's first line, or typed at the terminal without echo when no file is given.
 */
SM_MUST_USE enum sm_error cli_secret(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out);

#define CLI_OPTIONS_END  \
    {                    \
        NULL, NULL, NULL \
    }

#endif
