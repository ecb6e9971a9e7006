/*
 * An administrator replaces the key of his organisation. He names the version that he saw: asked
 * twice, for a lost answer or by two administrators at once, it is replaced once. His page asks for
 * one step after the other, so that it can say how far it is; where it is closed, or this process
 * dies, the next step goes on from what the rows themselves say.
 */
#include "services/crypto/rotate_own.h"

#include "services/crypto/handlers.h"
#include "services/crypto/organisation.h"
#include "services/crypto/rotation.h"

/* clang-format off */
static const struct statement count_rows = {"rotate_own_rows",
    "SELECT (SELECT count(*) FROM vault.message WHERE organisation = $1 AND wrapped IS NOT NULL)"
    " + (SELECT count(*) FROM vault.totp JOIN vault.account USING (account)"
    " WHERE account.organisation = $1)"};
/* clang-format on */

static enum sm_error add_event(const struct rotating *rotating, struct audit_event *event)
{
    struct sealed_call *call = rotating->call;
    const struct personal_field personal[] = {{span_text("user"), call->user.email}};
    struct audit_event named = *event;
    const struct list person = LIST_OF(personal);
    named.actor_class = ACTOR_USER;
    named.actor = call->user.user;
    named.personal = person;
    TRY(call_event(call, &named));
    event->event = named.event;
    return SM_OK;
}

static enum sm_error commit(
    const struct rotating *rotating, struct db_transaction *tx, struct id event)
{
    TRY(call_commit(rotating->call, tx));
    return call_release(rotating->call, event);
}

static const struct rotation_party administrator = {add_event, commit};

static struct rotating rotating_of(struct sealed_call *call)
{
    return (struct rotating){.worker = call->worker,
        .arena = call->arena,
        .kind = &rotated_organisation,
        .organisation = call->user.organisation,
        .party = &administrator,
        .call = call};
}

static enum sm_error tell(const struct rotating *rotating, struct rotation_state *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct rotation_state state = {
        .version = rotating->versions.newest, .is_under_way = rotation_is_under_way(rotating)};
    if (state.is_under_way)
        TRY(rotation_behind(rotating, &state.behind));
    TRY(DB_RUN(rotating->worker->db, &count_rows, &rows, db_id(&rotating->organisation)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &state.rows));
    *out = state;
    return SM_OK;
}

enum sm_error rotation_state_load(struct sealed_call *call, struct rotation_state *out)
{
    struct rotating rotating = rotating_of(call);
    TRY(rotation_look(&rotating));
    return tell(&rotating, out);
}

/* --- to begin --- */

/* Looked at again under the organisation's lock, which whoever begins takes. */
static enum sm_error replace(struct sealed_call *call, struct rotating *rotating, uint64_t version)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct organisation organisation;
    /* An edited row is said in the log here: what the transaction writes would go with it. */
    TRY(organisation_load(call->worker, call->arena, rotating->organisation, &organisation));
    TRY(call_begin(call, &tx));
    TRY(organisation_lock(call->worker, call->arena, rotating->organisation, &organisation));
    TRY(rotation_look(rotating));
    if (rotating->versions.newest != version)
        return SM_CONFLICT;
    return rotation_begin(rotating, &tx);
}

enum sm_error on_rotation_begin(struct sealed_call *call, const void *message, void *out)
{
    const struct rotation_begin_request *request = message;
    struct rotating rotating = rotating_of(call);
    TRY(rotation_look(&rotating));
    if (request->version > rotating.versions.newest)
        return SM_BAD_VALUE;
    if (request->version == rotating.versions.newest && !rotation_is_under_way(&rotating))
        TRY(replace(call, &rotating, request->version));
    return tell(&rotating, out);
}

/* --- to go on --- */

static enum sm_error step(struct sealed_call *call, struct rotation_step_reply *reply)
{
    struct rotating rotating = rotating_of(call);
    struct key_rewrap_reply done = {0};
    TRY(rotation_look(&rotating));
    if (rotation_is_under_way(&rotating))
        TRY(rotation_step(&rotating, &done));
    TRY(rotation_look(&rotating));
    reply->rewrapped = done.rewrapped;
    reply->refused = done.refused;
    return tell(&rotating, &reply->state);
}

/* One at a time in a process: of its workers, no more than one is ever busy with this. */
enum sm_error on_rotation_step(struct sealed_call *call, const void *message, void *reply)
{
    atomic_flag *turn = &call->worker->crypto->rotation_turn;
    (void)message;
    if (atomic_flag_test_and_set(turn))
        return SM_BUSY;
    enum sm_error error = step(call, reply);
    atomic_flag_clear(turn);
    return error;
}
