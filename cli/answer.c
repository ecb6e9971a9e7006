/* Words, JSON and exit codes. */
#include "cli/answer.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024, LINE_BYTES_MAX = 4096, SHOWN_PER_BYTE = 3 };

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
    {SM_UNAVAILABLE, CLI_EXIT_UNREACHABLE, "The server cannot do it right now", "Try again in a moment"},
    {SM_TIMEOUT, CLI_EXIT_UNREACHABLE, "The server did not answer in time", "Look whether it was done, then try again"},
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
    {SM_NOT_ACTIVE, CLI_EXIT_UNREACHABLE, "The server is changing over to another one", "Try again in a moment"},
    {SM_DATABASE, CLI_EXIT_UNREACHABLE, "The server's database cannot do it right now", "Look whether it was done, then try again"},
    {SM_BAD_FORMAT, CLI_EXIT_FAILED, "What arrived cannot be understood", "Update this program; if it stays so, tell the server's operator"},
    {SM_UNKNOWN_OPERATION, CLI_EXIT_FAILED, "The server does not know this request", "Update this program, or ask its operator to update the server"},
    {SM_REPLAYED, CLI_EXIT_FAILED, "This request was acted on before", "Look at the result: securemail list"},
    {SM_CODE_NEEDED, CLI_EXIT_NOT_SIGNED_IN, "A code is needed too", "Type the code of your authenticator app, or give it with --code-file"},
    {SM_KEY_UNKNOWN, CLI_EXIT_FAILED, "The server has replaced its key", "Try again"},
    {SM_NO_MEMORY, CLI_EXIT_FAILED, "There is no memory left", "Close something, then try again"},
    {SM_IO, CLI_EXIT_FAILED, "A file cannot be read or written", "Look at the disk and at who may use the folder"},
    {SM_CONFIG, CLI_EXIT_FAILED, "A setting is missing or not understood", "See docs/configuration.md"},
    {SM_CRYPTO, CLI_EXIT_FAILED, "This machine's cryptography failed", "Try again; if it stays so, check its OpenSSL"},
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

/* --- words --- */

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

enum sm_error cli_outcome_unknown(
    struct cli *cli, enum sm_error error, struct id what, const char *remedy)
{
    cli->unknown = what;
    return cli_problem(
        cli, error, remedy, "No answer came: whether %s was sent is not known", id_text(what).text);
}

static void print_line(FILE *to, const char *line)
{
    struct buffer shown DEFER(buffer_free) = BUFFER(SHOWN_PER_BYTE * LINE_BYTES_MAX);
    if (text_show(span_text(line), false, &shown) == SM_OK)
        (void)fprintf(to, "%.*s\n", SPAN_PRINT(buffer_span(&shown)));
}

SM_PRINTF(2, 3) void cli_say(const struct cli *cli, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    va_list arguments;
    if (cli->is_json)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    print_line(stdout, line);
}

enum sm_error cli_text(const struct cli *cli, struct span text)
{
    struct buffer shown DEFER(buffer_free) = BUFFER(SHOWN_PER_BYTE * text.size + 1);
    if (cli->is_json)
        return SM_OK;
    if (isatty(STDOUT_FILENO)) {
        TRY(text_show(text, true, &shown));
        text = buffer_span(&shown);
    }
    (void)fwrite(text.size ? (const char *)text.at : "", 1, text.size, stdout);
    (void)putchar('\n');
    return SM_OK;
}

void cli_warn(const struct cli *cli, const char *what, const char *of)
{
    char line[LINE_BYTES_MAX];
    (void)snprintf(line, sizeof line, "%s: warning: %s: %s", cli->program->name, of, what);
    print_line(stderr, line);
}

/* --- the end of a command --- */

static enum sm_error print_document(const struct doc *doc)
{
    struct buffer text DEFER(buffer_free) = BUFFER(ANSWER_BYTES_MAX);
    TRY(doc_write(doc, &text));
    (void)printf("%.*s\n", SPAN_PRINT(buffer_span(&text)));
    return SM_OK;
}

static enum sm_error fill_failure(const struct cli *cli, enum sm_error error, struct doc *answer)
{
    TRY(doc_set_text(answer, "error", span_text(error_name(error))));
    TRY(doc_set_text(answer, "message", span_text(cli->message)));
    TRY(doc_set_text(answer, "remedy", span_text(cli->remedy)));
    if (!id_is_none(cli->unknown)) {
        TRY(doc_set_text(answer, "outcome", span_text("unknown")));
        TRY(doc_set_id(answer, "unknown_message", cli->unknown));
    }
    TRY(doc_share(answer, CLI_DONE, doc_member(cli->answer, CLI_DONE)));
    if (cli->attempts_left)
        TRY(doc_set_u64(answer, "attempts_left", cli->attempts_left));
    return cli->until_ms ? doc_set_u64(answer, "until_ms", cli->until_ms) : SM_OK;
}

static enum sm_error print_failure(const struct cli *cli, enum sm_error error)
{
    struct doc *answer DEFER(doc_free) = NULL;
    TRY(doc_object(&answer));
    TRY(fill_failure(cli, error, answer));
    return print_document(answer);
}

static void print_failure_words(const struct cli *cli)
{
    char line[LINE_BYTES_MAX];
    (void)snprintf(line, sizeof line, "%s: %s. %s.", cli->program->name, cli->message, cli->remedy);
    print_line(stderr, line);
}

int answer_failure(struct cli *cli, enum sm_error error)
{
    const struct verdict *verdict = verdict_of(error);
    if (!*cli->message)
        (void)snprintf(cli->message, sizeof cli->message, "%s",
            verdict ? verdict->message : "It did not work");
    if (!*cli->remedy)
        (void)snprintf(cli->remedy, sizeof cli->remedy, "%s",
            verdict ? verdict->remedy : "Try again; if it stays so, tell your operator");
    if (!cli->is_json || print_failure(cli, error) != SM_OK || fflush(stdout) != 0)
        print_failure_words(cli);
    if (!id_is_none(cli->unknown))
        return CLI_EXIT_UNKNOWN;
    return verdict ? (int)verdict->exit : CLI_EXIT_FAILED;
}

int answer_success(struct cli *cli)
{
    enum sm_error error = cli->is_json ? print_document(cli->answer) : SM_OK;
    if (error != SM_OK)
        return answer_failure(cli, error);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_EXIT_OK;
    error = errno == ENOSPC ? SM_DISK_FULL : SM_IO;
    return answer_failure(cli, cli_problem(cli, error, "It was done; look at where the output goes",
                                   "The answer cannot be written: %s", strerror(errno)));
}
