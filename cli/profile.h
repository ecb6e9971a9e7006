/*
 * What the command line remembers between calls, in files of mode 0600 in a folder of 0700:
 * $SECUREMAIL_HOME, else $XDG_CONFIG_HOME/securemail, else ~/.config/securemail. One file a user
 * ("session"), one a server that was signed in to ("server-<hash>"), one a link that was verified
 * ("link-<id>"). Written whole or not at all, also by several commands at a time: the last counts.
 */
#ifndef SM_CLI_PROFILE_H
#define SM_CLI_PROFILE_H

#include "cli/cli.h"

/* SM_NOT_FOUND when there is none. The caller owns *out. */
SM_MUST_USE enum sm_error profile_read(struct cli *cli, const char *name, struct doc **out);
SM_MUST_USE enum sm_error profile_write(struct cli *cli, const char *name, const struct doc *doc);
void profile_forget(struct cli *cli, const char *name);

#endif
