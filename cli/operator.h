/* What the operator does at crypto's local socket: organisations, users, policy, keys. */
#ifndef SM_CLI_OPERATOR_H
#define SM_CLI_OPERATOR_H

#include "cli/cli.h"

cli_run operator_org_create, operator_org_list, operator_user_create, operator_user_disable,
    operator_user_password, operator_user_reset, operator_policy_set, operator_key_status,
    operator_mail_release;
extern const struct cli_option org_create_options[], operator_options[], user_create_options[],
    user_options[], user_password_options[], policy_options[];

#endif
