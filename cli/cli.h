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
#include "base/id.h"
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
    CLI_EXIT_UNKNOWN = 7, /* asked, and no answer came: it may have been done */
};

struct cli;
typedef enum sm_error cli_run(struct cli *cli);

struct cli_option {
    const char *name;        /* "--to" */
    const char *placeholder; /* "ADDRESS"; "ADDRESS ...": may be given often; NULL: a flag */
    const char *meaning;
};

/* For commands without options of their own. */
extern const struct cli_option no_options[];

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
    struct id unknown; /* a message of which nobody knows whether it was sent; none otherwise */
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

/* A whole number, or SM_BAD_VALUE with words; `preset` when it was not given. */
SM_MUST_USE enum sm_error cli_number(
    struct cli *cli, const char *option, uint64_t preset, uint64_t *out);

/* Says what is wrong and what to do. Returns `error`. */
SM_MUST_USE enum sm_error cli_problem(struct cli *cli, enum sm_error error, const char *remedy,
    const char *format, ...) SM_PRINTF(4, 5);

/* The same for a request that got no answer; the exit code is CLI_EXIT_UNKNOWN. */
SM_MUST_USE enum sm_error cli_outcome_unknown(
    struct cli *cli, enum sm_error error, struct id what, const char *remedy);

/* The array in `answer` of what was done before a failure: the failure's answer has it too. */
#define CLI_DONE "done"

/* One line for people; nothing with --json. What could move the terminal, or end the line, does not
 * pass (see answer.h). */
void cli_say(const struct cli *cli, const char *format, ...) SM_PRINTF(2, 3);

/* A text of many lines for people: harmless on a terminal, as it is in a file or pipe. */
SM_MUST_USE enum sm_error cli_text(const struct cli *cli, struct span text);

/* A line on standard error that changes nothing: "program: warning: of: what". */
void cli_warn(const struct cli *cli, const char *what, const char *of);

/*
 * A secret from the first line of the option's file, or typed at the terminal without echo when no
 * file is given. SM_BAD_VALUE when it is empty or too long. A signal at the prompt first gives the
 * echo back. The second form is for an option that may be given often.
 */
SM_MUST_USE enum sm_error cli_secret(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out);
SM_MUST_USE enum sm_error cli_secret_at(
    struct cli *cli, const char *option, size_t index, const char *prompt, struct buffer *out);

/* The same for a secret that is being chosen: typed, it is asked for twice. */
SM_MUST_USE enum sm_error cli_new_secret_at(
    struct cli *cli, const char *option, size_t index, const char *prompt, struct buffer *out);

#define CLI_OPTIONS_END  \
    {                    \
        NULL, NULL, NULL \
    }

#endif
