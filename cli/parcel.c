/* Sealing and uploading. */
#include "cli/parcel.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cli/progress.h"
#include "cli/tus.h"
#include "envelope/header_part.h"
#include "envelope/kdf.h"
#include "envelope/subject.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 1024 * 1024 };

enum sm_error parcel_new(struct id organisation, enum direction direction, struct parcel *out)
{
    *out = (struct parcel){.organisation = organisation,
        .direction = direction,
        .subject_sealed = BUFFER(SUBJECT_SEALED_BYTES_MAX)};
    TRY(id_new(&out->message));
    return secret_random(KEY_BYTES, &out->key);
}

void parcel_free(struct parcel *parcel)
{
    secret_free(&parcel->key);
    buffer_free(&parcel->subject_sealed);
}

struct list parcel_parts(const struct parcel *parcel)
{
    return (struct list){parcel->parts, parcel->attachments_count + 1};
}

static struct chunked_place place_of(const struct parcel *parcel, size_t part)
{
    return (struct chunked_place){
        parcel->organisation, parcel->message, (uint32_t)part, parcel->direction};
}

static void note_part(struct parcel *parcel, size_t part, uint64_t size, const uint8_t *commitment)
{
    memcpy(parcel->commitments[part], commitment, COMMITMENT_BYTES);
    parcel->parts[part] = (struct part_facts){part, size, SPAN(parcel->commitments[part])};
}

/* --- a file --- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *media_type_of(const char *name)
{
    static const char *const types[][2] = {{".pdf", "application/pdf"}, {".txt", "text/plain"},
        {".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
        {".zip", "application/zip"}, {".csv", "text/csv"},
        {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t ending = strlen(types[i][0]);
        if (length > ending && strcmp(name + length - ending, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

static enum sm_error open_attachment(
    struct cli *cli, const char *path, uint64_t bytes_max, int *out, uint64_t *size)
{
    struct stat facts;
    int file DEFER(file_close) = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0)
        return cli_problem(
            cli, SM_BAD_VALUE, "Name a file that you may read", "%s: %s", path, strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return cli_problem(cli, SM_BAD_VALUE, "Name a file", "%s is not a file", path);
    if ((uint64_t)facts.st_size > bytes_max)
        return cli_problem(cli, SM_TOO_LARGE, "Make it smaller, or split it",
            "%s has %.1f MB; a file may have %.0f MB", path, (double)facts.st_size / 1e6,
            (double)bytes_max / 1e6);
    *size = (uint64_t)facts.st_size;
    *out = file;
    file = -1;
    return SM_OK;
}

/* What one part needs while it goes out. */
struct flow {
    struct server *server;
    struct tus_upload upload;
    struct chunked_sealer *sealer;
    struct kdf_digest *digest;
    struct progress progress;
    struct buffer sealed;
};

static void flow_free(struct flow *flow)
{
    chunked_sealer_free(&flow->sealer);
    kdf_digest_free(&flow->digest);
    buffer_free(&flow->sealed);
    progress_stop(&flow->progress);
}

static enum sm_error send_sealed(struct flow *flow)
{
    TRY(kdf_digest_add(flow->digest, buffer_span(&flow->sealed)));
    TRY(tus_append(flow->server, &flow->upload, buffer_span(&flow->sealed)));
    buffer_clear(&flow->sealed);
    return SM_OK;
}

static enum sm_error send_file(struct flow *flow, struct cli *cli, int file, uint64_t size)
{
    struct buffer block DEFER(buffer_free) = BUFFER(READ_BYTES);
    uint64_t left = size;
    uint8_t *room;
    TRY(buffer_extend(&block, READ_BYTES, &room));
    while (left) {
        ssize_t got = read(file, block.bytes, left < READ_BYTES ? left : READ_BYTES);
        if (got <= 0)
            return cli_problem(cli, SM_IO, "Close what changes it, then send again",
                "A file changed while it was read");
        TRY(chunked_seal_push(flow->sealer, span_of(block.bytes, (size_t)got), &flow->sealed));
        TRY(send_sealed(flow));
        progress_add(&flow->progress, (uint64_t)got);
        left -= (uint64_t)got;
    }
    TRY(chunked_seal_finish(flow->sealer, &flow->sealed));
    return send_sealed(flow);
}

static enum sm_error begin_flow(struct server *server, const struct parcel *parcel, size_t part,
    const char *capability, struct flow *flow)
{
    struct chunked_place place = place_of(parcel, part);
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    flow->server = server;
    flow->sealed = BUFFER((size_t)2 * READ_BYTES);
    flow->upload = (struct tus_upload){.capability = capability, .part = part};
    TRY(chunked_context(&place, &context));
    TRY(kdf_digest_new(&flow->digest));
    return chunked_sealer_new(secret_span(parcel->key), buffer_span(&context), &flow->sealer);
}

static enum sm_error upload_file(struct server *server, struct parcel *parcel, const char *path,
    const struct parcel_content *content)
{
    size_t part = parcel->attachments_count + 1;
    uint64_t size = 0;
    int file DEFER(file_close) = -1;
    struct flow flow DEFER(flow_free) = {0};
    TRY(open_attachment(server->cli, path, content->attachment_bytes_max, &file, &size));
    TRY(begin_flow(server, parcel, part, content->capability, &flow));
    flow.upload.length = chunked_ciphertext_size(size);
    TRY(tus_create(server, &flow.upload));
    progress_start(&flow.progress, base_name(path), size, server->cli->is_json);
    TRY(send_file(&flow, server->cli, file, size));
    progress_end(&flow.progress);
    TRY(kdf_digest_finish(flow.digest, parcel->hashes[part]));
    note_part(parcel, part, flow.upload.length, chunked_sealer_commitment(flow.sealer));
    parcel->attachments[parcel->attachments_count++] = (struct manifest_attachment){.part = part,
        .name = span_text(base_name(path)),
        .media_type = span_text(media_type_of(path)),
        .size = size,
        .ciphertext_size = flow.upload.length,
        .commitment = SPAN(parcel->commitments[part]),
        .sha256 = SPAN(parcel->hashes[part])};
    return SM_OK;
}

/* --- the header part --- */

static enum sm_error upload_header(
    struct server *server, struct parcel *parcel, const struct parcel_content *content)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(HEADER_PART_BYTES_MAX + 64 * 1024);
    struct chunked_place place = place_of(parcel, 0);
    struct manifest manifest = {.version = MANIFEST_VERSION,
        .subject = content->subject,
        .body = content->body,
        .body_type = span_text("text/plain"),
        .attachments = {parcel->attachments, parcel->attachments_count}};
    enum sm_error error = header_part_seal(secret_span(parcel->key), &place, &manifest, &sealed);
    if (error == SM_BAD_VALUE || error == SM_TOO_LARGE)
        return cli_problem(server->cli, error, "Shorten it, or rename the file",
            "The subject, text or a file's name is too long or has characters that cannot be shown");
    TRY(error);
    struct tus_upload upload = {
        .capability = content->capability, .part = 0, .length = sealed.size};
    TRY(tus_create(server, &upload));
    TRY(tus_append(server, &upload, buffer_span(&sealed)));
    /* The commitment stands behind the salt at the head of a sealed stream. */
    note_part(parcel, 0, sealed.size, sealed.bytes + CHUNKED_SALT_BYTES);
    return SM_OK;
}

static enum sm_error seal_subject(struct parcel *parcel, struct span subject)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct subject_place place = {parcel->organisation, parcel->message};
    TRY(subject_key_of(secret_span(parcel->key), &key));
    return subject_seal(secret_span(key), &place, subject, &parcel->subject_sealed);
}

enum sm_error parcel_upload(
    struct server *server, struct parcel *parcel, const struct parcel_content *content)
{
    struct cli *cli = server->cli;
    const char *path;
    if (cli_count(cli, "--attach") > ATTACHMENTS_MAX)
        return cli_problem(cli, SM_TOO_LARGE, "Send several messages",
            "A message may have %d attachments", ATTACHMENTS_MAX);
    enum sm_error error = seal_subject(parcel, content->subject);
    if (error == SM_BAD_VALUE)
        return cli_problem(cli, error, "Write it on one line of at most 998 bytes",
            "The subject is not one line of text");
    TRY(error);
    for (size_t i = 0; (path = cli_value_at(cli, "--attach", i)) != NULL; i++)
        TRY(upload_file(server, parcel, path, content));
    return upload_header(server, parcel, content);
}
