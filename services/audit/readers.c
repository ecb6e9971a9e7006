/* A pool of connections behind one lock. A connection that broke mends itself (lib/db). */
#include "services/audit/readers.h"

#include "base/condition.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { READERS_MAX = 16 };

struct slot {
    struct db *db;
    bool is_lent;
};

struct readers {
    char *conninfo;
    size_t count;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct slot slots[READERS_MAX];
};

enum sm_error readers_new(const char *conninfo, size_t count, struct readers **out)
{
    struct readers *readers DEFER(readers_free) = NULL;
    if (count == 0 || count > READERS_MAX)
        return SM_BAD_VALUE;
    TRY(memory_zeroed(1, sizeof *readers, (void **)&readers));
    (void)pthread_mutex_init(&readers->lock, NULL);
    condition_make(&readers->returned);
    readers->count = count;
    readers->conninfo = strdup(conninfo);
    if (!readers->conninfo)
        return SM_NO_MEMORY;
    *out = TAKE(readers);
    return SM_OK;
}

void readers_free(struct readers **readers)
{
    if (!*readers)
        return;
    for (size_t i = 0; i < (*readers)->count; i++)
        db_close(&(*readers)->slots[i].db);
    if ((*readers)->conninfo)
        explicit_bzero((*readers)->conninfo, strlen((*readers)->conninfo));
    free((*readers)->conninfo);
    (void)pthread_cond_destroy(&(*readers)->returned);
    (void)pthread_mutex_destroy(&(*readers)->lock);
    memory_free(readers);
}

/* With the lock held: a free slot, or `count`. */
static size_t free_slot(const struct readers *readers)
{
    size_t place = 0;
    while (place < readers->count && readers->slots[place].is_lent)
        place++;
    return place;
}

static size_t take_slot(struct readers *readers, int64_t timeout_ms)
{
    struct timespec until = condition_after_ms(timeout_ms);
    bool has_time = true;
    (void)pthread_mutex_lock(&readers->lock);
    size_t place = free_slot(readers);
    while (place == readers->count && has_time) {
        has_time = condition_wait(&readers->returned, &readers->lock, &until);
        place = free_slot(readers);
    }
    if (place < readers->count)
        readers->slots[place].is_lent = true;
    (void)pthread_mutex_unlock(&readers->lock);
    return place;
}

enum sm_error reader_borrow(struct readers *readers, int64_t timeout_ms, struct reader *out)
{
    size_t place = take_slot(readers, timeout_ms);
    if (place == readers->count)
        return SM_BUSY;
    struct reader reader DEFER(reader_return) = {.readers = readers, .place = place};
    if (!readers->slots[place].db)
        TRY(db_open(readers->conninfo, &readers->slots[place].db));
    reader.db = readers->slots[place].db;
    *out = reader;
    reader.readers = NULL;
    return SM_OK;
}

void reader_return(struct reader *reader)
{
    struct readers *readers = reader->readers;
    if (!readers)
        return;
    (void)pthread_mutex_lock(&readers->lock);
    readers->slots[reader->place].is_lent = false;
    (void)pthread_cond_signal(&readers->returned);
    (void)pthread_mutex_unlock(&readers->lock);
    *reader = (struct reader){0};
}
