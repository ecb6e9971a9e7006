/* One message's end. The order is the safety: nothing is deleted that crypto has not given up, and
 * nothing is told to be gone that is not. */
#include "services/retention/purge.h"

#include "base/failpoint.h"
#include "envelope/kdf.h"
#include "proto/audit.h"
#include "proto/limits.h"

#include <string.h>

#include "base/banned.h"

const struct outbox retention_outbox = OUTBOX_SQL("retention", 7516040);

enum sm_error purge_event_id(struct id message, struct id *out)
{
    static const char use[] = "securemail/1 purged";
    uint8_t digest[KDF_SHA256_BYTES];
    struct buffer input DEFER(buffer_free) = BUFFER(sizeof use + ID_BYTES);
    TRY(buffer_append_text(&input, use));
    TRY(buffer_append(&input, id_span(&message)));
    TRY(kdf_sha256(buffer_span(&input), digest));
    return id_from_bytes(span_of(digest, ID_BYTES), out);
}

/* --- rows --- */

/* Parts and drafts go whatever ended the message. */
static const struct statement parts[] = {
    {"purge_object", "DELETE FROM mail.object WHERE message = $1"},
    {"purge_draft", "DELETE FROM mail.draft WHERE message = $1"},
};

/* What names people and times goes when the sender deleted it. */
static const struct statement metadata[] = {
    {"purge_delivery", "DELETE FROM mail.delivery WHERE message = $1"},
    {"purge_shown", "DELETE FROM mail.shown WHERE message = $1"},
    {"purge_recipient", "DELETE FROM mail.recipient WHERE message = $1"},
    {"purge_mail_message", "DELETE FROM mail.message WHERE message = $1"},
};

static enum sm_error run_all(
    struct db *db, const struct statement *statements, size_t count, struct id message)
{
    for (size_t i = 0; i < count; i++)
        TRY(DB_RUN(db, &statements[i], NULL, db_id(&message)));
    return SM_OK;
}

static const struct statement insert_purge = {"purge_insert",
    "INSERT INTO retention.purge (message, organisation, is_expiry, objects, at_ms)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (message) DO NOTHING"};

/* By then no upload that was begun before can still be sending. */
static const struct statement insert_again = {"purge_again",
    "INSERT INTO retention.again (message, after_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
#define AGAIN_AFTER_MS (2 * (int64_t)UPLOAD_CAPABILITY_S * 1000)

static enum sm_error add_event(struct db *db, const struct due_item *item, int64_t now_ms)
{
    struct audit_event event = {.organisation = item->organisation,
        .kind = EVENT_PURGED,
        .at_ms = (uint64_t)now_ms,
        .message = item->message,
        .actor_class = ACTOR_SYSTEM,
        .result = RESULT_OK,
        .reason = span_text(item->is_expiry ? "expired" : "deleted")};
    TRY(purge_event_id(item->message, &event.event));
    return outbox_add(db, &retention_outbox, &event);
}

static enum sm_error delete_rows(struct db *db, const struct due_item *item, uint64_t objects)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t now_ms;
    TRY(db_begin(db, &tx));
    TRY(run_all(db, parts, sizeof parts / sizeof parts[0], item->message));
    if (!item->is_expiry)
        TRY(run_all(db, metadata, sizeof metadata / sizeof metadata[0], item->message));
    TRY(db_now_ms(db, &now_ms));
    TRY(DB_RUN(db, &insert_purge, NULL, db_id(&item->message), db_id(&item->organisation),
        db_bool(item->is_expiry), db_u64(objects), db_i64(now_ms)));
    TRY(DB_RUN(db, &insert_again, NULL, db_id(&item->message), db_i64(now_ms + AGAIN_AFTER_MS)));
    TRY(add_event(db, item, now_ms));
    FAIL_POINT("retention.purge.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("retention.purge.after-commit");
    return SM_OK;
}

/* --- the steps --- */

enum sm_error purge_message(struct purger *purger, const struct due_item *item, bool *is_purged)
{
    const struct purge_peers *peers = &purger->peers;
    bool is_due;
    uint64_t objects;
    TRY(peers->destroy(peers->context, item->message, &is_due));
    FAIL_POINT("retention.destroy.after-ack");
    if (is_due) {
        TRY(store_message_delete(purger->store, item->message, &objects));
        FAIL_POINT("retention.objects.after-delete");
        TRY(delete_rows(purger->db, item, objects));
    }
    *is_purged = is_due;
    return SM_OK;
}

enum sm_error purge_await_log(struct purger *purger, struct id message, int64_t timeout_ms)
{
    const struct purge_peers *peers = &purger->peers;
    struct id event;
    TRY(purge_event_id(message, &event));
    return peers->wait_logged(peers->context, purger->db, event, timeout_ms);
}

enum sm_error purge_tell(struct purger *purger, struct id message)
{
    const struct purge_peers *peers = &purger->peers;
    FAIL_POINT("retention.purged.before-ack");
    TRY(peers->purged(peers->context, message));
    FAIL_POINT("retention.purged.after-ack");
    return SM_OK;
}
