/*
 * The relay of mail jobs and cancels: one thread, its own connection, its own bus client. Of all
 * replicas one relays, the holder of an advisory lock; so a cancel is never sent before a job that
 * was read earlier. A job is removed when the notifier has answered that it is durable there; after
 * a crash it is sent again, and the notifier takes it once by its id. So the removal waits for no
 * disk; a cancel's row, committed after it, brings it there.
 */
#include "services/crypto/mail.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "bus/client.h"
#include "db/bell.h"
#include "proto/crypto.h"
#include "proto/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    IDLE_MS = 1000, /* how often an unpoked relay looks */
    CALL_TIMEOUT_MS = 5000,
    CANCELS_MAX = 100,
    IDS_TEXT_BYTES_MAX = PAGE_ROWS_MAX * 21 + 2,
    ARENA_BYTES_MAX = 1024 * 1024,
};

struct mail_relay {
    struct mail_relay_options options;
    pthread_t thread;
    struct bell *wake;
    atomic_bool is_stopping;
    /* the thread's own */
    struct db *db;
    struct bus_client *notifier;
    uint64_t elected_session; /* of db: the one that holds the lock; 0: none */
};

/* clang-format off */
static const struct statement
    elect = {"mail_relay_elect", "SELECT pg_try_advisory_lock(7516013)"},
    ready = {"mail_job_ready",
        "SELECT id, job, organisation, message, link, kind, not_before_ms, not_after_ms, sealed,"
        " request FROM vault.mail_job AS waiting WHERE NOT EXISTS"
        " (SELECT FROM vault.event WHERE event = waiting.waits_for)"
        " AND (NOT is_from_backup OR NOT restore.is_mail_held()) ORDER BY id LIMIT $1"},
    remove_jobs = {"mail_job_remove",
        "DELETE FROM vault.mail_job WHERE id = ANY ($1::text::bigint[])"},
    cancels = {"mail_cancel_list",
        "SELECT id, message, link FROM vault.mail_cancel ORDER BY id LIMIT $1"},
    remove_cancel = {"mail_cancel_remove", "DELETE FROM vault.mail_cancel WHERE id = $1"};
/* clang-format on */

/* --- one round --- */

static enum sm_error be_elected(struct mail_relay *relay, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool has_lock;
    *out = relay->elected_session != 0 && relay->elected_session == db_sessions(relay->db);
    if (*out)
        return SM_OK;
    TRY(DB_RUN0(relay->db, &elect, &rows));
    uint64_t session = db_sessions(relay->db);
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, &has_lock));
    relay->elected_session = 0;
    if (!has_lock)
        return bell_pass_on(relay->wake, relay->db);
    TRY(db_be_unsynced(relay->db));
    TRY(bell_listen(relay->wake, relay->db));
    if (db_sessions(relay->db) != session)
        return SM_UNAVAILABLE; /* the lock went with the session that had it */
    relay->elected_session = session;
    *out = true;
    return SM_OK;
}

static enum sm_error read_job(const struct db_rows *rows, size_t row, struct mail_job *out)
{
    int64_t not_before_ms;
    int64_t not_after_ms;
    TRY(db_read_id(rows, row, 1, &out->job));
    TRY(db_read_id(rows, row, 2, &out->organisation));
    TRY(db_read_id(rows, row, 3, &out->message));
    TRY(db_read_id(rows, row, 4, &out->link));
    TRY(db_read_u64(rows, row, 5, &out->kind));
    TRY(db_read_i64(rows, row, 6, &not_before_ms));
    TRY(db_read_i64(rows, row, 7, &not_after_ms));
    out->not_before_ms = (uint64_t)not_before_ms;
    out->not_after_ms = (uint64_t)not_after_ms;
    TRY(db_read_u64(rows, row, 9, &out->request));
    return db_read_bytes(rows, row, 8, MAIL_JOB_BYTES_MAX, &out->sealed);
}

/* The ids of all rows as the text of an array, "{1,2}". */
static enum sm_error ids_of(const struct db_rows *rows, struct buffer *out)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        uint64_t id;
        TRY(db_read_u64(rows, i, 0, &id));
        TRY(buffer_format(out, "%s%llu", i ? "," : "{", (unsigned long long)id));
    }
    return buffer_append_text(out, "}");
}

/* Hands over what may go, at most a page. *count: how many went. */
static enum sm_error relay_jobs(struct mail_relay *relay, struct arena *arena, size_t *count)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer ids DEFER(buffer_free) = BUFFER(IDS_TEXT_BYTES_MAX);
    struct nothing reply;
    void *memory;
    TRY(DB_RUN(relay->db, &ready, &rows, db_i64(PAGE_ROWS_MAX)));
    *count = db_rows_count(rows);
    if (*count == 0)
        return SM_OK;
    TRY(arena_take(arena, *count, sizeof(struct mail_job), &memory));
    for (size_t i = 0; i < *count; i++)
        TRY(read_job(rows, i, (struct mail_job *)memory + i));
    struct enqueue_request request = {{memory, *count}};
    struct bus_call call = {.operation = OP_ENQUEUE, .timeout_ms = CALL_TIMEOUT_MS};
    TRY(id_random(&call.idempotency));
    FAIL_POINT("crypto.mail.before-relay");
    TRY(bus_client_call(relay->notifier, &call, &request, arena, &reply));
    FAIL_POINT("crypto.mail.after-relay");
    TRY(ids_of(rows, &ids));
    TRY(DB_RUN(relay->db, &remove_jobs, NULL, db_text(buffer_span(&ids))));
    FAIL_POINT("crypto.mail.after-ack");
    return SM_OK;
}

static enum sm_error relay_cancel(
    struct mail_relay *relay, const struct db_rows *rows, size_t row, struct arena *arena)
{
    uint64_t id;
    struct cancel_request request;
    struct cancel_reply reply;
    struct bus_call call = {.operation = OP_CANCEL, .timeout_ms = CALL_TIMEOUT_MS};
    TRY(id_random(&call.idempotency));
    TRY(db_read_u64(rows, row, 0, &id));
    TRY(db_read_id(rows, row, 1, &request.message));
    TRY(db_read_id(rows, row, 2, &request.link));
    FAIL_POINT("crypto.mail-cancel.before-relay");
    TRY(bus_client_call(relay->notifier, &call, &request, arena, &reply));
    FAIL_POINT("crypto.mail-cancel.after-relay");
    TRY(DB_RUN(relay->db, &remove_cancel, NULL, db_u64(id)));
    FAIL_POINT("crypto.mail-cancel.after-ack");
    return SM_OK;
}

static enum sm_error relay_cancels(struct mail_relay *relay, struct arena *arena)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(relay->db, &cancels, &rows, db_i64(CANCELS_MAX)));
    for (size_t i = 0; i < db_rows_count(rows); i++)
        TRY(relay_cancel(relay, rows, i, arena));
    return SM_OK;
}

static void free_arena(struct arena *arena)
{
    arena_free(arena);
}

/* *is_more: a whole page went, so there may be another. */
static enum sm_error relay_round(struct mail_relay *relay, bool *is_more)
{
    struct arena arena DEFER(free_arena) = ARENA(ARENA_BYTES_MAX);
    bool is_elected;
    size_t count = 0;
    TRY(be_elected(relay, &is_elected));
    if (!is_elected)
        return SM_OK;
    TRY(relay_jobs(relay, &arena, &count));
    TRY(relay_cancels(relay, &arena));
    *is_more = count == PAGE_ROWS_MAX;
    return SM_OK;
}

/* --- the thread --- */

static void note_luck(enum sm_error error, enum sm_error last)
{
    if (error != last)
        log_line(error == SM_OK ? LOG_INFO : LOG_WARNING, "mail-relay", "state", error_name(error),
            NULL);
}

static void *run(void *context)
{
    struct mail_relay *relay = context;
    enum sm_error last = SM_OK;
    while (!atomic_load(&relay->is_stopping)) {
        bool is_more = false;
        enum sm_error error = relay_round(relay, &is_more);
        note_luck(error, last);
        last = error;
        bell_wait(relay->wake, relay->db, is_more ? 0 : IDLE_MS);
    }
    return NULL;
}

static void discard(struct mail_relay **relay)
{
    if (!*relay)
        return;
    bus_client_close(&(*relay)->notifier);
    db_close(&(*relay)->db);
    bell_free(&(*relay)->wake);
    free(*relay);
    *relay = NULL;
}

enum sm_error mail_relay_start(const struct mail_relay_options *options, struct mail_relay **out)
{
    struct mail_relay *relay DEFER(discard) = calloc(1, sizeof *relay);
    if (!relay)
        return SM_NO_MEMORY;
    relay->options = *options;
    TRY(db_open(options->conninfo, &relay->db));
    TRY(bus_client_open(
        options->keys, PEER_NOTIFIER, options->notifier_endpoints, &relay->notifier));
    TRY(bell_new("vault_mail", &relay->wake));
    if (pthread_create(&relay->thread, NULL, run, relay) != 0)
        return SM_NO_MEMORY;
    *out = TAKE(relay);
    return SM_OK;
}

void mail_relay_stop(struct mail_relay **relay)
{
    if (!*relay)
        return;
    atomic_store(&(*relay)->is_stopping, true);
    bell_ring((*relay)->wake);
    (void)pthread_join((*relay)->thread, NULL);
    discard(relay);
}

void mail_relay_poke(struct mail_relay *relay)
{
    if (relay)
        bell_ring(relay->wake);
}
