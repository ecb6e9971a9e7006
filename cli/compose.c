/* Sending: everything is read and checked first, then sealed and uploaded, then sent in one call.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "cli/addressees.h"
#include "cli/again.h"
#include "cli/desk.h"
#include "cli/parcel.h"
#include "cli/sender.h"
#include "cli/text_file.h"
#include "cli/words.h"

#include <stdio.h>

const struct cli_option send_options[] = {
    {"--to", "ADDRESS ...", "a recipient; again for each further one"},
    {"--subject", "TEXT", "is sealed with the rest"},
    {"--body-file", "FILE", "the text (\"-\": standard input)"},
    {"--attach", "FILE ...", "a file of at most 50 MB; again for each further one"},
    {"--check", "METHOD ...", "password, code or password+code; for all, or one for each --to"},
    {"--recipient-password-file", "FILE ...",
        "the agreed password; for all, or one for each that needs one"},
    {"--expires", "DAYS", "1d, 7d (default) or 30d"},
    {"--language", "nl|en", "of the notification (default: en)"},
    {"--undo", "SECONDS",
        "the notifications wait so long, at most 60: revoke within it, and none goes out"},
    {"--answers", "MESSAGE", "the reply that this answers"},
    CLI_OPTIONS_END,
};

static enum sm_error lifetime_of(struct cli *cli, uint64_t *out)
{
    static const struct word words[] = {{"1d", 1}, {"7d", 7}, {"30d", 30}, {NULL, 0}};
    const char *given = cli_value(cli, "--expires");
    return words_find(words, span_text(given ? given : "7d"), out)
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Choose 1d, 7d or 30d",
                     "A message cannot live for %.40s", given);
}

static enum sm_error upload(
    struct desk *desk, struct parcel *parcel, const char *subject, struct span body)
{
    struct access_reply access = {0};
    struct compose_request compose = {.session = desk->profile.session, .message = parcel->message};
    char capability[CAPABILITY_BYTES_MAX + 1];
    TRY(desk_ask(desk, "compose", &compose, &access));
    (void)snprintf(capability, sizeof capability, "%.*s", SPAN_PRINT(access.capability));
    struct parcel_content content = {.subject = span_text(subject),
        .body = body,
        .capability = capability,
        .attachment_bytes_max = access.attachment_bytes_max};
    return parcel_upload(&desk->server, parcel, &content);
}

static enum sm_error tell_sent(struct cli *cli, const struct send_reply *reply)
{
    struct doc *links DEFER(doc_free) = NULL;
    TRY(doc_array(&links));
    TRY(doc_set_id(cli->answer, "message", reply->message));
    TRY(doc_set_u64(cli->answer, "expires_ms", reply->expires_ms));
    cli_say(cli, "Sent %s, to be opened until %s by:", id_text(reply->message).text,
        clock_text((int64_t)reply->expires_ms).text);
    for (size_t i = 0; i < reply->links.count; i++) {
        const struct link_facts *facts = LIST_AT(struct link_facts, reply->links, i);
        struct doc *one DEFER(doc_free) = NULL;
        TRY(doc_object(&one));
        TRY(doc_set_id(one, "link", facts->link));
        TRY(doc_set_text(one, "address", facts->address));
        TRY(doc_append(links, &one));
        cli_say(cli, "  %.*s", SPAN_PRINT(facts->address));
    }
    return doc_give(cli->answer, "links", &links);
}

struct commit {
    struct desk *desk;
    struct server_call call;
};

static enum sm_error ask_commit(void *context)
{
    struct commit *commit = context;
    return server_call(&commit->desk->server, &commit->call, &commit->desk->arena);
}

static enum sm_error commit(
    struct desk *desk, struct send_request *request, struct send_reply *reply)
{
    struct cli *cli = desk->server.cli;
    struct commit commit = {.desk = desk,
        .call = {.operation = "send",
            .aad = {request->message, request->parts.count},
            .request = request,
            .reply = reply}};
    const struct again again = {.cli = cli,
        .message = request->message,
        .remedy = "Look for it before you send it again: securemail list",
        .ask = ask_commit,
        .context = &commit};
    TRY(again_until_answered(&again));
    if (user_keep(&desk->profile, &desk->server) != SM_OK) /* it is sent all the same */
        cli_warn(cli, "you may have to sign in again", "the session cannot be kept");
    return SM_OK;
}

enum sm_error sender_send(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct parcel parcel DEFER(parcel_free) = {0};
    struct buffer body DEFER(buffer_free) = BUFFER(BODY_BYTES_MAX);
    struct addressees addressees DEFER(addressees_free) = {0};
    struct send_reply reply = {0};
    struct send_request request = {0};
    const char *language = cli_value(cli, "--language");
    const char *answers = cli_value(cli, "--answers");
    const char *subject;
    TRY(cli_need(cli, "--subject", &subject));
    TRY(lifetime_of(cli, &request.lifetime_days));
    TRY(cli_number(cli, "--undo", 0, &request.undo_s));
    if (request.undo_s > UNDO_S_MAX)
        return cli_problem(cli, SM_BAD_VALUE, "Give 0 to 60", "--undo is too long");
    TRY(addressees_read(cli, &addressees));
    if (answers)
        TRY(desk_message(cli, answers, &request.parent));
    TRY(text_file_read(cli, "--body-file", &body));
    TRY(desk_open(cli, &desk));
    TRY(parcel_new(desk.profile.organisation, DIRECTION_MESSAGE, &parcel));
    TRY(upload(&desk, &parcel, subject, buffer_span(&body)));
    request.session = desk.profile.session;
    request.message = parcel.message;
    request.key = secret_span(parcel.key);
    request.language = span_text(language ? language : "en");
    request.subject_sealed = buffer_span(&parcel.subject_sealed);
    request.recipients = (struct list){addressees.items, addressees.count};
    request.parts = parcel_parts(&parcel);
    TRY(commit(&desk, &request, &reply));
    return tell_sent(cli, &reply);
}
