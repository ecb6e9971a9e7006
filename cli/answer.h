/*
 * How a program answers: words for people or one JSON object, and an exit code. Nothing that came
 * from somebody else can move the terminal: each line goes through text_show, and so does a text of
 * several lines when a terminal shows it (a file or pipe gets its bytes as they are).
 */
#ifndef SM_CLI_ANSWER_H
#define SM_CLI_ANSWER_H

#include "cli/cli.h"

/* Prints what --json prints, and sees that all of the answer went out. The exit code. */
int answer_success(struct cli *cli);

/* Words, or with --json an object, for what went wrong. The exit code. */
int answer_failure(struct cli *cli, enum sm_error error);

#endif
