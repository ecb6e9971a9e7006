#include "bench/client/nothing.h"

#include "bench/client/bus.h"
#include "bench/client/talk.h"
#include "bus/server.h"
#include "proto/notify.h"

#include <pthread.h>

enum { WORKERS = 16, QUEUE_MAX = 256 };

static enum sm_error on_cancel(struct bus_request *request, const void *message, void *reply)
{
    (void)request, (void)message, (void)reply;
    return SM_OK;
}

static const struct bus_handler handlers[] = {{OP_CANCEL, on_cancel}};

static void *serve(void *server)
{
    if (bus_server_run(server) != SM_OK)
        give_up("nothing", "its service ended");
    return NULL;
}

static void next_cancel(void *context, struct buffer *message)
{
    static const struct cancel_request cancel = {.message = {{1}}};
    (void)context;
    if (fields_encode(&cancel_request, &cancel, message) != SM_OK)
        give_up("nothing", "cannot be encoded");
}

struct driven nothing_run(const struct bus_keys *service, const struct bus_keys *caller,
    const char *endpoint, size_t in_flight, double seconds)
{
    const struct bus_server_options options = {.self = PEER_NOTIFIER,
        .keys = service,
        .endpoints = endpoint,
        .handlers = handlers,
        .handlers_count = 1,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX};
    struct bus_server *server DEFER(bus_server_free) = NULL;
    pthread_t thread;
    if (bus_server_new(&options, &server) != SM_OK ||
        pthread_create(&thread, NULL, serve, server) != 0)
        give_up("nothing", endpoint);
    struct driven driven = bus_load_run(&(struct bus_load){.keys = caller,
        .server = PEER_NOTIFIER,
        .endpoint = endpoint,
        .operation = OP_CANCEL,
        .next = next_cancel,
        .in_flight = in_flight,
        .seconds = seconds});
    bus_server_stop(server);
    (void)pthread_join(thread, NULL);
    return driven;
}
