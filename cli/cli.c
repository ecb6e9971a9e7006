/* Options, help, answers and exit codes: the same for every program and command. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024, SECRET_BYTES_MAX = 512 };

/* Words for errors that nobody explained better, and the exit code of each. */
struct verdict {
    enum sm_error error;
    enum cli_exit exit;
    const char *message, *remedy;
};
/* clang-format off */
static const struct verdict verdicts[] = {
    {SM_NOT_SIGNED_IN, CLI_EXIT_NOT_SIGNED_IN, "You are not signed in, or the session has ended", "Sign in: securemail login"},
    {SM_LOCKED, CLI_EXIT_LOCKED, "Too many wrong attempts: it is locked for 15 minutes", "Try again after that"},
    {SM_FROZEN, CLI_EXIT_LOCKED, "Too many wrong attempts in all: it is closed until the sender unlocks it", "Ask the sender to unlock it"},
    {SM_GONE, CLI_EXIT_GONE, "This message is no longer available", "Ask the sender to send it again"},
    {SM_UNAVAILABLE, CLI_EXIT_UNREACHABLE, "The server cannot do it right now", "Try again in a moment; nothing was lost"},
    {SM_TIMEOUT, CLI_EXIT_UNREACHABLE, "The server did not answer in time", "Try again in a moment; nothing was lost"},
    {SM_BUSY, CLI_EXIT_UNREACHABLE, "The server is busy", "Try again in a moment"},
    {SM_NOT_ENABLED, CLI_EXIT_UNREACHABLE, "Secure Mail is not enabled on this server", "Ask its operator"},
    {SM_RATE_LIMITED, CLI_EXIT_FAILED, "That was asked for too often", "Wait a little, then try again"},
    {SM_WRONG_SECRET, CLI_EXIT_FAILED, "That is not right", "Check it and try again"},
    {SM_NOT_ALLOWED, CLI_EXIT_FAILED, "You may not do this", "Ask your administrator"},
    {SM_NOT_FOUND, CLI_EXIT_FAILED, "There is no such thing here", "Check what you named: securemail list"},
    {SM_TAMPERED, CLI_EXIT_FAILED, "What arrived is not what was sent: it was changed on its way", "Do not use it; tell the sender"},
    {SM_TOO_LARGE, CLI_EXIT_FAILED, "That is too large", "See the limits: a file may have 50 MB"},
    {SM_CONFLICT, CLI_EXIT_FAILED, "It is there already, with other content", "Look at it before you change it"},
    {SM_BAD_VALUE, CLI_EXIT_USAGE, "A value is not accepted", "See --help"},
    {SM_DISK_FULL, CLI_EXIT_FAILED, "The disk is full", "Make room, then try again"},
};
/* clang-format on */

static const struct verdict *verdict_of(enum sm_error error)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (verdicts[i].error == error)
            return &verdicts[i];
    return NULL;
}

/* --- options --- */

static const struct cli_option common_options[] = {
    {"--json", NULL, "answer with one JSON object"},
    {"--help", NULL, "show this"},
    CLI_OPTIONS_END,
};

static const struct cli_option *find_option(const struct cli_option *options, const char *name)
{
    for (; options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

const char *cli_value_at(const struct cli *cli, const char *option, size_t index)
{
    for (size_t i = 0; i < cli->values_count; i++)
        if (strcmp(cli->values[i].option->name, option) == 0 && index-- == 0)
            return cli->values[i].value;
    return NULL;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    return cli_value_at(cli, option, 0);
}

size_t cli_count(const struct cli *cli, const char *option)
{
    size_t count = 0;
    while (cli_value_at(cli, option, count))
        count++;
    return count;
}

bool cli_has(const struct cli *cli, const char *option)
{
    return cli_value(cli, option) != NULL;
}

enum sm_error cli_need(struct cli *cli, const char *option, const char **out)
{
    *out = cli_value(cli, option);
    return *out ? SM_OK
                : cli_problem(cli, SM_BAD_VALUE, "See --help", "The option %s is missing", option);
}

SM_PRINTF(4, 5)
enum sm_error cli_problem(
    struct cli *cli, enum sm_error error, const char *remedy, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(cli->message, sizeof cli->message, format, arguments);
    va_end(arguments);
    (void)snprintf(cli->remedy, sizeof cli->remedy, "%s", remedy);
    return error;
}

SM_PRINTF(2, 3) void cli_say(const struct cli *cli, const char *format, ...)
{
    if (cli->is_json)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

static enum sm_error take_option(struct cli *cli, char **arguments, int *at)
{
    const char *name = arguments[*at];
    const struct cli_option *option = find_option(cli->command->options, name);
    if (!option)
        option = find_option(common_options, name);
    if (!option)
        return cli_problem(cli, SM_BAD_VALUE, "See --help", "There is no option %s here", name);
    const char *value = "yes";
    if (option->placeholder) {
        value = arguments[*at + 1];
        if (!value)
            return cli_problem(
                cli, SM_BAD_VALUE, "See --help", "%s wants %s", name, option->placeholder);
        ++*at;
    }
    if (cli->values_count == CLI_VALUES_MAX)
        return cli_problem(cli, SM_TOO_LARGE, "Use fewer", "There are too many options");
    cli->values[cli->values_count].option = option;
    cli->values[cli->values_count++].value = value;
    return SM_OK;
}

static enum sm_error parse(struct cli *cli, char **arguments)
{
    size_t given = 0;
    for (int at = 0; arguments[at]; at++) {
        if (strncmp(arguments[at], "--", 2) == 0) {
            TRY(take_option(cli, arguments, &at));
            continue;
        }
        if (given == cli->command->positionals_count)
            return cli_problem(
                cli, SM_BAD_VALUE, "See --help", "I do not know what to do with %s", arguments[at]);
        cli->positionals[given++] = arguments[at];
    }
    cli->is_json = cli_has(cli, "--json");
    if (cli_has(cli, "--help") || given == cli->command->positionals_count)
        return SM_OK;
    return cli_problem(cli, SM_BAD_VALUE, "See --help", "%s is missing", cli->command->positionals);
}

/* --- help --- */

static void print_options(const struct cli_option *options)
{
    for (; options->name; options++)
        (void)printf("  %s %-*s  %s\n", options->name, (int)(28 - strlen(options->name)),
            options->placeholder ? options->placeholder : "", options->meaning);
}

static void print_command_help(const struct cli *cli)
{
    (void)printf("%s %s%s%s [options]\n  %s\n\nOptions:\n", cli->program->name, cli->command->name,
        *cli->command->positionals ? " " : "", cli->command->positionals, cli->command->meaning);
    print_options(cli->command->options);
    print_options(common_options);
    if (cli->command->example)
        (void)printf("\nFor example:\n  %s\n", cli->command->example);
}

static void print_program_help(const struct cli_program *program, FILE *to)
{
    (void)fprintf(to, "%s: %s\n\nCommands:\n", program->name, program->meaning);
    for (size_t i = 0; i < program->commands_count; i++)
        (void)fprintf(to, "  %-18s %s\n", program->commands[i].name, program->commands[i].meaning);
    (void)fprintf(to,
        "\n%s COMMAND --help tells more. Every command takes --json.\n"
        "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not signed in, 4 locked,\n"
        "5 no longer available, 6 the server cannot be reached or cannot do it now.\n",
        program->name);
}

/* --- answers --- */

static void print_document(const struct doc *doc)
{
    struct buffer text DEFER(buffer_free) = BUFFER(ANSWER_BYTES_MAX);
    if (doc_write(doc, &text) == SM_OK)
        (void)printf("%.*s\n", SPAN_PRINT(buffer_span(&text)));
}

static enum sm_error fill_failure(const struct cli *cli, enum sm_error error, struct doc *answer)
{
    TRY(doc_set_text(answer, "error", span_text(error_name(error))));
    TRY(doc_set_text(answer, "message", span_text(cli->message)));
    TRY(doc_set_text(answer, "remedy", span_text(cli->remedy)));
    if (cli->attempts_left)
        TRY(doc_set_u64(answer, "attempts_left", cli->attempts_left));
    return cli->until_ms ? doc_set_u64(answer, "until_ms", cli->until_ms) : SM_OK;
}

static int tell_failure(struct cli *cli, enum sm_error error)
{
    const struct verdict *verdict = verdict_of(error);
    struct doc *answer DEFER(doc_free) = NULL;
    if (!*cli->message)
        (void)snprintf(cli->message, sizeof cli->message, "%s",
            verdict ? verdict->message : "It did not work");
    if (!*cli->remedy)
        (void)snprintf(cli->remedy, sizeof cli->remedy, "%s",
            verdict ? verdict->remedy : "Try again; if it stays so, tell your operator");
    if (cli->is_json && doc_object(&answer) == SM_OK && fill_failure(cli, error, answer) == SM_OK)
        print_document(answer);
    else
        (void)fprintf(stderr, "%s: %s. %s.\n", cli->program->name, cli->message, cli->remedy);
    return verdict ? (int)verdict->exit : CLI_EXIT_FAILED;
}

static int run_command(struct cli *cli)
{
    enum sm_error error = doc_object(&cli->answer);
    if (error == SM_OK)
        error = cli->command->run(cli);
    int code = CLI_EXIT_OK;
    if (error != SM_OK)
        code = tell_failure(cli, error);
    else if (cli->is_json)
        print_document(cli->answer);
    doc_free(&cli->answer);
    return code;
}

/* --- finding the command --- */

/* How many arguments the command's name takes: "user create" takes two. 0: it is another one. */
static int name_matches(const char *name, int count, char **arguments)
{
    const char *space = strchr(name, ' ');
    if (!space)
        return count > 0 && strcmp(name, arguments[0]) == 0 ? 1 : 0;
    size_t first = (size_t)(space - name);
    bool matches = count > 1 && strlen(arguments[0]) == first &&
                   strncmp(name, arguments[0], first) == 0 && strcmp(space + 1, arguments[1]) == 0;
    return matches ? 2 : 0;
}

int cli_main(const struct cli_program *program, int count, char **arguments)
{
    struct cli cli = {.program = program};
    int taken = 0;
    for (size_t i = 0; i < program->commands_count && !taken; i++) {
        taken = name_matches(program->commands[i].name, count - 1, arguments + 1);
        if (taken)
            cli.command = &program->commands[i];
    }
    if (!cli.command) {
        bool asks = count > 1 && strcmp(arguments[1], "--help") == 0;
        if (count > 1 && !asks)
            (void)fprintf(
                stderr, "%s: there is no command \"%s\".\n\n", program->name, arguments[1]);
        print_program_help(program, asks ? stdout : stderr);
        return asks ? CLI_EXIT_OK : CLI_EXIT_USAGE;
    }
    enum sm_error error = parse(&cli, arguments + 1 + taken);
    if (error != SM_OK)
        return tell_failure(&cli, error);
    if (cli_has(&cli, "--help")) {
        print_command_help(&cli);
        return CLI_EXIT_OK;
    }
    return run_command(&cli);
}

/* --- secrets --- */

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static enum sm_error first_line(struct cli *cli, const char *path, struct buffer *out)
{
    uint8_t bytes[SECRET_BYTES_MAX];
    DEFER_WIPE(bytes);
    int file DEFER(close_file) = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    if (size < 0)
        return cli_problem(
            cli, SM_BAD_VALUE, "Name a file that you may read", "%s: %s", path, strerror(errno));
    size_t length = 0;
    while (length < (size_t)size && bytes[length] != '\n' && bytes[length] != '\r')
        length++;
    if (length == 0 || length == sizeof bytes)
        return cli_problem(cli, SM_BAD_VALUE, "Put it on the file's first line",
            "%s holds nothing, or too long a line", path);
    return buffer_append(out, span_of(bytes, length));
}

static enum sm_error typed(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out)
{
    struct termios shown;
    uint8_t bytes[SECRET_BYTES_MAX];
    DEFER_WIPE(bytes);
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) != 0)
        return cli_problem(cli, SM_BAD_VALUE, "Give the name of a file that holds it",
            "The option %s is missing", option);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)fprintf(stderr, "%s: ", prompt);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    (void)fputc('\n', stderr);
    if (size > 0 && bytes[size - 1] == '\n')
        size--;
    if (size <= 0)
        return cli_problem(cli, SM_BAD_VALUE, "Type it, then press Enter", "Nothing was typed");
    return buffer_append(out, span_of(bytes, (size_t)size));
}

enum sm_error cli_secret(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out)
{
    const char *path = cli_value(cli, option);
    return path ? first_line(cli, path, out) : typed(cli, option, prompt, out);
}
