/* The log as people read it: a page of entries, the whole as a file, its signed head. */
#include "cli/audit_log.h"

#include "base/memory.h"
#include "cli/log_reader.h"

#include <inttypes.h>
#include <string.h>

enum { QUERY_BYTES = 512, CHECKPOINT_BYTES = 64 * 1024 };

const struct cli_option audit_list_options[] = {
    {"--event", "NAME", "only this kind, e.g. opened"},
    {"--message", "MESSAGE", "only about this message"},
    {"--person", "ADDRESS", "only about this person"},
    {"--before", "NUMBER", "older than this entry: the next page"},
    CLI_OPTIONS_END,
};
const struct cli_option audit_checkpoint_options[] = {
    {"--mail", NULL, "have it mailed to all administrators and auditors instead"},
    CLI_OPTIONS_END,
};
const struct cli_option audit_export_options[] = {
    {"--output", "FILE", "write it there (default: standard output)"},
    CLI_OPTIONS_END,
};

/* --- list --- */

/* Adds name=value for an option that was given; only characters that need no escaping pass. */
static enum sm_error add_filter(
    struct cli *cli, const char *option, const char *name, struct buffer *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+";
    const char *value = cli_value(cli, option);
    if (!value)
        return SM_OK;
    if (strspn(value, plain) != strlen(value))
        return cli_problem(cli, SM_BAD_VALUE, "See --help", "%s cannot be %.100s", option, value);
    TRY(buffer_format(path, "%s%s=", memchr(path->bytes, '?', path->size) ? "&" : "?", name));
    for (const char *at = value; *at; at++)
        TRY(*at == '+' ? buffer_append_text(path, "%2B") : buffer_append_u8(path, (uint8_t)*at));
    return SM_OK;
}

static void print_entry(const struct cli *cli, const struct doc *row)
{
    const char *text = doc_text(row, "entry");
    const struct doc *disclosures = doc_member(row, "disclosures");
    struct doc *entry DEFER(doc_free) = NULL;
    uint64_t seq = 0;
    if (!text || doc_u64(row, "seq", &seq) != SM_OK || doc_parse(span_text(text), &entry) != SM_OK)
        return;
    const char *at = doc_text(entry, "at");
    const char *kind = doc_text(entry, "kind");
    const char *message = doc_text(entry, "message");
    const char *person = doc_count(disclosures) ? doc_text(doc_at(disclosures, 0), "value") : NULL;
    cli_say(cli, "%6" PRIu64 "  %s  %-22s %s  %s", seq, at ? at : "", kind ? kind : "",
        message ? message : "", person ? person : "");
}

enum sm_error audit_list(struct cli *cli)
{
    struct log_reader reader DEFER(log_reader_close) = {0};
    struct buffer path DEFER(buffer_free) = BUFFER(QUERY_BYTES);
    struct doc *page DEFER(doc_free) = NULL;
    const char *text;
    TRY(buffer_append_text(&path, "/api/v1/audit/entries"));
    TRY(add_filter(cli, "--event", "kind", &path));
    TRY(add_filter(cli, "--message", "message", &path));
    TRY(add_filter(cli, "--person", "person", &path));
    TRY(add_filter(cli, "--before", "before", &path));
    TRY(buffer_text(&path, &text));
    TRY(log_reader_open(cli, &reader));
    TRY(server_get(&reader.server, text, reader.capability, &page));
    const struct doc *entries = doc_member(page, "entries");
    for (size_t i = 0; i < doc_count(entries); i++)
        print_entry(cli, doc_at(entries, i));
    doc_free(&cli->answer);
    cli->answer = TAKE(page);
    return SM_OK;
}

/* --- export and checkpoint --- */

enum sm_error audit_export(struct cli *cli)
{
    struct log_reader reader DEFER(log_reader_close) = {0};
    bool is_saved;
    TRY(log_reader_check_output(cli));
    TRY(log_reader_open(cli, &reader));
    TRY(log_reader_save(cli, &reader, "/api/v1/audit/export", &is_saved));
    if (is_saved)
        cli_say(cli, "Exported to %s. Check it: securemail-verify %s", cli_value(cli, "--output"),
            cli_value(cli, "--output"));
    return SM_OK;
}

static enum sm_error have_it_mailed(struct cli *cli)
{
    struct user_profile profile DEFER(user_profile_free) = {0};
    struct server server DEFER(server_close) = {0};
    struct arena arena DEFER(arena_free) = ARENA(16384);
    struct empty_reply reply;
    TRY(user_open(cli, &profile, &server));
    struct session_request request = {.session = profile.session};
    struct server_call call = {
        .operation = "checkpoint_mail", .request = &request, .reply = &reply};
    TRY(server_call(&server, &call, &arena));
    cli_say(cli, "It goes to all administrators and auditors within a minute. Keep that mail.");
    return user_keep(&profile, &server);
}

/* Byte for byte as it was signed: a newline at its end is part of it, and cli_text puts it. */
enum sm_error audit_checkpoint(struct cli *cli)
{
    if (cli_has(cli, "--mail"))
        return have_it_mailed(cli);
    struct log_reader reader DEFER(log_reader_close) = {0};
    struct buffer note DEFER(buffer_free) = BUFFER(CHECKPOINT_BYTES);
    TRY(log_reader_open(cli, &reader));
    TRY(log_reader_get(&reader, "/api/v1/audit/checkpoint", &note));
    TRY(doc_set_text(cli->answer, "checkpoint", buffer_span(&note)));
    struct span text = buffer_span(&note);
    if (text.size && text.at[text.size - 1] == '\n')
        text.size--;
    return cli_text(cli, text);
}
