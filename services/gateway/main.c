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
#include "runtime/life.h"
#include "service/service.h"
#include "services/gateway/capability_key.h"
#include "services/gateway/closed.h"
#include "services/gateway/http.h"
#include "services/gateway/inflow.h"
#include "services/gateway/kept_lists.h"
#include "services/gateway/pages.h"
#include "services/gateway/projector.h"
#include "services/gateway/visitors.h"

#include <string.h>

enum { TRANSFER_THREADS = 8, QUEUE_CALLS = 512, QUEUE_TRANSFERS = HTTP_CONNECTIONS_MAX };

static enum sm_error receive_visitors(const struct settings *settings, struct visitors **out)
{
    const struct visitors_options options = {
        .trusted_proxies = settings_text(settings, SETTING_TRUSTED_PROXIES),
        .connections_max = (uint32_t)settings_number(settings, SETTING_ADDRESS_CONNECTIONS),
        .visits_max = HTTP_VISITS_MAX,
        .requests_per_minute = (uint32_t)settings_number(settings, SETTING_ADDRESS_REQUESTS),
        .proofs_per_minute = (uint32_t)settings_number(settings, SETTING_ADDRESS_PROOFS),
    };
    return visitors_new(&options, out);
}

/* What serve makes, in the order of making; taken down in the reverse. */
struct front {
    struct visitors *visitors;
    struct workers *calls, *transfers;
    struct http *http;
};

static void front_free(struct front *front)
{
    http_stop(&front->http);
    workers_free(&front->transfers);
    workers_free(&front->calls);
    visitors_free(&front->visitors);
}

static enum sm_error serve(const struct service *service, struct gateway *gateway)
{
    struct front front DEFER(front_free) = {0};
    const struct settings *settings = service->settings;
    /* The public /livez and /readyz are routes of their own; the metrics are here alone. */
    const struct health_options health = {.needs = PEER_CRYPTO,
        .ask_more = store_ask,
        .context = gateway->store,
        .lacking = STORE_LACKING};
    const struct workers_options for_calls = {
        gateway, (size_t)settings_number(settings, SETTING_GATEWAY_WORKERS), QUEUE_CALLS};
    const struct workers_options for_transfers = {gateway, TRANSFER_THREADS, QUEUE_TRANSFERS};
    TRY(receive_visitors(settings, &front.visitors));
    TRY(workers_start(&for_calls, &front.calls));
    TRY(workers_start(&for_transfers, &front.transfers));
    const struct http_options options = {
        .gateway = gateway,
        .visitors = front.visitors,
        .calls = front.calls,
        .transfers = front.transfers,
        .listen = settings_text(settings, SETTING_HTTP_LISTEN),
        .certificate = settings_text(settings, SETTING_TLS_CERTIFICATE),
        .key = settings_text(settings, SETTING_TLS_KEY),
        .threads = (unsigned)settings_number(settings, SETTING_GATEWAY_THREADS),
    };
    TRY(http_start(&options, &front.http));
    enum sm_error error = service_serve(service, NULL, 0, &health);
    /* No further connections; what workers have is answered; then the rest is closed. */
    http_quiesce(front.http);
    workers_end(front.calls);
    workers_end(front.transfers);
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

static enum sm_error run(void)
{
    struct service service DEFER(service_close) = {0};
    struct store *store DEFER(store_close) = NULL;
    struct closed_set *closed DEFER(closed_set_free) = NULL;
    struct inflows *inflows DEFER(inflows_free) = NULL;
    struct capability_key *capability_key DEFER(capability_key_free) = NULL;
    struct kept_lists *lists DEFER(kept_lists_free) = NULL;
    struct pages *pages DEFER(pages_free) = NULL;
    struct gateway gateway; /* before the threads that work with it, so that it outlives them */
    struct projector *projector DEFER(projector_stop) = NULL;
    TRY(service_open(PEER_GATEWAY, &service));
    const struct settings *settings = service.settings;
    TRY(store_open(settings, &store));
    TRY(closed_set_new(&closed));
    TRY(inflows_new(&inflows));
    TRY(capability_key_new(&capability_key));
    TRY(kept_lists_new(&lists));
    TRY(load_pages(settings, &pages));
    gateway = (struct gateway){
        .is_enabled = strcmp(settings_text(settings, SETTING_ENABLED), "true") == 0,
        .is_tls = settings_text(settings, SETTING_TLS_CERTIFICATE)[0] != '\0',
        .settings = settings,
        .bus_keys = service.keys,
        .store = store,
        .closed = closed,
        .inflows = inflows,
        .capability_key = capability_key,
        .lists = lists,
        .pages = pages,
    };
    TRY(service_cage(&service));
    TRY(projector_start(&gateway, &projector));
    gateway.projector = projector;
    return serve(&service, &gateway);
}

int main(void)
{
    return life_end(run());
}
