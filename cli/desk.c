/* The user's session in use. */
#include "cli/desk.h"

#include "base/memory.h"

enum { REPLY_ARENA = 1024 * 1024 };

void desk_close(struct desk *desk)
{
    user_profile_free(&desk->profile);
    server_close(&desk->server);
    arena_free(&desk->arena);
}

enum sm_error desk_open(struct cli *cli, struct desk *desk)
{
    desk->arena = ARENA(REPLY_ARENA);
    return user_open(cli, &desk->profile, &desk->server);
}

enum sm_error desk_ask(struct desk *desk, const char *operation, void *request, void *reply)
{
    struct server_call call = {.operation = operation, .request = request, .reply = reply};
    TRY(server_call(&desk->server, &call, &desk->arena));
    return user_keep(&desk->profile, &desk->server);
}

enum sm_error desk_message(struct cli *cli, const char *text, struct id *out)
{
    return id_parse(span_text(text), out) == SM_OK
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Take it from: securemail list",
                     "%.64s is not the id of a message (32 digits)", text);
}
