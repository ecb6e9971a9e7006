/*
 * Rounds. A page is first destroyed and deleted, then finished: the log's acknowledgement is waited
 * for once a page, not once a message. Where a first wait is in vain (audit is down, or the log of
 * one organisation is damaged) the others are only looked at; what is not logged is still due. Each
 * page begins behind the one before, whatever became of that: a hundred messages that cannot be
 * purged do not keep those behind them.
 */
#include "services/retention/sweep.h"

#include "base/log.h"
#include "proto/limits.h"

#include "base/banned.h"

enum { DUE_BYTES_MAX = 64 * 1024, LOGGED_TIMEOUT_MS = 5000 };

/* Which messages of a page wait to be finished. */
struct page {
    struct list items; /* of struct due_item */
    bool waits[PAGE_ROWS_MAX];
    uint64_t purged, failed;
    bool is_last;
};

static void log_fault(const char *event, struct id message, enum sm_error error)
{
    log_line(
        LOG_WARNING, event, "message", id_text(message).text, "error", error_name(error), NULL);
}

static void destroy_item(struct purger *purger, struct page *page, size_t i)
{
    const struct due_item *item = LIST_AT(struct due_item, page->items, i);
    bool is_purged = false;
    enum sm_error error = purge_message(purger, item, &is_purged);
    page->waits[i] = error == SM_OK && is_purged;
    if (error == SM_OK)
        return;
    page->failed++;
    log_fault("purge-failed", item->message, error);
}

static void note_finish(struct page *page, struct id message, enum sm_error error)
{
    page->purged += error == SM_OK;
    page->failed += error != SM_OK;
    if (error != SM_OK)
        log_fault("purge-not-finished", message, error);
}

/* An error: crypto cannot be told, of this one or of others. */
static enum sm_error finish_page(struct purger *purger, struct page *page)
{
    int64_t patience_ms = LOGGED_TIMEOUT_MS;
    enum sm_error told = SM_OK;
    for (size_t i = 0; i < page->items.count && told == SM_OK; i++) {
        struct id message = LIST_AT(struct due_item, page->items, i)->message;
        if (!page->waits[i])
            continue;
        enum sm_error logged = purge_await_log(purger, message, patience_ms);
        if (logged == SM_OK)
            told = purge_tell(purger, message);
        else
            patience_ms = 0;
        note_finish(page, message, logged == SM_OK ? told : logged);
    }
    return told;
}

/* The page behind `place`, which moves on to its end. */
static enum sm_error take_page(
    struct purger *purger, struct due_request *place, struct arena *arena, struct page *page)
{
    *page = (struct page){0};
    TRY(purger->peers.due(purger->peers.context, place, arena, &page->items));
    size_t count = page->items.count;
    if (count > PAGE_ROWS_MAX)
        return SM_TOO_LARGE;
    page->is_last = count < PAGE_ROWS_MAX;
    if (count == 0)
        return SM_OK;
    const struct due_item *last = LIST_AT(struct due_item, page->items, count - 1);
    place->after_ms = last->due_ms;
    place->after = last->message;
    return SM_OK;
}

static const struct due_request beginning = {.rows_max = PAGE_ROWS_MAX};

static enum sm_error run_page(
    struct purger *purger, struct page *page, bool (*goes_on)(void *context), void *context)
{
    for (size_t i = 0; i < page->items.count; i++)
        if (!goes_on || goes_on(context))
            destroy_item(purger, page, i);
    return finish_page(purger, page);
}

enum sm_error sweep_all(struct purger *purger, bool (*goes_on)(void *context), void *context,
    struct sweep_counts *counts)
{
    struct due_request place = beginning;
    for (bool more = true; more;) {
        struct arena arena DEFER(arena_free) = ARENA(DUE_BYTES_MAX);
        struct page page;
        TRY(take_page(purger, &place, &arena, &page));
        enum sm_error told = run_page(purger, &page, goes_on, context);
        counts->purged += page.purged;
        counts->failed += page.failed;
        more = !page.is_last && told == SM_OK && (!goes_on || goes_on(context));
    }
    return SM_OK;
}

/* --- a second look --- */

static const struct statement due_again = {"sweep_due_again",
    "SELECT message FROM retention.again WHERE after_ms < clock.now_ms()"
    " ORDER BY after_ms LIMIT $1"};
static const struct statement done_again = {
    "sweep_done_again", "DELETE FROM retention.again WHERE message = $1"};

static enum sm_error look_again(struct purger *purger, struct id message)
{
    TRY(store_message_delete(purger->store, message, NULL));
    return DB_RUN(purger->db, &done_again, NULL, db_id(&message));
}

enum sm_error sweep_again(struct purger *purger, struct sweep_counts *counts)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(purger->db, &due_again, &rows, db_u64(PAGE_ROWS_MAX)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id message;
        TRY(db_read_id(rows, i, 0, &message));
        enum sm_error error = look_again(purger, message);
        if (error == SM_OK)
            continue;
        counts->failed++;
        log_fault("second-look-failed", message, error);
    }
    return SM_OK;
}

/* --- one message --- */

static size_t find(const struct page *page, struct id message)
{
    for (size_t i = 0; i < page->items.count; i++)
        if (id_equal(LIST_AT(struct due_item, page->items, i)->message, message))
            return i;
    return page->items.count;
}

static enum sm_error purge_found(
    struct purger *purger, const struct due_item *item, bool *is_purged)
{
    TRY(purge_message(purger, item, is_purged));
    if (!*is_purged)
        return SM_OK;
    TRY(purge_await_log(purger, item->message, LOGGED_TIMEOUT_MS));
    return purge_tell(purger, item->message);
}

/* The others are the round's. */
enum sm_error sweep_one(
    struct purger *purger, struct id message, bool *is_purged, struct sweep_counts *counts)
{
    struct due_request place = beginning;
    for (;;) {
        struct arena arena DEFER(arena_free) = ARENA(DUE_BYTES_MAX);
        struct page page;
        TRY(take_page(purger, &place, &arena, &page));
        size_t i = find(&page, message);
        if (i < page.items.count) {
            TRY(purge_found(purger, LIST_AT(struct due_item, page.items, i), is_purged));
            counts->purged += *is_purged;
            return SM_OK;
        }
        *is_purged = false;
        if (page.is_last)
            return SM_OK;
    }
}
