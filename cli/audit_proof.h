/* Proofs out of the log, as files that securemail-verify --proof checks without the log. */
#ifndef SM_CLI_AUDIT_PROOF_H
#define SM_CLI_AUDIT_PROOF_H

#include "cli/cli.h"

cli_run audit_prove, audit_consistency;
extern const struct cli_option audit_prove_options[], audit_consistency_options[];

#endif
