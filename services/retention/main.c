/*
 * Retention: the only process that deletes ciphertext. It asks crypto what is due, lets it destroy
 * the keys, deletes what is left, and writes into the log that it did. It can read no content: it
 * holds no key, and in the containers not even the right to open an object.
 */
#include "cage/cage.h"
#include "runtime/schema.h"
#include "runtime/service.h"
#include "services/retention/handlers.h"
#include "services/retention/health.h"

#include "base/banned.h"

enum { WORKERS = 2, QUEUE_MAX = 100 };

static enum sm_error start_relay(
    const struct settings *settings, const struct bus_keys *keys, struct relay **out)
{
    struct relay_options options = {
        .outbox = &retention_outbox,
        .conninfo = settings_text(settings, SETTING_DATABASE),
        .keys = keys,
        .audit_endpoints = settings_text(settings, SETTING_AUDIT),
    };
    return relay_start(&options, out);
}

static enum sm_error start_sweeper(
    const struct settings *settings, const struct retention *retention, struct sweeper **out)
{
    struct sweeper_options options = {
        .conninfo = retention->conninfo,
        .store = retention->store,
        .peers = retention->peers,
        .interval_ms = settings_number(settings, SETTING_RETENTION_INTERVAL_S) * 1000,
    };
    return sweeper_start(&options, out);
}

static enum sm_error start_health(const struct settings *settings, const struct bus_keys *keys,
    const struct retention *retention, struct health **out)
{
    const struct health_options options = {.self = PEER_RETENTION,
        .settings = settings,
        .keys = keys,
        .needs = PEER_CRYPTO,
        .queries = retention_health,
        .queries_count = retention_health_count,
        .ask_more = store_ask,
        .context = retention->store,
        .lacking = STORE_LACKING};
    return health_start(&options, out);
}

static enum sm_error serve(const struct settings *settings, const struct bus_keys *keys,
    struct retention *retention, const struct cage *cage)
{
    struct bus_server_options options = {
        .self = PEER_RETENTION,
        .keys = keys,
        .endpoints = settings_text(settings, SETTING_LISTEN),
        .handlers = retention_handlers,
        .handlers_count = retention_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = retention,
        .worker_open = retention_worker_open,
        .worker_close = retention_worker_close,
        .is_active = retention_is_active,
    };
    struct bus_server *server DEFER(bus_server_free) = NULL;
    struct health *health DEFER(health_stop) = NULL;
    TRY(bus_server_new(&options, &server));
    TRY(start_health(settings, keys, retention, &health));
    TRY(cage_lock(cage));
    return service_wait(server);
}

static enum sm_error run(void)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct bus_keys *keys DEFER(bus_keys_free) = NULL;
    struct store *store DEFER(store_close) = NULL;
    struct cage *cage DEFER(cage_free) = NULL;
    struct relay *events DEFER(relay_stop) = NULL;
    struct sweeper *sweeper DEFER(sweeper_stop) = NULL;
    TRY(service_start(PEER_RETENTION));
    TRY(settings_load(PEER_RETENTION, &settings));
    TRY(schema_check(settings_text(settings, SETTING_DATABASE)));
    TRY(bus_keys_load(settings_text(settings, SETTING_KEYS_DIR), PEER_RETENTION, &keys));
    TRY(store_open(settings, &store));
    TRY(cage_enter(PEER_RETENTION, settings, &cage));
    TRY(start_relay(settings, keys, &events));
    struct retention retention = {
        .conninfo = settings_text(settings, SETTING_DATABASE),
        .store = store,
        .peers = {keys, settings_text(settings, SETTING_CRYPTO), events},
    };
    TRY(start_sweeper(settings, &retention, &sweeper));
    retention.sweeper = sweeper;
    return serve(settings, keys, &retention, cage);
}

int main(void)
{
    return service_end(run());
}
