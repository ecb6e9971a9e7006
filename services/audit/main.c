/*
 * audit: the log of everything that happened, which nobody can rewrite unseen. It listens and calls
 * nobody. Read on in handlers.c (what it does), writer.c and group.c (how a commit goes), chain.h,
 * tree.h and checkpoint.h (why a change is seen), export.c, and docs/audit-format.md.
 */
#include "base/encode.h"
#include "base/memory.h"
#include "cage/cage.h"
#include "runtime/report.h"
#include "runtime/schema.h"
#include "runtime/service.h"
#include "services/audit/declaration.h"
#include "services/audit/handlers.h"
#include "services/audit/health.h"
#include "services/audit/succession.h"

#include <stdio.h>

enum { WORKERS = 64, READERS = 4, QUEUE_MAX = 256, NOTE_BYTES_MAX = 64 };

/* Its files may be made here: before the cage. */
static enum sm_error open_key(const struct settings *settings, struct signing_key **out)
{
    const char *conninfo = settings_text(settings, SETTING_DATABASE);
    const char *folder = settings_text(settings, SETTING_KEYS_DIR);
    bool has_logs = false;
    struct db *db DEFER(db_close) = NULL;
    TRY(db_open(conninfo, &db));
    TRY(store_has_logs(db, &has_logs));
    TRY(signing_key_open(folder, !has_logs, out));
    return succession_run(conninfo, folder, out);
}

static void close_parts(struct audit *audit)
{
    writer_stop(&audit->writer);
    readers_free(&audit->readers);
    access_free(&audit->access);
    signing_key_free(&audit->key);
    journal_close(&audit->journal);
    buffer_free(&audit->declaration);
}

static enum sm_error open_parts(const struct settings *settings, struct audit *audit)
{
    const char *conninfo = settings_text(settings, SETTING_DATABASE);
    audit->declaration = BUFFER(DECLARATION_BYTES_MAX);
    TRY(declaration_sign(audit->key, report_release(), &audit->declaration));
    TRY(access_new(
        settings_text_or(settings, SETTING_CAPABILITY_DIR, SETTING_KEYS_DIR), &audit->access));
    TRY(readers_new(conninfo, READERS, &audit->readers));
    const struct writer_options options = {.conninfo = conninfo,
        .key = audit->key,
        .journal = audit->journal,
        .checkpoint_interval_ms = settings_number(settings, SETTING_CHECKPOINT_INTERVAL_S) * 1000};
    return writer_start(&options, &audit->writer);
}

/* Which key signs: the first digits of audit-sign.pub. */
static enum sm_error note_of(const struct signing_key *key, char note[static NOTE_BYTES_MAX])
{
    char digits[2 * SHA256_BYTES + 1];
    hex_encode(signing_key_public(key), digits);
    int size = snprintf(note, NOTE_BYTES_MAX, "signing key %.16s", digits);
    return size > 0 && size < NOTE_BYTES_MAX ? SM_OK : SM_TOO_LARGE;
}

static enum sm_error start_health(const struct settings *settings, const struct bus_keys *keys,
    const char *note, struct health **out)
{
    const struct health_options options = {.self = PEER_AUDIT,
        .note = note,
        .settings = settings,
        .keys = keys,
        .needs = PEER_NONE,
        .queries = audit_health,
        .queries_count = audit_health_count};
    return health_start(&options, out);
}

static enum sm_error serve(const struct settings *settings, const struct bus_keys *keys,
    struct audit *audit, const struct cage *cage)
{
    struct bus_server *server DEFER(bus_server_free) = NULL;
    char note[NOTE_BYTES_MAX];
    struct health *health DEFER(health_stop) = NULL;
    TRY(note_of(audit->key, note));
    const struct bus_server_options options = {.self = PEER_AUDIT,
        .keys = keys,
        .endpoints = settings_text(settings, SETTING_LISTEN),
        .handlers = audit_handlers,
        .handlers_count = audit_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = audit,
        .worker_open = audit_worker_open,
        .worker_close = audit_worker_close,
        .is_active = audit_is_active};
    TRY(bus_server_new(&options, &server));
    TRY(start_health(settings, keys, note, &health));
    TRY(cage_lock(cage));
    return service_wait(server);
}

static enum sm_error run(void)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct bus_keys *keys DEFER(bus_keys_free) = NULL;
    struct cage *cage DEFER(cage_free) = NULL;
    struct audit audit DEFER(close_parts) = {0};
    TRY(settings_load(PEER_AUDIT, &settings));
    TRY(schema_check(settings_text(settings, SETTING_DATABASE)));
    TRY(bus_keys_load(settings_text(settings, SETTING_KEYS_DIR), PEER_AUDIT, &keys));
    TRY(open_key(settings, &audit.key));
    TRY(journal_open(settings_text(settings, SETTING_JOURNAL_DIR), &audit.journal));
    TRY(cage_enter(PEER_AUDIT, settings, &cage));
    TRY(open_parts(settings, &audit));
    return serve(settings, keys, &audit, cage);
}

int main(void)
{
    enum sm_error error = service_start(PEER_AUDIT);
    return service_end(error == SM_OK ? run() : error);
}
