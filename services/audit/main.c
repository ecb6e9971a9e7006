/*
 * audit: the log of everything that happened, which nobody can rewrite unseen. It listens and calls
 * nobody. Read on in handlers.c (what it does), writer.c and group.c (how a commit goes), chain.h,
 * tree.h and checkpoint.h (why a change is seen), export.c, and docs/audit-format.md.
 */
#include "base/encode.h"
#include "base/memory.h"
#include "runtime/life.h"
#include "runtime/report.h"
#include "service/service.h"
#include "services/audit/declaration.h"
#include "services/audit/handlers.h"
#include "services/audit/health.h"
#include "services/audit/succession.h"

#include <stdio.h>

enum { WORKERS = 64, READERS = 4, QUEUE_MAX = 256, NOTE_BYTES_MAX = 64 };

/* Its files may be made here: before the cage. */
static enum sm_error open_key(const struct service *service, struct signing_key **out)
{
    const char *conninfo = service_database(service);
    const char *folder = service_keys_folder(service);
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

static enum sm_error serve(const struct service *service, struct audit *audit)
{
    char note[NOTE_BYTES_MAX];
    TRY(note_of(audit->key, note));
    const struct bus_server_options door = {
        .endpoints = settings_text(service->settings, SETTING_LISTEN),
        .handlers = audit_handlers,
        .handlers_count = audit_handlers_count,
        .workers = WORKERS,
        .queue_max = QUEUE_MAX,
        .service = audit,
        .worker_open = audit_worker_open,
        .worker_close = audit_worker_close,
        .is_active = audit_is_active,
    };
    const struct health_options health = {.needs = PEER_NONE,
        .queries = audit_health,
        .queries_count = audit_health_count,
        .note = note};
    return service_serve(service, &door, 1, &health);
}

static enum sm_error run(void)
{
    struct service service DEFER(service_close) = {0};
    struct audit audit DEFER(close_parts) = {0};
    TRY(service_open(PEER_AUDIT, &service));
    TRY(open_key(&service, &audit.key));
    TRY(journal_open(settings_text(service.settings, SETTING_JOURNAL_DIR), &audit.journal));
    TRY(service_cage(&service));
    TRY(open_parts(service.settings, &audit));
    return serve(&service, &audit);
}

int main(void)
{
    return life_end(run());
}
