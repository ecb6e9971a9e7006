/*
 * The sender has a recipient's notification mailed again: the same link, for a mail that was lost
 * or deleted. Bounded in time and number, because the recipient pays for each; refused when the
 * link has ended, because it would open nothing.
 */
#include "base/failpoint.h"
#include "proto/limits.h"
#include "services/crypto/account.h"
#include "services/crypto/handlers.h"
#include "services/crypto/message.h"
#include "services/crypto/notice.h"

/* clang-format off */
static const struct statement
    history = {"resend_history", "SELECT times, last_ms FROM vault.resend WHERE link = $1"},
    count_one = {"resend_count",
        "INSERT INTO vault.resend (link, times, last_ms) VALUES ($1, 1, $2)"
        " ON CONFLICT (link) DO UPDATE SET times = resend.times + 1, last_ms = excluded.last_ms"};
/* clang-format on */

/* What is mailed, and for whom. */
struct resending {
    struct message message;
    struct link link;
    struct organisation organisation;
    struct account sender;
};

/* Outside the transaction, so that an edited row is reported. Another's is not there. */
static enum sm_error load(
    struct sealed_call *call, const struct link_request *request, struct resending *out)
{
    const struct worker *worker = call->worker;
    const struct user *user = &call->user;
    TRY(message_load(worker, call->arena, request->message, &out->message));
    bool is_own = id_equal(out->message.sender, user->user) || (user->roles & ROLE_ADMIN);
    if (!is_own || !id_equal(out->message.organisation, user->organisation))
        return SM_NOT_FOUND;
    TRY(link_load(worker, call->arena, request->link, &out->link));
    if (!id_equal(out->link.message, request->message))
        return SM_NOT_FOUND;
    TRY(organisation_load(worker, call->arena, user->organisation, &out->organisation));
    return account_load(worker, call->arena, out->message.sender, &out->sender);
}

/* Under the link's lock. The first mail counts for the wait, and not for the number. */
static enum sm_error check_bounds(struct sealed_call *call, const struct resending *resending)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t times = 0;
    int64_t last_ms = resending->message.created_ms;
    TRY(DB_RUN(call->worker->db, &history, &rows, db_id(&resending->link.link)));
    if (db_rows_count(rows) > 0) {
        TRY(db_read_u64(rows, 0, 0, &times));
        TRY(db_read_i64(rows, 0, 1, &last_ms));
    }
    int64_t wait_ms = last_ms + (int64_t)RESEND_AFTER_S * 1000 - call->now_ms;
    if (times >= RESENDS_PER_LINK_MAX) {
        call->failure->reason = span_text("This notification was mailed as often as is allowed.");
        return SM_RATE_LIMITED;
    }
    if (wait_ms <= 0)
        return SM_OK;
    call->failure->retry_after_s = (uint64_t)(wait_ms + 999) / 1000;
    return SM_RATE_LIMITED;
}

static enum sm_error add_event(
    struct sealed_call *call, const struct resending *resending, struct id *out)
{
    const struct link *link = &resending->link;
    const struct personal_field personal[] = {
        {span_text("user"), call->user.email}, {span_text("recipient"), link->address}};
    struct audit_event event = {.organisation = link->organisation,
        .kind = EVENT_NOTIFICATION_RESENT,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_USER,
        .actor = call->user.user,
        .personal = LIST_OF(personal)};
    TRY(call_event(call, &event));
    *out = event.event;
    return SM_OK;
}

static enum sm_error mail_again(
    struct sealed_call *call, const struct resending *resending, struct id *event)
{
    TRY(DB_RUN(
        call->worker->db, &count_one, NULL, db_id(&resending->link.link), db_i64(call->now_ms)));
    TRY(add_event(call, resending, event));
    const struct notice notice = {.link = &resending->link,
        .organisation = &resending->organisation,
        .language = resending->message.language,
        .sender_name = resending->sender.name,
        .event = *event,
        .not_before_ms = call->now_ms};
    return notice_add(call->worker, &notice);
}

enum sm_error on_resend(struct sealed_call *call, const void *request_message, void *reply)
{
    const struct link_request *request = request_message;
    struct resending resending;
    struct id event;
    struct db_transaction tx DEFER(db_rollback) = {0};
    (void)reply;
    if (id_is_none(request->link))
        return SM_BAD_VALUE;
    TRY(load(call, request, &resending));
    TRY(call_begin(call, &tx));
    TRY(link_lock_live(call->worker, call->arena, &resending.link, &resending.message));
    TRY(check_bounds(call, &resending));
    TRY(mail_again(call, &resending, &event));
    FAIL_POINT("crypto.resend.before-commit");
    TRY(call_commit(call, &tx));
    return call_release(call, event);
}
