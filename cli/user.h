/* A user's session as the profile keeps it, and the commands that make and end it. */
#ifndef SM_CLI_USER_H
#define SM_CLI_USER_H

#include "cli/server.h"

struct user_profile {
    struct doc *doc; /* owned; what the rest looks into */
    const char *url;
    uint8_t pin[IDENTITY_PIN_BYTES];
    uint8_t secret[SESSION_SECRET_BYTES];
    struct session_proof session;
    struct id organisation;
};
void user_profile_free(struct user_profile *profile);

/* Reads the profile and opens the server with the pinned identity. SM_NOT_SIGNED_IN. */
SM_MUST_USE enum sm_error user_open(
    struct cli *cli, struct user_profile *profile, struct server *server);

/* Keeps a new cookie of the gateway, if one came. */
SM_MUST_USE enum sm_error user_keep(struct user_profile *profile, struct server *server);

cli_run user_login, user_logout;
extern const struct cli_option login_options[];

#endif
