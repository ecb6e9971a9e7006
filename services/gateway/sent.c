/*
 * The sender's list and the detail of one message, from the projected tables. Paged by a keyset
 * cursor, so page 10,000 costs what page 1 does. Subjects go out as they lie here: sealed. Both
 * have an ETag of all but the time, so that an open page can ask whether anything is new and be
 * told "no".
 */
#include "services/gateway/handlers.h"

#include "base/encode.h"
#include "envelope/kdf.h"
#include "proto/sealed.h"
#include "services/gateway/asking.h"
#include "services/gateway/json.h"
#include "services/gateway/projector.h"
#include "services/gateway/request.h"
#include "services/gateway/status.h"

#include <inttypes.h>
#include <string.h>

#include "proto/limits.h"

/* One text for both, so that list and detail cannot drift apart. What is counted stands beside the
 * message (counts.h); only a reply asks for one row more, the one that says from where it came. */
#define MESSAGE_COLUMNS                                                                    \
    "SELECT message, parent, link, direction, state, created_ms, expires_ms, parts, name," \
    " subject_sealed, recipients, opened, replied, delivered, undeliverable, replies,"     \
    " CASE WHEN link IS NULL THEN '' ELSE coalesce((SELECT address FROM mail.recipient AS" \
    " w WHERE w.link = m.link), '') END"                                                   \
    " FROM mail.message AS m WHERE organisation = $1 AND sender = $2"

static const struct statement list_page = {"gateway_list",
    MESSAGE_COLUMNS " AND (created_ms, message) < ($3, $4)"
                    " ORDER BY created_ms DESC, message DESC LIMIT $5"};
static const struct statement list_follow_ups = {"gateway_list_follow_ups",
    MESSAGE_COLUMNS " AND (created_ms, message) < ($3, $4) AND parent = $6"
                    " ORDER BY created_ms DESC, message DESC LIMIT $5"};
static const struct statement read_one = {
    "gateway_message_read", MESSAGE_COLUMNS " AND message = $3"};
static const struct statement read_recipients = {"gateway_recipients",
    "SELECT link, address, recipient.name, method, recipient.state, expires_ms, opened_ms,"
    " replied_ms, locked_until_ms, is_frozen, coalesce(result, 0), coalesce(delivery.at_ms, 0),"
    " coalesce(shown.at_ms, 0)"
    " FROM mail.recipient LEFT JOIN mail.delivery USING (link) LEFT JOIN mail.shown USING (link)"
    " WHERE recipient.message = $1 ORDER BY address, link"};

/* --- what goes out --- */

struct message_row {
    struct id message, parent, link;
    struct span direction, status, name, address, subject_sealed;
    uint64_t created_ms, expires_ms, parts, recipients, opened, replies;
};
struct recipient_row {
    struct id link;
    struct span address, name, status;
    uint64_t method, delivered_ms, shown_ms, opened_ms, replied_ms, locked_until_ms, expires_ms;
    bool is_frozen;
};
struct list_answer {
    struct list messages;
    struct span next;
    uint64_t now_ms;
};
struct detail_answer {
    struct message_row message;
    struct list recipients, replies;
    uint64_t now_ms;
};

/* clang-format off */
#define NUMBER(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)
#define WORDS(type, member, meaning) F_LINE(type, member, 0, MS_MAX, meaning)
FIELDS_LOCAL(message_row, struct message_row,
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
FIELDS_LOCAL(recipient_row, struct recipient_row,
    F_ID(struct recipient_row, link, 1, "its id"),
    WORDS(struct recipient_row, address, "where the notice went"),
    WORDS(struct recipient_row, name, "as the sender wrote it"),
    NUMBER(struct recipient_row, method, "1 password, 2 code, 4 both"),
    WORDS(struct recipient_row, status, "see status.h"),
    NUMBER(struct recipient_row, delivered_ms, "our relay took the notice; 0: not (yet)"),
    NUMBER(struct recipient_row, shown_ms, "page first shown, by a person or a scanner; 0: not yet"),
    NUMBER(struct recipient_row, opened_ms, "first opened, key and downloads released; 0: not yet"),
    NUMBER(struct recipient_row, replied_ms, "last reply; 0: none"),
    NUMBER(struct recipient_row, locked_until_ms, "end of a lock; 0: none"),
    F_BOOL(struct recipient_row, is_frozen, "closed until the sender unlocks"),
    NUMBER(struct recipient_row, expires_ms, "when the link ends"));
FIELDS_LOCAL(list_answer, struct list_answer,
    F_LIST(struct list_answer, messages, 0, PAGE_ROWS_MAX, message_row, "newest first"),
    WORDS(struct list_answer, next, "cursor of the next page; empty: that was all"),
    NUMBER(struct list_answer, now_ms, "the one clock"));
FIELDS_LOCAL(detail_answer, struct detail_answer,
    F_MAP(struct detail_answer, message, message_row, "the message"),
    F_LIST(struct detail_answer, recipients, 0, RECIPIENTS_MAX, recipient_row, "by address"),
    F_LIST(struct detail_answer, replies, 0, PAGE_ROWS_MAX, message_row, "newest first"),
    NUMBER(struct detail_answer, now_ms, "the one clock"));
/* clang-format on */

/* --- reading rows --- */

enum {
    DETAIL_ARENA_BYTES = 256 * 1024,
    CURSOR_BYTES_MAX = 64,
    SUBJECT_MAX = SUBJECT_SEALED_BYTES_MAX
};

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

static enum sm_error read_message(
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
    TRY(db_read_bytes(rows, row, 9, SUBJECT_MAX, &out->subject_sealed));
    TRY(db_read_u64(rows, row, 15, &out->replies));
    TRY(db_read_bytes(rows, row, 16, ADDRESS_BYTES_LIMIT, &out->address));
    out->direction = span_text(direction == DIRECTION_REPLY ? "reply" : "message");
    return read_status(rows, row, now_ms, out);
}

static enum sm_error read_messages(
    const struct db_rows *rows, struct arena *arena, int64_t now_ms, struct list *out)
{
    void *items = NULL;
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof(struct message_row), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_message(rows, i, now_ms, (struct message_row *)items + i));
    *out = (struct list){items, count};
    return SM_OK;
}

static enum sm_error read_recipient(
    const struct db_rows *rows, size_t row, int64_t now_ms, struct recipient_row *out)
{
    struct recipient_facts facts = {0};
    uint64_t at_ms = 0;
    TRY(db_read_id(rows, row, 0, &out->link));
    TRY(db_read_bytes(rows, row, 1, ADDRESS_BYTES_LIMIT, &out->address));
    TRY(db_read_bytes(rows, row, 2, PERSON_NAME_BYTES_MAX, &out->name));
    TRY(db_read_u64(rows, row, 3, &out->method));
    TRY(db_read_u64(rows, row, 4, &facts.state));
    TRY(db_read_u64(rows, row, 5, &out->expires_ms));
    TRY(db_read_u64(rows, row, 6, &out->opened_ms));
    TRY(db_read_u64(rows, row, 7, &out->replied_ms));
    TRY(db_read_u64(rows, row, 8, &out->locked_until_ms));
    TRY(db_read_bool(rows, row, 9, &out->is_frozen));
    TRY(db_read_u64(rows, row, 10, &facts.delivery));
    TRY(db_read_u64(rows, row, 11, &at_ms));
    TRY(db_read_u64(rows, row, 12, &out->shown_ms));
    facts.expires_ms = (int64_t)out->expires_ms;
    facts.opened_ms = (int64_t)out->opened_ms;
    facts.replied_ms = (int64_t)out->replied_ms;
    out->delivered_ms = facts.delivery == 1 ? at_ms : 0;
    out->status = span_text(status_name(status_of_recipient(&facts, now_ms)));
    return SM_OK;
}

/* --- known already --- */

enum { TAG_BYTES = 16, TAG_TEXT_BYTES_MAX = 32, TAIL_BYTES_MAX = 40 };

/* Of the body without its time, which the tables have last. */
static enum sm_error write_tag(const struct exchange *exchange, uint64_t now_ms, struct buffer *out)
{
    struct buffer tail DEFER(buffer_free) = BUFFER(TAIL_BYTES_MAX);
    struct span body = buffer_span(&exchange->answer.body);
    uint8_t digest[KDF_SHA256_BYTES];
    TRY(buffer_format(&tail, "\"now_ms\":%" PRIu64 "}", now_ms));
    TRY(kdf_sha256(span_slice(body, 0, body.size - tail.size), digest));
    TRY(buffer_append_text(out, "\""));
    TRY(base64url_encode(span_of(digest, TAG_BYTES), out));
    return buffer_append_text(out, "\"");
}

/* 304 to who has it already. */
static enum sm_error answer_tagged(struct exchange *exchange, uint64_t now_ms)
{
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_TEXT_BYTES_MAX);
    TRY(write_tag(exchange, now_ms, &tag));
    TRY(answer_header(exchange, "ETag", "%.*s", (int)tag.size, (const char *)tag.bytes));
    if (span_equal(exchange_header(exchange, HEADER_IF_NONE_MATCH), buffer_span(&tag))) {
        buffer_clear(&exchange->answer.body);
        answer_empty(exchange, 304);
    } else {
        answer_json(exchange, 200);
    }
    return SM_OK;
}

/* --- the list --- */

struct list_query {
    int64_t before_ms;
    struct id before; /* none cannot be: no message has that id */
    uint64_t rows_max;
    struct id parent; /* none: all */
};

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

static enum sm_error read_query(const struct exchange *exchange, struct list_query *out)
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
    return out->rows_max > 0 && out->rows_max <= PAGE_ROWS_MAX ? SM_OK : SM_BAD_VALUE;
}

static void ask_page(
    const struct exchange *exchange, const struct list_query *query, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    struct id *before = &out->kept[0];
    struct id *parent = &out->kept[1];
    *before = query->before;
    *parent = query->parent;
    if (id_is_none(*parent))
        ASK(out, &list_page, db_id(&who->organisation), db_id(&who->subject),
            db_i64(query->before_ms), db_id(before), db_u64(query->rows_max));
    else
        ASK(out, &list_follow_ups, db_id(&who->organisation), db_id(&who->subject),
            db_i64(query->before_ms), db_id(before), db_u64(query->rows_max), db_id(parent));
}

enum sm_error ask_messages(
    struct worker *worker, const struct exchange *exchange, struct asking *out)
{
    struct list_query query;
    TRY(read_query(exchange, &query));
    projector_wait(worker->gateway->projector);
    ask_page(exchange, &query, out);
    return SM_OK;
}

static enum sm_error write_next(
    const struct list_query *query, struct list_answer *answer, struct buffer *text)
{
    if (answer->messages.count < query->rows_max)
        return SM_OK;
    const struct message_row *last =
        LIST_AT(struct message_row, answer->messages, answer->messages.count - 1);
    TRY(buffer_format(text, "%" PRIu64 ".%s", last->created_ms, id_text(last->message).text));
    answer->next = buffer_span(text);
    return SM_OK;
}

enum sm_error on_messages(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(PAGE_ROWS_MAX * sizeof(struct message_row));
    struct buffer next DEFER(buffer_free) = BUFFER(CURSOR_BYTES_MAX);
    struct list_query query;
    struct list_answer answer = {.now_ms = (uint64_t)exchange->now_ms};
    (void)worker;
    TRY(read_query(exchange, &query));
    TRY(read_messages(exchange->asked[0], &arena, exchange->now_ms, &answer.messages));
    TRY(write_next(&query, &answer, &next));
    TRY(json_fields(&exchange->answer.body, &list_answer, &answer));
    return answer_tagged(exchange, answer.now_ms);
}

/* --- one message --- */

static enum sm_error read_all_recipients(
    const struct db_rows *rows, struct arena *arena, int64_t now_ms, struct list *out)
{
    void *items = NULL;
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof(struct recipient_row), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_recipient(rows, i, now_ms, (struct recipient_row *)items + i));
    *out = (struct list){items, count};
    return SM_OK;
}

/* Whose message it is, the first question says; the rows of the others are looked at behind it. */
enum sm_error ask_message(
    struct worker *worker, const struct exchange *exchange, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    struct list_query query;
    TRY(read_query(exchange, &query));
    query.parent = exchange->id;
    projector_wait(worker->gateway->projector);
    ASK(out, &read_one, db_id(&who->organisation), db_id(&who->subject), db_id(&exchange->id));
    ASK(out, &read_recipients, db_id(&exchange->id));
    ask_page(exchange, &query, out);
    return SM_OK;
}

enum sm_error on_message(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(DETAIL_ARENA_BYTES);
    struct db_rows *const *asked = exchange->asked;
    struct detail_answer answer = {.now_ms = (uint64_t)exchange->now_ms};
    (void)worker;
    TRY(db_one(asked[0]));
    TRY(read_message(asked[0], 0, exchange->now_ms, &answer.message));
    TRY(read_all_recipients(asked[1], &arena, exchange->now_ms, &answer.recipients));
    TRY(read_messages(asked[2], &arena, exchange->now_ms, &answer.replies));
    TRY(json_fields(&exchange->answer.body, &detail_answer, &answer));
    return answer_tagged(exchange, answer.now_ms);
}
