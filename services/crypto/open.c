/*
 * The key's release. "Opened" is committed with its event first, then audit's acknowledgement is
 * waited for, then the link is looked at once more, then the key goes out. The event's id is the
 * session's: a recipient who asks again after an outage of the log asks under the same id, and is
 * logged once.
 */
#include "services/crypto/open.h"

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

enum sm_error open_log(
    struct sealed_call *call, const struct link *link, struct id session, struct id *out)
{
    struct id opened;
    TRY(derived_from("opened", session, &opened));
    TRY(derived_from("download-granted", session, out));
    TRY(add_event(call, link, EVENT_OPENED, opened));
    return add_event(call, link, EVENT_DOWNLOAD_GRANTED, *out);
}

enum sm_error open_grant(struct sealed_call *call, const struct link *link,
    const struct message *message, struct id granted, struct content_reply *reply)
{
    struct grant grant = {.token = granted, .subject = link->link, .message = message->message};
    return grant_content(call, message, &grant, reply);
}

/* Commits that it is opened, and that the right to download is given; *out is the later event. */
static enum sm_error commit_opened(
    struct sealed_call *call, struct link_session *session, struct id *out)
{
    struct link *link = &session->link;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(call_begin(call, &tx));
    TRY(link_lock_live(call->worker, call->arena, link, &session->message));
    if (link->opened_ms == 0) {
        link->opened_ms = call->now_ms;
        TRY(link_update(call->worker, link));
        TRY(link_to_feed(call->worker, link));
    }
    TRY(open_log(call, link, session->session, out));
    FAIL_POINT("crypto.open.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.open.after-commit");
    return SM_OK;
}

/*
 * The log has it; but the sender may have ended the message while that was waited for. It is looked
 * at again, and held, until the key is out of its wrap: an end that was answered before releases
 * nothing after.
 */
static enum sm_error release(struct sealed_call *call, struct link_session *session,
    struct id granted, struct content_reply *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(call->worker->db, &tx));
    TRY(link_lock_live(call->worker, call->arena, &session->link, &session->message));
    return open_grant(call, &session->link, &session->message, granted, reply);
}

enum sm_error open_content(
    struct sealed_call *call, struct link_session *opening, struct content_reply *reply)
{
    struct id granted;
    TRY(commit_opened(call, opening, &granted));
    TRY(call_release(call, granted));
    FAIL_POINT("crypto.open.after-ack");
    return release(call, opening, granted, reply);
}

enum sm_error on_open(struct sealed_call *call, const void *request, void *reply)
{
    struct link_session session;
    (void)request;
    TRY(link_session_load(call, &session));
    return open_content(call, &session, reply);
}
