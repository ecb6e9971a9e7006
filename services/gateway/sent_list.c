/*
 * The sender's list. Its first page is what an open page asks for again and again: it is kept
 * (kept_lists.h), and read anew where the sender's word says that something has changed.
 */
#include "services/gateway/handlers.h"

#include "base/log.h"
#include "services/gateway/json.h"
#include "services/gateway/kept_lists.h"
#include "services/gateway/projector.h"
#include "services/gateway/sent_rows.h"
#include "services/gateway/tagged.h"

#include <inttypes.h>

enum {
    WORD_COLUMN = MESSAGE_COLUMNS_COUNT,
    IS_AS_KEPT_COLUMN,
    CURSOR_BYTES_MAX = 64,
};

/* One row at least, which has the sender's word; no message in it where that is $6 still. */
static const struct statement list_page = {"gateway_list",
    "WITH change AS MATERIALIZED (SELECT (SELECT word FROM mail.list_change"
    " WHERE organisation = $1 AND sender = $2) AS word)"
    " SELECT page.*, change.word, (change.word = $6::bytea) IS TRUE"
    " FROM change LEFT JOIN LATERAL (" MESSAGE_COLUMNS
    " AND (created_ms, message) < ($3, $4) AND (change.word = $6::bytea) IS NOT TRUE"
    " ORDER BY created_ms DESC, message DESC LIMIT $5) AS page ON true"
    " ORDER BY created_ms DESC, message DESC"};

struct list_answer {
    struct list messages;
    struct span next;
    uint64_t now_ms;
};
/* clang-format off */
FIELDS_LOCAL(list_answer, struct list_answer,
    F_LIST(struct list_answer, messages, 0, PAGE_ROWS_MAX, message_row, "newest first"),
    WORDS(struct list_answer, next, "cursor of the next page; empty: that was all"),
    NUMBER(struct list_answer, now_ms, "the one clock"));
/* clang-format on */

/* --- asking --- */

static struct list_name name_of(const struct exchange *exchange, const struct list_query *query)
{
    return (struct list_name){
        exchange->proven.organisation, exchange->proven.subject, query->rows_max};
}

enum sm_error ask_messages(
    struct worker *worker, const struct exchange *exchange, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    struct list_query query;
    TRY(read_list_query(exchange, &query));
    projector_wait(worker->gateway->projector);
    if (!id_is_none(query.parent)) {
        ask_follow_ups(exchange, &query, out);
        return SM_OK;
    }
    const struct list_name name = name_of(exchange, &query);
    out->kept[0] = query.before;
    if (query.is_first)
        out->kept[1] = kept_lists_word(worker->gateway->lists, &name);
    ASK(out, &list_page, db_id(&who->organisation), db_id(&who->subject), db_i64(query.before_ms),
        db_id(&out->kept[0]), db_u64(query.rows_max), db_id(&out->kept[1]));
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

/* Until when no status in it changes by itself. */
static int64_t holds_until(const struct list *messages, int64_t now_ms)
{
    int64_t until_ms = INT64_MAX;
    for (size_t i = 0; i < messages->count; i++) {
        int64_t expires_ms = (int64_t)LIST_AT(struct message_row, *messages, i)->expires_ms;
        if (expires_ms > now_ms && expires_ms < until_ms)
            until_ms = expires_ms;
    }
    return until_ms;
}

/* What list_page says beside the messages. */
struct list_facts {
    size_t count; /* messages */
    struct id word;
    bool is_as_kept; /* under that word: nothing was read */
};

static enum sm_error read_facts(const struct db_rows *rows, struct list_facts *out)
{
    struct id first;
    out->count = db_rows_count(rows);
    if (out->count == 0)
        return log_failure("list-without-a-row", SM_DATABASE, "gateway_list");
    TRY(db_read_id(rows, 0, 0, &first));
    TRY(db_read_id(rows, 0, WORD_COLUMN, &out->word));
    TRY(db_read_bool(rows, 0, IS_AS_KEPT_COLUMN, &out->is_as_kept));
    if (id_is_none(first))
        out->count = 0;
    return SM_OK;
}

/* SM_NOT_FOUND: it is kept no more, or a message in it has expired since. */
static enum sm_error recall(struct worker *worker, struct exchange *exchange,
    const struct list_query *query, struct id word, struct buffer *tag)
{
    const struct list_name name = name_of(exchange, query);
    const struct list_demand demand = {.word = word,
        .now_ms = exchange->now_ms,
        .known_tag = exchange_header(exchange, HEADER_IF_NONE_MATCH)};
    return kept_lists_recall(worker->gateway->lists, &name, &demand, &exchange->answer.body, tag);
}

static enum sm_error answer_recalled(struct exchange *exchange, const struct buffer *tag)
{
    TRY(tagged_add_time(&exchange->answer.body, exchange->now_ms));
    return answer_tagged(exchange, tag);
}

static enum sm_error read_anew(
    struct worker *worker, struct exchange *exchange, const struct list_query *query)
{
    const struct capability *who = &exchange->proven;
    struct db *db = NULL;
    TRY(worker_db(worker, &db));
    db_rows_free(&exchange->asked[0]);
    return DB_RUN(db, &list_page, &exchange->asked[0], db_id(&who->organisation),
        db_id(&who->subject), db_i64(query->before_ms), db_id(&query->before),
        db_u64(query->rows_max), db_null());
}

static enum sm_error answer_page(struct worker *worker, struct exchange *exchange,
    const struct list_query *query, const struct list_facts *facts)
{
    struct arena arena DEFER(arena_free) = ARENA(PAGE_ROWS_MAX * sizeof(struct message_row));
    struct buffer next DEFER(buffer_free) = BUFFER(CURSOR_BYTES_MAX);
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    struct list_answer answer = {.now_ms = (uint64_t)exchange->now_ms};
    struct list_page page = {.word = facts->word, .since_ms = exchange->now_ms};
    TRY(read_messages(
        exchange->asked[0], facts->count, &arena, exchange->now_ms, &answer.messages));
    TRY(write_next(query, &answer, &next));
    TRY(json_fields(&exchange->answer.body, &list_answer, &answer));
    TRY(tagged_without_time(&exchange->answer.body, exchange->now_ms, &page.body));
    TRY(tagged_name(page.body, &tag));
    page.tag = buffer_span(&tag);
    page.until_ms = holds_until(&answer.messages, exchange->now_ms);
    const struct list_name name = name_of(exchange, query);
    if (query->is_first)
        kept_lists_keep(worker->gateway->lists, &name, &page);
    return answer_tagged(exchange, &tag);
}

static enum sm_error answer_follow_ups(
    struct worker *worker, struct exchange *exchange, const struct list_query *query)
{
    const struct list_facts facts = {.count = db_rows_count(exchange->asked[0])};
    return answer_page(worker, exchange, query, &facts);
}

enum sm_error on_messages(struct worker *worker, struct exchange *exchange)
{
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    struct list_query query;
    struct list_facts facts = {0};
    TRY(read_list_query(exchange, &query));
    if (!id_is_none(query.parent))
        return answer_follow_ups(worker, exchange, &query);
    TRY(read_facts(exchange->asked[0], &facts));
    if (facts.is_as_kept) {
        enum sm_error error = recall(worker, exchange, &query, facts.word, &tag);
        if (error == SM_OK)
            return answer_recalled(exchange, &tag);
        if (error != SM_NOT_FOUND)
            return error;
        TRY(read_anew(worker, exchange, &query));
        TRY(read_facts(exchange->asked[0], &facts));
    }
    return answer_page(worker, exchange, &query, &facts);
}
