/*
 * The crypto service: everything that opens or proves something. It listens on the bus, and on a
 * local socket for the operator; it calls audit and the notifier; all its state is in schema vault.
 *
 * Reading order: sealed_handlers.c (who may do what), sealed_call.c (how a sealed request is
 * served), keyring.c, then one file per idea: user_session, send, recipient, ...
 *
 * This file builds the objects in the order in which they need each other. They are taken down in
 * reverse when `serve` returns, whatever the reason.
 */
#include "base/log.h"
#include "proto/limits.h"
#include "runtime/life.h"
#include "service/service.h"
#include "services/crypto/anchor.h"
#include "services/crypto/capability_file.h"
#include "services/crypto/handlers.h"
#include "services/crypto/health.h"
#include "services/crypto/hpke_keys.h"
#include "runtime/journal.h"
#include "services/crypto/letter_key.h"
#include "services/crypto/mail.h"
#include "services/crypto/restored.h"

#include <inttypes.h>
#include <stdio.h>

enum { QUEUE_MAX = 256, OPERATOR_WORKERS = 1, OPERATOR_QUEUE_MAX = 8, PASSWORD_KEEP_MS = 10000 };

/* --- one worker thread --- */

static void worker_close(void **opened)
{
    struct worker *worker = *opened;
    if (worker)
        db_close(&worker->db);
    memory_free(opened);
}

static enum sm_error worker_open(void *service, void **out)
{
    void *fresh DEFER(worker_close) = NULL;
    TRY(memory_zeroed(1, sizeof(struct worker), &fresh));
    struct worker *worker = fresh;
    worker->crypto = service;
    TRY(db_open(settings_text(worker->crypto->settings, SETTING_DATABASE), &worker->db));
    *out = TAKE(fresh);
    return SM_OK;
}

/* --- the parts --- */

/* Needs the master keys, and is the last to see them. */
static enum sm_error open_keyring(struct settings *settings, struct keyring **out)
{
    const struct master_keys master = {.current = settings_secret(settings, SETTING_MASTER_KEY),
        .next = settings_secret(settings, SETTING_MASTER_KEY_NEXT)};
    struct db *db DEFER(db_close) = NULL;
    TRY(db_open(settings_text(settings, SETTING_DATABASE), &db));
    enum sm_error error = keyring_open(db, &master, out);
    settings_forget(settings, SETTING_MASTER_KEY);
    settings_forget(settings, SETTING_MASTER_KEY_NEXT);
    return error == SM_OK ? keks_mark_sessions(keyring_keks(*out)) : error;
}

/* What a restore brought back is ended again before anybody can ask for it. */
static enum sm_error replay_erasures(struct crypto *crypto)
{
    struct worker worker = {.crypto = crypto};
    struct db *db DEFER(db_close) = NULL;
    uint64_t count;
    char text[24];
    TRY(db_open(settings_text(crypto->settings, SETTING_DATABASE), &db));
    worker.db = db;
    TRY(restored_replay(&worker, &count));
    (void)snprintf(text, sizeof text, "%" PRIu64, count);
    if (count)
        log_line(LOG_INFO, "erasures-repeated", "count", text, NULL);
    return SM_OK;
}

static enum sm_error open_passwords(const struct crypto *crypto, struct password_pool **out)
{
    const struct settings *settings = crypto->settings;
    const struct password_options options = {.keyring = crypto->keyring,
        .kib = (uint32_t)settings_number(settings, SETTING_ARGON2_KIB),
        .passes = (uint32_t)settings_number(settings, SETTING_ARGON2_PASSES),
        .workers = (size_t)settings_number(settings, SETTING_ARGON2_WORKERS),
        .queue_max = (size_t)settings_number(settings, SETTING_ARGON2_QUEUE),
        .keep_ms = PASSWORD_KEEP_MS};
    return password_pool_new(&options, out);
}

static enum sm_error start_mail(const struct crypto *crypto, struct mail_relay **out)
{
    const struct mail_relay_options options = {
        .conninfo = settings_text(crypto->settings, SETTING_DATABASE),
        .keys = crypto->bus_keys,
        .notifier_endpoints = settings_text(crypto->settings, SETTING_NOTIFIER)};
    return mail_relay_start(&options, out);
}

/* Mail waits for the log's acknowledgement of its event. */
static void on_acknowledged(void *context)
{
    const struct crypto *crypto = context;
    mail_relay_poke(crypto->mail);
}

static enum sm_error start_events(
    const struct service *service, struct crypto *crypto, struct relay **out)
{
    const struct relay_options options = {
        .outbox = &vault_outbox, .on_acknowledged = on_acknowledged, .context = crypto};
    return service_relay(service, &options, out);
}

static enum sm_error start_anchor(struct crypto *crypto, struct anchor_timer **out)
{
    const struct anchor_options options = {.crypto = crypto,
        .conninfo = settings_text(crypto->settings, SETTING_DATABASE),
        .audit_endpoints = settings_text(crypto->settings, SETTING_AUDIT),
        .interval_ms =
            settings_number(crypto->settings, SETTING_CHECKPOINT_MAIL_INTERVAL_S) * 1000};
    return anchor_timer_start(&options, out);
}

/* --- the story --- */

static enum sm_error serve(const struct service *service, struct crypto *crypto)
{
    const struct settings *settings = service->settings;
    const struct bus_server_options doors[] = {
        {.endpoints = settings_text(settings, SETTING_LISTEN),
            .handlers = crypto_handlers,
            .handlers_count = crypto_handlers_count,
            .workers = (size_t)settings_number(settings, SETTING_CRYPTO_WORKERS),
            .queue_max = QUEUE_MAX,
            .service = crypto,
            .worker_open = worker_open,
            .worker_close = worker_close},
        {.endpoints = settings_text(settings, SETTING_OPERATOR_LISTEN),
            .handlers = operator_handlers,
            .handlers_count = operator_handlers_count,
            .workers = OPERATOR_WORKERS,
            .queue_max = OPERATOR_QUEUE_MAX,
            .service = crypto,
            .worker_open = worker_open,
            .worker_close = worker_close},
    };
    const struct health_options health = {
        .needs = PEER_AUDIT, .queries = crypto_health, .queries_count = crypto_health_count};
    return service_serve(service, doors, sizeof doors / sizeof doors[0], &health);
}

static enum sm_error run(void)
{
    struct service service DEFER(service_close) = {0};
    struct crypto crypto = {0};
    TRY(service_open(PEER_CRYPTO, &service));
    crypto.settings = service.settings;
    crypto.base_url = settings_text(service.settings, SETTING_BASE_URL);
    crypto.bus_keys = service.keys;
    TRY(letter_public_load(service_keys_folder(&service), crypto.letter_public));

    struct keyring *keyring DEFER(keyring_free) = NULL;
    TRY(open_keyring(service.settings, &keyring));
    crypto.keyring = keyring;
    TRY(capability_file_write(
        settings_text_or(service.settings, SETTING_CAPABILITY_DIR, SETTING_KEYS_DIR), keyring));
    struct journal *journal DEFER(journal_close) = NULL;
    TRY(journal_open(settings_text(service.settings, SETTING_JOURNAL_DIR), &journal));
    crypto.journal = journal;
    TRY(replay_erasures(&crypto));
    struct hpke_keys *hpke DEFER(hpke_keys_free) = NULL;
    TRY(hpke_keys_new(keyring, &hpke));
    crypto.hpke = hpke;
    TRY(service_cage(&service));

    struct password_pool *passwords DEFER(password_pool_free) = NULL;
    TRY(open_passwords(&crypto, &passwords));
    crypto.passwords = passwords;
    struct rate *links DEFER(rate_free) = NULL;
    TRY(rate_new(LINK_CALLS_PER_MINUTE, &links));
    crypto.links = links;
    struct mail_relay *mail DEFER(mail_relay_stop) = NULL;
    TRY(start_mail(&crypto, &mail));
    crypto.mail = mail;
    struct relay *events DEFER(relay_stop) = NULL;
    TRY(start_events(&service, &crypto, &events));
    crypto.events = events;
    struct anchor_timer *anchor DEFER(anchor_timer_stop) = NULL;
    TRY(start_anchor(&crypto, &anchor));
    return serve(&service, &crypto);
}

int main(void)
{
    return life_end(run());
}
