/* The client's side of tus. */
#include "cli/tus.h"

#include "base/encode.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 8, PAUSE_MS = 500 };

static void pause_before_try(int number)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    for (int i = 0; i < number && i < 6; i++)
        (void)nanosleep(&pause, NULL);
}

enum sm_error tus_create(struct server *server, struct tus_upload *upload)
{
    struct http_response response DEFER(http_response_free) = {0};
    struct buffer part DEFER(buffer_free) = BUFFER(16);
    char capability[HTTP_HEADER_BYTES_MAX];
    char length[64];
    char metadata[64];
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%zu", upload->part);
    TRY(base64_encode(span_text(digits), &part));
    (void)snprintf(length, sizeof length, "Upload-Length: %" PRIu64, upload->length);
    (void)snprintf(
        metadata, sizeof metadata, "Upload-Metadata: part %.*s", SPAN_PRINT(buffer_span(&part)));
    server_capability_header(span_text(upload->capability), capability);
    struct http_request request = {.method = "POST",
        .path = "/api/v1/uploads",
        .headers = {"Tus-Resumable: 1.0.0", length, metadata, capability}};
    TRY(http_run(server->http, &request, &response));
    if (response.status != 201)
        return server_refusal(server, &response);
    const char *path = strstr(response.location, "/api/v1/uploads/");
    if (!path)
        return SM_BAD_FORMAT;
    (void)snprintf(upload->path, sizeof upload->path, "%s", path);
    return SM_OK;
}

/* Asks where the server stands. */
static enum sm_error ask_offset(struct server *server, struct tus_upload *upload)
{
    struct http_response response DEFER(http_response_free) = {0};
    char capability[HTTP_HEADER_BYTES_MAX];
    server_capability_header(span_text(upload->capability), capability);
    struct http_request request = {
        .method = "HEAD", .path = upload->path, .headers = {"Tus-Resumable: 1.0.0", capability}};
    TRY(http_run(server->http, &request, &response));
    if (response.status == 423 || response.status >= 500)
        return SM_UNAVAILABLE;
    if (response.status != 200)
        return server_refusal(server, &response);
    upload->offset = response.upload_offset;
    return SM_OK;
}

static enum sm_error send_block(struct server *server, struct tus_upload *upload, struct span bytes)
{
    struct http_response response DEFER(http_response_free) = {0};
    char capability[HTTP_HEADER_BYTES_MAX];
    char offset[64];
    (void)snprintf(offset, sizeof offset, "Upload-Offset: %" PRIu64, upload->offset);
    server_capability_header(span_text(upload->capability), capability);
    struct http_request request = {.method = "PATCH",
        .path = upload->path,
        .headers = {"Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream", offset,
            capability},
        .body = bytes};
    TRY(http_run(server->http, &request, &response));
    if (response.status == 409 || response.status == 423 || response.status >= 500)
        return SM_UNAVAILABLE; /* ask where it stands, and go on from there */
    if (response.status != 204)
        return server_refusal(server, &response);
    upload->offset = response.upload_offset;
    return SM_OK;
}

enum sm_error tus_append(struct server *server, struct tus_upload *upload, struct span bytes)
{
    uint64_t start = upload->offset;
    enum sm_error error = SM_OK;
    for (int number = 0; upload->offset < start + bytes.size && number < TRIES; number++) {
        if (error == SM_UNAVAILABLE) {
            pause_before_try(number);
            if (ask_offset(server, upload) != SM_OK)
                continue;
        }
        if (upload->offset < start || upload->offset > start + bytes.size)
            return SM_TAMPERED; /* the server has lost, or has, what it cannot */
        error = send_block(
            server, upload, span_slice(bytes, (size_t)(upload->offset - start), bytes.size));
        if (error != SM_OK && error != SM_UNAVAILABLE)
            return error;
    }
    return upload->offset == start + bytes.size ? SM_OK : SM_UNAVAILABLE;
}
