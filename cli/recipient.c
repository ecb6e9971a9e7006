/*
 * The recipient's commands. The link says which server, which message and which identity key; a
 * passed check is kept for its half hour, so that a code is not spent twice.
 */
#include "cli/recipient.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "cli/again.h"
#include "cli/content.h"
#include "cli/parcel.h"
#include "cli/profile.h"
#include "cli/text_file.h"
#include "envelope/link.h"

#include <stdio.h>
#include <string.h>

enum { REPLY_ARENA = 256 * 1024, URL_BYTES = 300, PROOF_BYTES = 512 };

const struct cli_option open_options[] = {
    {"--password-file", "FILE", "the password that the sender told you"},
    {"--send-code", NULL, "have a 6-digit code mailed to you"},
    {"--code", "DIGITS", "the code from that mail"},
    {"--save-to", "FOLDER", "save the attachments there"},
    {"--limit-rate", "BYTES", "receive so many bytes a second at most"},
    CLI_OPTIONS_END,
};
const struct cli_option reply_options[] = {
    {"--password-file", "FILE", "the password that the sender told you"},
    {"--code", "DIGITS", "the code that was mailed to you"},
    {"--subject", "TEXT", "default: Re:"},
    {"--body-file", "FILE", "the text (\"-\": standard input)"},
    {"--attach", "FILE ...", "a file of at most 50 MB; again for each further one"},
    CLI_OPTIONS_END,
};

/* A recipient at work on one link. */
struct visit {
    struct cli *cli;
    struct link_parts link;
    char url[URL_BYTES];
    char name[48]; /* of the profile's file */
    struct server server;
    struct arena arena;
    struct hello_reply hello;
    uint8_t secret[SESSION_SECRET_BYTES];
    struct session_proof session;
};

static void visit_close(struct visit *visit)
{
    link_wipe(&visit->link);
    explicit_bzero(visit->secret, sizeof visit->secret);
    server_close(&visit->server);
    arena_free(&visit->arena);
}

static struct link_proof proof_of(const struct visit *visit)
{
    return (struct link_proof){visit->link.id, SPAN(visit->link.secret)};
}

static enum sm_error ask(struct visit *visit, const char *operation, void *request, void *reply)
{
    struct server_call call = {.operation = operation, .request = request, .reply = reply};
    return server_call(&visit->server, &call, &visit->arena);
}

static enum sm_error visit_open(struct cli *cli, struct visit *visit)
{
    struct span base = {0};
    *visit = (struct visit){.cli = cli, .arena = ARENA(REPLY_ARENA)};
    if (link_parse(span_text(cli->positionals[0]), &visit->link, &base) != SM_OK || !base.size)
        return cli_problem(cli, SM_BAD_VALUE,
            "Copy the whole link out of the mail, and put it between 'quotes'",
            "This is not a link of Secure Mail");
    (void)snprintf(visit->url, sizeof visit->url, "%.*s", SPAN_PRINT(base));
    (void)snprintf(visit->name, sizeof visit->name, "link-%s", id_text(visit->link.id).text);
    return server_open(cli, visit->url, visit->link.pin, &visit->server);
}

static enum sm_error say_hello(struct visit *visit)
{
    struct link_only_request request = {.link = proof_of(visit)};
    TRY(ask(visit, "hello", &request, &visit->hello));
    cli_say(visit->cli, "From %.*s of %.*s.", SPAN_PRINT(visit->hello.sender_name),
        SPAN_PRINT(visit->hello.organisation_name));
    return SM_OK;
}

/* --- the session of a passed check --- */

static enum sm_error write_session(struct visit *visit, uint64_t expires_ms)
{
    struct doc *doc DEFER(doc_free) = NULL;
    TRY(doc_object(&doc));
    TRY(doc_set_id(doc, "session", visit->session.session));
    TRY(doc_set_bytes(doc, "secret", visit->session.secret));
    TRY(doc_set_u64(doc, "expires_ms", expires_ms));
    return profile_write(visit->cli, visit->name, doc);
}

static enum sm_error keep_session(struct visit *visit, const struct verify_reply *reply)
{
    if (reply->session.secret.size != sizeof visit->secret)
        return SM_BAD_FORMAT;
    memcpy(visit->secret, reply->session.secret.at, sizeof visit->secret);
    visit->session = (struct session_proof){reply->session.session, SPAN(visit->secret)};
    return write_session(visit, reply->expires_ms);
}

static bool has_session(struct visit *visit)
{
    struct doc *doc DEFER(doc_free) = NULL;
    if (profile_read(visit->cli, visit->name, &doc) != SM_OK ||
        doc_id(doc, "session", &visit->session.session) != SM_OK ||
        doc_exact(doc, "secret", visit->secret, sizeof visit->secret) != SM_OK)
        return false;
    visit->session.secret = SPAN(visit->secret);
    return true;
}

static enum sm_error ask_with_proof(struct visit *visit, struct verify_open_reply *reply)
{
    struct buffer password DEFER(buffer_free) = BUFFER(PROOF_BYTES);
    struct verify_request request = {.link = proof_of(visit)};
    struct cli *cli = visit->cli;
    const char *code = cli_value(cli, "--code");
    bool wants_code = visit->hello.method != METHOD_PASSWORD;
    if (visit->hello.method != METHOD_CODE)
        TRY(cli_secret(cli, "--password-file", "Password", &password));
    if (wants_code && !code)
        return cli_problem(cli, SM_BAD_VALUE,
            "Have one mailed with --send-code, then give it with --code",
            "This message is opened with a code");
    request.password = buffer_span(&password);
    request.code = span_text(wants_code ? code : "");
    if (request.code.size > CODE_DIGITS)
        return cli_problem(
            cli, SM_BAD_VALUE, "Take it from the mail", "A code has %d digits", CODE_DIGITS);
    return ask(visit, "verify_open", &request, reply);
}

static bool has_proof(const struct cli *cli)
{
    return cli_has(cli, "--password-file") || cli_has(cli, "--code");
}

/* A proof that is given is checked; without one, an earlier check that is still good will do. */
static bool is_verified(struct visit *visit)
{
    return !has_proof(visit->cli) && has_session(visit);
}

/* --- open --- */

static enum sm_error mail_code(struct visit *visit)
{
    struct link_only_request request = {.link = proof_of(visit)};
    struct send_code_reply reply = {0};
    TRY(ask(visit, "send_code", &request, &reply));
    TRY(doc_set_u64(visit->cli->answer, "expires_ms", reply.expires_ms));
    TRY(doc_set_u64(visit->cli->answer, "resend_after_s", reply.resend_after_s));
    cli_say(visit->cli, "A code is on its way to your mailbox; it is good until %s.",
        clock_text((int64_t)reply.expires_ms).text);
    cli_say(visit->cli, "Then: securemail open 'LINK' --code DIGITS");
    return SM_OK;
}

/* Check and key in one: the session is for replies, and for opening again. */
static enum sm_error verify_open(struct visit *visit, struct content_reply *content)
{
    struct verify_open_reply reply = {0};
    TRY(ask_with_proof(visit, &reply));
    *content = reply.content;
    return keep_session(visit, &reply.verified);
}

static enum sm_error open_again(struct visit *visit, struct content_reply *content)
{
    struct session_request request = {.session = visit->session};
    enum sm_error error = ask(visit, "open", &request, content);
    if (error == SM_NOT_SIGNED_IN)
        profile_forget(visit->cli, visit->name);
    if (error == SM_NOT_SIGNED_IN)
        return cli_problem(visit->cli, error,
            "Prove once more who you are: give the password or code",
            "Your last check is too long ago");
    return error;
}

static enum sm_error open_content(struct visit *visit, struct content_reply *content)
{
    return is_verified(visit) ? open_again(visit, content) : verify_open(visit, content);
}

enum sm_error recipient_open(struct cli *cli)
{
    struct visit visit DEFER(visit_close) = {0};
    struct content_reply content = {0};
    TRY(content_prepare(cli)); /* a code is good once */
    TRY(visit_open(cli, &visit));
    TRY(say_hello(&visit));
    if (cli_has(cli, "--send-code"))
        return mail_code(&visit);
    TRY(open_content(&visit, &content));
    return content_open(&visit.server, &content);
}

/* --- reply --- */

static enum sm_error upload(struct visit *visit, struct parcel *parcel, struct span body)
{
    struct compose_request compose = {.session = visit->session, .message = parcel->message};
    struct access_reply access = {0};
    char capability[CAPABILITY_BYTES_MAX + 1];
    const char *subject = cli_value(visit->cli, "--subject");
    TRY(ask(visit, "reply_compose", &compose, &access));
    (void)snprintf(capability, sizeof capability, "%.*s", SPAN_PRINT(access.capability));
    struct parcel_content content = {.subject = span_text(subject ? subject : "Re:"),
        .body = body,
        .capability = capability,
        .attachment_bytes_max = access.attachment_bytes_max};
    return parcel_upload(&visit->server, parcel, &content);
}

struct commit {
    struct visit *visit;
    struct server_call call;
};

static enum sm_error ask_commit(void *context)
{
    struct commit *commit = context;
    return server_call(&commit->visit->server, &commit->call, &commit->visit->arena);
}

static enum sm_error commit(struct visit *visit, const struct parcel *parcel)
{
    struct expires_reply reply = {0};
    struct reply_request request = {.session = visit->session,
        .message = parcel->message,
        .key = secret_span(parcel->key),
        .subject_sealed = buffer_span(&parcel->subject_sealed),
        .parts = parcel_parts(parcel)};
    struct commit commit = {.visit = visit,
        .call = {.operation = "reply",
            .aad = {parcel->message, request.parts.count},
            .request = &request,
            .reply = &reply}};
    const struct again again = {.cli = visit->cli,
        .message = parcel->message,
        .remedy = "Ask the sender whether your reply arrived before you send it again",
        .ask = ask_commit,
        .context = &commit};
    TRY(again_until_answered(&again));
    TRY(doc_set_id(visit->cli->answer, "message", parcel->message));
    TRY(doc_set_u64(visit->cli->answer, "expires_ms", reply.expires_ms));
    cli_say(visit->cli, "Your reply is sent, sealed.");
    return SM_OK;
}

enum sm_error recipient_reply(struct cli *cli)
{
    struct visit visit DEFER(visit_close) = {0};
    struct parcel parcel DEFER(parcel_free) = {0};
    struct content_reply content = {0};
    struct buffer body DEFER(buffer_free) = BUFFER(BODY_BYTES_MAX);
    TRY(text_file_read(cli, "--body-file", &body));
    TRY(visit_open(cli, &visit));
    TRY(say_hello(&visit));
    TRY(open_content(&visit, &content)); /* tells the organisation, which every part is bound to */
    TRY(parcel_new(content.organisation, DIRECTION_REPLY, &parcel));
    TRY(upload(&visit, &parcel, buffer_span(&body)));
    return commit(&visit, &parcel);
}
