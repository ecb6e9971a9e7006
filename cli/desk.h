/* A signed-in user at work: the session, the server, and room for its answers. Each command of a
 * sender begins with one. */
#ifndef SM_CLI_DESK_H
#define SM_CLI_DESK_H

#include "cli/user.h"

struct desk {
    struct user_profile profile;
    struct server server;
    struct arena arena;
};

/* SM_NOT_SIGNED_IN. Declare with DEFER(desk_close). */
SM_MUST_USE enum sm_error desk_open(struct cli *cli, struct desk *desk);
void desk_close(struct desk *desk);

/* A sealed call without clear parts; keeps what the gateway set. */
SM_MUST_USE enum sm_error desk_ask(
    struct desk *desk, const char *operation, void *request, void *reply);

/* The id of a message as somebody typed it. */
SM_MUST_USE enum sm_error desk_message(struct cli *cli, const char *text, struct id *out);

#endif
