/*
 * tus 1.0 (https://tus.io/protocols/resumable-upload): core, creation, termination, expiration. The
 * bytes go from the socket in blocks into the store; how many have arrived is the size of the file,
 * so an answer after a crash is as true as one before it.
 */
#include "services/gateway/handlers.h"
#include "services/gateway/request.h"
#include "services/gateway/tus_headers.h"
#include "services/gateway/upload.h"
#include "services/gateway/wanted.h"

#include "base/failpoint.h"
#include "envelope/chunked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "proto/limits.h"

enum sm_error on_upload_options(struct worker *worker, struct exchange *exchange)
{
    (void)worker;
    TRY(answer_header(exchange, "Tus-Resumable", TUS_VERSION));
    TRY(answer_header(exchange, "Tus-Version", TUS_VERSION));
    TRY(answer_header(exchange, "Tus-Extension", "creation,termination,expiration"));
    TRY(answer_header(exchange, "Tus-Max-Size", "%" PRIu64, part_bytes_max(1)));
    answer_empty(exchange, 204);
    return SM_OK;
}

static enum sm_error check_version(struct exchange *exchange)
{
    if (span_equals_text(exchange_header(exchange, HEADER_TUS_RESUMABLE), TUS_VERSION))
        return SM_OK;
    TRY(answer_header(exchange, "Tus-Version", TUS_VERSION));
    return exchange_refuse(exchange, SM_BAD_VALUE, "Send Tus-Resumable: " TUS_VERSION ".");
}

/* RFC 9110 section 5.6.7, as the expiration extension asks. */
static enum sm_error add_expires(struct exchange *exchange, int64_t expires_ms)
{
    char text[40];
    struct tm parts;
    time_t seconds = (time_t)(expires_ms / 1000);
    if (!gmtime_r(&seconds, &parts) ||
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0)
        return SM_BAD_VALUE;
    return answer_header(exchange, "Upload-Expires", "%s", text);
}

/* --- creation --- */

static enum sm_error check_length(struct exchange *exchange, uint64_t part, uint64_t length)
{
    uint64_t plaintext = 0;
    if (length > part_bytes_max(part) && part == 0)
        return exchange_refuse(exchange, SM_TOO_LARGE,
            "Too large: the text of a message may have at most %d bytes.", (int)BODY_BYTES_MAX);
    if (length > part_bytes_max(part))
        return exchange_refuse(exchange, SM_TOO_LARGE,
            "Too large: a file may have at most 50 MB (%d bytes).", (int)ATTACHMENT_BYTES_MAX);
    if (chunked_plaintext_size(length, &plaintext) != SM_OK)
        return exchange_refuse(
            exchange, SM_BAD_VALUE, "Upload-Length is not the size of a sealed part.");
    return SM_OK;
}

static enum sm_error read_creation(struct exchange *exchange, struct upload *out)
{
    uint64_t part = 0;
    if (request_number(exchange_header(exchange, HEADER_UPLOAD_LENGTH), &out->length) != SM_OK)
        return exchange_refuse(
            exchange, SM_BAD_FORMAT, "Upload-Length is missing or not a number of bytes.");
    if (tus_part(exchange_header(exchange, HEADER_UPLOAD_METADATA), &part) != SM_OK)
        return exchange_refuse(exchange, SM_BAD_VALUE,
            "Upload-Metadata holds the part's number and nothing else: \"part\" and its base64.");
    TRY(check_length(exchange, part, out->length));
    out->name = (struct store_name){exchange->proven.message, (uint32_t)part};
    return SM_OK;
}

enum sm_error on_upload_create(struct worker *worker, struct exchange *exchange)
{
    struct upload upload = {0};
    const struct capability *proven = &exchange->proven;
    struct upload_allowance allowance = {
        proven->organisation, proven->bytes_max, proven->parts_max};
    TRY(check_version(exchange));
    TRY(read_creation(exchange, &upload));
    enum sm_error error = upload_create(worker, &allowance, &upload);
    if (error == SM_CONFLICT)
        return exchange_refuse(exchange, error,
            "This part is stored already, or the message is sent and cannot be changed.");
    if (error == SM_TOO_LARGE)
        return exchange_refuse(exchange, error,
            "Too large: this message may have %" PRIu64 " bytes in a part and %u parts.",
            proven->bytes_max, (unsigned)proven->parts_max);
    TRY(error);
    TRY(answer_header(exchange, "Tus-Resumable", TUS_VERSION));
    TRY(answer_header(exchange, "Location", "/api/v1/uploads/%s", id_text(upload.id).text));
    TRY(add_expires(exchange, upload.expires_ms));
    answer_empty(exchange, 201);
    return SM_OK;
}

/* --- how far is it --- */

static enum sm_error find_upload(
    struct worker *worker, struct exchange *exchange, struct upload *out)
{
    TRY(check_version(exchange));
    enum sm_error error = upload_find(worker, exchange->id, exchange->proven.message, out);
    if (error == SM_NOT_FOUND)
        return exchange_refuse(
            exchange, error, "There is no such upload (any more): begin it again.");
    return error;
}

/*
 * Somebody is still writing: mostly this client's own broken connection, which then makes room. The
 * answer does not wait for that.
 */
static enum sm_error say_busy(
    struct worker *worker, struct exchange *exchange, const struct upload *upload)
{
    inflow_displace(&exchange->inflow, upload->id);
    wanted_tell(worker, upload->id);
    return exchange_refuse(exchange, SM_LOCKED,
        "This upload is being written by another connection. Try again in a moment.");
}

enum sm_error on_upload_head(struct worker *worker, struct exchange *exchange)
{
    struct upload upload = {0};
    struct store_upload *file DEFER(store_upload_close) = NULL;
    TRY(find_upload(worker, exchange, &upload));
    uint64_t offset = upload.length;
    if (!upload.is_finished) {
        const struct store_upload_name name = upload_name(&upload);
        enum sm_error error = store_upload_open(worker->gateway->store, &name, &file);
        if (error == SM_BUSY)
            return say_busy(worker, exchange, &upload);
        TRY(error);
        offset = store_upload_size(file);
    }
    TRY(answer_header(exchange, "Tus-Resumable", TUS_VERSION));
    TRY(answer_header(exchange, "Upload-Offset", "%" PRIu64, offset));
    TRY(answer_header(exchange, "Upload-Length", "%" PRIu64, upload.length));
    TRY(add_expires(exchange, upload.expires_ms));
    answer_empty(exchange, 200);
    return SM_OK;
}

/* --- writing --- */

struct writing {
    struct upload upload;
    struct store_upload *file; /* NULL: finished before, nothing to write */
};

static void writing_free(void **state)
{
    struct writing *writing = *state;
    if (!writing)
        return;
    store_upload_close(&writing->file);
    free(writing);
    *state = NULL;
}

static enum sm_error write_block(void *state, struct worker *worker, struct span bytes)
{
    struct writing *writing = state;
    (void)worker;
    if (bytes.size == 0)
        return SM_OK;
    if (!writing->file || store_upload_size(writing->file) + bytes.size > writing->upload.length)
        return SM_TOO_LARGE;
    FAIL_POINT("gateway.upload.before-append");
    TRY(store_upload_append(writing->file, bytes));
    FAIL_POINT("gateway.upload.after-append");
    return SM_OK;
}

static enum sm_error finish_writing(void *state, struct worker *worker, struct exchange *exchange)
{
    struct writing *writing = state;
    struct upload *upload = &writing->upload;
    uint64_t offset = writing->file ? store_upload_size(writing->file) : upload->length;
    if (!upload->is_finished && offset == upload->length)
        TRY(upload_complete(worker, upload, writing->file));
    TRY(answer_header(exchange, "Tus-Resumable", TUS_VERSION));
    TRY(answer_header(exchange, "Upload-Offset", "%" PRIu64, offset));
    TRY(add_expires(exchange, upload->expires_ms));
    answer_empty(exchange, 204);
    return SM_OK;
}

static enum sm_error check_patch(
    struct exchange *exchange, const struct upload *upload, uint64_t size)
{
    uint64_t offset = 0;
    if (request_number(exchange_header(exchange, HEADER_UPLOAD_OFFSET), &offset) != SM_OK)
        return exchange_refuse(
            exchange, SM_BAD_FORMAT, "Upload-Offset is missing or not a number of bytes.");
    if (offset != size)
        return exchange_refuse(exchange, SM_CONFLICT,
            "Upload-Offset is %" PRIu64 " but %" PRIu64 " bytes have arrived: go on from there.",
            offset, size);
    if (exchange->content_length > upload->length - size)
        return exchange_refuse(exchange, SM_TOO_LARGE,
            "Too large: the upload was announced with %" PRIu64 " bytes.", upload->length);
    return SM_OK;
}

static enum sm_error open_writing(
    struct worker *worker, struct exchange *exchange, struct writing *writing)
{
    TRY(find_upload(worker, exchange, &writing->upload));
    if (writing->upload.is_finished)
        return check_patch(exchange, &writing->upload, writing->upload.length);
    const struct store_upload_name name = upload_name(&writing->upload);
    enum sm_error error = store_upload_open(worker->gateway->store, &name, &writing->file);
    if (error == SM_BUSY)
        return say_busy(worker, exchange, &writing->upload);
    TRY(error);
    inflow_take(&exchange->inflow, writing->upload.id);
    uint64_t size = store_upload_size(writing->file);
    return size <= writing->upload.length ? check_patch(exchange, &writing->upload, size)
                                          : SM_TAMPERED;
}

enum sm_error on_upload_patch(struct worker *worker, struct exchange *exchange)
{
    void *state DEFER(writing_free) = calloc(1, sizeof(struct writing));
    if (!state)
        return SM_NO_MEMORY;
    if (!span_equals_text(
            exchange_header(exchange, HEADER_CONTENT_TYPE), "application/offset+octet-stream"))
        return exchange_refuse(
            exchange, SM_BAD_FORMAT, "Send Content-Type: application/offset+octet-stream.");
    TRY(open_writing(worker, exchange, state));
    exchange->sink = (struct sink){
        .state = TAKE(state), .write = write_block, .finish = finish_writing, .free = writing_free};
    return SM_OK;
}

/* --- taking back --- */

enum sm_error on_upload_delete(struct worker *worker, struct exchange *exchange)
{
    struct upload upload = {0};
    TRY(find_upload(worker, exchange, &upload));
    enum sm_error error = upload_take_back(worker, &upload);
    if (error == SM_CONFLICT)
        return exchange_refuse(exchange, error,
            "The message is sent: a part cannot be taken back. Revoke or delete the message.");
    TRY(error);
    TRY(answer_header(exchange, "Tus-Resumable", TUS_VERSION));
    answer_empty(exchange, 204);
    return SM_OK;
}
