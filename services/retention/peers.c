/* The calls of retention to crypto, and waiting for audit. Each call is repeatable. */
#include "services/retention/peers.h"

#include <stdlib.h>

#include "base/banned.h"

enum { CALL_TIMEOUT_MS = 10000, REPLY_BYTES_MAX = 4096 };

struct peers {
    struct bus_client *crypto;
    struct relay *events;
};

enum sm_error peers_open(const struct peers_options *options, struct peers **out)
{
    struct peers *peers DEFER(peers_close) = calloc(1, sizeof *peers);
    if (!peers)
        return SM_NO_MEMORY;
    peers->events = options->events;
    TRY(bus_client_open(options->keys, PEER_CRYPTO, options->crypto_endpoints, &peers->crypto));
    *out = TAKE(peers);
    return SM_OK;
}

void peers_close(struct peers **peers)
{
    if (!*peers)
        return;
    bus_client_close(&(*peers)->crypto);
    free(*peers);
    *peers = NULL;
}

static enum sm_error on_due(
    void *context, const struct due_request *request, struct arena *arena, struct list *out)
{
    const struct peers *peers = context;
    struct due_reply reply;
    struct bus_call call = {.operation = OP_DUE, .timeout_ms = CALL_TIMEOUT_MS};
    TRY(bus_client_call(peers->crypto, &call, request, arena, &reply));
    *out = reply.messages;
    return SM_OK;
}

static enum sm_error on_destroy(void *context, struct id message, bool *is_due)
{
    const struct peers *peers = context;
    struct destroy_request request = {message};
    struct destroy_reply reply;
    struct arena arena DEFER(arena_free) = ARENA(REPLY_BYTES_MAX);
    struct bus_call call = {
        .operation = OP_DESTROY, .timeout_ms = CALL_TIMEOUT_MS, .idempotency = message};
    TRY(bus_client_call(peers->crypto, &call, &request, &arena, &reply));
    *is_due = reply.is_due;
    return SM_OK;
}

static enum sm_error on_wait_logged(
    void *context, struct db *db, struct id event, int64_t timeout_ms)
{
    const struct peers *peers = context;
    return relay_wait(peers->events, db, event, timeout_ms);
}

static enum sm_error on_purged(void *context, struct id message)
{
    const struct peers *peers = context;
    struct purged_request request = {message};
    struct nothing reply;
    struct arena arena DEFER(arena_free) = ARENA(REPLY_BYTES_MAX);
    struct bus_call call = {
        .operation = OP_PURGED, .timeout_ms = CALL_TIMEOUT_MS, .idempotency = message};
    return bus_client_call(peers->crypto, &call, &request, &arena, &reply);
}

struct purge_peers peers_for_purge(struct peers *peers)
{
    return (struct purge_peers){.context = peers,
        .due = on_due,
        .destroy = on_destroy,
        .wait_logged = on_wait_logged,
        .purged = on_purged};
}
