/*
 * The log over HTTP: a page of entries, the signed head, and the export, which streams page by
 * page: while one is sent, a worker asks for the next. The capability goes on to audit, which
 * checks it again: the gateway cannot ask for what nobody was allowed to see.
 */
#include "services/gateway/handlers.h"

#include "proto/audit.h"
#include "services/gateway/json.h"
#include "services/gateway/request.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

enum { ARENA_BYTES = 4 * BUS_MESSAGE_BYTES_MAX };

/* --- a page of entries --- */

/* The exact bytes of an entry are text (canonical JSON): as a string they stay exact. */
/* clang-format off */
FIELDS_LOCAL(disclosure_row, struct disclosure,
    F_LINE(struct disclosure, name, 0, MS_MAX, "what it is"),
    F_LINE(struct disclosure, value, 0, MS_MAX, "an address or a name"),
    F_BYTES(struct disclosure, salt, 0, MS_MAX, "of the commitment"));
FIELDS_LOCAL(entry_row, struct log_entry,
    F_U64(struct log_entry, seq, 0, MS_MAX, "place in the log"),
    F_TEXT(struct log_entry, entry, 0, MS_MAX, "the exact stored bytes"),
    F_BYTES(struct log_entry, hash, 0, MS_MAX, "of the entry"),
    F_LIST(struct log_entry, disclosures, 0, MS_MAX, disclosure_row, "not erased"));
FIELDS_LOCAL(entries_answer, struct query_reply,
    F_LIST(struct query_reply, entries, 0, MS_MAX, entry_row, "newest first"),
    F_U64(struct query_reply, size, 0, MS_MAX, "entries of the log"));
/* clang-format on */

static enum sm_error read_kind(struct span word, uint64_t *out)
{
    for (uint64_t i = 1; i < EVENT_KIND_COUNT; i++)
        if (span_equals_text(word, event_rules[i].name)) {
            *out = i;
            return SM_OK;
        }
    return SM_BAD_VALUE;
}

static enum sm_error read_number(struct span text, uint64_t *out)
{
    return text.size ? request_number(text, out) : SM_OK;
}

static enum sm_error read_id(struct span text, struct id *out)
{
    return text.size ? id_parse(text, out) : SM_OK;
}

static enum sm_error read_query(const struct exchange *exchange, struct query_request *out)
{
    struct span kind = exchange_query(exchange, QUERY_KIND);
    out->capability = exchange_header(exchange, HEADER_CAPABILITY);
    out->person = exchange_query(exchange, QUERY_PERSON);
    out->rows_max = PAGE_ROWS_MAX / 2;
    if (kind.size)
        TRY(read_kind(kind, &out->kind));
    TRY(read_id(exchange_query(exchange, QUERY_MESSAGE), &out->message));
    TRY(read_id(exchange_query(exchange, QUERY_LINK), &out->link));
    TRY(read_number(exchange_query(exchange, QUERY_SINCE), &out->since_ms));
    TRY(read_number(exchange_query(exchange, QUERY_UNTIL), &out->until_ms));
    TRY(read_number(exchange_query(exchange, QUERY_BEFORE), &out->before_seq));
    return read_number(exchange_query(exchange, QUERY_ROWS), &out->rows_max);
}

enum sm_error on_audit_entries(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct query_request request = {0};
    struct query_reply reply = {0};
    TRY(read_query(exchange, &request));
    TRY(worker_call(worker, OP_QUERY, &request, &arena, &reply));
    TRY(json_fields(&exchange->answer.body, &entries_answer, &reply));
    answer_json(exchange, 200);
    return SM_OK;
}

/* --- the signed head --- */

enum sm_error on_audit_checkpoint(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    const struct checkpoint_request request = {
        .capability = exchange_header(exchange, HEADER_CAPABILITY)};
    struct checkpoint_reply reply = {0};
    TRY(worker_call(worker, OP_CHECKPOINT, &request, &arena, &reply));
    TRY(buffer_append(&exchange->answer.body, reply.note));
    exchange->answer.content_type = "text/plain; charset=utf-8";
    exchange->answer.status = 200;
    return SM_OK;
}

/* --- proofs --- */

static enum sm_error prove(
    struct worker *worker, struct exchange *exchange, const struct prove_request *request)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct prove_reply reply = {0};
    TRY(worker_call(worker, OP_PROVE, request, &arena, &reply));
    TRY(buffer_append(&exchange->answer.body, reply.line));
    exchange->answer.content_type = "application/x-ndjson";
    exchange->answer.status = 200;
    return SM_OK;
}

enum sm_error on_audit_proof(struct worker *worker, struct exchange *exchange)
{
    struct prove_request request = {.capability = exchange_header(exchange, HEADER_CAPABILITY)};
    TRY(read_number(exchange_query(exchange, QUERY_ENTRY), &request.seq));
    TRY(read_number(exchange_query(exchange, QUERY_SIZE), &request.size));
    return request.seq ? prove(worker, exchange, &request) : SM_BAD_VALUE;
}

enum sm_error on_audit_consistency(struct worker *worker, struct exchange *exchange)
{
    struct prove_request request = {.capability = exchange_header(exchange, HEADER_CAPABILITY)};
    TRY(read_number(exchange_query(exchange, QUERY_SIZE), &request.size));
    return request.size ? prove(worker, exchange, &request) : SM_BAD_VALUE;
}

/* --- what everybody may read --- */

enum sm_error on_declaration(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    const struct declaration_request request = {0};
    struct declaration_reply reply = {0};
    TRY(worker_call(worker, OP_DECLARATION, &request, &arena, &reply));
    TRY(buffer_append(&exchange->answer.body, reply.line));
    answer_json(exchange, 200);
    return SM_OK;
}

/* --- the export --- */

struct page {
    struct buffer lines;
    bool is_last;
};

/*
 * Two pages at most: one is being sent, one is asked for ahead. `is_ahead` says whose the latter
 * is: the worker's, with all that asking takes, until it is set; the event thread's from then on.
 */
struct export
{
    char capability[CAPABILITY_BYTES_MAX];
    size_t capability_size;
    struct id id;
    uint64_t next_seq, to_seq;
    struct page ahead;
    atomic_bool is_ahead;

    struct page sent;
    uint64_t sent_at; /* place of its first byte in the whole */
    bool is_asked;    /* for the page after it */
};

static void export_free(void **state)
{
    struct export *export = *state;
    if (!export)
        return;
    buffer_free(&export->sent.lines);
    buffer_free(&export->ahead.lines);
    free(export);
    *state = NULL;
}

static enum sm_error next_page(void *state, struct worker *worker)
{
    struct export *export = state;
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    const struct export_request request = {
        .capability = span_of(export->capability, export->capability_size),
        .export = export->id,
        .from_seq = export->next_seq,
        .to_seq = export->to_seq,
    };
    struct export_reply reply = {0};
    if (atomic_load(&export->is_ahead)) /* it came while it was asked for again */
        return SM_OK;
    TRY(worker_call(worker, OP_EXPORT, &request, &arena, &reply));
    if (!reply.is_last && (reply.lines.size == 0 || reply.next_seq <= export->next_seq))
        return SM_BAD_FORMAT; /* it would never end */
    buffer_clear(&export->ahead.lines);
    TRY(buffer_append(&export->ahead.lines, reply.lines));
    export->next_seq = reply.next_seq;
    export->to_seq = reply.to_seq;
    export->ahead.is_last = reply.is_last;
    atomic_store(&export->is_ahead, true);
    return SM_OK;
}

static void turn_page(struct export *export)
{
    struct page page = export->sent;
    export->sent_at += page.lines.size;
    export->sent = export->ahead;
    export->ahead = page;
    export->is_asked = false;
    atomic_store(&export->is_ahead, false);
}

static enum stream_result read_lines(void *state, uint64_t at, uint8_t *to, size_t max, size_t *got)
{
    struct export *export = state;
    if (at < export->sent_at)
        return STREAM_BROKEN;
    if (at - export->sent_at == export->sent.lines.size && atomic_load(&export->is_ahead))
        turn_page(export);
    struct span rest =
        span_slice(buffer_span(&export->sent.lines), (size_t)(at - export->sent_at), max);
    if (rest.size) {
        memcpy(to, rest.at, rest.size);
        *got = rest.size;
        return STREAM_DATA;
    }
    return export->sent.is_last ? STREAM_END : STREAM_WAIT;
}

static bool is_next_due(void *state)
{
    struct export *export = state;
    bool is_due = !export->is_asked && !export->sent.is_last && !atomic_load(&export->is_ahead);
    export->is_asked = true;
    return is_due;
}

/* The first page is asked for before the status is sent: a refusal is a proper answer. */
enum sm_error on_audit_export(struct worker *worker, struct exchange *exchange)
{
    void *state DEFER(export_free) = calloc(1, sizeof(struct export));
    struct export *export = state;
    struct span capability = exchange_header(exchange, HEADER_CAPABILITY);
    if (!export)
        return SM_NO_MEMORY;
    if (capability.size > sizeof export->capability)
        return SM_BAD_FORMAT;
    memcpy(export->capability, capability.at, capability.size);
    export->capability_size = capability.size;
    export->sent.lines = export->ahead.lines = BUFFER(BUS_MESSAGE_BYTES_MAX);
    TRY(id_random(&export->id));
    if (!exchange->is_head)
        TRY(next_page(export, worker));
    TRY(answer_header(
        exchange, "Content-Disposition", "attachment; filename=\"audit-log.ndjson\""));
    exchange->answer.content_type = "application/x-ndjson";
    exchange->answer.status = 200;
    exchange->answer.stream = (struct stream){.read = read_lines,
        .refill = next_page,
        .is_due = is_next_due,
        .free = export_free,
        .size = STREAM_SIZE_UNKNOWN,
        .state = TAKE(state)};
    return SM_OK;
}
