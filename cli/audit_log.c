/* The log over HTTP: crypto gives a capability to whoever has the role, the gateway brings the log.
 */
#include "cli/audit_log.h"

#include "base/memory.h"
#include "cli/user.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUERY_BYTES = 512, PATH_BYTES = 4096, CHECKPOINT_BYTES = 64 * 1024 };

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

struct reader {
    struct user_profile profile;
    struct server server;
    char capability[CAPABILITY_BYTES_MAX + 1];
};

static void reader_close(struct reader *reader)
{
    user_profile_free(&reader->profile);
    server_close(&reader->server);
}

static enum sm_error reader_open(struct cli *cli, struct reader *reader)
{
    struct arena arena DEFER(arena_free) = ARENA(16384);
    struct access_reply access = {0};
    TRY(user_open(cli, &reader->profile, &reader->server));
    struct session_request request = {.session = reader->profile.session};
    struct server_call call = {.operation = "audit_access", .request = &request, .reply = &access};
    TRY(server_call(&reader->server, &call, &arena));
    (void)snprintf(
        reader->capability, sizeof reader->capability, "%.*s", SPAN_PRINT(access.capability));
    return user_keep(&reader->profile, &reader->server);
}

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
    struct reader reader DEFER(reader_close) = {0};
    struct buffer path DEFER(buffer_free) = BUFFER(QUERY_BYTES);
    struct doc *page DEFER(doc_free) = NULL;
    const char *text;
    TRY(buffer_append_text(&path, "/api/v1/audit/entries"));
    TRY(add_filter(cli, "--event", "kind", &path));
    TRY(add_filter(cli, "--message", "message", &path));
    TRY(add_filter(cli, "--person", "person", &path));
    TRY(add_filter(cli, "--before", "before", &path));
    TRY(buffer_text(&path, &text));
    TRY(reader_open(cli, &reader));
    TRY(server_get(&reader.server, text, reader.capability, &page));
    const struct doc *entries = doc_member(page, "entries");
    for (size_t i = 0; i < doc_count(entries); i++)
        print_entry(cli, doc_at(entries, i));
    doc_free(&cli->answer);
    cli->answer = TAKE(page);
    return SM_OK;
}

/* --- export and checkpoint --- */

static enum sm_error into_file(void *context, struct span bytes)
{
    return file_write(*(const int *)context, bytes);
}

static enum sm_error into_buffer(void *context, struct span bytes)
{
    return buffer_append(context, bytes);
}

static enum sm_error fetch_into(
    struct reader *reader, const char *path, http_sink *sink, void *context)
{
    struct http_response response DEFER(http_response_free) = {0};
    char header[HTTP_HEADER_BYTES_MAX];
    server_capability_header(span_text(reader->capability), header);
    struct http_request request = {
        .method = "GET", .path = path, .headers = {header}, .sink = sink, .sink_context = context};
    TRY(http_run(reader->server.http, &request, &response));
    return response.status == 200 ? SM_OK : server_refusal(&reader->server, &response);
}

static enum sm_error fetch_to(struct reader *reader, const char *path, int file)
{
    return fetch_into(reader, path, into_file, &file);
}

/* Into a file: written whole under another name first, so that a broken export is not taken for
 * one. */
static enum sm_error export_to_file(struct cli *cli, struct reader *reader, const char *output)
{
    char fresh[PATH_BYTES];
    if (snprintf(fresh, sizeof fresh, "%s.XXXXXX", output) >= (int)sizeof fresh)
        return cli_problem(cli, SM_TOO_LARGE, "Name another file", "The name is too long");
    int file DEFER(file_close) = mkostemp(fresh, O_CLOEXEC);
    if (file < 0)
        return cli_problem(cli, SM_IO, "Name a file in a folder that you may write", "%s: %s",
            output, strerror(errno));
    enum sm_error error = fetch_to(reader, "/api/v1/audit/export", file);
    if (error == SM_OK && (fsync(file) != 0 || rename(fresh, output) != 0))
        error = cli_problem(
            cli, SM_IO, "Name a file that you may write", "%s: %s", output, strerror(errno));
    if (error != SM_OK) {
        (void)unlink(fresh);
        return error;
    }
    cli_say(cli, "Exported to %s. Check it: securemail-verify %s", output, output);
    return doc_set_text(cli->answer, "output", span_text(output));
}

enum sm_error audit_export(struct cli *cli)
{
    struct reader reader DEFER(reader_close) = {0};
    const char *output = cli_value(cli, "--output");
    if (!output && cli->is_json)
        return cli_problem(cli, SM_BAD_VALUE, "Add --output FILE, or leave --json out",
            "The log is many lines of JSON, and not one object");
    TRY(reader_open(cli, &reader));
    return output ? export_to_file(cli, &reader, output)
                  : fetch_to(&reader, "/api/v1/audit/export", STDOUT_FILENO);
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
    struct reader reader DEFER(reader_close) = {0};
    struct buffer note DEFER(buffer_free) = BUFFER(CHECKPOINT_BYTES);
    TRY(reader_open(cli, &reader));
    TRY(fetch_into(&reader, "/api/v1/audit/checkpoint", into_buffer, &note));
    TRY(doc_set_text(cli->answer, "checkpoint", buffer_span(&note)));
    struct span text = buffer_span(&note);
    if (text.size && text.at[text.size - 1] == '\n')
        text.size--;
    return cli_text(cli, text);
}
