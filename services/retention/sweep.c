/*
 * Rounds. A page is first destroyed and deleted, then finished: the log's acknowledgement is waited
 * for once a page, not once a message. When audit is down the first wait says so, and the rest of
 * the page waits for the next round, still due.
 */
#include "services/retention/sweep.h"

#include "base/log.h"
#include "proto/limits.h"

#include "base/banned.h"

enum { DUE_BYTES_MAX = 64 * 1024 };

/* Which messages of a page wait to be finished. */
struct page {
    struct list items; /* of struct due_item */
    bool waits[PAGE_ROWS_MAX];
    uint64_t purged, failed;
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

static enum sm_error finish_item(struct purger *purger, struct page *page, size_t i)
{
    struct id message = LIST_AT(struct due_item, page->items, i)->message;
    if (!page->waits[i])
        return SM_OK;
    enum sm_error error = purge_finish(purger, message);
    if (error == SM_OK) {
        page->purged++;
        return SM_OK;
    }
    page->failed++;
    log_fault("purge-not-finished", message, error);
    return error;
}

static enum sm_error take_page(struct purger *purger, struct arena *arena, struct page *page)
{
    *page = (struct page){0};
    TRY(purger->peers.due(purger->peers.context, PAGE_ROWS_MAX, arena, &page->items));
    return page->items.count <= PAGE_ROWS_MAX ? SM_OK : SM_TOO_LARGE;
}

static void run_page(
    struct purger *purger, struct page *page, bool (*goes_on)(void *context), void *context)
{
    for (size_t i = 0; i < page->items.count; i++)
        if (!goes_on || goes_on(context))
            destroy_item(purger, page, i);
    enum sm_error error = SM_OK;
    for (size_t i = 0; i < page->items.count && error == SM_OK; i++)
        error = finish_item(purger, page, i);
}

enum sm_error sweep_all(struct purger *purger, bool (*goes_on)(void *context), void *context,
    struct sweep_counts *counts)
{
    for (bool more = true; more;) {
        struct arena arena DEFER(arena_free) = ARENA(DUE_BYTES_MAX);
        struct page page;
        TRY(take_page(purger, &arena, &page));
        run_page(purger, &page, goes_on, context);
        counts->purged += page.purged;
        counts->failed += page.failed;
        more = page.purged > 0 && page.items.count == PAGE_ROWS_MAX;
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
    return *is_purged ? purge_finish(purger, item->message) : SM_OK;
}

/* Behind a full page others come first: they are due as well. */
enum sm_error sweep_one(
    struct purger *purger, struct id message, bool *is_purged, struct sweep_counts *counts)
{
    for (;;) {
        struct arena arena DEFER(arena_free) = ARENA(DUE_BYTES_MAX);
        struct page page;
        TRY(take_page(purger, &arena, &page));
        size_t i = find(&page, message);
        if (i < page.items.count) {
            TRY(purge_found(purger, LIST_AT(struct due_item, page.items, i), is_purged));
            counts->purged += *is_purged;
            return SM_OK;
        }
        if (page.items.count < PAGE_ROWS_MAX) {
            *is_purged = false;
            return SM_OK;
        }
        run_page(purger, &page, NULL, NULL);
        counts->purged += page.purged;
        if (page.purged == 0)
            return SM_BUSY;
    }
}
