/*
 * The gateway: HTTP on one side, bus, database and object store on the other. It holds no key and
 * decides nothing about who somebody is: sealed requests go to crypto unread, and what it serves
 * itself is opened by capabilities that crypto signed.
 *
 * This file makes the parts and takes them down in reverse. Read on in routes.c (what it answers),
 * http.h (how), gateway.h (threads), upload.h, sealed.c, download.c, projection.h.
 */
#include "services/gateway/gateway.h"

#include "base/log.h"
#include "cage/cage.h"
#include "runtime/health.h"
#include "runtime/service.h"
#include "services/gateway/capability_key.h"
#include "services/gateway/closed.h"
#include "services/gateway/http.h"
#include "services/gateway/pages.h"
#include "services/gateway/projector.h"

#include <string.h>

enum { TRANSFER_THREADS = 8, QUEUE_CALLS = 512, QUEUE_TRANSFERS = HTTP_CONNECTIONS_MAX };

/* What serves, in the order of its making; taken down by `run`. */
struct serving {
    struct workers *calls, *transfers;
    struct http *http;
};

static void serving_end(struct serving *serving)
{
    http_stop(&serving->http);
    workers_free(&serving->transfers);
    workers_free(&serving->calls);
}

static enum sm_error serve(
    struct gateway *gateway, const struct cage *cage, struct serving *serving)
{
    const struct settings *settings = gateway->settings;
    const struct workers_options for_calls = {
        gateway, (size_t)settings_number(settings, SETTING_GATEWAY_WORKERS), QUEUE_CALLS};
    const struct workers_options for_transfers = {gateway, TRANSFER_THREADS, QUEUE_TRANSFERS};
    TRY(workers_start(&for_calls, &serving->calls));
    TRY(workers_start(&for_transfers, &serving->transfers));
    const struct http_options options = {
        .gateway = gateway,
        .calls = serving->calls,
        .transfers = serving->transfers,
        .listen = settings_text(settings, SETTING_HTTP_LISTEN),
        .certificate = settings_text(settings, SETTING_TLS_CERTIFICATE),
        .key = settings_text(settings, SETTING_TLS_KEY),
        .threads = (unsigned)settings_number(settings, SETTING_GATEWAY_THREADS),
    };
    TRY(http_start(&options, &serving->http));
    TRY(cage_lock(cage));
    enum sm_error error = service_wait_all(NULL, 0);
    /* No further connections; what workers have is answered; then the rest is closed. */
    http_quiesce(serving->http);
    workers_end(serving->calls);
    workers_end(serving->transfers);
    return error;
}

/* Without pages the interface still works, for the command line. */
static enum sm_error load_pages(const struct settings *settings, struct pages **out)
{
    const char *folder = settings_text(settings, SETTING_PAGES_DIR);
    enum sm_error error = pages_load(folder, out);
    if (error != SM_NOT_FOUND)
        return error;
    log_line(LOG_WARNING, "pages-missing", "folder", folder, "remedy",
        "build the pages with make web, or set SECURE_MAIL_PAGES_DIR; until then links open in the"
        " command line only",
        NULL);
    return SM_OK;
}

/* The public /livez and /readyz are routes of their own; the metrics are here alone. */
static enum sm_error start_health(
    const struct settings *settings, const struct bus_keys *keys, struct health **out)
{
    const struct health_options options = {
        .self = PEER_GATEWAY, .settings = settings, .keys = keys, .needs = PEER_CRYPTO};
    return health_start(&options, out);
}

static enum sm_error run(void)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct bus_keys *keys DEFER(bus_keys_free) = NULL;
    struct store *store DEFER(store_close) = NULL;
    struct closed_set *closed DEFER(closed_set_free) = NULL;
    struct capability_key *capability_key DEFER(capability_key_free) = NULL;
    struct pages *pages DEFER(pages_free) = NULL;
    struct cage *cage DEFER(cage_free) = NULL;
    struct projector *projector DEFER(projector_stop) = NULL;
    struct serving serving DEFER(serving_end) = {0};
    struct health *health DEFER(health_stop) = NULL;
    TRY(service_start(PEER_GATEWAY));
    TRY(settings_load(PEER_GATEWAY, &settings));
    TRY(bus_keys_load(settings_text(settings, SETTING_KEYS_DIR), PEER_GATEWAY, &keys));
    TRY(store_open(settings_text(settings, SETTING_OBJECTS_DIR), &store));
    TRY(closed_set_new(&closed));
    TRY(capability_key_new(&capability_key));
    TRY(load_pages(settings, &pages));
    struct gateway gateway = {
        .is_enabled = strcmp(settings_text(settings, SETTING_ENABLED), "true") == 0,
        .is_tls = settings_text(settings, SETTING_TLS_CERTIFICATE)[0] != '\0',
        .settings = settings,
        .bus_keys = keys,
        .store = store,
        .closed = closed,
        .capability_key = capability_key,
        .pages = pages,
    };
    TRY(cage_enter(PEER_GATEWAY, settings, &cage));
    TRY(projector_start(&gateway, &projector));
    gateway.projector = projector;
    TRY(start_health(settings, keys, &health));
    return serve(&gateway, cage, &serving);
}

int main(void)
{
    return service_end(run());
}
