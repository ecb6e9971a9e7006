/* What the operator does at crypto's local socket: organisations, users, policy, keys. */
#ifndef SM_CLI_OPERATOR_H
#define SM_CLI_OPERATOR_H

#include "base/memory.h"
#include "cli/cli.h"
#include "proto/catalog.h"

cli_run operator_org_create, operator_org_list, operator_user_create, operator_user_disable,
    operator_user_password, operator_user_reset, operator_policy_set, operator_key_status,
    operator_mail_release;
/* One call over the bus by the operator's own key, with words for what may go wrong. */
SM_MUST_USE enum sm_error operator_call(struct cli *cli, enum operation operation,
    const void *message, struct arena *arena, void *reply);
extern const struct cli_option org_create_options[], operator_options[], user_create_options[],
    user_options[], user_password_options[], policy_options[];

#endif
