/* An administrator sets what senders may choose. */
#include "proto/limits.h"
#include "services/crypto/handlers.h"
#include "services/crypto/policy.h"

static void apply(const struct policy_change_request *request, struct organisation *out)
{
    out->methods = request->methods;
    out->method_floor = request->method_floor;
    out->lifetimes = request->lifetimes;
    out->lifetime_days_max = policy_days_max(request->lifetimes);
    out->default_method = request->default_method;
    out->default_lifetime_days = request->default_lifetime_days;
}

enum sm_error on_policy_change(struct sealed_call *call, const void *message, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct buffer changes DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    const struct personal_field personal[] = {{span_text("user"), call->user.email}};
    struct organisation before;
    (void)reply;
    /* An edited row is said in the log here: what the transaction writes would go with it. */
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &before));
    TRY(call_begin(call, &tx));
    TRY(organisation_lock(call->worker, call->arena, call->user.organisation, &before));
    struct organisation after = before;
    apply(message, &after);
    const char *fault = policy_fault(&after);
    if (fault) {
        call->failure->reason = span_text(fault);
        return SM_BAD_VALUE;
    }
    TRY(organisation_update(call->worker, &after));
    TRY(policy_changes(&before, &after, &changes));
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = EVENT_POLICY_CHANGED,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .reason = buffer_span(&changes),
        .personal = LIST_OF(personal)};
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    return call_release(call, event.event);
}
