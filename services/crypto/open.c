/*
 * The key's release. "Opened" is committed with its event first, then audit's acknowledgement is
 * waited for, then the key goes out. The event's id is the session's: a recipient who asks again
 * after an outage of the log asks under the same id, and is logged once.
 */
#include "base/failpoint.h"
#include "services/crypto/derived.h"
#include "services/crypto/grant.h"
#include "services/crypto/handlers.h"
#include "services/crypto/link_session.h"

static enum sm_error add_event(
    struct sealed_call *call, const struct link *link, enum event_kind kind, struct id event_id)
{
    const struct personal_field personal[] = {{span_text("recipient"), link->address}};
    struct audit_event event = {.event = event_id,
        .organisation = link->organisation,
        .kind = kind,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = link->link,
        .personal = LIST_OF(personal)};
    return call_event(call, &event);
}

/* Commits that it is opened, and that the right to download is given; *out is the later event. */
static enum sm_error commit_opened(
    struct sealed_call *call, struct link_session *session, struct id *out)
{
    struct link *link = &session->link;
    struct id opened;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(derived_from("opened", session->session, &opened));
    TRY(derived_from("download-granted", session->session, out));
    TRY(call_begin(call, &tx));
    TRY(link_lock(call->worker, call->arena, link->link, link));
    if (!link_is_live(link, &session->message, call->now_ms))
        return SM_GONE;
    if (link->opened_ms == 0) {
        link->opened_ms = call->now_ms;
        TRY(link_update(call->worker, link));
        TRY(link_to_feed(call->worker, link));
    }
    TRY(add_event(call, link, EVENT_OPENED, opened));
    TRY(add_event(call, link, EVENT_DOWNLOAD_GRANTED, *out));
    FAIL_POINT("crypto.open.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.open.after-commit");
    return SM_OK;
}

enum sm_error on_open(struct sealed_call *call, const void *request, void *reply)
{
    struct link_session session;
    struct grant grant = {0};
    (void)request;
    TRY(link_session_load(call, &session));
    TRY(commit_opened(call, &session, &grant.token));
    TRY(call_release(call, grant.token));
    FAIL_POINT("crypto.open.after-ack");
    grant.subject = session.link.link;
    grant.message = session.message.message;
    return grant_content(call, &session.message, &grant, reply);
}
