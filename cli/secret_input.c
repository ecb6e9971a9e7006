/* Secrets: from a file's first line, or typed at the terminal without echo. */
#include "cli/cli.h"

#include "base/memory.h"
#include "base/secret.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_BYTES_MAX = 511 };

/* A line as it is read: one byte more than a secret may have, to see that it is too long. */
struct line {
    uint8_t bytes[SECRET_BYTES_MAX + 1];
    size_t size;
};

static void line_wipe(struct line *line)
{
    explicit_bzero(line, sizeof *line);
}

static bool is_end(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* Cuts the line at its end; false when it is empty, has no end in sight or holds a NUL. */
static bool cut_line(struct line *line)
{
    size_t size = 0;
    while (size < line->size && !is_end(line->bytes[size]))
        size++;
    line->size = size;
    return size > 0 && size <= SECRET_BYTES_MAX && !memchr(line->bytes, '\0', size);
}

/* --- a file --- */

/* As much as there is, at most a line too long: a pipe gives its bytes piece by piece. */
static bool read_line(int file, struct line *line)
{
    ssize_t got = 1;
    while (got > 0 && line->size < sizeof line->bytes) {
        got = read(file, line->bytes + line->size, sizeof line->bytes - line->size);
        if (got < 0)
            return false;
        line->size += (size_t)got;
    }
    return true;
}

static void warn_of_readers(const struct cli *cli, int file, const char *path)
{
    struct stat facts;
    if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && (facts.st_mode & S_IROTH) != 0)
        cli_warn(cli, "everybody on this machine may read it (chmod 600 closes it)", path);
}

static enum sm_error first_line(struct cli *cli, const char *path, struct buffer *out)
{
    struct line line DEFER(line_wipe) = {0};
    int file DEFER(file_close) = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || !read_line(file, &line))
        return cli_problem(
            cli, SM_BAD_VALUE, "Name a file that you may read", "%s: %s", path, strerror(errno));
    if (!cut_line(&line))
        return cli_problem(cli, SM_BAD_VALUE,
            "Put it on the file's first line, of at most 511 bytes",
            "%s holds nothing there, or too long a line", path);
    warn_of_readers(cli, file, path);
    return buffer_append(out, span_of(line.bytes, line.size));
}

/* --- the terminal --- */

/* Signals that would end or stop the program while the terminal does not show what is typed. */
static const int interruptions[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { INTERRUPTIONS = sizeof interruptions / sizeof interruptions[0] };

static volatile sig_atomic_t interrupted; /* the signal, until it is passed on */

static void on_interruption(int number)
{
    interrupted = number;
}

struct hidden {
    struct termios shown;
    struct sigaction before[INTERRUPTIONS];
};

static bool hide(struct hidden *hidden)
{
    struct sigaction note = {.sa_handler = on_interruption}; /* without SA_RESTART: read ends */
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &hidden->shown) != 0)
        return false;
    interrupted = 0;
    for (size_t i = 0; i < INTERRUPTIONS; i++)
        (void)sigaction(interruptions[i], &note, &hidden->before[i]);
    struct termios silent = hidden->shown;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    return true;
}

/* What was typed and not read must not reach the shell: TCSAFLUSH drops it. */
static void show(const struct hidden *hidden)
{
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden->shown);
    for (size_t i = 0; i < INTERRUPTIONS; i++)
        (void)sigaction(interruptions[i], &hidden->before[i], NULL);
    (void)fputc('\n', stderr);
}

/* Up to the newline, the end of input, a line too long or a signal. */
static void read_typed(struct line *line)
{
    while (!interrupted && line->size < sizeof line->bytes) {
        ssize_t got = read(STDIN_FILENO, line->bytes + line->size, sizeof line->bytes - line->size);
        if (got <= 0)
            return;
        line->size += (size_t)got;
        if (line->bytes[line->size - 1] == '\n')
            return;
    }
}

/* Asks once. False: the terminal is none, or a stop (^Z) came between, and it is to be asked anew.
 */
static enum sm_error ask_hidden(
    struct cli *cli, const char *option, const char *prompt, struct line *line, bool *is_asked)
{
    struct hidden hidden;
    if (!hide(&hidden))
        return cli_problem(cli, SM_BAD_VALUE, "Give the name of a file that holds it",
            "The option %s is missing", option);
    (void)fprintf(stderr, "%s: ", prompt);
    read_typed(line);
    show(&hidden);
    *is_asked = !interrupted;
    if (interrupted)
        (void)kill(getpid(), interrupted); /* ends here, or stops and goes on */
    return SM_OK;
}

static enum sm_error typed(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out)
{
    struct line line DEFER(line_wipe) = {0};
    bool is_asked = false;
    while (!is_asked) {
        line_wipe(&line);
        TRY(ask_hidden(cli, option, prompt, &line, &is_asked));
    }
    bool is_long = line.size == sizeof line.bytes && line.bytes[line.size - 1] != '\n';
    if (!cut_line(&line))
        return cli_problem(cli, SM_BAD_VALUE, "Type at most 511 bytes, then press Enter",
            is_long ? "What was typed is too long" : "Nothing was typed");
    return buffer_append(out, span_of(line.bytes, line.size));
}

/* Echo is off: only typing it twice shows a slip, and nobody would open what it closes. */
static enum sm_error typed_again(
    struct cli *cli, const char *option, const char *prompt, struct span first)
{
    char again[CLI_TEXT_MAX];
    struct buffer second DEFER(buffer_free) = BUFFER(SECRET_BYTES_MAX);
    (void)snprintf(again, sizeof again, "%s, once more", prompt);
    TRY(typed(cli, option, again, &second));
    return span_equal(first, buffer_span(&second))
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Begin again", "The two are not the same");
}

enum sm_error cli_new_secret_at(
    struct cli *cli, const char *option, size_t index, const char *prompt, struct buffer *out)
{
    bool is_typed = !cli_value_at(cli, option, index);
    size_t before = out->size;
    TRY(cli_secret_at(cli, option, index, prompt, out));
    struct span given = span_slice(buffer_span(out), before, out->size - before);
    return is_typed ? typed_again(cli, option, prompt, given) : SM_OK;
}

enum sm_error cli_secret_at(
    struct cli *cli, const char *option, size_t index, const char *prompt, struct buffer *out)
{
    const char *path = cli_value_at(cli, option, index);
    return path ? first_line(cli, path, out) : typed(cli, option, prompt, out);
}

enum sm_error cli_secret(
    struct cli *cli, const char *option, const char *prompt, struct buffer *out)
{
    return cli_secret_at(cli, option, 0, prompt, out);
}
