/* The ZAP handler. A request is seven frames, the answer six. */
#include "bus/zap.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { IDLE_MS = 1000 };

struct zap {
    const struct bus_keys *keys;
    struct wire *wire;
    pthread_t thread;
    int stop; /* eventfd: readable when the thread is to end */
    atomic_bool is_alive;
};

static bool is_ours(struct wire_message *request)
{
    return wire_frames(request) == ZAP_REQUEST_FRAMES &&
           span_equals_text(wire_frame(request, ZAP_VERSION), "1.0") &&
           span_equals_text(wire_frame(request, ZAP_DOMAIN), WIRE_ZAP_DOMAIN) &&
           span_equals_text(wire_frame(request, ZAP_MECHANISM), "CURVE") &&
           wire_frame(request, ZAP_KEY).size == WIRE_KEY_BYTES;
}

static enum sm_error answer(struct zap *zap, struct wire_message *request)
{
    enum peer peer =
        is_ours(request) ? bus_keys_owner(zap->keys, wire_frame(request, ZAP_KEY)) : PEER_NONE;
    const struct span frames[] = {
        span_text("1.0"), wire_frame(request, ZAP_REQUEST), span_text(peer ? "200" : "400"),
        span_text(peer ? "OK" : "unknown key"), span_text(peer ? peer_name(peer) : ""),
        span_text(""), /* no further metadata */
    };
    if (!peer && !span_equals_text(wire_frame(request, ZAP_ADDRESS), ZAP_OWN_ADDRESS)) {
        metric_count(METRIC_STRANGERS, 0);
        log_line(LOG_WARNING, "bus-stranger-refused", NULL);
    }
    return wire_send(zap->wire, frames, sizeof frames / sizeof frames[0]);
}

static bool is_told_to_stop(const struct zap *zap)
{
    uint64_t count;
    return read(zap->stop, &count, sizeof count) == sizeof count;
}

static void *handle(void *context)
{
    struct zap *zap = context;
    while (!is_told_to_stop(zap)) {
        struct wire_message *request DEFER(wire_message_free) = NULL;
        enum sm_error error = wire_receive(zap->wire, &request);
        if (error == SM_TIMEOUT)
            (void)wire_poll(&zap->wire, 1, zap->stop, IDLE_MS);
        else if (error == SM_OK)
            error = answer(zap, request);
        if (error == SM_IO)
            break;
    }
    atomic_store(&zap->is_alive, false);
    return NULL;
}

static void zap_free(struct zap **zap)
{
    if (!*zap)
        return;
    wire_close(&(*zap)->wire);
    if ((*zap)->stop >= 0)
        (void)close((*zap)->stop);
    memory_free(zap);
}

enum sm_error zap_start(struct wire_context *context, const struct bus_keys *keys, struct zap **out)
{
    struct wire_options options = {.kind = WIRE_REPLY};
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct zap), &memory));
    struct zap *zap DEFER(zap_free) = memory;
    zap->keys = keys;
    zap->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_store(&zap->is_alive, true);
    if (zap->stop < 0)
        return SM_IO;
    TRY(wire_open(context, &options, &zap->wire));
    TRY(wire_bind(zap->wire, WIRE_ZAP_ENDPOINT, NULL));
    if (pthread_create(&zap->thread, NULL, handle, zap) != 0)
        return SM_NO_MEMORY;
    *out = TAKE(zap);
    return SM_OK;
}

void zap_stop(struct zap **zap)
{
    const uint64_t one = 1;
    if (!*zap)
        return;
    if (write((*zap)->stop, &one, sizeof one) == sizeof one)
        (void)pthread_join((*zap)->thread, NULL);
    zap_free(zap);
}

bool zap_is_alive(struct zap *zap)
{
    return atomic_load(&zap->is_alive);
}
