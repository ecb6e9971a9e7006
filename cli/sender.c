/* What a sender does with messages that are sent. Sending is in compose.c. */
#include "cli/sender.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/content.h"
#include "cli/desk.h"
#include "envelope/subject.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
    {"--recipient", "ADDRESS ...",
        "one recipient (or the id of a link); again for each further one"},
    CLI_OPTIONS_END,
};
const struct cli_option delete_options[] = {
    {"--yes", NULL, "yes: content, key and addresses are gone for good"},
    CLI_OPTIONS_END,
};

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
    TRY(desk_ask(desk, "subjects", &request, &reply));
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
    TRY(desk_ask(&desk, "renew", &renew, &expires));
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
    TRY(desk_ask(desk, "renew", &renew, &expires));
    (void)snprintf(path, sizeof path, "/api/v1/messages/%s", id_text(message).text);
    return server_get(&desk->server, path, NULL, out);
}

static void print_recipient(const struct cli *cli, const struct doc *row)
{
    uint64_t shown = 0;
    uint64_t opened = 0;
    uint64_t locked = 0;
    const char *address = doc_text(row, "address");
    const char *status = doc_text(row, "status");
    if (doc_u64(row, "shown_ms", &shown) != SM_OK || doc_u64(row, "opened_ms", &opened) != SM_OK ||
        doc_u64(row, "locked_until_ms", &locked) != SM_OK)
        return;
    uint64_t seen = opened ? opened : shown;
    cli_say(cli, "  %-40s %-13s %s%s%s%s", address ? address : "", status ? status : "",
        opened ? "opened " : (shown ? "page shown " : ""),
        seen ? clock_text((int64_t)seen).text : "", locked ? "  locked" : "",
        doc_flag(row, "is_frozen") ? "  frozen: securemail unlock" : "");
}

enum sm_error sender_show(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct doc *detail DEFER(doc_free) = NULL;
    struct id message;
    TRY(desk_message(cli, cli->positionals[0], &message));
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
    TRY(content_prepare(cli));
    TRY(desk_message(cli, cli->positionals[0], &request.message));
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    TRY(desk_ask(&desk, "read", &request, &content));
    return content_open(&desk.server, &content);
}

/* Each --recipient names an address or the id of a link. */
static enum sm_error link_of(
    struct cli *cli, const struct doc *recipients, const char *given, struct id *out)
{
    if (id_parse(span_text(given), out) == SM_OK)
        return SM_OK;
    for (size_t i = 0; i < doc_count(recipients); i++) {
        const char *address = doc_text(doc_at(recipients, i), "address");
        if (address && strcmp(address, given) == 0)
            return doc_id(doc_at(recipients, i), "link", out);
    }
    return cli_problem(cli, SM_NOT_FOUND, "See: securemail show MESSAGE",
        "%.100s is not a recipient of this message", given);
}

/* All of them are found before anything is done to one. */
static enum sm_error links_of(struct desk *desk, struct id message, struct id *links, size_t count)
{
    struct doc *detail DEFER(doc_free) = NULL;
    struct cli *cli = desk->server.cli;
    if (count > RECIPIENTS_MAX)
        return cli_problem(cli, SM_TOO_LARGE, "Name each once", "There are too many recipients");
    TRY(fetch_detail(desk, message, &detail));
    for (size_t i = 0; i < count; i++)
        TRY(link_of(
            cli, doc_member(detail, "recipients"), cli_value_at(cli, "--recipient", i), &links[i]));
    return SM_OK;
}

/* What is done to one link, or to all of a message, and the words for it. */
struct link_act {
    const char *operation, *all, *one;
};

static enum sm_error note_done(struct cli *cli, struct id link, const char *recipient)
{
    struct doc *entry DEFER(doc_free) = NULL;
    TRY(doc_object(&entry));
    TRY(doc_set_id(entry, "link", link));
    TRY(doc_set_text(entry, "recipient", span_text(recipient)));
    return doc_append(doc_member(cli->answer, CLI_DONE), &entry);
}

static enum sm_error act_on_each(
    struct desk *desk, const struct link_act *act, struct link_request *request)
{
    struct cli *cli = desk->server.cli;
    struct id links[RECIPIENTS_MAX];
    struct empty_reply reply;
    size_t count = cli_count(cli, "--recipient");
    struct doc *done DEFER(doc_free) = NULL;
    TRY(links_of(desk, request->message, links, count));
    TRY(doc_array(&done));
    TRY(doc_give(cli->answer, CLI_DONE, &done));
    for (size_t i = 0; i < count; i++) {
        request->link = links[i];
        TRY(desk_ask(desk, act->operation, request, &reply));
        TRY(note_done(cli, links[i], cli_value_at(cli, "--recipient", i)));
        cli_say(cli, "%s: %s", cli_value_at(cli, "--recipient", i), act->one);
    }
    return SM_OK;
}

static enum sm_error act_on_all(
    struct desk *desk, const struct link_act *act, struct link_request *request)
{
    struct empty_reply reply;
    TRY(desk_ask(desk, act->operation, request, &reply));
    cli_say(desk->server.cli, "%s", act->all);
    return SM_OK;
}

static enum sm_error link_command(struct cli *cli, const struct link_act *act)
{
    struct desk desk DEFER(desk_close) = {0};
    struct link_request request = {0};
    TRY(desk_message(cli, cli->positionals[0], &request.message));
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    TRY(cli_has(cli, "--recipient") ? act_on_each(&desk, act, &request)
                                    : act_on_all(&desk, act, &request));
    return doc_set_id(cli->answer, "message", request.message);
}

enum sm_error sender_revoke(struct cli *cli)
{
    static const struct link_act act = {
        "revoke", "Revoked: it can no longer be opened.", "revoked, and can no longer open it"};
    return link_command(cli, &act);
}

enum sm_error sender_unlock(struct cli *cli)
{
    static const struct link_act act = {"unlock", "", "unlocked, and can try again"};
    const char *recipient;
    TRY(cli_need(cli, "--recipient", &recipient));
    return link_command(cli, &act);
}

enum sm_error sender_resend(struct cli *cli)
{
    static const struct link_act act = {"resend", "", "gets the notification again"};
    const char *recipient;
    TRY(cli_need(cli, "--recipient", &recipient));
    return link_command(cli, &act);
}

enum sm_error sender_delete(struct cli *cli)
{
    struct desk desk DEFER(desk_close) = {0};
    struct empty_reply reply;
    struct message_request request = {0};
    TRY(desk_message(cli, cli->positionals[0], &request.message));
    if (!cli_has(cli, "--yes"))
        return cli_problem(cli, SM_BAD_VALUE, "If that is what you want, add --yes",
            "Deleting destroys text, attachments, key and addresses; only the audit log remains");
    TRY(desk_open(cli, &desk));
    request.session = desk.profile.session;
    TRY(desk_ask(&desk, "delete", &request, &reply));
    TRY(doc_set_id(cli->answer, "message", request.message));
    cli_say(cli, "Deleted. The audit log keeps that it was there, and that it was deleted.");
    return SM_OK;
}
