/*
 * The damaged log, page by page over the bus, by the operator's own key: nobody of the organisation
 * can sign in while its log is damaged. The operator's own log, which tells of it, comes the same
 * way.
 */
#include "cli/evidence.h"

#include "base/memory.h"
#include "cli/at_audit.h"
#include "proto/audit.h"
#include "proto/catalog.h"
#include "proto/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

const struct cli_option evidence_options[] = {
    {"--org", "ORGANISATION", "whose log is damaged; \"operator\": the log of these exports"},
    {"--output", "FILE", "write it there, as NDJSON"},
    AT_AUDIT_OPTIONS,
    CLI_OPTIONS_END,
};

static enum sm_error log_of(struct cli *cli, struct id *out)
{
    const char *text;
    TRY(cli_need(cli, "--org", &text));
    *out = operators_log;
    if (strcmp(text, "operator") == 0 || id_parse(span_text(text), out) == SM_OK)
        return SM_OK;
    return cli_problem(cli, SM_BAD_VALUE, "Take it from: securemail-admin org list",
        "%.64s is not the id of an organisation (32 digits)", text);
}

static enum sm_error refusal(struct cli *cli, enum sm_error error)
{
    if (error == SM_NOT_ALLOWED)
        return cli_problem(cli, error,
            "An administrator or auditor of it exports it: securemail-admin audit export",
            "This log is whole");
    return at_audit_fault(cli, error);
}

static enum sm_error write_all(int file, struct span bytes)
{
    while (bytes.size) {
        ssize_t written = write(file, bytes.at, bytes.size);
        if (written < 0 && errno != EINTR)
            return errno == ENOSPC ? SM_DISK_FULL : SM_IO;
        bytes = span_slice(bytes, written > 0 ? (size_t)written : 0, bytes.size);
    }
    return SM_OK;
}

/* One page; *is_last says that it was the last one. */
static enum sm_error write_page(
    struct at_audit *audit, struct evidence_request *request, int file, bool *is_last)
{
    struct arena arena DEFER(arena_free) = ARENA(2 * BUS_MESSAGE_BYTES_MAX);
    struct export_reply reply = {0};
    TRY(at_audit_ask(audit, OP_EVIDENCE, request, &arena, &reply));
    if (!reply.is_last && reply.next_seq <= request->from_seq)
        return SM_BAD_FORMAT; /* it would never end */
    request->from_seq = reply.next_seq;
    request->to_seq = reply.to_seq;
    *is_last = reply.is_last;
    return write_all(file, reply.lines);
}

static enum sm_error write_pages(struct at_audit *audit, const struct id *organisation, int file)
{
    struct evidence_request request = {.organisation = *organisation};
    bool is_last = false;
    TRY(id_random(&request.export));
    while (!is_last)
        TRY(write_page(audit, &request, file, &is_last));
    return fsync(file) == 0 ? SM_OK : SM_IO;
}

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

enum sm_error evidence_export(struct cli *cli)
{
    struct at_audit audit DEFER(at_audit_close) = {0};
    char fresh[PATH_BYTES_MAX];
    const char *output;
    struct id organisation;
    TRY(log_of(cli, &organisation));
    TRY(cli_need(cli, "--output", &output));
    TRY(at_audit_open(cli, &audit));
    int size = snprintf(fresh, sizeof fresh, "%s.new", output);
    if (size < 0 || (size_t)size >= sizeof fresh)
        return SM_TOO_LARGE;
    int file DEFER(close_file) =
        open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return cli_problem(cli, SM_IO, "Name a file in a folder that you may write", "%s: %s",
            output, strerror(errno));
    enum sm_error error = write_pages(&audit, &organisation, file);
    if (error == SM_OK && rename(fresh, output) != 0)
        error = SM_IO;
    if (error != SM_OK) {
        (void)unlink(fresh);
        return refusal(cli, error);
    }
    cli_say(cli, "Exported to %s. Find the damage: securemail-verify %s", output, output);
    return doc_set_text(cli->answer, "output", span_text(output));
}
