/*
 * What crypto knows of its own state, for administrators and auditors: which keys there are and how
 * old they are, and what waits on its way to the log and to the notifier. Versions, times and
 * counts; never a byte of a key, and nothing of another organisation but that something waits.
 */
#include "proto/audit.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/rotate_own.h"

#include "proto/limits.h"

enum { EVENT_BYTES_MAX = 8192, PURPOSE_BYTES_MAX = 32 };

/* clang-format off */
static const struct statement
    key_list = {"status_keys",
        "SELECT 'master', version, created_ms FROM vault.key_check"
        " UNION ALL SELECT purpose, version, created_ms FROM vault.service_key"
        " UNION ALL SELECT 'organisation', version, created_ms FROM vault.organisation_key"
        " WHERE organisation = $1"
        " UNION ALL (SELECT 'hpke', 1, max(not_before_ms) FROM vault.hpke_key HAVING count(*) > 0)"
        " ORDER BY 1, 2 LIMIT 100"},
    events = {"status_events",
        "SELECT (SELECT count(*) FROM vault.event), body FROM vault.event ORDER BY id LIMIT 1"},
    mails = {"status_mails",
        "SELECT count(*), coalesce(min(not_before_ms), 0) FROM vault.mail_job"
        " WHERE not_before_ms <= clock.now_ms()"};
/* clang-format on */

static enum sm_error fill_keys(struct sealed_call *call, struct status_reply *reply)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    TRY(DB_RUN(call->worker->db, &key_list, &rows, db_id(&call->user.organisation)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(call->arena, count, sizeof(struct key_row), &items));
    for (size_t i = 0; i < count; i++) {
        struct key_row *key = (struct key_row *)items + i;
        TRY(db_read_bytes(rows, i, 0, PURPOSE_BYTES_MAX, &key->purpose));
        TRY(keep_span(call->arena, key->purpose, &key->purpose));
        TRY(db_read_u64(rows, i, 1, &key->version));
        TRY(db_read_u64(rows, i, 2, &key->created_ms));
    }
    reply->keys = (struct list){items, count};
    return SM_OK;
}

/* The first in the queue is the oldest; its time stands in its body. */
static enum sm_error fill_events(struct sealed_call *call, struct status_reply *reply)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct audit_event oldest;
    struct span body;
    TRY(DB_RUN0(call->worker->db, &events, &rows));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    TRY(db_read_u64(rows, 0, 0, &reply->events_waiting));
    TRY(db_read_bytes(rows, 0, 1, EVENT_BYTES_MAX, &body));
    TRY(fields_decode(&audit_event, body, call->arena, &oldest));
    reply->oldest_event_ms = oldest.at_ms;
    return SM_OK;
}

static enum sm_error fill_mails(struct sealed_call *call, struct status_reply *reply)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(call->worker->db, &mails, &rows));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &reply->mails_waiting));
    return db_read_u64(rows, 0, 1, &reply->oldest_mail_ms);
}

enum sm_error on_status(struct sealed_call *call, const void *message, void *out)
{
    struct status_reply *reply = out;
    (void)message;
    reply->now_ms = (uint64_t)call->now_ms;
    TRY(fill_keys(call, reply));
    TRY(rotation_state_load(call, &reply->rotation));
    TRY(fill_events(call, reply));
    return fill_mails(call, reply);
}
