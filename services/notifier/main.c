/*
 * The notifier: the only process that speaks SMTP. It takes sealed mail jobs from crypto, sends
 * each as a plain notification and records what became of it. It holds no key but the one that
 * opens its own letters, and reaches no table but its own.
 */
#include "base/log.h"
#include "cage/cage.h"
#include "runtime/schema.h"
#include "runtime/service.h"
#include "services/notifier/handlers.h"
#include "services/notifier/health.h"
#include "services/notifier/jobs.h"
#include "services/notifier/letter.h"

#include <string.h>

#include "base/banned.h"

enum { WORKERS = 4, QUEUE_MAX = 200, SENDER_THREADS = 4 };

static struct smtp_options smtp_options(const struct settings *settings)
{
    return (struct smtp_options){
        .url = settings_text(settings, SETTING_SMTP_URL),
        .is_tls_required = strcmp(settings_text(settings, SETTING_SMTP_TLS), "never") != 0,
        .ca_file = settings_text(settings, SETTING_SMTP_CA_FILE),
        .user = settings_text(settings, SETTING_SMTP_USER),
        .password = settings_secret(settings, SETTING_SMTP_PASSWORD),
        .timeout_ms = settings_number(settings, SETTING_SMTP_TIMEOUT_S) * 1000,
    };
}

static enum sm_error start_relay(
    const struct settings *settings, const struct bus_keys *keys, struct relay **out)
{
    struct relay_options options = {
        .outbox = &notifier_outbox,
        .conninfo = settings_text(settings, SETTING_DATABASE),
        .keys = keys,
        .audit_endpoints = settings_text(settings, SETTING_AUDIT),
    };
    return relay_start(&options, out);
}

static void poke_relay(void *events)
{
    relay_poke(events);
}

static enum sm_error start_senders(const struct settings *settings, const struct p256_key *key,
    struct relay *events, struct senders **out)
{
    struct senders_options options = {
        .conninfo = settings_text(settings, SETTING_DATABASE),
        .smtp = smtp_options(settings),
        .letter_key = key,
        .from_address = settings_text(settings, SETTING_MAIL_FROM),
        .on_settled = poke_relay,
        .context = events,
        .threads = SENDER_THREADS,
    };
    return senders_start(&options, out);
}

static enum sm_error start_health(
    const struct settings *settings, const struct bus_keys *keys, struct health **out)
{
    const struct health_options options = {.self = PEER_NOTIFIER,
        .settings = settings,
        .keys = keys,
        .needs = PEER_NONE,
        .queries = notifier_health,
        .queries_count = notifier_health_count};
    return health_start(&options, out);
}

static enum sm_error serve(const struct settings *settings, const struct bus_keys *keys,
    struct notifier *notifier, const struct cage *cage)
{
    struct bus_server_options options = {
        .self = PEER_NOTIFIER,
        .keys = keys,
        .endpoints = settings_text(settings, SETTING_LISTEN),
        .handlers = notifier_handlers,
        .handlers_count = notifier_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = notifier,
        .worker_open = notifier_worker_open,
        .worker_close = notifier_worker_close,
    };
    struct bus_server *server DEFER(bus_server_free) = NULL;
    struct health *health DEFER(health_stop) = NULL;
    TRY(bus_server_new(&options, &server));
    TRY(start_health(settings, keys, &health));
    TRY(cage_lock(cage));
    return service_wait(server);
}

static enum sm_error run(void)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct bus_keys *keys DEFER(bus_keys_free) = NULL;
    struct p256_key *letter_key DEFER(p256_free) = NULL;
    struct cage *cage DEFER(cage_free) = NULL;
    struct relay *events DEFER(relay_stop) = NULL;
    struct senders *senders DEFER(senders_stop) = NULL;
    TRY(service_start(PEER_NOTIFIER));
    TRY(settings_load(PEER_NOTIFIER, &settings));
    TRY(schema_check(settings_text(settings, SETTING_DATABASE)));
    TRY(bus_keys_load(settings_text(settings, SETTING_KEYS_DIR), PEER_NOTIFIER, &keys));
    TRY(letter_key_load(settings_text(settings, SETTING_KEYS_DIR), &letter_key));
    TRY(smtp_library_start());
    TRY(cage_enter(PEER_NOTIFIER, settings, &cage));
    TRY(start_relay(settings, keys, &events));
    TRY(start_senders(settings, letter_key, events, &senders));
    settings_forget(settings, SETTING_SMTP_PASSWORD);
    struct notifier notifier = {settings_text(settings, SETTING_DATABASE), events, senders};
    return serve(settings, keys, &notifier, cage);
}

int main(void)
{
    return service_end(run());
}
