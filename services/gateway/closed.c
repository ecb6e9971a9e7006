/* Open addressing over names, which are hashes themselves. */
#include "services/gateway/closed.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

enum {
    FIRST_SLOTS = 1024,
    SLOTS_MAX = 1 << 20,
    KEEP_MS = (CAPABILITY_S + 300) * 1000,
    REBUILD_MS = 1000, /* a full table is not gone through more often */
};

struct slot {
    struct id id; /* none: free */
    int64_t since_ms;
};

struct closed_set {
    pthread_rwlock_t lock;
    struct slot *slots;
    size_t slots_count, used, slots_max;
    int64_t keep_ms;
    int64_t rebuilt_ms;
    int64_t full_until_ms; /* something that is closed until then has no slot; 0: never had */
};

enum sm_error closed_set_new_of(int64_t keep_ms, size_t slots_max, struct closed_set **out)
{
    struct closed_set *set = calloc(1, sizeof *set);
    if (!set)
        return SM_NO_MEMORY;
    (void)pthread_rwlock_init(&set->lock, NULL);
    set->keep_ms = keep_ms;
    set->slots_max = slots_max;
    *out = set;
    return SM_OK;
}

enum sm_error closed_set_new(struct closed_set **out)
{
    return closed_set_new_of(KEEP_MS, SLOTS_MAX, out);
}

void closed_set_free(struct closed_set **set)
{
    if (!*set)
        return;
    (void)pthread_rwlock_destroy(&(*set)->lock);
    free((*set)->slots);
    free(*set);
    *set = NULL;
}

/* The slot of `id`, or the free one where it would go. At least one is always free. */
static struct slot *slot_of(struct slot *slots, size_t count, struct id id)
{
    size_t at = (size_t)id_hash(id) & (count - 1);
    while (!id_is_none(slots[at].id) && !id_equal(slots[at].id, id))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

/* Moves what is not yet forgotten into a table with room. */
static enum sm_error rebuild(struct closed_set *set, size_t count, int64_t now_ms)
{
    struct slot *fresh = calloc(count, sizeof *fresh);
    size_t used = 0;
    if (!fresh)
        return SM_NO_MEMORY;
    for (size_t i = 0; i < set->slots_count; i++) {
        const struct slot *old = &set->slots[i];
        if (id_is_none(old->id) || now_ms - old->since_ms > set->keep_ms)
            continue;
        *slot_of(fresh, count, old->id) = *old;
        used++;
    }
    free(set->slots);
    set->slots = fresh;
    set->slots_count = count;
    set->used = used;
    set->rebuilt_ms = now_ms;
    return SM_OK;
}

static bool has_room(const struct closed_set *set)
{
    return set->used < set->slots_count / 2;
}

/* The largest table: only forgetting makes room. */
static enum sm_error make_room_at_most(struct closed_set *set, int64_t now_ms)
{
    if (now_ms - set->rebuilt_ms >= REBUILD_MS)
        TRY(rebuild(set, set->slots_count, now_ms));
    return has_room(set) ? SM_OK : SM_TOO_LARGE;
}

static enum sm_error make_room(struct closed_set *set, int64_t now_ms)
{
    if (has_room(set))
        return SM_OK;
    if (set->slots_count == set->slots_max)
        return make_room_at_most(set, now_ms);
    if (set->slots_count) {
        TRY(rebuild(set, set->slots_count, now_ms)); /* forgetting may be enough */
        if (set->used < set->slots_count / 4)
            return SM_OK;
    }
    return rebuild(set, set->slots_count ? 2 * set->slots_count : FIRST_SLOTS, now_ms);
}

/* What has no slot is closed as everything is, until it would be forgotten. */
static void note_full(struct closed_set *set, int64_t now_ms)
{
    if (set->full_until_ms <= now_ms)
        log_line(
            LOG_ERROR, "closed-set-full", "effect", "all downloads are refused for a while", NULL);
    set->full_until_ms = now_ms + set->keep_ms;
}

enum sm_error closed_name(enum closed_kind kind, struct id id, struct id *out)
{
    static const char word[] = "securemail/1 closed";
    enum { KIND_AT = sizeof word - 1, ID_AT };
    uint8_t covered[ID_AT + ID_BYTES];
    uint8_t hash[KDF_SHA256_BYTES];
    *out = (struct id){{0}};
    if (id_is_none(id))
        return SM_OK;
    memcpy(covered, word, KIND_AT);
    covered[KIND_AT] = (uint8_t)kind;
    memcpy(covered + ID_AT, id.bytes, ID_BYTES);
    TRY(kdf_sha256(SPAN(covered), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

void closed_set_add(struct closed_set *set, struct id closed)
{
    int64_t now_ms = clock_monotonic_ms();
    if (id_is_none(closed))
        return;
    (void)pthread_rwlock_wrlock(&set->lock);
    if (make_room(set, now_ms) != SM_OK) {
        note_full(set, now_ms);
    } else {
        struct slot *slot = slot_of(set->slots, set->slots_count, closed);
        set->used += id_is_none(slot->id);
        *slot = (struct slot){closed, now_ms};
    }
    (void)pthread_rwlock_unlock(&set->lock);
}

bool closed_set_has(struct closed_set *set, struct id id)
{
    (void)pthread_rwlock_rdlock(&set->lock);
    bool is_closed = set->full_until_ms && clock_monotonic_ms() <= set->full_until_ms;
    if (!is_closed && set->slots_count && !id_is_none(id))
        is_closed = !id_is_none(slot_of(set->slots, set->slots_count, id)->id);
    (void)pthread_rwlock_unlock(&set->lock);
    return is_closed;
}
