/* Reading rows of mail.message; the status is made of facts and the clock (status.h). */
#include "services/gateway/sent_rows.h"

#include "proto/sealed.h"
#include "services/gateway/request.h"
#include "services/gateway/status.h"

#include <string.h>

static const struct statement list_follow_ups = {"gateway_list_follow_ups",
    MESSAGE_COLUMNS " AND (created_ms, message) < ($3, $4) AND parent = $6"
                    " ORDER BY created_ms DESC, message DESC LIMIT $5"};
/* clang-format off */
FIELDS(message_row, struct message_row,
    F_ID(struct message_row, message, 1, "its id"),
    WORDS(struct message_row, direction, "\"message\" or \"reply\""),
    F_ID(struct message_row, parent, 0, "the message that it follows up"),
    F_ID(struct message_row, link, 0, "of a reply: whose it is"),
    WORDS(struct message_row, name, "of who wrote it"),
    WORDS(struct message_row, address, "of a reply: from where"),
    NUMBER(struct message_row, created_ms, "when it was sent"),
    NUMBER(struct message_row, expires_ms, "when it ends"),
    WORDS(struct message_row, status, "see status.h"),
    NUMBER(struct message_row, recipients, "how many"),
    NUMBER(struct message_row, opened, "how many of them opened it"),
    NUMBER(struct message_row, replies, "how many there are"),
    NUMBER(struct message_row, parts, "header part and attachments"),
    F_BYTES(struct message_row, subject_sealed, 0, SUBJECT_SEALED_BYTES_MAX, "the subject"));
/* clang-format on */

/* --- reading rows --- */

static enum sm_error read_status(
    const struct db_rows *rows, size_t row, int64_t now_ms, struct message_row *out)
{
    struct message_facts facts = {0};
    TRY(db_read_u64(rows, row, 4, &facts.state));
    TRY(db_read_i64(rows, row, 6, &facts.expires_ms));
    TRY(db_read_u64(rows, row, 10, &facts.recipients));
    TRY(db_read_u64(rows, row, 11, &facts.opened));
    TRY(db_read_u64(rows, row, 12, &facts.replied));
    TRY(db_read_u64(rows, row, 13, &facts.delivered));
    TRY(db_read_u64(rows, row, 14, &facts.undeliverable));
    out->recipients = facts.recipients;
    out->opened = facts.opened;
    out->status = span_text(status_name(status_of_message(&facts, now_ms)));
    return SM_OK;
}

enum sm_error read_message(
    const struct db_rows *rows, size_t row, int64_t now_ms, struct message_row *out)
{
    uint64_t direction = 0;
    TRY(db_read_id(rows, row, 0, &out->message));
    TRY(db_read_id(rows, row, 1, &out->parent));
    TRY(db_read_id(rows, row, 2, &out->link));
    TRY(db_read_u64(rows, row, 3, &direction));
    TRY(db_read_u64(rows, row, 5, &out->created_ms));
    TRY(db_read_u64(rows, row, 6, &out->expires_ms));
    TRY(db_read_u64(rows, row, 7, &out->parts));
    TRY(db_read_bytes(rows, row, 8, PERSON_NAME_BYTES_MAX, &out->name));
    TRY(db_read_bytes(rows, row, 9, SUBJECT_SEALED_BYTES_MAX, &out->subject_sealed));
    TRY(db_read_u64(rows, row, 15, &out->replies));
    TRY(db_read_bytes(rows, row, 16, ADDRESS_BYTES_LIMIT, &out->address));
    out->direction = span_text(direction == DIRECTION_REPLY ? "reply" : "message");
    return read_status(rows, row, now_ms, out);
}

enum sm_error read_messages(
    const struct db_rows *rows, size_t count, struct arena *arena, int64_t now_ms, struct list *out)
{
    void *items = NULL;
    TRY(arena_take(arena, count, sizeof(struct message_row), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_message(rows, i, now_ms, (struct message_row *)items + i));
    *out = (struct list){items, count};
    return SM_OK;
}

/* --- which page --- */

/* "<milliseconds>.<message>", as the previous page gave it. */
static enum sm_error read_cursor(struct span text, struct list_query *out)
{
    const uint8_t *dot = text.size ? memchr(text.at, '.', text.size) : NULL;
    uint64_t before_ms = 0;
    if (!dot)
        return SM_BAD_FORMAT;
    size_t size = (size_t)(dot - text.at);
    TRY(request_number(span_slice(text, 0, size), &before_ms));
    TRY(id_parse(span_slice(text, size + 1, text.size), &out->before));
    out->before_ms = (int64_t)before_ms;
    return id_is_none(out->before) ? SM_BAD_FORMAT : SM_OK;
}

enum sm_error read_list_query(const struct exchange *exchange, struct list_query *out)
{
    struct span cursor = exchange_query(exchange, QUERY_CURSOR);
    struct span rows = exchange_query(exchange, QUERY_ROWS);
    struct span parent = exchange_query(exchange, QUERY_PARENT);
    *out = (struct list_query){.before_ms = INT64_MAX, .rows_max = PAGE_ROWS_MAX / 2};
    memset(out->before.bytes, 0xff, ID_BYTES);
    if (cursor.size)
        TRY(read_cursor(cursor, out));
    if (rows.size)
        TRY(request_number(rows, &out->rows_max));
    if (parent.size)
        TRY(id_parse(parent, &out->parent));
    out->is_first = cursor.size == 0 && parent.size == 0;
    return out->rows_max > 0 && out->rows_max <= PAGE_ROWS_MAX ? SM_OK : SM_BAD_VALUE;
}

void ask_follow_ups(
    const struct exchange *exchange, const struct list_query *query, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    out->kept[0] = query->before;
    out->kept[1] = query->parent;
    ASK(out, &list_follow_ups, db_id(&who->organisation), db_id(&who->subject),
        db_i64(query->before_ms), db_id(&out->kept[0]), db_u64(query->rows_max),
        db_id(&out->kept[1]));
}
