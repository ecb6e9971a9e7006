/* What a sender does: send, list, show, read, revoke, delete, unlock. */
#ifndef SM_CLI_SENDER_H
#define SM_CLI_SENDER_H

#include "cli/cli.h"

cli_run sender_send, sender_list, sender_show, sender_read, sender_revoke, sender_delete,
    sender_unlock, sender_resend;
extern const struct cli_option send_options[], list_options[], read_options[], recipient_options[],
    delete_options[];

#endif
