/* What the operator does with a log that is damaged: have it out of audit, as evidence. */
#ifndef SM_CLI_EVIDENCE_H
#define SM_CLI_EVIDENCE_H

#include "cli/cli.h"

cli_run evidence_export;
extern const struct cli_option evidence_options[];

#endif
