/*
 * The notifier: the only process that speaks SMTP. It takes sealed mail jobs from crypto, sends
 * each as a plain notification and records what became of it. It holds no key but the one that
 * opens its own letters, and reaches no table but its own.
 */
#include "base/log.h"
#include "runtime/life.h"
#include "service/service.h"
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

static void poke_relay(void *events)
{
    relay_poke(events);
}

static enum sm_error start_senders(const struct service *service, const struct p256_key *key,
    struct relay *events, struct senders **out)
{
    const struct senders_options options = {
        .conninfo = service_database(service),
        .smtp = smtp_options(service->settings),
        .letter_key = key,
        .from_address = settings_text(service->settings, SETTING_MAIL_FROM),
        .on_settled = poke_relay,
        .context = events,
        .threads = SENDER_THREADS,
    };
    return senders_start(&options, out);
}

static enum sm_error serve(const struct service *service, struct notifier *notifier)
{
    const struct bus_server_options door = {
        .endpoints = settings_text(service->settings, SETTING_LISTEN),
        .handlers = notifier_handlers,
        .handlers_count = notifier_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = notifier,
        .worker_open = notifier_worker_open,
        .worker_close = notifier_worker_close,
    };
    const struct health_options health = {
        .needs = PEER_NONE, .queries = notifier_health, .queries_count = notifier_health_count};
    return service_serve(service, &door, 1, &health);
}

static enum sm_error run(void)
{
    struct service service DEFER(service_close) = {0};
    struct p256_key *letter_key DEFER(p256_free) = NULL;
    struct relay *events DEFER(relay_stop) = NULL;
    struct senders *senders DEFER(senders_stop) = NULL;
    TRY(service_open(PEER_NOTIFIER, &service));
    TRY(letter_key_load(service_keys_folder(&service), &letter_key));
    TRY(smtp_library_start());
    TRY(service_cage(&service));
    TRY(service_relay(&service, &(struct relay_options){.outbox = &notifier_outbox}, &events));
    TRY(start_senders(&service, letter_key, events, &senders));
    settings_forget(service.settings, SETTING_SMTP_PASSWORD);
    struct notifier notifier = {service_database(&service), events, senders};
    return serve(&service, &notifier);
}

int main(void)
{
    return life_end(run());
}
