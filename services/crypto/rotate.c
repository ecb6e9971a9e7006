/*
 * The operator's two calls: key_rotate takes the new version into use, key_rewrap works for about a
 * second and says how far it is.
 */
#include "proto/crypto.h"
#include "services/crypto/operator.h"
#include "services/crypto/rotation.h"

static const struct rotated *const kinds[] = {
    [ROTATE_ORGANISATION] = &rotated_organisation,
    [ROTATE_MASTER] = &rotated_master,
    [ROTATE_HPKE] = &rotated_hpke,
};

/* --- the log --- */

/* In the organisation's log, or in the log of each. */
static enum sm_error add_event(const struct rotating *rotating, struct audit_event *event)
{
    return rotating->kind->is_of_organisation ? operator_event(rotating->worker, event)
                                              : operator_event_for_all(rotating->worker, event);
}

static enum sm_error commit(
    const struct rotating *rotating, struct db_transaction *tx, struct id event)
{
    return operator_commit(rotating->call, tx, event);
}

static const struct rotation_party operator= {add_event, commit};

/* A call that found what it would have done; with it the log has the event of the doing. */
static enum sm_error log_again(const struct rotating *rotating, const char *reason)
{
    return rotating->kind->is_of_organisation
               ? operator_log(rotating->call, rotating->organisation, reason)
               : operator_log_all(rotating->call, reason);
}

/* SM_BAD_VALUE: an organisation where there must be none, or none. */
static enum sm_error take_up(
    struct bus_request *request, uint64_t key, struct id organisation, struct rotating *out)
{
    const struct rotated *kind = kinds[key];
    *out = (struct rotating){.worker = request->worker,
        .arena = request->arena,
        .kind = kind,
        .organisation = organisation,
        .party = &operator,
        .call = request };
    return id_is_none(organisation) != kind->is_of_organisation ? SM_OK : SM_BAD_VALUE;
}

/* --- to begin --- */

static enum sm_error begin(struct rotating *rotating, struct id call, bool *is_resumed)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(operator_begin(rotating->call, call, &tx));
    enum sm_error error = rotation_begin(rotating, &tx);
    *is_resumed = error == SM_REPLAYED;
    return error;
}

/* Asked again, or under way: the log has the call, and what is in use is told. */
static enum sm_error begin_or_resume(
    struct rotating *rotating, struct id call, struct key_rotate_reply *reply)
{
    enum sm_error error = begin(rotating, call, &reply->is_resumed);
    if (error == SM_REPLAYED) {
        TRY(log_again(rotating, reply->is_resumed ? "key_rotate: resumed" : "key_rotate: again"));
        TRY(rotation_look(rotating));
    } else {
        TRY(error);
    }
    reply->version = rotating->versions.newest;
    return SM_OK;
}

enum sm_error on_key_rotate(struct bus_request *request, const void *message, void *out)
{
    const struct key_rotate_request *wanted = message;
    struct operator_subject subject = {.name = "key_rotate", .organisation = wanted->organisation};
    struct rotating rotating;
    TRY(take_up(request, wanted->key, wanted->organisation, &rotating));
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject, begin_or_resume(&rotating, subject.call, out));
}

/* --- to go on --- */

static enum sm_error rewrap(struct rotating *rotating, struct key_rewrap_reply *reply)
{
    TRY(rotation_look(rotating));
    if (rotation_is_under_way(rotating))
        return rotation_step(rotating, reply);
    reply->is_done = true;
    return log_again(rotating, "key_rewrap: nothing is behind");
}

enum sm_error on_key_rewrap(struct bus_request *request, const void *message, void *out)
{
    const struct key_rewrap_request *wanted = message;
    struct operator_subject subject = {.name = "key_rewrap", .organisation = wanted->organisation};
    struct rotating rotating;
    TRY(take_up(request, wanted->key, wanted->organisation, &rotating));
    return operator_end(request, &subject, rewrap(&rotating, out));
}
