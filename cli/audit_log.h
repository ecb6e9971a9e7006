/* What an administrator or auditor does with the log: list, export, checkpoint (through HTTP). */
#ifndef SM_CLI_AUDIT_LOG_H
#define SM_CLI_AUDIT_LOG_H

#include "cli/cli.h"

cli_run audit_list, audit_export, audit_checkpoint;
extern const struct cli_option audit_list_options[], audit_export_options[],
    audit_checkpoint_options[];

#endif
