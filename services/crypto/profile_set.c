/*
 * The organisation, to its own people: how recipients see it and what senders may choose. An
 * administrator sets the first here (the second is policy_set.c). Everything that is set is shown
 * to strangers, in a page or a mail's header, so it is of one line and of a known form.
 */
#include "services/crypto/profile.h"

#include "proto/limits.h"
#include "services/crypto/handlers.h"
#include "services/crypto/logo.h"
#include "services/crypto/policy.h"
#include "services/crypto/usage.h"

/* --- reading --- */

static void fill(const struct organisation *from, struct organisation_reply *reply)
{
    *reply = (struct organisation_reply){.organisation = from->organisation,
        .name = from->name,
        .colour = from->colour,
        .language = from->language,
        .from_name = from->from_name,
        .from_address = from->from_address,
        .contact = from->contact,
        .methods = from->methods,
        .method_floor = from->method_floor,
        .methods_allowed = policy_methods(from),
        .lifetimes = policy_lifetimes(from),
        .default_method = from->default_method,
        .default_lifetime_days = from->default_lifetime_days,
        .recipients_max = from->recipients_max,
        .attachments_max = from->attachments_max,
        .total_bytes_max = from->total_bytes_max};
}

enum sm_error on_organisation(struct sealed_call *call, const void *message, void *out)
{
    struct organisation_reply *reply = out;
    struct organisation organisation;
    int64_t stored;
    (void)message;
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &organisation));
    fill(&organisation, reply);
    TRY(usage_bytes(call->worker->db, call->user.organisation, &stored));
    reply->stored_bytes = stored > 0 ? (uint64_t)stored : 0;
    return logo_load(call->worker, call->arena, &organisation, &reply->logo);
}

/* --- setting --- */

/* What differs, by name alone: the values are in the next notification for all to see. */
static enum sm_error append_changes(
    const struct organisation *before, const struct organisation *after, struct buffer *out)
{
    const struct {
        const char *name;
        struct span before, after;
    } values[] = {
        {"name", before->name, after->name},
        {"colour", before->colour, after->colour},
        {"language", before->language, after->language},
        {"sender name", before->from_name, after->from_name},
        {"sender address", before->from_address, after->from_address},
        {"contact", before->contact, after->contact},
        {"logo", before->logo_digest, after->logo_digest},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (!span_equal(values[i].before, values[i].after))
            TRY(buffer_format(out, "%s%s", out->size ? ", " : "", values[i].name));
    return SM_OK;
}

static enum sm_error refuse(struct sealed_call *call, const char *reason)
{
    call->failure->reason = span_text(reason);
    return SM_BAD_VALUE;
}

static void apply(const struct organisation_set_request *request, struct organisation *out)
{
    out->name = request->name;
    out->colour = request->colour;
    out->language = request->language;
    out->from_name = request->from_name;
    out->from_address = request->from_address;
    out->contact = request->contact;
}

static enum sm_error save(struct sealed_call *call, const struct organisation_set_request *request,
    struct buffer *changes)
{
    struct organisation before;
    TRY(organisation_lock(call->worker, call->arena, call->user.organisation, &before));
    struct organisation after = before;
    apply(request, &after);
    if (!profile_is_good(&after))
        return refuse(call,
            "A colour is #rrggbb in small letters, the language nl or en, the sender"
            " address a mail address.");
    if (request->changes_logo)
        TRY(logo_save(call->worker, call->arena, request->logo, &after));
    TRY(organisation_update(call->worker, &after));
    return append_changes(&before, &after, changes);
}

enum sm_error on_organisation_set(struct sealed_call *call, const void *message, void *reply)
{
    const struct organisation_set_request *request = message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct buffer changes DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    const struct personal_field personal[] = {{span_text("user"), call->user.email}};
    struct organisation before;
    (void)reply;
    if (request->changes_logo && request->logo.size && !logo_is_good(request->logo))
        return refuse(call, "The logo is a PNG or JPEG of at most 32 KiB and 2048 pixels a side.");
    /* An edited row is said in the log here: what the transaction writes would go with it. */
    TRY(organisation_load(call->worker, call->arena, call->user.organisation, &before));
    TRY(call_begin(call, &tx));
    TRY(save(call, request, &changes));
    struct audit_event event = {.organisation = call->user.organisation,
        .kind = EVENT_ORGANISATION_CHANGED,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .reason = buffer_span(&changes),
        .personal = LIST_OF(personal)};
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    return call_release(call, event.event);
}
