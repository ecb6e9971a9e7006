/* The detail of one message: itself, its recipients, and the newest of what follows it up. */
#include "services/gateway/handlers.h"

#include "services/gateway/json.h"
#include "services/gateway/projector.h"
#include "services/gateway/sent_rows.h"
#include "services/gateway/status.h"
#include "services/gateway/tagged.h"

enum { ARENA_BYTES = 256 * 1024 };

static const struct statement read_one = {
    "gateway_message_read", MESSAGE_COLUMNS " AND message = $3"};
static const struct statement read_recipients = {"gateway_recipients",
    "SELECT link, address, recipient.name, method, recipient.state, expires_ms, opened_ms,"
    " replied_ms, locked_until_ms, is_frozen, coalesce(result, 0), coalesce(delivery.at_ms, 0),"
    " coalesce(shown.at_ms, 0)"
    " FROM mail.recipient LEFT JOIN mail.delivery USING (link) LEFT JOIN mail.shown USING (link)"
    " WHERE recipient.message = $1 ORDER BY address, link"};

/* --- what goes out --- */

struct recipient_row {
    struct id link;
    struct span address, name, status;
    uint64_t method, delivered_ms, shown_ms, opened_ms, replied_ms, locked_until_ms, expires_ms;
    bool is_frozen;
};
struct detail_answer {
    struct message_row message;
    struct list recipients, replies;
    uint64_t now_ms;
};

/* clang-format off */
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
FIELDS_LOCAL(detail_answer, struct detail_answer,
    F_MAP(struct detail_answer, message, message_row, "the message"),
    F_LIST(struct detail_answer, recipients, 0, RECIPIENTS_MAX, recipient_row, "by address"),
    F_LIST(struct detail_answer, replies, 0, PAGE_ROWS_MAX, message_row, "newest first"),
    NUMBER(struct detail_answer, now_ms, "the one clock"));
/* clang-format on */

/* --- reading rows --- */

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
    TRY(read_list_query(exchange, &query));
    query.parent = exchange->id;
    projector_wait(worker->gateway->projector);
    ASK(out, &read_one, db_id(&who->organisation), db_id(&who->subject), db_id(&exchange->id));
    ASK(out, &read_recipients, db_id(&exchange->id));
    ask_follow_ups(exchange, &query, out);
    return SM_OK;
}

enum sm_error on_message(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    struct db_rows *const *asked = exchange->asked;
    struct span body;
    struct detail_answer answer = {.now_ms = (uint64_t)exchange->now_ms};
    (void)worker;
    TRY(db_one(asked[0]));
    TRY(read_message(asked[0], 0, exchange->now_ms, &answer.message));
    TRY(read_all_recipients(asked[1], &arena, exchange->now_ms, &answer.recipients));
    TRY(read_messages(
        asked[2], db_rows_count(asked[2]), &arena, exchange->now_ms, &answer.replies));
    TRY(json_fields(&exchange->answer.body, &detail_answer, &answer));
    TRY(tagged_without_time(&exchange->answer.body, exchange->now_ms, &body));
    TRY(tagged_name(body, &tag));
    return answer_tagged(exchange, &tag);
}
