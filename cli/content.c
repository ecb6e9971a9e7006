/* Fetching, opening, checking, saving. */
#include "cli/content.h"

#include "base/memory.h"
#include "cli/file.h"
#include "cli/progress.h"
#include "cli/save.h"
#include "envelope/header_part.h"
#include "envelope/kdf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_BYTES_MAX = 4096 + FILE_NAME_BYTES + 2,
    TRIES = 8,
    OPENED_BYTES_MAX = 4 * 1024 * 1024, /* plaintext held between two writes */
    HEADER_CIPHERTEXT_MAX = HEADER_PART_BYTES_MAX + 64 * 1024,
};

static struct chunked_place place_of(const struct content_reply *content, uint64_t part)
{
    return (struct chunked_place){content->organisation, content->message, (uint32_t)part,
        (enum direction)content->direction};
}

/* --- fetching --- */

/* Where the ciphertext of a part goes; `done` counts what has arrived, so that it can go on. */
struct fetch {
    struct server *server;
    const struct content_reply *content;
    uint64_t part, size, done, limit;
    enum sm_error (*take)(void *context, struct span bytes);
    void *context;
};

static enum sm_error on_bytes(void *context, struct span bytes)
{
    struct fetch *fetch = context;
    if (bytes.size > fetch->size - fetch->done)
        return SM_TAMPERED;
    TRY(fetch->take(fetch->context, bytes));
    fetch->done += bytes.size;
    return SM_OK;
}

static enum sm_error fetch_rest(struct fetch *fetch)
{
    struct http_response response DEFER(http_response_free) = {0};
    char path[128];
    char range[64];
    char capability[HTTP_HEADER_BYTES_MAX];
    (void)snprintf(path, sizeof path, "/api/v1/messages/%s/parts/%" PRIu64,
        id_text(fetch->content->message).text, fetch->part);
    (void)snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-", fetch->done);
    server_capability_header(fetch->content->capability, capability);
    struct http_request request = {.method = "GET",
        .path = path,
        .headers = {capability},
        .receive_limit = fetch->limit,
        .sink = on_bytes,
        .sink_context = fetch};
    if (fetch->done)
        request.headers[1] = range;
    TRY(http_run(fetch->server->http, &request, &response));
    return response.status == 200 || response.status == 206
               ? SM_OK
               : server_refusal(fetch->server, &response);
}

static enum sm_error fetch_all(struct fetch *fetch)
{
    struct timespec pause = {.tv_sec = 1};
    enum sm_error error = SM_OK;
    for (int number = 0; fetch->done < fetch->size && number < TRIES; number++) {
        if (number)
            (void)nanosleep(&pause, NULL);
        error = fetch_rest(fetch);
        if (error != SM_OK && error != SM_UNAVAILABLE)
            return error;
    }
    return fetch->done == fetch->size ? SM_OK : SM_UNAVAILABLE;
}

/* --- an attachment into a file --- */

struct saving {
    struct chunked_opener *opener;
    struct kdf_digest *digest;
    struct buffer opened;
    struct progress progress;
    struct save save;
};

static void saving_free(struct saving *saving)
{
    chunked_opener_free(&saving->opener);
    kdf_digest_free(&saving->digest);
    buffer_free(&saving->opened);
    save_end(&saving->save);
    progress_stop(&saving->progress);
}

static enum sm_error write_opened(struct saving *saving)
{
    TRY(save_write(&saving->save, buffer_span(&saving->opened)));
    buffer_clear(&saving->opened);
    return SM_OK;
}

static enum sm_error take_ciphertext(void *context, struct span bytes)
{
    struct saving *saving = context;
    TRY(kdf_digest_add(saving->digest, bytes));
    TRY(chunked_open_push(saving->opener, bytes, &saving->opened));
    progress_add(&saving->progress, bytes.size);
    return write_opened(saving);
}

static enum sm_error begin_saving(
    const struct content_reply *content, uint64_t part, const char *folder, struct saving *saving)
{
    struct chunked_place place = place_of(content, part);
    struct buffer bound DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    *saving = (struct saving){.save = SAVE, .opened = BUFFER(OPENED_BYTES_MAX)};
    TRY(chunked_context(&place, &bound));
    TRY(chunked_opener_new(content->key, buffer_span(&bound), &saving->opener));
    TRY(kdf_digest_new(&saving->digest));
    return save_begin(&saving->save, folder);
}

static enum sm_error check_whole(
    struct saving *saving, const struct manifest_attachment *listed, uint64_t size)
{
    uint8_t hash[KDF_SHA256_BYTES];
    TRY(chunked_open_finish(saving->opener, &saving->opened));
    TRY(write_opened(saving));
    TRY(kdf_digest_finish(saving->digest, hash));
    struct manifest_found found = {size, chunked_opener_commitment(saving->opener), hash};
    return chunked_is_whole(saving->opener) ? manifest_check(listed, &found) : SM_TAMPERED;
}

static enum sm_error save_attachment(struct server *server, const struct content_reply *content,
    const struct manifest_attachment *listed, const char *folder, char saved[PATH_BYTES_MAX])
{
    char name[FILE_NAME_BYTES + 1];
    struct saving saving DEFER(saving_free) = {.save = SAVE};
    uint64_t limit = 0;
    const struct part_facts *facts = LIST_AT(struct part_facts, content->parts, listed->part);
    (void)snprintf(name, sizeof name, "%.*s", SPAN_PRINT(listed->name));
    TRY(cli_number(server->cli, "--limit-rate", 0, &limit));
    enum sm_error error = begin_saving(content, listed->part, folder, &saving);
    if (error == SM_IO)
        return cli_problem(server->cli, error, "Name a folder that you may write", "%s: %s", folder,
            strerror(errno));
    TRY(error);
    struct fetch fetch = {.server = server,
        .content = content,
        .part = listed->part,
        .size = listed->ciphertext_size,
        .take = take_ciphertext,
        .context = &saving,
        .limit = limit};
    if (facts->ciphertext_size != listed->ciphertext_size)
        return SM_TAMPERED;
    progress_start(&saving.progress, name, fetch.size, server->cli->is_json);
    TRY(fetch_all(&fetch));
    progress_end(&saving.progress);
    TRY(check_whole(&saving, listed, fetch.done));
    TRY(save_finish(&saving.save, listed->name, name));
    (void)snprintf(saved, PATH_BYTES_MAX, "%s/%s", folder, name);
    return SM_OK;
}

/* --- the whole message --- */

static enum sm_error into_buffer(void *context, struct span bytes)
{
    return buffer_append(context, bytes);
}

static enum sm_error open_header(
    struct server *server, const struct content_reply *content, struct header_part *out)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(HEADER_CIPHERTEXT_MAX);
    struct chunked_place place = place_of(content, 0);
    const struct part_facts *facts = LIST_AT(struct part_facts, content->parts, 0);
    struct fetch fetch = {.server = server,
        .content = content,
        .size = facts->ciphertext_size,
        .take = into_buffer,
        .context = &sealed};
    TRY(fetch_all(&fetch));
    TRY(header_part_open(content->key, &place, buffer_span(&sealed), out));
    /* A dropped or an added attachment: the manifest is what the sender wrote. */
    return out->manifest.attachments.count + 1 == content->parts.count ? SM_OK : SM_TAMPERED;
}

static enum sm_error tell_attachment(
    struct cli *cli, struct doc *list, const struct manifest_attachment *listed, const char *saved)
{
    struct doc *one DEFER(doc_free) = NULL;
    TRY(doc_object(&one));
    TRY(doc_set_text(one, "name", listed->name));
    TRY(doc_set_text(one, "media_type", listed->media_type));
    TRY(doc_set_u64(one, "size", listed->size));
    if (saved)
        TRY(doc_set_text(one, "saved_to", span_text(saved)));
    cli_say(cli, "  %.*s (%" PRIu64 " bytes)%s%s", SPAN_PRINT(listed->name), listed->size,
        saved ? " saved as " : "", saved ? saved : "");
    return doc_append(list, &one);
}

static enum sm_error tell_attachments(struct server *server, const struct content_reply *content,
    const struct manifest *manifest, const char *save_to)
{
    struct cli *cli = server->cli;
    struct doc *list DEFER(doc_free) = NULL;
    TRY(doc_array(&list));
    if (manifest->attachments.count) {
        cli_say(cli, "%s", "");
        cli_say(cli, "Attachments:");
    }
    for (size_t i = 0; i < manifest->attachments.count; i++) {
        char saved[PATH_BYTES_MAX];
        const struct manifest_attachment *listed =
            LIST_AT(struct manifest_attachment, manifest->attachments, i);
        if (save_to)
            TRY(save_attachment(server, content, listed, save_to, saved));
        TRY(tell_attachment(cli, list, listed, save_to ? saved : NULL));
    }
    if (manifest->attachments.count && !save_to)
        cli_say(cli, "  (--save-to FOLDER saves them)");
    return doc_give(cli->answer, "attachments", &list);
}

/* Made if it is not there. */
static bool is_writable_folder(const char *path)
{
    int folder DEFER(file_close) = -1;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && faccessat(folder, ".", W_OK, 0) == 0;
}

enum sm_error content_prepare(struct cli *cli)
{
    const char *folder = cli_value(cli, "--save-to");
    uint64_t limit;
    TRY(cli_number(cli, "--limit-rate", 0, &limit));
    return !folder || is_writable_folder(folder)
               ? SM_OK
               : cli_problem(cli, SM_IO, "Name a folder that you may write", "%s: %s", folder,
                     strerror(errno));
}

enum sm_error content_open(struct server *server, const struct content_reply *content)
{
    struct cli *cli = server->cli;
    struct header_part header DEFER(header_part_free) = {0};
    TRY(open_header(server, content, &header));
    TRY(doc_set_id(cli->answer, "message", content->message));
    TRY(doc_set_text(cli->answer, "subject", header.manifest.subject));
    TRY(doc_set_text(cli->answer, "body", header.manifest.body));
    cli_say(cli, "Subject: %.*s", SPAN_PRINT(header.manifest.subject));
    cli_say(cli, "%s", "");
    TRY(cli_text(cli, header.manifest.body));
    return tell_attachments(server, content, &header.manifest, cli_value(cli, "--save-to"));
}
