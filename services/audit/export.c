/*
 * Which entries an export has, and the order of a page: header, entries with the checkpoints that
 * fall among them, footer. The lines themselves are written in export_lines.c.
 */
#include "services/audit/export.h"

#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "services/audit/canon.h"
#include "services/audit/export_lines.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES_MAX = BUS_MESSAGE_BYTES_MAX / 2, PAGE_BYTES_FULL = PAGE_BYTES_MAX - 64 * 1024 };

/* The log-exported entry, and the first checkpoint that covers it: there the export ends. */
static const struct statement sql_find = {"audit_export_find",
    "SELECT (SELECT min(c.size) FROM audit.checkpoint c WHERE c.organisation = e.organisation "
    "AND c.size >= e.seq) FROM audit.entry e "
    "WHERE e.event = $1 AND e.organisation = $2 AND e.kind = $3"};
/* A seq that no log reaches is written by nobody but an attacker, and has no form in JSON. */
static const struct statement sql_newest = {"audit_export_newest",
    "SELECT coalesce(max(seq), 0) FROM audit.entry WHERE organisation = $1 AND seq <= $2"};

/* --- what belongs to an export --- */

/* The event's id: the same export by the same user is the same event, and nobody can choose an id
 * that is in the log already. */
static enum sm_error make_event_id(const struct export_order *order, struct id *out)
{
    uint8_t hash[KDF_SHA256_BYTES];
    struct buffer covered DEFER(buffer_free) = BUFFER(128);
    TRY(buffer_append_text(&covered, "securemail/1 export event"));
    TRY(buffer_append(&covered, id_span(&order->organisation)));
    TRY(buffer_append(&covered, id_span(&order->actor)));
    TRY(buffer_append(&covered, id_span(&order->export)));
    TRY(kdf_sha256(buffer_span(&covered), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

/* Logs the export in `log` and signs the head above it; a second time it is passed over. */
static enum sm_error log_export(const struct export_context *context,
    const struct export_order *order, const struct id *log, const char *reason)
{
    int64_t now_ms = 0;
    struct audit_event event = {.organisation = *log,
        .kind = EVENT_LOG_EXPORTED,
        .actor_class = order->actor_class,
        .actor = order->actor,
        .result = RESULT_OK,
        .reason = span_text(reason)};
    struct append_job job = {
        .events = {&event, 1}, .source = PEER_AUDIT, .sign_organisation = *log};
    TRY(make_event_id(order, &event.event));
    TRY(db_now_ms(context->db, &now_ms));
    event.at_ms = (uint64_t)now_ms;
    return writer_commit(context->writer, &job, context->timeout_ms);
}

/* SM_OK: the log is whole; SM_TAMPERED, SM_NOT_FOUND. The writer, who decides it, is asked. */
static enum sm_error check_log(const struct export_context *context, const struct id *log)
{
    struct append_job job = {.sign_organisation = *log};
    return writer_commit(context->writer, &job, context->timeout_ms);
}

static enum sm_error newest_seq(struct db *db, const struct id *organisation, uint64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_newest, &rows, db_id(organisation), db_u64(CANON_NUMBER_MAX)));
    TRY(db_one(rows));
    return db_read_u64(rows, 0, 0, out);
}

/* SM_NOT_FOUND: it was never begun. */
static enum sm_error find_logged(
    struct db *db, const struct export_order *order, const struct id *log, uint64_t *to_seq)
{
    struct id event;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(make_event_id(order, &event));
    TRY(DB_RUN(db, &sql_find, &rows, db_id(&event), db_id(log), db_i64(EVENT_LOG_EXPORTED)));
    TRY(db_one(rows));
    return db_read_u64(rows, 0, 0, to_seq);
}

/* --- an intact log --- */

/* The operator has the log's rows anyway, but reading a whole log is its organisation's business.
 */
static bool may_have_whole(const struct export_order *order)
{
    return order->actor_class == ACTOR_USER || id_equal(order->organisation, operators_log);
}

static enum sm_error find_intact(
    const struct export_context *context, const struct export_order *order, uint64_t *to_seq)
{
    if (!may_have_whole(order)) {
        TRY(check_log(context, &order->organisation));
        return SM_NOT_ALLOWED;
    }
    if (order->from_seq == 0)
        TRY(log_export(context, order, &order->organisation, ""));
    enum sm_error error = find_logged(context->db, order, &order->organisation, to_seq);
    if (error == SM_NOT_FOUND && check_log(context, &order->organisation) == SM_TAMPERED)
        return SM_TAMPERED;
    return error;
}

/* --- a damaged log --- */

/* Nobody reads a damaged log unseen: where it cannot be logged itself, the operator's log has it.
 */
static enum sm_error log_damaged(
    const struct export_context *context, const struct export_order *order)
{
    char reason[64];
    uint64_t unused;
    struct id_text organisation = id_text(order->organisation);
    (void)snprintf(reason, sizeof reason, "damaged log %s", organisation.text);
    if (order->from_seq == 0) {
        log_line(LOG_ERROR, "damaged-log-exported", "organisation", organisation.text, "actor",
            id_text(order->actor).text, NULL);
        return log_export(context, order, &operators_log, reason);
    }
    enum sm_error error = find_logged(context->db, order, &operators_log, &unused);
    if (error == SM_NOT_FOUND && check_log(context, &operators_log) == SM_TAMPERED)
        return SM_TAMPERED;
    return error;
}

/* A log that cannot be written to is given as it stands, to its last entry. */
static enum sm_error find_damaged(
    const struct export_context *context, const struct export_order *order, uint64_t *to_seq)
{
    enum sm_error error = log_damaged(context, order);
    if (error != SM_OK && error != SM_TAMPERED)
        return error;
    if (order->to_seq) {
        *to_seq = order->to_seq;
        return SM_OK;
    }
    return newest_seq(context->db, &order->organisation, to_seq);
}

/* Where an export ends, and whether its log is damaged. */
struct extent {
    uint64_t to_seq;
    bool is_damaged;
};

static enum sm_error find_extent(
    const struct export_context *context, const struct export_order *order, struct extent *out)
{
    enum sm_error error = find_intact(context, order, &out->to_seq);
    out->is_damaged = error == SM_TAMPERED;
    return out->is_damaged ? find_damaged(context, order, &out->to_seq) : error;
}

/* --- a page --- */

static enum sm_error write_page(
    const struct export_scope *scope, struct export_reply *reply, struct buffer *lines)
{
    struct export_lines *page DEFER(export_lines_free) = NULL;
    TRY(export_lines_new(scope, reply->next_seq, &page));
    if (reply->next_seq == 0)
        TRY(export_header(page, lines));
    while (export_has_next(page) && lines->size < PAGE_BYTES_FULL)
        TRY(export_next(page, lines));
    reply->is_last = export_at_end(page);
    if (reply->is_last)
        TRY(export_footer(page, lines));
    reply->next_seq = export_position(page);
    return SM_OK;
}

enum sm_error export_page(const struct export_context *context, const struct export_order *order,
    struct arena *arena, struct export_reply *reply)
{
    struct extent extent;
    struct buffer lines DEFER(buffer_free) = BUFFER(PAGE_BYTES_MAX);
    void *copy;
    TRY(find_extent(context, order, &extent));
    if ((order->to_seq && order->to_seq != extent.to_seq) || order->from_seq > extent.to_seq)
        return SM_BAD_VALUE;
    struct export_reply page = {.next_seq = order->from_seq, .to_seq = extent.to_seq};
    const struct export_scope scope = {.db = context->db,
        .key = context->key,
        .organisation = &order->organisation,
        .to_seq = extent.to_seq,
        .is_damaged = extent.is_damaged};
    TRY(write_page(&scope, &page, &lines));
    TRY(arena_take(arena, 1, lines.size, &copy));
    memcpy(copy, lines.bytes, lines.size);
    page.lines = span_of(copy, lines.size);
    *reply = page;
    return SM_OK;
}
