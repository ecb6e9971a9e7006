/* A capability, and what it opens. */
#include "cli/log_reader.h"

#include "base/memory.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

void log_reader_close(struct log_reader *reader)
{
    user_profile_free(&reader->profile);
    server_close(&reader->server);
}

enum sm_error log_reader_open(struct cli *cli, struct log_reader *out)
{
    struct arena arena DEFER(arena_free) = ARENA(16384);
    struct access_reply access = {0};
    TRY(user_open(cli, &out->profile, &out->server));
    struct session_request request = {.session = out->profile.session};
    struct server_call call = {.operation = "audit_access", .request = &request, .reply = &access};
    TRY(server_call(&out->server, &call, &arena));
    (void)snprintf(out->capability, sizeof out->capability, "%.*s", SPAN_PRINT(access.capability));
    return user_keep(&out->profile, &out->server);
}

static enum sm_error into_file(void *context, struct span bytes)
{
    return file_write(*(const int *)context, bytes);
}

static enum sm_error into_buffer(void *context, struct span bytes)
{
    return buffer_append(context, bytes);
}

static enum sm_error fetch(
    struct log_reader *reader, const char *path, http_sink *sink, void *context)
{
    struct http_response response DEFER(http_response_free) = {0};
    char header[HTTP_HEADER_BYTES_MAX];
    server_capability_header(span_text(reader->capability), header);
    struct http_request request = {
        .method = "GET", .path = path, .headers = {header}, .sink = sink, .sink_context = context};
    TRY(http_run(reader->server.http, &request, &response));
    return response.status == 200 ? SM_OK : server_refusal(&reader->server, &response);
}

enum sm_error log_reader_get(struct log_reader *reader, const char *path, struct buffer *out)
{
    return fetch(reader, path, into_buffer, out);
}

static enum sm_error save_as(
    struct cli *cli, struct log_reader *reader, const char *path, const char *output)
{
    char fresh[PATH_BYTES];
    if (snprintf(fresh, sizeof fresh, "%s.XXXXXX", output) >= (int)sizeof fresh)
        return cli_problem(cli, SM_TOO_LARGE, "Name another file", "The name is too long");
    int file DEFER(file_close) = mkostemp(fresh, O_CLOEXEC);
    if (file < 0)
        return cli_problem(cli, SM_IO, "Name a file in a folder that you may write", "%s: %s",
            output, strerror(errno));
    enum sm_error error = fetch(reader, path, into_file, &file);
    if (error == SM_OK && (fsync(file) != 0 || rename(fresh, output) != 0))
        error = cli_problem(
            cli, SM_IO, "Name a file that you may write", "%s: %s", output, strerror(errno));
    if (error != SM_OK) {
        (void)unlink(fresh);
        return error;
    }
    return doc_set_text(cli->answer, "output", span_text(output));
}

enum sm_error log_reader_save(
    struct cli *cli, struct log_reader *reader, const char *path, bool *is_saved)
{
    const char *output = cli_value(cli, "--output");
    int standard = STDOUT_FILENO;
    *is_saved = output != NULL;
    return output ? save_as(cli, reader, path, output) : fetch(reader, path, into_file, &standard);
}

enum sm_error log_reader_check_output(struct cli *cli)
{
    if (cli_value(cli, "--output") || !cli->is_json)
        return SM_OK;
    return cli_problem(cli, SM_BAD_VALUE, "Add --output FILE, or leave --json out",
        "What comes is a file of its own, and not the one object of --json");
}
