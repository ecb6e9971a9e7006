/* Whose turn it is, the letters, and the operation with which somebody asks. */
#include "services/crypto/anchor.h"

#include "envelope/capability.h"
#include "proto/limits.h"
#include "proto/sealed.h"
#include "services/crypto/account.h"
#include "services/crypto/handlers.h"
#include "services/crypto/mail.h"
#include "services/crypto/organisation.h"

enum {
    PUT_OFF_MS = 60 * 1000,
    ACCESS_MS = 60 * 1000,
    ARENA_BYTES_MAX = 256 * 1024,
};
/* A hundred years: when somebody asks it is earlier. */
static const int64_t never_ms = (int64_t)100 * 365 * 24 * 3600 * 1000;
/* How long a relay that is down may take. */
static const int64_t keep_ms = (int64_t)7 * 24 * 3600 * 1000;

/* clang-format off */
static const struct statement
    plan = {"anchor_plan",
        "INSERT INTO vault.anchor (organisation, due_ms)"
        " SELECT organisation, clock.now_ms() + $1 FROM vault.organisation"
        " WHERE organisation NOT IN (SELECT organisation FROM vault.anchor)"
        " ON CONFLICT (organisation) DO NOTHING"},
    due = {"anchor_due",
        "SELECT organisation FROM vault.anchor WHERE due_ms <= clock.now_ms()"
        " OR ($1::bigint > 0 AND due_ms > clock.now_ms() + $1::bigint) ORDER BY due_ms LIMIT $2"},
    readers = {"anchor_readers",
        "SELECT account FROM vault.account WHERE organisation = $1 AND state = $2 AND roles & $3 <> 0"
        " ORDER BY account LIMIT $4"},
    put_off = {"anchor_put_off",
        "UPDATE vault.anchor SET due_ms = clock.now_ms() + $2 WHERE organisation = $1"},
    ask = {"anchor_ask",
        "INSERT INTO vault.anchor (organisation, due_ms) VALUES ($1, 0)"
        " ON CONFLICT (organisation) DO UPDATE SET due_ms = 0"};
/* clang-format on */

/* --- whose turn it is --- */

enum sm_error anchor_plan(const struct worker *worker, int64_t interval_ms)
{
    return interval_ms > 0 ? DB_RUN(worker->db, &plan, NULL, db_i64(interval_ms)) : SM_OK;
}

enum sm_error anchor_due(const struct worker *worker, int64_t interval_ms, struct anchor_turn *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &due, &rows, db_i64(interval_ms), db_i64(ANCHOR_TURN_MAX)));
    out->count = 0;
    for (size_t i = 0; i < db_rows_count(rows); i++, out->count++)
        TRY(db_read_id(rows, i, 0, &out->organisations[i]));
    return SM_OK;
}

static enum sm_error next_turn(
    const struct worker *worker, struct id organisation, int64_t from_now_ms)
{
    return DB_RUN(worker->db, &put_off, NULL, db_id(&organisation), db_i64(from_now_ms));
}

enum sm_error anchor_put_off(const struct worker *worker, struct id organisation)
{
    return next_turn(worker, organisation, PUT_OFF_MS);
}

enum sm_error anchor_ask(const struct worker *worker, struct id organisation)
{
    return DB_RUN(worker->db, &ask, NULL, db_id(&organisation));
}

/* --- the note --- */

enum sm_error anchor_access(const struct worker *worker, struct id organisation, struct buffer *out)
{
    int64_t now_ms;
    struct span seed = keyring_key(worker->crypto->keyring, KEY_CAPABILITY);
    struct capability capability = {
        .kind = CAPABILITY_AUDIT, .organisation = organisation, .role = ROLE_AUDITOR};
    TRY(db_now_ms(worker->db, &now_ms));
    TRY(id_random(&capability.token));
    capability.expires_ms = (uint64_t)now_ms + ACCESS_MS;
    return capability_sign(seed, &capability, out);
}

/* --- the letters --- */

struct mailing {
    struct organisation organisation;
    struct span note;
    struct id event;
    int64_t now_ms;
    size_t mailed;
};

static enum sm_error mail_one(
    const struct worker *worker, struct mailing *mailing, const struct account *reader)
{
    const struct organisation *organisation = &mailing->organisation;
    struct mail_order order = {.letter = {.kind = LETTER_CHECKPOINT,
                                   .language = organisation->language,
                                   .to_address = reader->email,
                                   .to_name = reader->name,
                                   .from_address = organisation->from_address,
                                   .from_name = organisation->from_name,
                                   .organisation_name = organisation->name,
                                   .sender_name = organisation->name,
                                   .note = mailing->note},
        .organisation = organisation->organisation,
        .message = mailing->event, /* a mail job is about something: here about its event */
        .event = mailing->event,
        .not_before_ms = 0,
        .not_after_ms = mailing->now_ms + keep_ms};
    mailing->mailed++;
    return mail_add(worker, &order);
}

/* An account whose row was edited gets none: its address may be a stranger's. */
static enum sm_error mail_readers(
    const struct worker *worker, struct arena *arena, struct mailing *mailing)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &readers, &rows, db_id(&mailing->organisation.organisation),
        db_i64(ACCOUNT_ACTIVE), db_i64(ROLE_ADMIN | ROLE_AUDITOR), db_i64(ANCHOR_READERS_MAX)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct account reader = {0};
        struct id id;
        TRY(db_read_id(rows, i, 0, &id));
        enum sm_error error = account_by_id(worker, arena, id, &reader);
        if (error == SM_TAMPERED)
            continue;
        TRY(error);
        TRY(mail_one(worker, mailing, &reader));
    }
    return SM_OK;
}

static enum sm_error add_event(const struct worker *worker, const struct mailing *mailing)
{
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    TRY(buffer_format(&reason, "to %zu people", mailing->mailed));
    const struct audit_event event = {.event = mailing->event,
        .organisation = mailing->organisation.organisation,
        .kind = EVENT_CHECKPOINT_MAILED,
        .at_ms = (uint64_t)mailing->now_ms,
        .actor_class = ACTOR_SYSTEM,
        .reason = buffer_span(&reason)};
    return outbox_add(worker->db, &vault_outbox, &event);
}

static void free_arena(struct arena *arena)
{
    arena_free(arena);
}

enum sm_error anchor_mail(
    const struct worker *worker, struct id organisation, struct span note, int64_t interval_ms)
{
    struct arena arena DEFER(free_arena) = ARENA(ARENA_BYTES_MAX);
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct mailing mailing = {.note = note};
    TRY(organisation_load(worker, &arena, organisation, &mailing.organisation));
    TRY(db_now_ms(worker->db, &mailing.now_ms));
    TRY(id_new(&mailing.event));
    TRY(db_begin(worker->db, &tx));
    TRY(mail_readers(worker, &arena, &mailing));
    TRY(add_event(worker, &mailing));
    TRY(next_turn(worker, organisation, interval_ms > 0 ? interval_ms : never_ms));
    TRY(db_commit(&tx));
    relay_poke(worker->crypto->events); /* and that one, once it is logged, the mail's */
    return SM_OK;
}

/* --- asking --- */

enum sm_error on_checkpoint_mail(struct sealed_call *call, const void *message, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct personal_field personal[] = {{span_text("user"), call->user.email}};
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = EVENT_CHECKPOINT_ASKED,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .personal = LIST_OF(personal)};
    (void)message;
    (void)reply;
    TRY(call_begin(call, &tx));
    TRY(anchor_ask(call->worker, call->user.organisation));
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    return call_release(call, event.event);
}
