/*
 * The end that needs nobody's will: what retention is told, and what it may have destroyed. Whether
 * a message is due is decided here, by its state and by the one clock; retention only asks. Keys
 * and verifiers go first, then (by retention) the ciphertext; each step can be repeated.
 */
#include "base/failpoint.h"
#include "services/crypto/derived.h"
#include "services/crypto/handlers.h"
#include "runtime/journal.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/message.h"
#include "services/crypto/usage.h"

/* clang-format off */
static const struct statement
    due = {"retire_due",
        "SELECT organisation, message, state, due_ms FROM vault.message"
        " WHERE due_ms <= clock.now_ms() AND (due_ms, message) > ($2, $3)"
        " ORDER BY due_ms, message LIMIT $1"},
    links_of = {"retire_links", "SELECT link FROM vault.link WHERE message = $1 ORDER BY link"},
    empty_verifier = {"retire_verifier", "UPDATE vault.link SET verifier = NULL WHERE link = $1"},
    forget_codes = {"retire_codes",
        "DELETE FROM vault.code WHERE link IN (SELECT link FROM vault.link WHERE message = $1)"},
    forget_sessions = {"retire_sessions",
        "DELETE FROM vault.link_session WHERE link IN"
        " (SELECT link FROM vault.link WHERE message = $1)"},
    forget_begun = {"retire_begun",
        "DELETE FROM vault.begun_answer WHERE link IN"
        " (SELECT link FROM vault.link WHERE message = $1)"};
/* clang-format on */

/* --- what is due --- */

enum sm_error on_due(struct bus_request *request, const void *message, void *out)
{
    const struct due_request *asked = message;
    struct due_reply *reply = out;
    const struct worker *worker = request->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *memory;
    TRY(DB_RUN(worker->db, &due, &rows, db_u64(asked->rows_max), db_u64(asked->after_ms),
        db_bytes(id_span(&asked->after))));
    size_t count = db_rows_count(rows);
    TRY(arena_take(request->arena, count, sizeof(struct due_item), &memory));
    struct due_item *items = memory;
    for (size_t i = 0; i < count; i++) {
        uint64_t state;
        TRY(db_read_id(rows, i, 0, &items[i].organisation));
        TRY(db_read_id(rows, i, 1, &items[i].message));
        TRY(db_read_u64(rows, i, 2, &state));
        TRY(db_read_u64(rows, i, 3, &items[i].due_ms));
        items[i].is_expiry = state != STATE_DELETED;
    }
    reply->messages = (struct list){items, count};
    return SM_OK;
}

/* --- destroying --- */

/* An edited row stays one, and refuses as before; but it does not keep what is to be destroyed. */
static enum sm_error destroy_verifier(
    const struct worker *worker, struct arena *arena, struct id id)
{
    struct link link;
    enum sm_error found = link_lock(worker, arena, id, &link);
    if (found == SM_TAMPERED)
        return DB_RUN(worker->db, &empty_verifier, NULL, db_id(&id));
    TRY(found);
    link.verifier = span_of(NULL, 0);
    return link_update(worker, &link);
}

static enum sm_error destroy_verifiers(
    const struct worker *worker, struct arena *arena, struct id message)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &links_of, &rows, db_id(&message)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id id;
        TRY(db_read_id(rows, i, 0, &id));
        TRY(destroy_verifier(worker, arena, id));
    }
    TRY(DB_RUN(worker->db, &forget_codes, NULL, db_id(&message)));
    TRY(DB_RUN(worker->db, &forget_begun, NULL, db_id(&message)));
    return DB_RUN(worker->db, &forget_sessions, NULL, db_id(&message));
}

static enum sm_error add_expired(
    const struct worker *worker, const struct message *message, int64_t now_ms)
{
    struct audit_event event = {.organisation = message->organisation,
        .kind = EVENT_EXPIRED,
        .at_ms = (uint64_t)now_ms,
        .message = message->message};
    TRY(derived_from("expired", message->message, &event.event));
    return outbox_add(worker->db, &vault_outbox, &event);
}

/* A revoked message stays "revoked" in the sender's list; its key goes all the same. */
static enum sm_error expire(
    const struct worker *worker, struct arena *arena, struct message *message, int64_t now_ms)
{
    int64_t bytes = (int64_t)message_bytes(message->parts);
    if (message->state == STATE_LIVE)
        message->state = STATE_EXPIRED;
    message->wrapped = message->subject_sealed = message->parts = message->digest =
        span_of(NULL, 0);
    TRY(destroy_verifiers(worker, arena, message->message));
    TRY(message_update(worker, message));
    TRY(usage_add(worker->db, message->organisation, -bytes));
    TRY(mail_cancel(worker->db, message->message, (struct id){{0}}));
    return add_expired(worker, message, now_ms);
}

static enum sm_error destroy(
    const struct worker *worker, struct arena *arena, struct id id, int64_t now_ms, bool *is_due)
{
    struct message message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(worker->db, &tx));
    TRY(message_lock(worker, arena, id, &message));
    *is_due = message.state == STATE_DELETED || now_ms >= message.expires_ms;
    if (!*is_due || message.wrapped.size == 0) /* not yet; or done before */
        return SM_OK;
    TRY(expire(worker, arena, &message, now_ms));
    FAIL_POINT("crypto.destroy.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.destroy.after-commit");
    relay_poke(worker->crypto->events);
    mail_relay_poke(worker->crypto->mail);
    return SM_OK;
}

enum sm_error on_destroy(struct bus_request *request, const void *message, void *out)
{
    const struct destroy_request *asked = message;
    struct destroy_reply *reply = out;
    const struct worker *worker = request->worker;
    struct message known;
    int64_t now_ms;
    TRY(db_now_ms(worker->db, &now_ms));
    /* Outside a transaction first: an edited row is reported, and nothing is destroyed by it. */
    enum sm_error found = message_load(worker, request->arena, asked->message, &known);
    if (found == SM_NOT_FOUND)
        return SM_OK; /* not ours to say: leave its ciphertext to the sweep of drafts */
    TRY(found);
    /* A crash may have come between the delete and its line. */
    if (known.state == STATE_DELETED)
        TRY(journal_add(worker->crypto->journal, ERASURE_DELETED, asked->message, now_ms));
    return destroy(worker, request->arena, asked->message, now_ms, &reply->is_due);
}

/*
 * Only what is destroyed can be purged: else a message that lives would never be due again, and its
 * key would stay for ever.
 */
static enum sm_error forget_due(const struct worker *worker, struct arena *arena, struct id id)
{
    struct message message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(worker->db, &tx));
    TRY(message_lock(worker, arena, id, &message));
    if (message.wrapped.size > 0)
        return SM_CONFLICT;
    TRY(message_set_due(worker, id, false, 0));
    FAIL_POINT("crypto.purged.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.purged.after-commit");
    return SM_OK;
}

enum sm_error on_purged(struct bus_request *request, const void *message, void *out)
{
    const struct purged_request *asked = message;
    struct message known;
    (void)out;
    /* As for a destroy: an edited row is reported, and nothing is decided by it. */
    enum sm_error found = message_load(request->worker, request->arena, asked->message, &known);
    if (found == SM_NOT_FOUND)
        return SM_OK; /* never due */
    TRY(found);
    return forget_due(request->worker, request->arena, asked->message);
}
