/*
 * A hostile client of resumable uploads: requests one after the other on one connection, each read,
 * admitted and run by the gateway's own code over a real store. Only the rows of upload.h are kept
 * here, in place of a database. After each request: what the server says of the upload is what has
 * arrived, never more than was announced, and no refusal is a fault of ours.
 *
 * Input: a byte that says in what pieces bodies come, then "METHOD path\nName: value\n...\n\nbody"
 * again and again. A body has as many bytes as its Content-Length says; when there are fewer, the
 * connection breaks in it.
 */
#include "base/memory.h"
#include "services/gateway/request.h"
#include "services/gateway/tus_headers.h"
#include "services/gateway/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "store/store_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS_MAX = 12, LINE_BYTES_MAX = 4096, NAME_BYTES_MAX = 128 };

static const struct id the_message = {{1}};
static const struct id the_upload = {{2}};

/* The worker that handlers are given, and behind it the one upload that there can be. */
struct desk {
    struct worker worker;
    struct gateway gateway;
    struct upload upload;
    bool has_upload;
    uint64_t arrived; /* bytes that were taken and not refused */
};

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* --- rows: what services/gateway/upload.c keeps in the database --- */

static struct desk *desk_of(struct worker *worker)
{
    return (struct desk *)worker;
}

struct store_upload_name upload_name(const struct upload *upload)
{
    return (struct store_upload_name){.id = upload->id, .object = upload->name};
}

static void forget(struct desk *desk)
{
    const struct store_upload_name name = upload_name(&desk->upload);
    if (!desk->has_upload)
        return;
    demand(store_upload_delete(desk->gateway.store, &name) == SM_OK);
    demand(store_object_delete(desk->gateway.store, &desk->upload.name) == SM_OK);
    desk->has_upload = false;
    desk->arrived = 0;
}

enum sm_error upload_create(
    struct worker *worker, const struct upload_allowance *allowance, struct upload *upload)
{
    struct desk *desk = desk_of(worker);
    demand(upload->name.part < PARTS_MAX && upload->length <= part_bytes_max(upload->name.part));
    if (upload->name.part >= allowance->parts_max || upload->length > allowance->bytes_max)
        return SM_TOO_LARGE;
    if (desk->has_upload && desk->upload.is_finished)
        return SM_CONFLICT;
    forget(desk);
    upload->id = the_upload;
    upload->expires_ms = 1796112780000;
    const struct store_upload_name name = upload_name(upload);
    demand(store_upload_begin(desk->gateway.store, &name) == SM_OK);
    desk->upload = *upload;
    desk->has_upload = true;
    return SM_OK;
}

enum sm_error upload_find(
    struct worker *worker, struct id id, struct id message, struct upload *out)
{
    struct desk *desk = desk_of(worker);
    if (!desk->has_upload || !id_equal(id, the_upload) || !id_equal(message, the_message))
        return SM_NOT_FOUND;
    *out = desk->upload;
    return SM_OK;
}

enum sm_error upload_complete(
    struct worker *worker, struct upload *upload, struct store_upload *file)
{
    struct desk *desk = desk_of(worker);
    demand(store_upload_size(file) == desk->upload.length);
    TRY(store_upload_finish(file));
    upload->is_finished = true;
    desk->upload.is_finished = true;
    return SM_OK;
}

enum sm_error upload_take_back(struct worker *worker, const struct upload *upload)
{
    demand(id_equal(upload->id, the_upload));
    forget(desk_of(worker));
    return SM_OK;
}

/* No request of an upload sends a message. */
enum sm_error upload_freeze(struct worker *worker, struct id message, uint64_t parts)
{
    (void)worker, (void)message, (void)parts;
    abort();
}

enum sm_error upload_thaw(struct worker *worker, struct id message)
{
    (void)worker, (void)message;
    abort();
}

/* --- the head --- */

/* Cuts what stands before `end` off the text, and `end` itself. */
static struct span cut(struct span *text, char end)
{
    const uint8_t *at = text->size ? memchr(text->at, end, text->size) : NULL;
    size_t size = at ? (size_t)(at - text->at) : text->size;
    struct span part = span_slice(*text, 0, size);
    *text = span_slice(*text, size + 1, text->size);
    return part;
}

/* False for what the server never hands over. */
static bool as_text(struct span part, char out[static NAME_BYTES_MAX])
{
    if (part.size >= NAME_BYTES_MAX || (part.size && memchr(part.at, '\0', part.size)))
        return false;
    if (part.size)
        memcpy(out, part.at, part.size);
    out[part.size] = '\0';
    return true;
}

/* Reads lines up to the empty one off the input. */
static void gather(struct request_gather *gathered, struct span *input)
{
    while (input->size) {
        struct span value = cut(input, '\n');
        if (value.size == 0)
            return;
        struct span name = cut(&value, ':');
        if (value.size && value.at[0] == ' ')
            value = span_slice(value, 1, value.size);
        if (value.size <= LINE_BYTES_MAX)
            (void)request_gather_header(gathered, name, value);
    }
}

static bool is_of_uploads(const struct exchange *exchange)
{
    static const char path[] = "/api/v1/uploads";
    return strncmp(exchange->route->path, path, sizeof path - 1) == 0;
}

/* What access_prove would have found in the capability. */
static void prove(struct exchange *exchange)
{
    exchange->proven = (struct capability){.kind = CAPABILITY_UPLOAD,
        .organisation = {{3}},
        .message = the_message,
        .bytes_max = CIPHERTEXT_BYTES(ATTACHMENT_BYTES_MAX),
        .parts_max = 4};
}

/* --- running --- */

/* A number that the answer says, as a header that is there once. */
static uint64_t said(const struct exchange *exchange, const char *name)
{
    const struct answer *answer = &exchange->answer;
    uint64_t number = 0;
    size_t found = 0;
    for (size_t i = 0; i < answer->headers_count; i++) {
        if (strcmp(answer->headers[i].name, name) != 0)
            continue;
        demand(request_number(span_text(answer->headers[i].value), &number) == SM_OK);
        found++;
    }
    demand(found == 1);
    return number;
}

/* Only such a request may write. */
static void check_admitted(const struct desk *desk, const struct exchange *exchange)
{
    uint64_t offset = 0;
    demand(desk->has_upload);
    demand(request_number(exchange->headers[HEADER_UPLOAD_OFFSET], &offset) == SM_OK);
    demand(offset == desk->arrived);
    demand(exchange->content_length <= desk->upload.length - desk->arrived);
    demand(span_equals_text(exchange->headers[HEADER_TUS_RESUMABLE], TUS_VERSION));
}

/* The body in pieces; false when the connection breaks before its end. */
static enum sm_error take_body(
    struct desk *desk, struct exchange *exchange, struct span body, size_t piece)
{
    for (size_t at = 0; at < body.size; at += piece) {
        struct span block = span_slice(body, at, piece);
        TRY(exchange->sink.write(exchange->sink.state, &desk->worker, block));
        desk->arrived += block.size;
    }
    return body.size == exchange->content_length
               ? exchange->sink.finish(exchange->sink.state, &desk->worker, exchange)
               : SM_OK;
}

static void check_upload(struct desk *desk)
{
    struct store_upload *file DEFER(store_upload_close) = NULL;
    if (!desk->has_upload)
        return;
    demand(desk->arrived <= desk->upload.length);
    if (desk->upload.is_finished) {
        uint64_t stored = 0;
        demand(store_object_stat(desk->gateway.store, &desk->upload.name, &stored) == SM_OK);
        demand(stored == desk->upload.length && desk->arrived == stored);
        return;
    }
    const struct store_upload_name name = upload_name(&desk->upload);
    demand(store_upload_open(desk->gateway.store, &name, &file) == SM_OK);
    demand(store_upload_size(file) == desk->arrived);
}

static enum sm_error run(
    struct desk *desk, struct exchange *exchange, struct span *input, size_t piece)
{
    prove(exchange);
    TRY(exchange->route->run(&desk->worker, exchange));
    if (exchange->route->body != BODY_STREAMED)
        return SM_OK;
    check_admitted(desk, exchange);
    struct span body = span_slice(*input, 0, exchange->content_length);
    *input = span_slice(*input, body.size, input->size);
    return take_body(desk, exchange, body, piece);
}

static void check_answer(const struct desk *desk, struct exchange *exchange, enum sm_error error)
{
    if (error != SM_OK) {
        answer_error(exchange, error);
        demand(request_note_allowed(exchange) == SM_OK);
        demand(exchange->answer.status >= 400 && exchange->answer.status < 500);
        return;
    }
    bool tells_offset = exchange->answer.status && exchange->route->body == BODY_STREAMED;
    if (tells_offset || strcmp(exchange->route->method, "HEAD") == 0)
        demand(said(exchange, "Upload-Offset") == desk->arrived);
}

/* One request. False: there is no more that the server would read of this connection. */
static bool serve(struct desk *desk, struct span *input, size_t piece)
{
    char method[NAME_BYTES_MAX];
    char path[NAME_BYTES_MAX];
    struct exchange exchange DEFER(exchange_clear) = {0};
    struct request_gather gathered = {.exchange = &exchange};
    struct span line = cut(input, '\n');
    exchange_init(&exchange);
    if (!as_text(cut(&line, ' '), method) || !as_text(line, path) ||
        request_gather_path(&gathered, path) != SM_OK)
        return false;
    gather(&gathered, input);
    enum sm_error error = request_admit(&gathered, method, &desk->gateway);
    if (error == SM_OK && !is_of_uploads(&exchange))
        return true;
    if (error == SM_OK)
        error = run(desk, &exchange, input, piece);
    check_answer(desk, &exchange, error);
    return error == SM_OK || !exchange.is_body_coming;
}

/* --- the store, once a process --- */

static struct store *the_store(void)
{
    static struct store *store;
    char place[256];
    const char *folder = getenv("TMPDIR");
    if (store)
        return store;
    (void)snprintf(place, sizeof place, "%s/fuzz-tus-XXXXXX", folder ? folder : "/tmp");
    demand(mkdtemp(place) != NULL && store_files_open(place, &store) == SM_OK);
    return store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct desk desk = {.gateway = {.is_enabled = true, .store = the_store()}};
    if (size == 0)
        return 0;
    struct span input = span_of(data + 1, size - 1);
    desk.worker.gateway = &desk.gateway;
    for (int i = 0; i < REQUESTS_MAX && input.size; i++) {
        bool goes_on = serve(&desk, &input, 1 + data[0]);
        check_upload(&desk);
        if (!goes_on)
            break;
    }
    forget(&desk);
    return 0;
}
