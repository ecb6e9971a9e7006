/* securemail: the sender's and the recipient's command line. */
#include "cli/recipient.h"
#include "cli/sender.h"
#include "cli/user.h"

/* clang-format off */
static const struct cli_command commands[] = {
    {"login", "", 0, login_options, user_login,
     "Sign in, and remember the server's identity.",
     "securemail login --server https://mail.example.org --email ada@clinic.example"},
    {"logout", "", 0, no_options, user_logout, "End the session.", NULL},
    {"send", "", 0, send_options, sender_send,
     "Seal a message here and send it.",
     "securemail send --to a@example.org --subject 'Your results' --body-file body.txt --attach scan.pdf"
     " --check password --recipient-password-file pw --expires 7d"},
    {"list", "", 0, list_options, sender_list, "What you sent, and what became of it.", NULL},
    {"show", "MESSAGE", 1, no_options, sender_show, "One message with each recipient's state.", NULL},
    {"read", "MESSAGE", 1, read_options, sender_read, "Open a reply, or your own message.", NULL},
    {"revoke", "MESSAGE", 1, recipient_options, sender_revoke,
     "Close a message for all, or for the recipients that are named, at once.",
     "securemail revoke 0123456789abcdef0123456789abcdef --recipient a@example.org"},
    {"unlock", "MESSAGE", 1, recipient_options, sender_unlock,
     "Let recipients try again who were locked out.", NULL},
    {"resend", "MESSAGE", 1, recipient_options, sender_resend,
     "Mail recipients their notification again, with the same link.", NULL},
    {"delete", "MESSAGE", 1, delete_options, sender_delete,
     "Destroy a message for good; the audit log remains.", NULL},
    {"open", "LINK", 1, open_options, recipient_open,
     "Prove who you are and open the message of a link.",
     "securemail open 'https://mail.example.org/m#1....' --password-file pw --save-to letters"},
    {"reply", "LINK", 1, reply_options, recipient_reply,
     "Answer the message of a link, sealed.",
     "securemail reply 'https://mail.example.org/m#1....' --body-file answer.txt"},
};
/* clang-format on */

int main(int count, char **arguments)
{
    static const struct cli_program program = {"securemail",
        "confidential mail, sealed on this machine", commands,
        sizeof commands / sizeof commands[0]};
    return cli_main(&program, count, arguments);
}
