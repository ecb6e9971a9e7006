/* securemail-admin: organisations and users at crypto's local socket, the log through HTTP. */
#include "cli/audit_log.h"
#include "cli/audit_proof.h"
#include "cli/erase.h"
#include "cli/evidence.h"
#include "cli/key.h"
#include "cli/operator.h"
#include "cli/sender.h"
#include "cli/suite.h"
#include "cli/user.h"

/* clang-format off */
static const struct cli_command commands[] = {
    {"org create", "", 0, org_create_options, operator_org_create,
     "Make an organisation with its key and log.",
     "securemail-admin org create --name 'Clinic West' --language nl"},
    {"org list", "", 0, operator_options, operator_org_list, "All organisations.", NULL},
    {"user create", "", 0, user_create_options, operator_user_create,
     "Make an account.",
     "securemail-admin user create --org ID --email ada@clinic.example --name 'Ada' --roles sender"},
    {"user disable", "", 0, user_options, operator_user_disable,
     "Close an account and end its sessions.", NULL},
    {"user password", "", 0, user_password_options, operator_user_password,
     "Set a new password and end the account's sessions.", NULL},
    {"user reset", "", 0, user_options, operator_user_reset,
     "Print a one-time link with which a user sets a password.", NULL},
    {"policy set", "", 0, policy_options, operator_policy_set,
     "What senders of an organisation may choose.", NULL},
    {"key status", "", 0, operator_options, key_status,
     "Versions of all keys, what hangs on them, and what is behind.", NULL},
    {"key rotate", "org|master|hpke", 1, key_rotate_options, key_rotate,
     "Take a new version of a key into use while mail goes on; asked again, go on with it.",
     "securemail-admin key rotate org --org ID"},
    {"status", "", 0, operator_options, suite_status,
     "The whole suite on one screen: what is ready, what waits, which keys.", NULL},
    {"mail release", "", 0, operator_options, operator_mail_release,
     "After a restore: mail that was waiting in the backup goes out.", NULL},
    {"login", "", 0, login_options, user_login, "Sign in, for the audit commands.", NULL},
    {"audit list", "", 0, audit_list_options, audit_list, "The log, newest first.", NULL},
    {"audit export", "", 0, audit_export_options, audit_export,
     "The whole log as NDJSON, for securemail-verify.",
     "securemail-admin audit export --output log.ndjson"},
    {"audit checkpoint", "", 0, audit_checkpoint_options, audit_checkpoint,
     "The log's signed head: keep it somewhere else.",
     "securemail-admin audit checkpoint --mail"},
    {"audit prove", "ENTRY", 1, audit_prove_options, audit_prove,
     "One entry with its proof, for somebody who shall see no other.",
     "securemail-admin audit prove 12 --output entry-12.proof"},
    {"audit consistency", "CHECKPOINT", 1, audit_consistency_options, audit_consistency,
     "Proof that the log now continues the one of a checkpoint that was kept.",
     "securemail-admin audit consistency kept.note --output continued.proof"},
    {"audit evidence", "", 0, evidence_options, evidence_export,
     "The operator's export of a damaged log; it is logged in the operator's log.",
     "securemail-admin audit evidence --org ID --output damaged.ndjson"},
    {"audit erase", "", 0, erase_options, erase_values,
     "Erase a person's address or name from a log, which tells that it was erased.",
     "securemail-admin audit erase --org ID --person ada@example.org --by 'Bo, privacy officer' --reason 'request 2026-14'"},
};
/* clang-format on */

int main(int count, char **arguments)
{
    static const struct cli_program program = {"securemail-admin",
        "organisations, users, keys and the audit log", commands,
        sizeof commands / sizeof commands[0]};
    return cli_main(&program, count, arguments);
}
