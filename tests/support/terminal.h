/*
 * A command line program run as a person runs it: cli_main in a child process, with a terminal of
 * its own or with pipes, and what it wrote afterwards.
 */
#ifndef SM_TESTS_SUPPORT_TERMINAL_H
#define SM_TESTS_SUPPORT_TERMINAL_H

#include "base/buffer.h"
#include "cli/cli.h"

#include <sys/types.h>

enum { TERMINAL_ARGUMENTS_MAX = 16, TERMINAL_BYTES_MAX = 1024 * 1024 };

struct terminal {
    const struct cli_program *program;
    const char *arguments[TERMINAL_ARGUMENTS_MAX]; /* without the program's name */
    const char *output;                            /* a file for standard output; NULL: a pipe */
    bool is_terminal; /* standard input, output and error are one terminal */
    /* What came of it. */
    pid_t child;
    int master; /* of the terminal */
    int exit;   /* the exit code, or minus the signal that ended it */
    struct buffer out, err;
};
void terminal_free(struct terminal *terminal);

/* Runs to the end. */
void terminal_run(struct terminal *terminal);

/* The same in steps, on a terminal: a person reads the prompt, types, and looks at the end. */
void terminal_start(struct terminal *terminal);
void terminal_wait_for(struct terminal *terminal, const char *text);
void terminal_type(struct terminal *terminal, const char *keys);
bool terminal_has_echo(const struct terminal *terminal);
void terminal_end(struct terminal *terminal);

/* Is `text` in what was written? */
bool terminal_holds(const struct buffer *written, const char *text);

#endif
