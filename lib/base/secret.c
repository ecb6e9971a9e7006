/*
 * Owned secrets. Each has pages of its own: locked and left out of dumps without touching others.
 * To map, lock and unmap a page took a fifth of the time of a sealed request: some single pages
 * that were given back are kept, wiped and locked, for the next secrets.
 */
#include "base/secret.h"

#include "base/log.h"
#include "base/metric.h"
#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct secret {
    size_t size;
    size_t mapped;  /* bytes of the mapping that holds this struct */
    bool is_locked; /* the mapping, in memory */
    uint8_t bytes[];
};

/* Hardening, not correctness: a small RLIMIT_MEMLOCK must not stop a service, nor be silent. */
void secret_not_locked(void)
{
    static atomic_flag is_told = ATOMIC_FLAG_INIT;
    metric_count(METRIC_SECRETS_UNLOCKED, 0);
    if (!atomic_flag_test_and_set(&is_told))
        log_line(LOG_WARNING, "secret-not-locked", "cause",
            "the limit of locked memory is too small (ulimit -l)", "consequence",
            "where the machine swaps, a secret can reach the disk", NULL);
}

enum { KEPT_PAGES_MAX = 64 };

/* Single pages, wiped and locked. */
static struct {
    pthread_mutex_t lock;
    struct secret *pages[KEPT_PAGES_MAX];
    size_t count;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* NULL: there is none. */
static struct secret *take_kept(void)
{
    (void)pthread_mutex_lock(&kept.lock);
    struct secret *page = kept.count ? kept.pages[--kept.count] : NULL;
    (void)pthread_mutex_unlock(&kept.lock);
    if (page)
        page->is_locked = true; /* it was wiped with the rest */
    return page;
}

/* False: there are enough. */
static bool keep(struct secret *page)
{
    (void)pthread_mutex_lock(&kept.lock);
    bool has_room = kept.count < KEPT_PAGES_MAX;
    if (has_room)
        kept.pages[kept.count++] = page;
    (void)pthread_mutex_unlock(&kept.lock);
    return has_room;
}

static struct secret *map(size_t mapped)
{
    void *pages = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    struct secret *secret = pages;
    secret->is_locked = mlock(pages, mapped) == 0;
    if (!secret->is_locked)
        secret_not_locked();
    (void)madvise(pages, mapped, MADV_DONTDUMP);
    return secret;
}

enum sm_error secret_new(size_t size, struct secret **out)
{
    size_t page = page_bytes();
    size_t needed;
    if (__builtin_add_overflow(size, sizeof(struct secret) + page - 1, &needed))
        return SM_TOO_LARGE;
    size_t mapped = needed / page * page;
    struct secret *secret = mapped == page ? take_kept() : NULL;
    if (!secret)
        secret = map(mapped);
    if (!secret)
        return SM_NO_MEMORY;
    secret->size = size;
    secret->mapped = mapped;
    *out = secret;
    return SM_OK;
}

enum sm_error secret_copy(struct span bytes, struct secret **out)
{
    TRY(secret_new(bytes.size, out));
    if (bytes.size)
        memcpy((*out)->bytes, bytes.at, bytes.size);
    return SM_OK;
}

enum sm_error secret_random(size_t size, struct secret **out)
{
    TRY(secret_new(size, out));
    enum sm_error error = random_bytes((*out)->bytes, size);
    if (error != SM_OK)
        secret_free(out);
    return error;
}

void secret_free(struct secret **secret)
{
    if (!*secret)
        return;
    size_t mapped = (*secret)->mapped;
    bool is_worth_keeping = (*secret)->is_locked && mapped == page_bytes();
    explicit_bzero(*secret, mapped);
    if (!is_worth_keeping || !keep(*secret))
        (void)munmap(*secret, mapped);
    *secret = NULL;
}

uint8_t *secret_bytes(struct secret *secret)
{
    return secret->bytes;
}

struct span secret_span(const struct secret *secret)
{
    return span_of(secret->bytes, secret->size);
}

bool secret_equal(struct span a, struct span b)
{
    if (a.size != b.size)
        return false;
    uint8_t difference = 0;
    for (size_t i = 0; i < a.size; i++)
        difference |= (uint8_t)(a.at[i] ^ b.at[i]);
    return difference == 0;
}

void wipe_now(struct wipe *wipe)
{
    explicit_bzero(wipe->at, wipe->size);
}
