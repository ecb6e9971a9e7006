/* Signing in and out. */
#include "cli/user.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/secret.h"
#include "cli/address.h"
#include "cli/pins.h"
#include "cli/profile.h"

#include <stdio.h>
#include <string.h>

enum { PASSWORD_BYTES = 512 };

const struct cli_option login_options[] = {
    {"--server", "URL", "the server, e.g. https://mail.example.org"},
    {"--email", "ADDRESS", "of your account"},
    {"--password-file", "FILE", "holds your password; without it you are asked"},
    {"--code-file", "FILE", "holds a code of your authenticator app; without it you are asked"},
    {"--accept-new-identity", NULL, "the server's key has changed, and you checked why"},
    CLI_OPTIONS_END,
};

void user_profile_free(struct user_profile *profile)
{
    explicit_bzero(profile->secret, sizeof profile->secret);
    doc_free(&profile->doc);
}

static enum sm_error read_profile(struct cli *cli, struct user_profile *out)
{
    TRY(profile_read(cli, "session", &out->doc));
    out->url = doc_text(out->doc, "server");
    if (!out->url)
        return SM_BAD_FORMAT;
    TRY(doc_exact(out->doc, "pin", out->pin, sizeof out->pin));
    TRY(doc_exact(out->doc, "secret", out->secret, sizeof out->secret));
    TRY(doc_id(out->doc, "session", &out->session.session));
    TRY(doc_id(out->doc, "organisation", &out->organisation));
    out->session.secret = SPAN(out->secret);
    return SM_OK;
}

enum sm_error user_open(struct cli *cli, struct user_profile *profile, struct server *server)
{
    enum sm_error error = read_profile(cli, profile);
    if (error == SM_NOT_FOUND || error == SM_BAD_FORMAT)
        return SM_NOT_SIGNED_IN;
    TRY(error);
    TRY(server_open(cli, profile->url, profile->pin, server));
    const char *cookie = doc_text(profile->doc, "cookie");
    (void)snprintf(server->cookie, sizeof server->cookie, "%s", cookie ? cookie : "");
    return SM_OK;
}

enum sm_error user_keep(struct user_profile *profile, struct server *server)
{
    const char *cookie = doc_text(profile->doc, "cookie");
    if (!*server->cookie || (cookie && strcmp(cookie, server->cookie) == 0))
        return SM_OK;
    TRY(doc_set_text(profile->doc, "cookie", span_text(server->cookie)));
    return profile_write(server->cli, "session", profile->doc);
}

/* --- login --- */

static enum sm_error keep_session(
    struct server *server, const char *email, const struct login_reply *reply)
{
    struct doc *doc DEFER(doc_free) = NULL;
    TRY(doc_object(&doc));
    TRY(doc_set_text(doc, "server", span_text(server->url)));
    TRY(doc_set_text(doc, "email", span_text(email)));
    TRY(doc_set_bytes(doc, "pin", SPAN(server->pin)));
    TRY(doc_set_id(doc, "session", reply->session.session));
    TRY(doc_set_bytes(doc, "secret", reply->session.secret));
    TRY(doc_set_id(doc, "user", reply->user));
    TRY(doc_set_id(doc, "organisation", reply->organisation));
    TRY(doc_set_u64(doc, "expires_ms", reply->expires_ms));
    TRY(doc_set_text(doc, "cookie", span_text(server->cookie)));
    return profile_write(server->cli, "session", doc);
}

static enum sm_error tell_login(
    struct cli *cli, const struct server *server, const struct login_reply *reply)
{
    struct buffer pin DEFER(buffer_free) = BUFFER(64);
    TRY(base64url_encode(SPAN(server->pin), &pin));
    TRY(doc_set_text(cli->answer, "name", reply->name));
    TRY(doc_set_text(cli->answer, "organisation_name", reply->organisation_name));
    TRY(doc_set_id(cli->answer, "organisation", reply->organisation));
    TRY(doc_set_u64(cli->answer, "roles", reply->roles));
    TRY(doc_set_u64(cli->answer, "expires_ms", reply->expires_ms));
    TRY(doc_set_text(cli->answer, "pin", buffer_span(&pin)));
    cli_say(cli, "Signed in as %.*s of %.*s.", SPAN_PRINT(reply->name),
        SPAN_PRINT(reply->organisation_name));
    cli_say(cli, "The server's identity: %.*s", SPAN_PRINT(buffer_span(&pin)));
    return SM_OK;
}

/* The account, or an address like any other, is asked for a second factor: once more, with it. */
static enum sm_error login_with_code(
    struct cli *cli, struct server *server, const struct server_call *asked, struct arena *arena)
{
    struct buffer code DEFER(buffer_free) = BUFFER(PASSWORD_BYTES);
    struct login_request with = *(const struct login_request *)asked->request;
    struct server_call call = *asked;
    TRY(cli_secret(
        cli, "--code-file", "Code of your authenticator app, or a recovery code", &code));
    with.code = buffer_span(&code);
    call.request = &with;
    return server_call(server, &call, arena);
}

enum sm_error user_login(struct cli *cli)
{
    const char *typed;
    const char *email;
    char url[LINK_BASE_BYTES_MAX + 1];
    struct server server DEFER(server_close) = {0};
    struct buffer password DEFER(buffer_free) = BUFFER(PASSWORD_BYTES);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct login_reply reply = {0};
    TRY(cli_need(cli, "--server", &typed));
    TRY(cli_need(cli, "--email", &email));
    if (address_canonical(typed, url) != SM_OK)
        return server_not_an_address(cli, typed);
    TRY(cli_secret(cli, "--password-file", "Password", &password));
    TRY(server_open(cli, url, NULL, &server));
    if (!cli_has(cli, "--accept-new-identity"))
        TRY(pins_check(cli, url, server.pin));
    struct login_request request = {.email = span_text(email), .password = buffer_span(&password)};
    struct server_call call = {.operation = "login", .request = &request, .reply = &reply};
    enum sm_error error = server_call(&server, &call, &arena);
    TRY(error == SM_CODE_NEEDED ? login_with_code(cli, &server, &call, &arena) : error);
    TRY(pins_keep(cli, url, server.pin));
    TRY(keep_session(&server, email, &reply));
    return tell_login(cli, &server, &reply);
}

enum sm_error user_logout(struct cli *cli)
{
    struct user_profile profile DEFER(user_profile_free) = {0};
    struct server server DEFER(server_close) = {0};
    struct arena arena DEFER(arena_free) = ARENA(4096);
    struct empty_reply reply;
    TRY(user_open(cli, &profile, &server));
    struct session_request request = {.session = profile.session};
    struct server_call call = {.operation = "logout", .request = &request, .reply = &reply};
    enum sm_error error = server_call(&server, &call, &arena);
    profile_forget(cli, "session"); /* whatever the server said: nobody acts from here any more */
    if (error != SM_OK && error != SM_NOT_SIGNED_IN)
        return cli_problem(cli, error,
            "There it ends by itself; nobody can use it without what was erased",
            "You are signed out here, but the server could not be told");
    cli_say(cli, "Signed out.");
    return SM_OK;
}
