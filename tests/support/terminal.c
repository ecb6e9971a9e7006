/* Children with pipes or a pseudo-terminal. */
#include "tests/support/terminal.h"

#include "tests/support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, BLOCK = 4096 };

void terminal_free(struct terminal *terminal)
{
    buffer_free(&terminal->out);
    buffer_free(&terminal->err);
}

static void run_child(const struct terminal *terminal, int input, int output, int error)
{
    char *arguments[TERMINAL_ARGUMENTS_MAX + 2] = {NULL};
    int count = 1;
    (void)dup2(input, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(error, STDERR_FILENO);
    arguments[0] = strdup(terminal->program->name);
    for (size_t i = 0; terminal->arguments[i]; i++)
        arguments[count++] = strdup(terminal->arguments[i]);
    int code = cli_main(terminal->program, count, arguments);
    (void)fflush(NULL); /* as exit does; but a sanitizer's own end of process is not for a child */
    _exit(code);
}

/* False at the end of what is written. */
static bool take_some(int file, struct buffer *into)
{
    uint8_t block[BLOCK];
    struct pollfd wait = {.fd = file, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
    ssize_t size = read(file, block, sizeof block);
    if (size > 0)
        assert_ok(buffer_append(into, span_of(block, (size_t)size)));
    return size > 0;
}

static void reap(struct terminal *terminal)
{
    int status = 0;
    assert_int_equal(waitpid(terminal->child, &status, 0), terminal->child);
    terminal->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void begin(struct terminal *terminal)
{
    terminal->out = BUFFER(TERMINAL_BYTES_MAX);
    terminal->err = BUFFER(TERMINAL_BYTES_MAX);
}

void terminal_run(struct terminal *terminal)
{
    int out[2];
    int err[2];
    if (terminal->is_terminal) {
        terminal_start(terminal);
        terminal_end(terminal);
        return;
    }
    begin(terminal);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    terminal->child = fork();
    assert_true(terminal->child >= 0);
    if (terminal->child == 0) {
        int file = terminal->output ? open(terminal->output, O_WRONLY | O_CLOEXEC) : out[1];
        run_child(terminal, open("/dev/null", O_RDONLY | O_CLOEXEC), file, err[1]);
    }
    (void)close(out[1]);
    (void)close(err[1]);
    while (take_some(out[0], &terminal->out))
        continue;
    while (take_some(err[0], &terminal->err))
        continue;
    (void)close(out[0]);
    (void)close(err[0]);
    reap(terminal);
}

void terminal_start(struct terminal *terminal)
{
    begin(terminal);
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal->master >= 0);
    assert_int_equal(grantpt(terminal->master), 0);
    assert_int_equal(unlockpt(terminal->master), 0);
    const char *name = ptsname(terminal->master);
    assert_non_null(name);
    terminal->child = fork();
    assert_true(terminal->child >= 0);
    if (terminal->child == 0) {
        (void)setsid(); /* so that the terminal becomes this child's own, and ^C reaches it */
        int slave = open(name, O_RDWR); /* NOLINT: the child's own terminal */
        run_child(terminal, slave, slave, slave);
    }
}

void terminal_wait_for(struct terminal *terminal, const char *text)
{
    while (!terminal_holds(&terminal->out, text))
        assert_true(take_some(terminal->master, &terminal->out));
}

void terminal_type(struct terminal *terminal, const char *keys)
{
    assert_int_equal(write(terminal->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

bool terminal_has_echo(const struct terminal *terminal)
{
    struct termios state;
    assert_int_equal(tcgetattr(terminal->master, &state), 0);
    return (state.c_lflag & ECHO) != 0;
}

void terminal_end(struct terminal *terminal)
{
    while (take_some(terminal->master, &terminal->out)) /* EIO when the child has closed it */
        continue;
    reap(terminal);
    (void)close(terminal->master);
}

bool terminal_holds(const struct buffer *written, const char *text)
{
    return written->size && memmem(written->bytes, written->size, text, strlen(text)) != NULL;
}
