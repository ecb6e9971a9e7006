/*
 * Retention: the only process that deletes ciphertext. It asks crypto what is due, lets it destroy
 * the keys, deletes what is left, and writes into the log that it did. It can read no content: it
 * holds no key, and in the containers not even the right to open an object.
 */
#include "runtime/life.h"
#include "service/service.h"
#include "services/retention/handlers.h"
#include "services/retention/health.h"

#include "base/banned.h"

enum { WORKERS = 2, QUEUE_MAX = 100 };

static enum sm_error start_sweeper(
    const struct settings *settings, const struct retention *retention, struct sweeper **out)
{
    const struct sweeper_options options = {
        .conninfo = retention->conninfo,
        .store = retention->store,
        .peers = retention->peers,
        .interval_ms = settings_number(settings, SETTING_RETENTION_INTERVAL_S) * 1000,
    };
    return sweeper_start(&options, out);
}

static enum sm_error serve(const struct service *service, struct retention *retention)
{
    const struct bus_server_options door = {
        .endpoints = settings_text(service->settings, SETTING_LISTEN),
        .handlers = retention_handlers,
        .handlers_count = retention_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = retention,
        .worker_open = retention_worker_open,
        .worker_close = retention_worker_close,
        .is_active = retention_is_active,
    };
    const struct health_options health = {.needs = PEER_CRYPTO,
        .queries = retention_health,
        .queries_count = retention_health_count,
        .ask_more = store_ask,
        .context = retention->store,
        .lacking = STORE_LACKING};
    return service_serve(service, &door, 1, &health);
}

static enum sm_error run(void)
{
    struct service service DEFER(service_close) = {0};
    struct store *store DEFER(store_close) = NULL;
    struct relay *events DEFER(relay_stop) = NULL;
    struct sweeper *sweeper DEFER(sweeper_stop) = NULL;
    TRY(service_open(PEER_RETENTION, &service));
    TRY(store_open(service.settings, &store));
    TRY(service_cage(&service));
    TRY(service_relay(&service, &(struct relay_options){.outbox = &retention_outbox}, &events));
    struct retention retention = {
        .conninfo = service_database(&service),
        .store = store,
        .peers = {service.keys, settings_text(service.settings, SETTING_CRYPTO), events},
    };
    TRY(start_sweeper(service.settings, &retention, &sweeper));
    retention.sweeper = sweeper;
    return serve(&service, &retention);
}

int main(void)
{
    return life_end(run());
}
