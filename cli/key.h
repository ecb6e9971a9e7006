/* The operator's commands for keys: their state, and their rotation. */
#ifndef SM_CLI_KEY_H
#define SM_CLI_KEY_H

#include "cli/cli.h"

cli_run key_status, key_rotate;
extern const struct cli_option key_rotate_options[];

#endif
