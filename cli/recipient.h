/* What a recipient does with nothing but a link: open, send a code, reply. */
#ifndef SM_CLI_RECIPIENT_H
#define SM_CLI_RECIPIENT_H

#include "cli/cli.h"

cli_run recipient_open, recipient_reply;
extern const struct cli_option open_options[], reply_options[];

#endif
