/* The whole suite on one screen, as its processes say it at crypto's local socket. */
#ifndef SM_CLI_SUITE_H
#define SM_CLI_SUITE_H

#include "cli/cli.h"

cli_run suite_status;

#endif
