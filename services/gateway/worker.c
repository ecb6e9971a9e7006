/*
 * The resources of one worker thread. Nothing is opened before it is needed and a peer that is down
 * is an error of the request that needed it, not of the process.
 */
#include "services/gateway/gateway.h"

#include "base/random.h"

enum { CALL_TIMEOUT_MS = 20 * 1000 };

void worker_close(struct worker *worker)
{
    bus_client_close(&worker->audit);
    bus_client_close(&worker->retention);
    bus_client_close(&worker->notifier);
    bus_client_close(&worker->crypto);
    db_close(&worker->db);
}

enum sm_error worker_db(struct worker *worker, struct db **out)
{
    if (!worker->db)
        TRY(db_open(settings_text(worker->gateway->settings, SETTING_DATABASE), &worker->db));
    *out = worker->db;
    return SM_OK;
}

/* Where the client of a peer stands in struct worker, and which setting names its replicas. */
struct peer_place {
    enum peer peer;
    size_t offset;
    enum setting endpoints;
};
static const struct peer_place peer_places[] = {
    {PEER_CRYPTO, offsetof(struct worker, crypto), SETTING_CRYPTO},
    {PEER_NOTIFIER, offsetof(struct worker, notifier), SETTING_NOTIFIER},
    {PEER_RETENTION, offsetof(struct worker, retention), SETTING_RETENTION},
    {PEER_AUDIT, offsetof(struct worker, audit), SETTING_AUDIT},
};

static enum sm_error client_of(struct worker *worker, unsigned servers, struct bus_client **out)
{
    for (size_t i = 0; i < sizeof peer_places / sizeof peer_places[0]; i++) {
        const struct peer_place *place = &peer_places[i];
        if (servers != (unsigned)place->peer)
            continue;
        struct bus_client **client = (void *)((uint8_t *)worker + place->offset);
        if (!*client)
            TRY(bus_client_open(worker->gateway->bus_keys, place->peer,
                settings_text(worker->gateway->settings, place->endpoints), client));
        *out = *client;
        return SM_OK;
    }
    return SM_UNKNOWN_OPERATION;
}

enum sm_error worker_ask(struct worker *worker, const struct bus_call *wanted, const void *message,
    struct arena *arena, void *reply)
{
    const struct operation_rule *rule = catalog_find((uint16_t)wanted->operation);
    struct bus_client *client = NULL;
    if (!rule)
        return SM_UNKNOWN_OPERATION;
    TRY(client_of(worker, rule->servers, &client));
    return bus_client_call(client, wanted, message, arena, reply);
}

enum sm_error worker_call(struct worker *worker, enum operation operation, const void *message,
    struct arena *arena, void *reply)
{
    const struct bus_call call = {.operation = operation, .timeout_ms = CALL_TIMEOUT_MS};
    return worker_ask(worker, &call, message, arena, reply);
}
