/* A list under a lock; shutting down a socket is all that is ever done to it. */
#include "services/gateway/inflow.h"

#include "base/clock.h"
#include "base/memory.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct inflows {
    pthread_mutex_t lock;
    struct inflow *first;
};

enum sm_error inflows_new(struct inflows **out)
{
    struct inflows *inflows = calloc(1, sizeof *inflows);
    if (!inflows)
        return SM_NO_MEMORY;
    (void)pthread_mutex_init(&inflows->lock, NULL);
    *out = inflows;
    return SM_OK;
}

void inflows_free(struct inflows **inflows)
{
    if (!*inflows)
        return;
    (void)pthread_mutex_destroy(&(*inflows)->lock);
    free(*inflows);
    *inflows = NULL;
}

struct inflow inflow_of(struct inflows *set, int socket)
{
    return (struct inflow){.set = set, .socket = socket};
}

/* With the lock held. */
static void put_in(struct inflow *inflow, struct id upload)
{
    struct inflows *set = inflow->set;
    inflow->upload = upload;
    inflow->taken_ms = clock_monotonic_ms();
    inflow->previous = NULL;
    inflow->next = set->first;
    if (set->first)
        set->first->previous = inflow;
    set->first = inflow;
    inflow->is_in = true;
}

/* With the lock held. */
static void take_out(struct inflow *inflow)
{
    if (inflow->previous)
        inflow->previous->next = inflow->next;
    else
        inflow->set->first = inflow->next;
    if (inflow->next)
        inflow->next->previous = inflow->previous;
    inflow->is_in = false;
}

void inflow_take(struct inflow *inflow, struct id upload)
{
    if (!inflow->set)
        return;
    (void)pthread_mutex_lock(&inflow->set->lock);
    if (!inflow->has_ended && !inflow->is_in)
        put_in(inflow, upload);
    (void)pthread_mutex_unlock(&inflow->set->lock);
}

void inflow_end(struct inflow *inflow)
{
    if (!inflow->set)
        return;
    (void)pthread_mutex_lock(&inflow->set->lock);
    inflow->has_ended = true;
    if (inflow->is_in)
        take_out(inflow);
    (void)pthread_mutex_unlock(&inflow->set->lock);
}

/* Raises an event, also where the other side has ended before. */
static void end_reading(const struct inflow *inflow)
{
    (void)shutdown(inflow->socket, SHUT_RD);
}

void inflow_displace(struct inflow *by, struct id upload)
{
    if (!by->set)
        return;
    (void)pthread_mutex_lock(&by->set->lock);
    for (const struct inflow *each = by->set->first; each; each = each->next)
        if (each != by && id_equal(each->upload, upload))
            end_reading(each);
    (void)pthread_mutex_unlock(&by->set->lock);
}

void inflows_displace(struct inflows *inflows, struct id upload, int64_t age_ms)
{
    int64_t taken_before_ms = clock_monotonic_ms() - age_ms;
    (void)pthread_mutex_lock(&inflows->lock);
    for (const struct inflow *each = inflows->first; each; each = each->next)
        if (id_equal(each->upload, upload) && each->taken_ms <= taken_before_ms)
            end_reading(each);
    (void)pthread_mutex_unlock(&inflows->lock);
}

static bool has_other_side_ended(const struct inflow *inflow)
{
    struct pollfd asked = {.fd = inflow->socket, .events = POLLRDHUP};
    return poll(&asked, 1, 0) == 1;
}

void inflows_wake_ended(struct inflows *inflows)
{
    (void)pthread_mutex_lock(&inflows->lock);
    for (const struct inflow *each = inflows->first; each; each = each->next)
        if (has_other_side_ended(each))
            end_reading(each);
    (void)pthread_mutex_unlock(&inflows->lock);
}
