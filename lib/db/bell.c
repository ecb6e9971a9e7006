/* An eventfd for this process, NOTIFY for the others; a wait looks at both. */
#include "db/bell.h"

#include "base/log.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bell {
    const char *channel;
    int rung;        /* an eventfd */
    bool is_pending; /* of the waiting thread: rung here, and not passed on */
};

static const struct statement notify = {"bell_notify", "SELECT pg_notify($1, '')"};

enum sm_error bell_new(const char *channel, struct bell **out)
{
    struct bell *bell DEFER(bell_free) = calloc(1, sizeof *bell);
    if (!bell)
        return SM_NO_MEMORY;
    bell->channel = channel;
    bell->rung = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell->rung < 0)
        return log_failure("eventfd", SM_IO, "the system gives none");
    *out = TAKE(bell);
    return SM_OK;
}

void bell_free(struct bell **bell)
{
    if (!*bell)
        return;
    if ((*bell)->rung >= 0)
        (void)close((*bell)->rung);
    free(*bell);
    *bell = NULL;
}

/* It fails only when the counter is full: then it is rung already. */
void bell_ring(struct bell *bell)
{
    static const uint64_t one = 1;
    ssize_t written = write(bell->rung, &one, sizeof one);
    (void)written;
}

/* However often it was rung: once. */
static bool was_rung(const struct bell *bell)
{
    uint64_t count = 0;
    return read(bell->rung, &count, sizeof count) == sizeof count;
}

void bell_wait(struct bell *bell, struct db *db, int64_t timeout_ms)
{
    /* Without a connection, or with one that was lost, only this process is heard. */
    if (!db || db_wait_or(db, bell->rung, timeout_ms) != SM_OK) {
        struct pollfd here = {.fd = bell->rung, .events = POLLIN};
        (void)poll(&here, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    }
    bell->is_pending = was_rung(bell) || bell->is_pending;
}

enum sm_error bell_listen(struct bell *bell, struct db *db)
{
    bell->is_pending = false;
    return db_listen(db, bell->channel);
}

enum sm_error bell_pass_on(struct bell *bell, struct db *db)
{
    if (!bell->is_pending)
        return SM_OK;
    bell->is_pending = false;
    return DB_RUN(db, &notify, NULL, db_text(span_text(bell->channel)));
}
