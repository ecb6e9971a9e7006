/* The operator erases personal values of an organisation's log. */
#ifndef SM_CLI_ERASE_H
#define SM_CLI_ERASE_H

#include "cli/cli.h"

cli_run erase_values;
extern const struct cli_option erase_options[];

#endif
