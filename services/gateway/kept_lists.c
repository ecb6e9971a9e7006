/* One place for each hash of a name: who comes later takes it. */
#include "services/gateway/kept_lists.h"

#include "base/clock.h"
#include "services/gateway/tagged.h"

#include <pthread.h>
#include <stdlib.h>

struct slot {
    struct list_name name;
    struct id word; /* none: nothing is kept */
    int64_t since_ms, until_ms;
    _Atomic int64_t asked_ms; /* monotonic; set by who only looks */
    struct buffer tag, body;
};

struct kept_lists {
    pthread_rwlock_t lock; /* many look at once, and copy while they hold it */
    struct slot slots[KEPT_LISTS];
};

static void forget(struct slot *slot)
{
    buffer_free(&slot->tag);
    buffer_free(&slot->body);
    *slot = (struct slot){.tag = BUFFER(TAG_BYTES_MAX), .body = BUFFER(KEPT_LIST_BYTES_MAX)};
}

enum sm_error kept_lists_new(struct kept_lists **out)
{
    struct kept_lists *lists = calloc(1, sizeof *lists);
    if (!lists)
        return SM_NO_MEMORY;
    (void)pthread_rwlock_init(&lists->lock, NULL);
    for (size_t i = 0; i < KEPT_LISTS; i++)
        forget(&lists->slots[i]);
    *out = lists;
    return SM_OK;
}

void kept_lists_free(struct kept_lists **lists)
{
    if (!*lists)
        return;
    for (size_t i = 0; i < KEPT_LISTS; i++)
        forget(&(*lists)->slots[i]);
    (void)pthread_rwlock_destroy(&(*lists)->lock);
    free(*lists);
    *lists = NULL;
}

static struct slot *slot_of(struct kept_lists *lists, const struct list_name *name)
{
    return &lists->slots[(id_hash(name->sender) ^ name->rows) & (KEPT_LISTS - 1)];
}

static bool is_of(const struct slot *slot, const struct list_name *name)
{
    return !id_is_none(slot->word) && slot->name.rows == name->rows &&
           id_equal(slot->name.sender, name->sender) &&
           id_equal(slot->name.organisation, name->organisation);
}

struct id kept_lists_word(struct kept_lists *lists, const struct list_name *name)
{
    (void)pthread_rwlock_rdlock(&lists->lock);
    const struct slot *slot = slot_of(lists, name);
    struct id word = is_of(slot, name) ? slot->word : (struct id){{0}};
    (void)pthread_rwlock_unlock(&lists->lock);
    return word;
}

static bool meets(const struct slot *slot, const struct list_demand *demand)
{
    return id_equal(slot->word, demand->word) && slot->since_ms <= demand->now_ms &&
           demand->now_ms < slot->until_ms;
}

static enum sm_error append_both(
    const struct slot *slot, struct span known_tag, struct buffer *body, struct buffer *tag)
{
    size_t size = tag->size;
    TRY(buffer_append(tag, buffer_span(&slot->tag)));
    if (span_equal(buffer_span(&slot->tag), known_tag))
        return SM_OK;
    enum sm_error error = buffer_append(body, buffer_span(&slot->body));
    if (error != SM_OK)
        buffer_truncate(tag, size);
    return error;
}

enum sm_error kept_lists_recall(struct kept_lists *lists, const struct list_name *name,
    const struct list_demand *demand, struct buffer *body, struct buffer *tag)
{
    enum sm_error error = SM_NOT_FOUND;
    (void)pthread_rwlock_rdlock(&lists->lock);
    struct slot *slot = slot_of(lists, name);
    if (is_of(slot, name) && meets(slot, demand)) {
        slot->asked_ms = clock_monotonic_ms();
        error = append_both(slot, demand->known_tag, body, tag);
    }
    (void)pthread_rwlock_unlock(&lists->lock);
    return error;
}

static enum sm_error fill(
    struct slot *slot, const struct list_name *name, const struct list_page *page)
{
    TRY(buffer_append(&slot->body, page->body));
    TRY(buffer_append(&slot->tag, page->tag));
    slot->name = *name;
    slot->word = page->word;
    slot->since_ms = page->since_ms;
    slot->until_ms = page->until_ms;
    slot->asked_ms = clock_monotonic_ms();
    return SM_OK;
}

void kept_lists_keep(
    struct kept_lists *lists, const struct list_name *name, const struct list_page *page)
{
    bool has_place = !id_is_none(page->word) && page->body.size <= KEPT_LIST_BYTES_MAX;
    (void)pthread_rwlock_wrlock(&lists->lock);
    struct slot *slot = slot_of(lists, name);
    if (has_place || is_of(slot, name))
        forget(slot);
    if (has_place && fill(slot, name, page) != SM_OK)
        forget(slot);
    (void)pthread_rwlock_unlock(&lists->lock);
}

void kept_lists_tidy_of(struct kept_lists *lists, int64_t idle_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    (void)pthread_rwlock_wrlock(&lists->lock);
    for (size_t i = 0; i < KEPT_LISTS; i++)
        if (now_ms - lists->slots[i].asked_ms >= idle_ms)
            forget(&lists->slots[i]);
    (void)pthread_rwlock_unlock(&lists->lock);
}

void kept_lists_tidy(struct kept_lists *lists)
{
    kept_lists_tidy_of(lists, KEPT_LIST_IDLE_MS);
}
