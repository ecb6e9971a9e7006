/* An organisation's key: message keys and TOTP secrets are wrapped under it. */
#include "base/log.h"
#include "base/memory.h"
#include "proto/limits.h"
#include "services/crypto/message.h"
#include "services/crypto/organisation.h"
#include "services/crypto/rotation.h"
#include "services/crypto/totp.h"

/* clang-format off */
static const struct statement
    versions_of = {"rotate_organisation_versions",
        "SELECT min(version), max(version) FROM vault.organisation_key WHERE organisation = $1"
        " HAVING count(*) > 0"},
    lock_versions = {"rotate_organisation_lock",
        "SELECT version FROM vault.organisation_key WHERE organisation = $1 AND version <"
        " (SELECT max(version) FROM vault.organisation_key WHERE organisation = $1) FOR UPDATE"},
    destroy_versions = {"rotate_organisation_destroy",
        "DELETE FROM vault.organisation_key WHERE organisation = $1 AND version <"
        " (SELECT max(version) FROM vault.organisation_key WHERE organisation = $1)"};
/* clang-format on */

/* --- rows --- */

static enum sm_error rewrap_message(
    const struct worker *worker, struct id organisation, const struct db_rows *rows, size_t row)
{
    struct arena arena DEFER(arena_free) = ARENA(256 * 1024);
    struct message message;
    struct id id;
    TRY(db_read_id(rows, row, 0, &id));
    TRY(message_lock(worker, &arena, id, &message));
    if (!id_equal(message.organisation, organisation))
        return SM_TAMPERED;
    return message_rewrap(worker, &message);
}

/* What loads a message reports an edited row. */
static void report_message(const struct worker *worker, struct span name)
{
    struct arena arena DEFER(arena_free) = ARENA(256 * 1024);
    struct message unused;
    struct id id;
    if (id_from_bytes(name, &id) == SM_OK && message_load(worker, &arena, id, &unused) == SM_OK)
        log_line(LOG_ERROR, "key-rotation", "cause", "a message key does not open", "message",
            id_text(id).text, NULL);
}

static enum sm_error rewrap_totp(
    const struct worker *worker, struct id organisation, const struct db_rows *rows, size_t row)
{
    struct id account;
    TRY(db_read_id(rows, row, 0, &account));
    return totp_rewrap(worker, organisation, account);
}

static void report_totp(const struct worker *worker, struct span name)
{
    struct id id;
    (void)worker;
    if (id_from_bytes(name, &id) == SM_OK)
        log_line(LOG_ERROR, "key-rotation", "cause", "a TOTP secret does not open", "account",
            id_text(id).text, NULL);
}

/* As the index of the messages has it (migration 0142). */
#define UNDER_VERSION "substring(wrapped FROM 1 FOR 4) = int4send($2::integer)"

/* clang-format off */
static const struct wrapped_table tables[] = {
    {.take = {"rotate_message_take",
         "SELECT message FROM vault.message WHERE organisation = $1 AND wrapped IS NOT NULL"
         " AND " UNDER_VERSION " AND message > $3"
         " ORDER BY message" ROTATION_LIMIT " FOR UPDATE SKIP LOCKED"},
     .behind = {"rotate_message_behind",
         "SELECT count(*) FROM vault.message WHERE organisation = $1 AND wrapped IS NOT NULL"
         " AND " UNDER_VERSION},
     .rewrap = rewrap_message, .report = report_message},
    {.take = {"rotate_totp_take",
         "SELECT account FROM vault.totp JOIN vault.account USING (account)"
         " WHERE account.organisation = $1 AND vault.wrap_version(wrapped) = $2 AND account > $3"
         " ORDER BY account" ROTATION_LIMIT " FOR UPDATE OF totp SKIP LOCKED"},
     .behind = {"rotate_totp_behind",
         "SELECT count(*) FROM vault.totp JOIN vault.account USING (account)"
         " WHERE account.organisation = $1 AND vault.wrap_version(wrapped) = $2"},
     .rewrap = rewrap_totp, .report = report_totp},
};
/* clang-format on */

/* --- versions --- */

static enum sm_error versions(struct db *db, struct id organisation, struct key_versions *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &versions_of, &rows, db_id(&organisation)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &out->oldest));
    return db_read_u64(rows, 0, 1, &out->newest);
}

/* The lock of the organisation's row: of two who begin, the second finds it under way. */
static enum sm_error begin(const struct worker *worker, struct arena *arena, struct id id)
{
    struct organisation organisation;
    struct key_versions before;
    TRY(organisation_lock(worker, arena, id, &organisation));
    TRY(versions(worker->db, id, &before));
    return before.oldest == before.newest
               ? keyring_organisation_new(worker->crypto->keyring, worker->db, id)
               : SM_REPLAYED;
}

static enum sm_error lock_old(struct db *db, struct id organisation)
{
    return DB_RUN(db, &lock_versions, NULL, db_id(&organisation));
}

static enum sm_error destroy_old(struct db *db, struct id organisation)
{
    return DB_RUN(db, &destroy_versions, NULL, db_id(&organisation));
}

const struct rotated rotated_organisation = {
    .name = "organisation key",
    .is_of_organisation = true,
    .tables = tables,
    .tables_count = sizeof tables / sizeof tables[0],
    .versions = versions,
    .begin = begin,
    .lock_old = lock_old,
    .destroy_old = destroy_old,
};
