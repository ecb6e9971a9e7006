/* The sender's commands. */
#include "cli/sender.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/content.h"
#include "cli/parcel.h"
#include "cli/text_file.h"
#include "cli/user.h"
#include "envelope/subject.h"

#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_ARENA = 1024 * 1024, PASSWORD_BYTES = 512 };

const struct cli_option no_options[] = {CLI_OPTIONS_END};
const struct cli_option send_options[] = {
    {"--to", "ADDRESS", "a recipient; again for each further one"},
    {"--subject", "TEXT", "is sealed with the rest"},
    {"--body-file", "FILE", "the text (\"-\": standard input)"},
    {"--attach", "FILE", "a file of at most 50 MB; again for each further one"},
    {"--check", "METHOD", "password, code, or password+code"},
    {"--recipient-password-file", "FILE", "the password that you agreed with the recipient"},
    {"--expires", "DAYS", "1d, 7d (default) or 30d"},
    {"--language", "nl|en", "of the notification (default: en)"},
    {"--undo", "SECONDS",
        "the notifications wait so long, at most 60: revoke within it, and none goes out"},
    {"--answers", "MESSAGE", "the reply that this answers"},
    CLI_OPTIONS_END,
};
const struct cli_option list_options[] = {
    {"--cursor", "CURSOR", "the next page, as the last one told"},
    CLI_OPTIONS_END,
};
const struct cli_option read_options[] = {
    {"--save-to", "FOLDER", "save the attachments there"},
    {"--limit-rate", "BYTES", "receive so many bytes a second at most"},
    CLI_OPTIONS_END,
};
const struct cli_option recipient_options[] = {
    {"--recipient", "ADDRESS", "one recipient (or the id of a link)"},
    CLI_OPTIONS_END,
};
const struct cli_option delete_options[] = {
    {"--yes", NULL, "yes: content, key and addresses are gone for good"},
    CLI_OPTIONS_END,
};

/* A signed-in user, the server and room for its answers: what each command begins with. */
struct desk {
    struct user_profile profile;
    struct server server;
    struct arena arena;
};

static void desk_close(struct desk *desk)
{
    user_profile_free(&desk->profile);
    server_close(&desk->server);
    arena_free(&desk->arena);
}

static enum sm_error desk_open(struct cli *cli, struct desk *desk)
{
    desk->arena = ARENA(REPLY_ARENA);
    return user_open(cli, &desk->profile, &desk->server);
}

static enum sm_error ask(struct desk *desk, const char *operation, void *request, void *reply)
{
    struct server_call call = {.operation = operation, .request = request, .reply = reply};
    TRY(server_call(&desk->server, &call, &desk->arena));
    return user_keep(&desk->profile, &desk->server);
}

static enum sm_error message_of(struct cli *cli, const char *text, struct id *out)
{
    return id_parse(span_text(text), out) == SM_OK
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Take it from: securemail list",
                     "%s is not the id of a message (32 digits)", text);
}

/* --- send --- */

static enum sm_error method_of(struct cli *cli, uint64_t *out)
{
    static const struct {
        const char *word;
        enum method method;
    } words[] = {{"password", METHOD_PASSWORD}, {"code", METHOD_CODE},
        {"password+code", METHOD_PASSWORD_AND_CODE}};
    const char *given;
    TRY(cli_need(cli, "--check", &given));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, given) == 0) {
            *out = words[i].method;
            return SM_OK;
        }
    return cli_problem(cli, SM_BAD_VALUE, "Choose password, code or password+code",
        "%s is not a way to check who somebody is", given);
}

static enum sm_error lifetime_of(struct cli *cli, uint64_t *out)
{
    static const struct {
        const char *word;
        uint64_t days;
    } words[] = {{"1d", 1}, {"7d", 7}, {"30d", 30}};
    const char *given = cli_value(cli, "--expires");
    *out = 7;
    for (size_t i = 0; given && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, given) == 0) {
            *out = words[i].days;
            return SM_OK;
        }
    return given ? cli_problem(cli, SM_BAD_VALUE, "Choose 1d, 7d or 30d",
                       "A message cannot live for %s", given)
                 : SM_OK;
}

static enum sm_error read_recipients(
    struct cli *cli, struct span password, struct recipient *out, size_t *count)
{
    uint64_t method = 0;
    const char *address;
    TRY(method_of(cli, &method));
    for (*count = 0; (address = cli_value_at(cli, "--to", *count)) != NULL; ++*count) {
        if (*count == RECIPIENTS_MAX)
            return cli_problem(cli, SM_TOO_LARGE, "Send several messages",
                "A message may have %d recipients", RECIPIENTS_MAX);
        if (!text_is_address(span_text(address)))
            return cli_problem(cli, SM_BAD_VALUE, "Write it as name@example.org",
                "%.100s is not a mail address", address);
        out[*count] = (struct recipient){
            .address = span_text(address), .method = method, .password = password};
    }
    return *count ? SM_OK
                  : cli_problem(cli, SM_BAD_VALUE, "Name one with --to", "There is no recipient");
}

static enum sm_error read_password(struct cli *cli, struct buffer *out)
{
    const char *check = cli_value(cli, "--check");
    if (!check || !strstr(check, "password"))
        return SM_OK;
    TRY(cli_secret(cli, "--recipient-password-file", "Password for the recipient", out));
    return out->size >= PASSWORD_BYTES_MIN && out->size <= PASSWORD_BYTES_MAX
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Choose another, and tell it by phone",
                     "The recipient's password must have %d to %d bytes", PASSWORD_BYTES_MIN,
                     PASSWORD_BYTES_MAX);
}

static enum sm_error upload(struct desk *desk, struct parcel *parcel, struct span body)
{
    struct access_reply access = {0};
    struct compose_request compose = {.session = desk->profile.session, .message = parcel->message};
    const char *subject;
    char capability[CAPABILITY_BYTES_MAX + 1];
    TRY(cli_need(desk->server.cli, "--subject", &subject));
    TRY(ask(desk, "compose", &compose, &access));
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

/* The same request again after no answer: the message id makes it one send. */
static enum sm_error commit(
    struct desk *desk, struct send_request *request, struct send_reply *reply)
{
    struct server_call call = {.operation = "send",
        .aad = {request->message, request->parts.count},
        .request = request,
        .reply = reply};
    enum sm_error error = server_call(&desk->server, &call, &desk->arena);
    if (error == SM_UNAVAILABLE || error == SM_TIMEOUT) {
        desk->server.cli->message[0] = desk->server.cli->remedy[0] = '\0';
        error = server_call(&desk->server, &call, &desk->arena);
    }
    TRY(error);
    return user_keep(&desk->profile, &desk->server);
}

static enum sm_error undo_of(struct cli *cli, uint64_t *out)
{
    const char *text = cli_value(cli, "--undo");
    char *end = NULL;
    *out = 0;
    if (!text)
        return SM_OK;
    errno = 0;
    *out = strtoull(text, &end, 10);
    bool is_number = *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    return is_number && *out <= UNDO_S_MAX
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Give 0 to 60", "--undo does not know %.32s", text);
}

enum sm_error sender_send(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct parcel parcel DEFER(parcel_free) = {0};
    struct buffer body DEFER(buffer_free) = BUFFER(BODY_BYTES_MAX);
    struct buffer password DEFER(buffer_free) = BUFFER(PASSWORD_BYTES);
    struct recipient recipients[RECIPIENTS_MAX];
    struct send_reply reply = {0};
    struct send_request request = {0};
    const char *language = cli_value(cli, "--language");
    const char *answers = cli_value(cli, "--answers");
    TRY(lifetime_of(cli, &request.lifetime_days));
    TRY(undo_of(cli, &request.undo_s));
    TRY(read_password(cli, &password));
    TRY(read_recipients(cli, buffer_span(&password), recipients, &request.recipients.count));
    if (answers)
        TRY(message_of(cli, answers, &request.parent));
    TRY(text_file_read(cli, "--body-file", &body));
    TRY(desk_open(cli, &desk));
    TRY(parcel_new(desk.profile.organisation, DIRECTION_MESSAGE, &parcel));
    TRY(upload(&desk, &parcel, buffer_span(&body)));
    request.session = desk.profile.session;
    request.message = parcel.message;
    request.key = secret_span(parcel.key);
    request.language = span_text(language ? language : "en");
    request.subject_sealed = buffer_span(&parcel.subject_sealed);
    request.recipients.items = recipients;
    request.parts = parcel_parts(&parcel);
    TRY(commit(&desk, &request, &reply));
    return tell_sent(cli, &reply);
}

/* --- list and show --- */

/* One sealed request for the subject keys of the page; the subjects open here. */
static enum sm_error add_subjects(struct desk *desk, struct doc *messages)
{
    struct message_name names[PAGE_ROWS_MAX];
    struct subjects_reply reply = {0};
    size_t count = doc_count(messages) < PAGE_ROWS_MAX ? doc_count(messages) : PAGE_ROWS_MAX;
    if (count == 0)
        return SM_OK;
    for (size_t i = 0; i < count; i++)
        TRY(doc_id(doc_at(messages, i), "message", &names[i].message));
    struct subjects_request request = {
        .session = desk->profile.session, .messages = {names, count}};
    TRY(ask(desk, "subjects", &request, &reply));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < reply.subjects.count; k++) {
            const struct subject_key *key = LIST_AT(struct subject_key, reply.subjects, k);
            struct buffer sealed DEFER(buffer_free) = BUFFER(SUBJECT_SEALED_BYTES_MAX);
            struct buffer subject DEFER(buffer_free) = BUFFER(SUBJECT_BYTES_MAX);
            struct subject_place place = {desk->profile.organisation, key->message};
            if (!id_equal(key->message, names[i].message) ||
                doc_bytes(doc_at(messages, i), "subject_sealed", &sealed) != SM_OK)
                continue;
            TRY(subject_open(key->key, &place, buffer_span(&sealed), &subject));
            TRY(doc_set_text(doc_at(messages, i), "subject", buffer_span(&subject)));
        }
    return SM_OK;
}

static void print_row(const struct cli *cli, const struct doc *row)
{
    uint64_t created = 0;
    uint64_t opened = 0;
    uint64_t recipients = 0;
    const char *subject = doc_text(row, "subject");
    const char *direction = doc_text(row, "direction");
    if (doc_u64(row, "created_ms", &created) != SM_OK || doc_u64(row, "opened", &opened) != SM_OK ||
        doc_u64(row, "recipients", &recipients) != SM_OK)
        return;
    bool is_reply = direction && strcmp(direction, "reply") == 0;
    cli_say(cli, "%s  %.16s  %-13s %s%" PRIu64 "/%" PRIu64 "  %s", doc_text(row, "message"),
        clock_text((int64_t)created).text, is_reply ? "reply" : doc_text(row, "status"),
        is_reply ? "from " : "opened ", opened, recipients,
        subject ? subject : "(no longer there)");
}

enum sm_error sender_list(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct doc *page DEFER(doc_free) = NULL;
    struct session_request renew = {0};
    struct expires_reply expires;
    char path[160];
    const char *cursor = cli_value(cli, "--cursor");
    TRY(desk_open(cli, &desk));
    renew.session = desk.profile.session;
    TRY(ask(&desk, "renew", &renew, &expires));
    (void)snprintf(path, sizeof path, "/api/v1/messages%s%.100s", cursor ? "?cursor=" : "",
        cursor ? cursor : "");
    TRY(server_get(&desk.server, path, NULL, &page));
    struct doc *messages = doc_member(page, "messages");
    TRY(add_subjects(&desk, messages));
    for (size_t i = 0; i < doc_count(messages); i++)
        print_row(cli, doc_at(messages, i));
    const char *next = doc_text(page, "next");
    if (next && *next)
        cli_say(cli, "More: securemail list --cursor %s", next);
    doc_free(&cli->answer);
    cli->answer = TAKE(page);
    return SM_OK;
}

static enum sm_error fetch_detail(struct desk *desk, struct id message, struct doc **out)
{
    struct session_request renew = {.session = desk->profile.session};
    struct expires_reply expires;
    char path[96];
    TRY(ask(desk, "renew", &renew, &expires));
    (void)snprintf(path, sizeof path, "/api/v1/messages/%s", id_text(message).text);
    return server_get(&desk->server, path, NULL, out);
}

static void print_recipient(const struct cli *cli, const struct doc *row)
{
    uint64_t opened = 0;
    uint64_t locked = 0;
    const char *address = doc_text(row, "address");
    const char *status = doc_text(row, "status");
    if (doc_u64(row, "opened_ms", &opened) != SM_OK ||
        doc_u64(row, "locked_until_ms", &locked) != SM_OK)
        return;
    cli_say(cli, "  %-40s %-13s %s%s%s%s", address ? address : "", status ? status : "",
        opened ? "opened " : "", opened ? clock_text((int64_t)opened).text : "",
        locked ? "  locked" : "", doc_flag(row, "is_frozen") ? "  frozen: securemail unlock" : "");
}

enum sm_error sender_show(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct doc *detail DEFER(doc_free) = NULL;
    struct id message;
    TRY(message_of(cli, cli->positionals[0], &message));
    TRY(desk_open(cli, &desk));
    TRY(fetch_detail(&desk, message, &detail));
    const struct doc *row = doc_member(detail, "message");
    const struct doc *recipients = doc_member(detail, "recipients");
    cli_say(cli, "%s  %s", cli->positionals[0], doc_text(row, "status"));
    for (size_t i = 0; i < doc_count(recipients); i++)
        print_recipient(cli, doc_at(recipients, i));
    doc_free(&cli->answer);
    cli->answer = TAKE(detail);
    return SM_OK;
}

/* --- read, revoke, delete, unlock --- */

enum sm_error sender_read(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct content_reply content = {0};
    struct message_request request = {0};
    TRY(message_of(cli, cli->positionals[0], &request.message));
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    TRY(ask(&desk, "read", &request, &content));
    return content_open(&desk.server, &content, cli_value(cli, "--save-to"));
}

/* --recipient names an address or the id of a link. */
static enum sm_error link_of(struct desk *desk, struct id message, struct id *out)
{
    struct doc *detail DEFER(doc_free) = NULL;
    struct cli *cli = desk->server.cli;
    const char *given = cli_value(cli, "--recipient");
    if (id_parse(span_text(given), out) == SM_OK)
        return SM_OK;
    TRY(fetch_detail(desk, message, &detail));
    const struct doc *recipients = doc_member(detail, "recipients");
    for (size_t i = 0; i < doc_count(recipients); i++) {
        const char *address = doc_text(doc_at(recipients, i), "address");
        if (address && strcmp(address, given) == 0)
            return doc_id(doc_at(recipients, i), "link", out);
    }
    return cli_problem(cli, SM_NOT_FOUND, "See: securemail show MESSAGE",
        "%.100s is not a recipient of this message", given);
}

static enum sm_error link_command(struct cli *cli, const char *operation, const char *done)
{
    struct desk desk DEFER(desk_close) = {0};
    struct empty_reply reply;
    struct link_request request = {0};
    TRY(message_of(cli, cli->positionals[0], &request.message));
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    if (cli_has(cli, "--recipient"))
        TRY(link_of(&desk, request.message, &request.link));
    TRY(ask(&desk, operation, &request, &reply));
    TRY(doc_set_id(cli->answer, "message", request.message));
    cli_say(cli, "%s", done);
    return SM_OK;
}

enum sm_error sender_revoke(struct cli *cli)
{
    return link_command(cli, "revoke", "Revoked: it can no longer be opened.");
}

enum sm_error sender_unlock(struct cli *cli)
{
    const char *recipient;
    TRY(cli_need(cli, "--recipient", &recipient));
    return link_command(cli, "unlock", "Unlocked: the recipient can try again.");
}

enum sm_error sender_delete(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct empty_reply reply;
    struct message_request request = {0};
    TRY(message_of(cli, cli->positionals[0], &request.message));
    if (!cli_has(cli, "--yes"))
        return cli_problem(cli, SM_BAD_VALUE, "If that is what you want, add --yes",
            "Deleting destroys text, attachments, key and addresses; only the audit log remains");
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    TRY(ask(&desk, "delete", &request, &reply));
    TRY(doc_set_id(cli->answer, "message", request.message));
    cli_say(cli, "Deleted. The audit log keeps that it was there, and that it was deleted.");
    return SM_OK;
}
