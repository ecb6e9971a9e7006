/* What the operator does at crypto's local socket: organisations, users, policy. Keys: cli/key.c.
 */
#ifndef SM_CLI_OPERATOR_H
#define SM_CLI_OPERATOR_H

#include "base/memory.h"
#include "cli/cli.h"
#include "proto/catalog.h"

cli_run operator_org_create, operator_org_list, operator_user_create, operator_user_disable,
    operator_user_password, operator_user_reset, operator_policy_set, operator_mail_release;
extern const struct cli_option org_create_options[], operator_options[], user_create_options[],
    user_options[], user_password_options[], policy_options[];

#define OPERATOR_OPTIONS                                                                           \
    {"--socket", "ENDPOINT", "crypto's operator socket (default: ipc://./var/run/operator.sock)"}, \
    {                                                                                              \
        "--keys", "FOLDER", "with operator.key and crypto.pub (default: ./var/keys)"               \
    }

/* One call by the operator's own key; says what the trouble was where crypto does not answer. */
SM_MUST_USE enum sm_error operator_ask(struct cli *cli, enum operation operation,
    const void *message, struct arena *arena, void *reply);

/* The id that --org gives. */
SM_MUST_USE enum sm_error operator_organisation(struct cli *cli, struct id *out);

#endif
