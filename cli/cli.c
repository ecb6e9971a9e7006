/* Options, help, answers and exit codes: the same for every program and command. */
#include "cli/cli.h"

#include "base/process.h"
#include "cli/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- options --- */

const struct cli_option no_options[] = {CLI_OPTIONS_END};
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

enum sm_error cli_number(struct cli *cli, const char *option, uint64_t preset, uint64_t *out)
{
    const char *text = cli_value(cli, option);
    char *end = NULL;
    *out = preset;
    if (!text)
        return SM_OK;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Give a whole number", "%s is %.40s", option, text);
}

/* "ADDRESS ...": its placeholder says that it may be given again. */
static bool may_repeat(const struct cli_option *option)
{
    static const char ending[] = " ...";
    size_t size = sizeof ending - 1;
    size_t length = option->placeholder ? strlen(option->placeholder) : 0;
    return length > size && strcmp(option->placeholder + length - size, ending) == 0;
}

static enum sm_error keep_option(
    struct cli *cli, const struct cli_option *option, const char *value)
{
    if (cli_has(cli, option->name) && !may_repeat(option))
        return cli_problem(cli, SM_BAD_VALUE, "Give it once", "%s is given twice", option->name);
    if (cli->values_count == CLI_VALUES_MAX)
        return cli_problem(cli, SM_TOO_LARGE, "Use fewer", "There are too many options");
    cli->values[cli->values_count].option = option;
    cli->values[cli->values_count++].value = value;
    return SM_OK;
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
            return cli_problem(cli, SM_BAD_VALUE, "See --help", "%s wants a value behind it", name);
        ++*at;
    }
    return keep_option(cli, option, value);
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
        "5 no longer available, 6 the server cannot be reached or cannot do it now,\n"
        "7 no answer came, and it may have been done.\n",
        program->name);
}

/* --- running --- */

static int run_command(struct cli *cli)
{
    enum sm_error error = doc_object(&cli->answer);
    if (error == SM_OK)
        error = cli->command->run(cli);
    int code = error == SM_OK ? answer_success(cli) : answer_failure(cli, error);
    doc_free(&cli->answer);
    return code;
}

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

/* Looked for first, so that a mistake in the other options is told as JSON, too. */
static bool wants_json(char **arguments)
{
    for (; *arguments; arguments++)
        if (strcmp(*arguments, "--json") == 0)
            return true;
    return false;
}

static int no_command(struct cli *cli, const char *word)
{
    if (word && strcmp(word, "--help") == 0) {
        print_program_help(cli->program, stdout);
        return answer_success(&(struct cli){.program = cli->program});
    }
    if (cli->is_json || word) {
        enum sm_error error = cli_problem(cli, SM_BAD_VALUE, "See --help",
            word ? "There is no command \"%s\"" : "A command is missing%s", word ? word : "");
        return answer_failure(cli, error);
    }
    print_program_help(cli->program, stderr);
    return CLI_EXIT_USAGE;
}

int cli_main(const struct cli_program *program, int count, char **arguments)
{
    struct cli cli = {.program = program};
    int taken = 0;
    if (count < 1)
        return CLI_EXIT_USAGE;
    cli.is_json = wants_json(arguments + 1);
    if (process_forbid_dumps() != SM_OK)
        return answer_failure(&cli, SM_IO);
    for (size_t i = 0; i < program->commands_count && !taken; i++) {
        taken = name_matches(program->commands[i].name, count - 1, arguments + 1);
        if (taken)
            cli.command = &program->commands[i];
    }
    if (!cli.command)
        return no_command(&cli, arguments[1]);
    enum sm_error error = parse(&cli, arguments + 1 + taken);
    if (error != SM_OK)
        return answer_failure(&cli, error);
    if (cli_has(&cli, "--help")) {
        print_command_help(&cli);
        return answer_success(&(struct cli){.program = program});
    }
    return run_command(&cli);
}
