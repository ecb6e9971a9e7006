/* A relay has no context to hand to its client, so what came is kept in one place, under a lock. */
#include "tests/support/audit_edge.h"

#include "bus/client.h"
#include "tests/support/check.h"

#include <pthread.h>
#include <unistd.h>

enum { EVENTS_MAX = 1024 };

static struct {
    pthread_mutex_t lock;
    bool is_down;
    struct audit_event events[EVENTS_MAX];
    size_t count;
} edge = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct database_conninfo conninfo; /* the relay keeps a pointer to its text */

/* --- the bus client --- */

struct bus_client {
    char none;
};

enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out)
{
    static struct bus_client client;
    (void)keys;
    (void)server;
    (void)endpoints;
    *out = &client;
    return SM_OK;
}

void bus_client_close(struct bus_client **client)
{
    *client = NULL;
}

static void take(const struct audit_event *event)
{
    for (size_t i = 0; i < edge.count; i++)
        if (id_equal(edge.events[i].event, event->event))
            return;
    if (edge.count < EVENTS_MAX)
        edge.events[edge.count++] = *event;
}

enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply)
{
    const struct append_request *request = message;
    (void)client;
    (void)arena;
    (void)reply;
    if (call->operation != OP_APPEND)
        return SM_UNAVAILABLE;
    (void)pthread_mutex_lock(&edge.lock);
    bool is_down = edge.is_down;
    for (size_t i = 0; !is_down && i < request->events.count; i++)
        take(LIST_AT(struct audit_event, request->events, i));
    (void)pthread_mutex_unlock(&edge.lock);
    return is_down ? SM_UNAVAILABLE : SM_OK;
}

/* --- for tests --- */

enum sm_error audit_edge_start(struct vault *vault)
{
    conninfo = database_conninfo(vault->database, "sm_crypto");
    const struct relay_options options = {
        .outbox = &vault_outbox, .conninfo = conninfo.text, .audit_endpoints = ""};
    audit_edge_set_down(false);
    audit_edge_forget();
    return relay_start(&options, &vault->crypto.events);
}

void audit_edge_stop(struct vault *vault)
{
    relay_stop(&vault->crypto.events);
}

void audit_edge_set_down(bool is_down)
{
    (void)pthread_mutex_lock(&edge.lock);
    edge.is_down = is_down;
    (void)pthread_mutex_unlock(&edge.lock);
}

size_t audit_edge_count(enum event_kind kind)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&edge.lock);
    for (size_t i = 0; i < edge.count; i++)
        count += kind == EVENT_NONE || edge.events[i].kind == kind;
    (void)pthread_mutex_unlock(&edge.lock);
    return count;
}

struct audit_event audit_edge_last(enum event_kind kind)
{
    struct audit_event last = {0};
    (void)pthread_mutex_lock(&edge.lock);
    for (size_t i = 0; i < edge.count; i++)
        if (edge.events[i].kind == kind)
            last = edge.events[i];
    (void)pthread_mutex_unlock(&edge.lock);
    assert_int_equal(last.kind, kind);
    last.reason = span_of(NULL, 0);
    last.personal = (struct list){0};
    return last;
}

void audit_edge_forget(void)
{
    (void)pthread_mutex_lock(&edge.lock);
    edge.count = 0;
    (void)pthread_mutex_unlock(&edge.lock);
}

void audit_edge_settle(struct vault *vault)
{
    int64_t pending = 1;
    for (int tries = 0; pending && tries < 1000; tries++) {
        if (tries)
            (void)usleep(5 * 1000);
        relay_poke(vault->crypto.events);
        assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.event", &pending));
    }
    assert_int_equal(pending, 0);
}
