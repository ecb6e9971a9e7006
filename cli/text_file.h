/* A text that a person wrote, from a file (or "-": standard input). */
#ifndef SM_CLI_TEXT_FILE_H
#define SM_CLI_TEXT_FILE_H

#include "cli/cli.h"

/* Appends the file of `option`, without one last newline. SM_TOO_LARGE over out's maximum. */
SM_MUST_USE enum sm_error text_file_read(struct cli *cli, const char *option, struct buffer *out);

#endif
