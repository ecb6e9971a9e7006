/* Row by row, each in a transaction of its own; of several replicas each row is one's. And the
 * operator's word that mail may go again. */
#include "services/crypto/restored.h"

#include "base/log.h"
#include "services/crypto/derived.h"
#include "services/crypto/end_message.h"
#include "services/crypto/handlers.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/message.h"
#include "services/crypto/operator.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, KIND_BYTES_MAX = 16 };

/* Values of the log are audit's to erase again. */
/* clang-format off */
static const struct statement
    next = {"restored_next",
        "SELECT id, kind, thing FROM restore.erasure WHERE kind NOT LIKE 'value-%'"
        " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"},
    left = {"restored_left",
        "SELECT EXISTS (SELECT FROM restore.erasure WHERE kind NOT LIKE 'value-%')"},
    release = {"restored_release",
        "UPDATE restore.run SET mail_released_ms = clock.now_ms() WHERE mail_released_ms IS NULL"},
    done = {"restored_done", "DELETE FROM restore.erasure WHERE id = $1"};
/* clang-format on */

struct erased {
    uint64_t id;
    struct id thing;
    struct span kind;
};

/* What is ended, for the event. */
struct ended {
    enum event_kind kind;
    const char *word;
    struct id organisation, message, link;
};

static enum sm_error delete_again(
    const struct worker *worker, struct arena *arena, struct id thing, struct ended *out)
{
    struct message message;
    int64_t now_ms;
    TRY(db_now_ms(worker->db, &now_ms));
    TRY(message_lock(worker, arena, thing, &message));
    *out = (struct ended){EVENT_DELETED, "deleted", message.organisation, thing, {{0}}};
    return end_delete(worker, arena, thing, now_ms);
}

static enum sm_error revoke_again(
    const struct worker *worker, struct arena *arena, struct id thing, struct ended *out)
{
    struct message message;
    TRY(message_lock(worker, arena, thing, &message));
    *out = (struct ended){EVENT_REVOKED, "revoked", message.organisation, thing, {{0}}};
    return end_revoke(worker, arena, thing);
}

static enum sm_error revoke_link_again(
    const struct worker *worker, struct arena *arena, struct id thing, struct ended *out)
{
    struct link link;
    TRY(link_lock(worker, arena, thing, &link));
    *out = (struct ended){EVENT_REVOKED, "revoked", link.organisation, link.message, thing};
    return end_revoke_link(worker, arena, link.message, thing);
}

static const struct {
    const char *word;
    enum sm_error (*end)(
        const struct worker *worker, struct arena *arena, struct id thing, struct ended *out);
} kinds[] = {
    {"deleted", delete_again}, {"revoked", revoke_again}, {"link-revoked", revoke_link_again}};

static enum sm_error end_again(const struct worker *worker, struct arena *arena,
    const struct erased *erased, struct ended *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_equals_text(erased->kind, kinds[i].word))
            return kinds[i].end(worker, arena, erased->thing, out);
    return SM_DATABASE; /* the table's CHECK allows no other word */
}

static enum sm_error add_event(const struct worker *worker, const struct ended *ended)
{
    int64_t now_ms;
    TRY(db_now_ms(worker->db, &now_ms));
    struct audit_event event = {.organisation = ended->organisation,
        .kind = ended->kind,
        .at_ms = (uint64_t)now_ms,
        .message = ended->message,
        .link = ended->link,
        .actor_class = ACTOR_SYSTEM,
        .reason = span_text("again after a restore")};
    TRY(derived_end(ended->word, ended->message, ended->link, &event.event));
    return outbox_add(worker->db, &vault_outbox, &event);
}

/* An edited row keeps its key closed by itself, and is what an operator must look at: not served.
 */
static enum sm_error replay_row(
    const struct worker *worker, struct arena *arena, const struct erased *erased)
{
    struct ended ended;
    enum sm_error error = end_again(worker, arena, erased, &ended);
    if (error == SM_OK)
        TRY(add_event(worker, &ended));
    else if (error != SM_NOT_FOUND && error != SM_GONE)
        return log_failure("erasure-not-repeated", error, id_text(erased->thing).text);
    return DB_RUN(worker->db, &done, NULL, db_u64(erased->id));
}

/* SM_NOT_FOUND: no row that another replica has not under its hands. */
static enum sm_error replay_next(const struct worker *worker)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES_MAX);
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct erased erased;
    TRY(db_begin(worker->db, &tx));
    TRY(DB_RUN0(worker->db, &next, &rows));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &erased.id));
    TRY(db_read_bytes(rows, 0, 1, KIND_BYTES_MAX, &erased.kind));
    TRY(db_read_id(rows, 0, 2, &erased.thing));
    TRY(replay_row(worker, &arena, &erased));
    return db_commit(&tx);
}

static enum sm_error is_left(const struct worker *worker, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(worker->db, &left, &rows));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, out);
}

enum sm_error restored_replay(const struct worker *worker, uint64_t *count)
{
    enum sm_error error = SM_OK;
    bool is_more;
    for (*count = 0; error == SM_OK; *count += error == SM_OK)
        error = replay_next(worker);
    if (error != SM_NOT_FOUND)
        return error;
    TRY(is_left(worker, &is_more));
    /* Another replica is at it: this one starts again when that is done. */
    return is_more ? log_failure("erasures", SM_BUSY, "another replica repeats the last erasures")
                   : SM_OK;
}

/* --- the mail --- */

/* Every log tells of the release before a letter goes. */
enum sm_error on_mail_release(struct bus_request *request, const void *message, void *out)
{
    const struct worker *worker = request->worker;
    struct mail_release_reply *reply = out;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    (void)message;
    TRY(operator_log_all(request, "mail_release"));
    TRY(DB_RUN0(worker->db, &release, &rows));
    reply->restores = db_rows_affected(rows);
    mail_relay_poke(worker->crypto->mail);
    return SM_OK;
}
