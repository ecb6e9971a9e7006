/*
 * Ciphertext of one part, whole or a range. Whoever holds the capability has had the key released
 * and logged; the gateway only looks whether message or link was closed since: at the start in the
 * projected state, and in memory at every block that goes out.
 */
#include "services/gateway/handlers.h"

#include "services/gateway/asking.h"
#include "services/gateway/closed.h"
#include "services/gateway/range.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/limits.h"

/*
 * No row yet is fine: crypto gave the capability before the feed was projected. A user ($4) still
 * reads what he has revoked; a recipient does not.
 */
static const struct statement find_part = {"gateway_download",
    "SELECT object.size,"
    " coalesce((message.state = 1 OR $4 AND message.state = 2)"
    " AND message.expires_ms > clock.now_ms(), true)"
    " AND coalesce(recipient.state = 1 AND recipient.expires_ms > clock.now_ms(), true)"
    " FROM mail.object"
    " LEFT JOIN mail.message ON message.message = object.message"
    " LEFT JOIN mail.recipient ON recipient.link = $3 AND recipient.message = object.message"
    " WHERE object.message = $1 AND object.part = $2"};

struct download {
    struct closed_set *closed;
    struct id watched[2]; /* closed under one of these names: it stops. None: of no meaning */
    struct store_object *object;
    uint64_t from, size; /* of what is sent */
    struct buffer block; /* what a worker read, because it was not in memory */
    uint64_t block_at;   /* offset of `block` in what is sent */
};

static void download_free(void **state)
{
    struct download *download = *state;
    if (!download)
        return;
    store_object_close(&download->object);
    buffer_free(&download->block);
    free(download);
    *state = NULL;
}

static bool is_closed(const struct download *download)
{
    return closed_set_has(download->closed, download->watched[0]) ||
           closed_set_has(download->closed, download->watched[1]);
}

/* A user of the organisation (with a role) still reads what was revoked; a recipient does not. */
static enum sm_error watch(const struct exchange *exchange, struct download *download)
{
    if (exchange->proven.role != 0)
        return closed_name(CLOSED_FOR_EVERYONE, exchange->id, &download->watched[0]);
    TRY(closed_name(CLOSED_MESSAGE, exchange->id, &download->watched[0]));
    return closed_name(CLOSED_LINK, exchange->proven.subject, &download->watched[1]);
}

/* --- sending --- */

static size_t from_block(const struct download *download, uint64_t at, uint8_t *to, size_t max)
{
    if (at < download->block_at || at - download->block_at >= download->block.size)
        return 0;
    struct span rest =
        span_slice(buffer_span(&download->block), (size_t)(at - download->block_at), max);
    for (size_t i = 0; i < rest.size; i++)
        to[i] = rest.at[i];
    return rest.size;
}

static enum stream_result read_block(void *state, uint64_t at, uint8_t *to, size_t max, size_t *got)
{
    struct download *download = state;
    if (is_closed(download))
        return STREAM_BROKEN;
    if (at >= download->size)
        return STREAM_END;
    size_t size = max < download->size - at ? max : (size_t)(download->size - at);
    *got = from_block(download, at, to, size);
    if (*got)
        return STREAM_DATA;
    enum sm_error error =
        store_object_read_now(download->object, download->from + at, to, size, got);
    if (error == SM_BUSY) {
        download->block_at = at;
        return STREAM_WAIT;
    }
    return error == SM_OK && *got ? STREAM_DATA : STREAM_BROKEN;
}

static enum sm_error fill_block(void *state, struct worker *worker)
{
    struct download *download = state;
    uint64_t left = download->size - download->block_at;
    size_t size = left < TRANSFER_BLOCK_BYTES ? (size_t)left : TRANSFER_BLOCK_BYTES;
    uint8_t *room = NULL;
    size_t got = 0;
    (void)worker;
    buffer_clear(&download->block);
    TRY(buffer_extend(&download->block, size, &room));
    TRY(store_object_read(download->object, download->from + download->block_at, room, size, &got));
    buffer_truncate(&download->block, got);
    return got ? SM_OK : SM_IO;
}

/* --- starting --- */

enum sm_error ask_part(struct worker *worker, const struct exchange *exchange, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    (void)worker;
    ASK(out, &find_part, db_id(&exchange->id), db_u64(exchange->number), db_id(&who->subject),
        db_bool(who->role != 0));
    return SM_OK;
}

static enum sm_error check_state(const struct exchange *exchange, uint64_t *size)
{
    const struct db_rows *rows = exchange->asked[0];
    bool is_open = false;
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, size));
    TRY(db_read_bool(rows, 0, 1, &is_open));
    return is_open ? SM_OK : SM_GONE;
}

/* RFC 9110 section 15.5.17. */
static enum sm_error answer_unsatisfiable(struct exchange *exchange, uint64_t whole)
{
    enum sm_error error = exchange_refuse(
        exchange, SM_BAD_VALUE, "Not satisfiable: the part has %" PRIu64 " bytes.", whole);
    answer_error(exchange, error);
    exchange->answer.status = 416;
    return answer_header(exchange, "Content-Range", "bytes */%" PRIu64, whole);
}

static enum sm_error choose_range(struct exchange *exchange, uint64_t whole, struct download *out)
{
    struct range range = {0, whole};
    bool is_part = false;
    enum sm_error error =
        range_read(exchange_header(exchange, HEADER_RANGE), whole, &is_part, &range);
    TRY(error);
    if (is_part)
        TRY(answer_header(exchange, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
            range.from, range.from + range.size - 1, whole));
    out->from = range.from;
    out->size = range.size;
    exchange->answer.status = is_part ? 206 : 200;
    return SM_OK;
}

static enum sm_error prepare(
    struct worker *worker, struct exchange *exchange, struct download *download)
{
    struct store_name name = {exchange->id, (uint32_t)exchange->number};
    uint64_t size = 0;
    download->closed = worker->gateway->closed;
    download->block = BUFFER(TRANSFER_BLOCK_BYTES);
    TRY(watch(exchange, download));
    if (is_closed(download))
        return SM_GONE;
    TRY(check_state(exchange, &size));
    enum sm_error error = store_object_open(worker->gateway->store, &name, &download->object);
    if (error == SM_NOT_FOUND) /* purged between the row and here */
        return SM_GONE;
    TRY(error);
    if (store_object_size(download->object) != size)
        return SM_TAMPERED;
    error = choose_range(exchange, size, download);
    if (error == SM_BAD_VALUE)
        return answer_unsatisfiable(exchange, size);
    TRY(error);
    TRY(answer_header(exchange, "Accept-Ranges", "bytes"));
    return answer_header(exchange, "Content-Disposition", "attachment");
}

enum sm_error on_download(struct worker *worker, struct exchange *exchange)
{
    void *state DEFER(download_free) = calloc(1, sizeof(struct download));
    struct download *download = state;
    if (!download)
        return SM_NO_MEMORY;
    if (!id_equal(exchange->id, exchange->proven.message) || exchange->number >= PARTS_MAX)
        return exchange_refuse(exchange, SM_NOT_ALLOWED, "The capability is for another message.");
    TRY(prepare(worker, exchange, download));
    if (exchange->answer.status >= 400)
        return SM_OK;
    exchange->answer.content_type = "application/octet-stream";
    exchange->answer.stream = (struct stream){.read = read_block,
        .refill = fill_block,
        .free = download_free,
        .size = download->size,
        .state = TAKE(state)};
    return SM_OK;
}
