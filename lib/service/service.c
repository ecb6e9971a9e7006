#include "service/service.h"

#include "runtime/life.h"
#include "runtime/schema.h"

enum { DOORS_MAX = 2 };

const char *service_database(const struct service *service)
{
    return settings_text(service->settings, SETTING_DATABASE);
}

const char *service_keys_folder(const struct service *service)
{
    return settings_text(service->settings, SETTING_KEYS_DIR);
}

enum sm_error service_open(enum peer self, struct service *service)
{
    *service = (struct service){.self = self};
    TRY(life_start(self));
    TRY(settings_load(self, &service->settings));
    TRY(schema_check(service_database(service)));
    return bus_keys_load(service_keys_folder(service), self, &service->keys);
}

enum sm_error service_cage(struct service *service)
{
    return cage_enter(service->self, service->settings, &service->cage);
}

void service_close(struct service *service)
{
    cage_free(&service->cage);
    bus_keys_free(&service->keys);
    settings_free(&service->settings);
}

enum sm_error service_relay(
    const struct service *service, const struct relay_options *options, struct relay **out)
{
    struct relay_options whole = *options;
    whole.conninfo = service_database(service);
    whole.keys = service->keys;
    whole.audit_endpoints = settings_text(service->settings, SETTING_AUDIT);
    return relay_start(&whole, out);
}

/* --- until the end --- */

struct doors {
    struct bus_server *servers[DOORS_MAX];
    size_t count;
};

static void doors_close(struct doors *doors)
{
    while (doors->count)
        bus_server_free(&doors->servers[--doors->count]);
}

static enum sm_error doors_open(const struct service *service,
    const struct bus_server_options *options, size_t count, struct doors *out)
{
    if (count > DOORS_MAX)
        return SM_TOO_LARGE;
    for (; out->count < count; out->count++) {
        struct bus_server_options whole = options[out->count];
        whole.self = service->self;
        whole.keys = service->keys;
        TRY(bus_server_new(&whole, &out->servers[out->count]));
    }
    return SM_OK;
}

static enum sm_error start_health(
    const struct service *service, const struct health_options *options, struct health **out)
{
    struct health_options whole = *options;
    whole.self = service->self;
    whole.settings = service->settings;
    whole.keys = service->keys;
    return health_start(&whole, out);
}

enum sm_error service_serve(const struct service *service, const struct bus_server_options *doors,
    size_t count, const struct health_options *health)
{
    struct doors open DEFER(doors_close) = {0};
    struct health *looks DEFER(health_stop) = NULL;
    TRY(doors_open(service, doors, count, &open));
    TRY(start_health(service, health, &looks));
    TRY(cage_lock(service->cage));
    return life_wait(open.servers, open.count);
}
