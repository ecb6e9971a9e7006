/*
 * The sender's list. Its first page is what an open page asks for again and again: it is kept
 * (kept_lists.h), and read anew where the sender's word says that something has changed.
 */
#include "services/gateway/handlers.h"

#include "services/gateway/json.h"
#include "services/gateway/kept_lists.h"
#include "services/gateway/projector.h"
#include "services/gateway/sent_rows.h"
#include "services/gateway/tagged.h"

#include <inttypes.h>

enum { CURSOR_BYTES_MAX = 64 };

static const struct statement read_word = {"gateway_list_word",
    "SELECT word FROM mail.list_change WHERE organisation = $1 AND sender = $2"};
static const struct statement list_page = {"gateway_list",
    MESSAGE_COLUMNS " AND (created_ms, message) < ($3, $4)"
                    " ORDER BY created_ms DESC, message DESC LIMIT $5"};

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

static void ask_page(
    const struct exchange *exchange, const struct list_query *query, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    out->kept[0] = query->before;
    ASK(out, &list_page, db_id(&who->organisation), db_id(&who->subject), db_i64(query->before_ms),
        db_id(&out->kept[0]), db_u64(query->rows_max));
}

/*
 * Of the first page: the sender's word, and the page behind it only where none is kept. The word is
 * read before the page, so a page is never kept under a word that is newer than itself.
 */
static void ask_first(struct worker *worker, const struct exchange *exchange,
    const struct list_query *query, struct asking *out)
{
    const struct capability *who = &exchange->proven;
    const struct list_name name = name_of(exchange, query);
    ASK(out, &read_word, db_id(&who->organisation), db_id(&who->subject));
    if (id_is_none(kept_lists_word(worker->gateway->lists, &name)))
        ask_page(exchange, query, out);
}

enum sm_error ask_messages(
    struct worker *worker, const struct exchange *exchange, struct asking *out)
{
    struct list_query query;
    TRY(read_list_query(exchange, &query));
    projector_wait(worker->gateway->projector);
    if (query.is_first)
        ask_first(worker, exchange, &query, out);
    else if (id_is_none(query.parent))
        ask_page(exchange, &query, out);
    else
        ask_follow_ups(exchange, &query, out);
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

/* `word`: under which to keep it; none: not at all. */
static enum sm_error answer_page(struct worker *worker, struct exchange *exchange,
    const struct list_query *query, const struct db_rows *rows, struct id word)
{
    struct arena arena DEFER(arena_free) = ARENA(PAGE_ROWS_MAX * sizeof(struct message_row));
    struct buffer next DEFER(buffer_free) = BUFFER(CURSOR_BYTES_MAX);
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    const struct list_name name = name_of(exchange, query);
    struct list_answer answer = {.now_ms = (uint64_t)exchange->now_ms};
    struct list_page page = {.word = word, .since_ms = exchange->now_ms};
    TRY(read_messages(rows, db_rows_count(rows), &arena, exchange->now_ms, &answer.messages));
    TRY(write_next(query, &answer, &next));
    TRY(json_fields(&exchange->answer.body, &list_answer, &answer));
    TRY(tagged_without_time(&exchange->answer.body, exchange->now_ms, &page.body));
    TRY(tagged_name(page.body, &tag));
    page.tag = buffer_span(&tag);
    page.until_ms = holds_until(&answer.messages, exchange->now_ms);
    if (query->is_first)
        kept_lists_keep(worker->gateway->lists, &name, &page);
    return answer_tagged(exchange, &tag);
}

/* SM_NOT_FOUND: it is not kept (any more), or a message in it has expired since. */
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
    return DB_RUN(db, &list_page, &exchange->asked[1], db_id(&who->organisation),
        db_id(&who->subject), db_i64(query->before_ms), db_id(&query->before),
        db_u64(query->rows_max));
}

/* A sender without a word has not sent anything yet. */
static enum sm_error answer_first(
    struct worker *worker, struct exchange *exchange, const struct list_query *query)
{
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    struct id word = {{0}};
    if (db_rows_count(exchange->asked[0]))
        TRY(db_read_id(exchange->asked[0], 0, 0, &word));
    enum sm_error error = recall(worker, exchange, query, word, &tag);
    if (error == SM_OK)
        return answer_recalled(exchange, &tag);
    if (error != SM_NOT_FOUND)
        return error;
    if (!exchange->asked[1])
        TRY(read_anew(worker, exchange, query));
    return answer_page(worker, exchange, query, exchange->asked[1], word);
}

enum sm_error on_messages(struct worker *worker, struct exchange *exchange)
{
    static const struct id unkept;
    struct list_query query;
    TRY(read_list_query(exchange, &query));
    return query.is_first ? answer_first(worker, exchange, &query)
                          : answer_page(worker, exchange, &query, exchange->asked[0], unkept);
}
