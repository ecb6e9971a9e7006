/*
 * One attempt to prove who one is. It is reserved, with a commit, before the guess is looked at; so
 * a hundred guesses at once are no more than five checked ones, and a crash between the two counts
 * as a failure and never as a free guess. What is slow (argon2) runs while nothing is locked; what
 * must not happen twice (a code) runs under the link's lock.
 *
 * A right guess is committed as a fact for the log, and nothing else; when the log has it, the link
 * and the code are looked at again, and only then is the code used up and the session made. So an
 * outage of the log spends no code, and one code never gives two sessions.
 *
 * verify_open opens in the same breath: the opening is logged with the check, and the key leaves
 * its wrap in the transaction that makes the session, which has looked again and holds the message.
 */
#include "base/failpoint.h"
#include "services/crypto/account.h"
#include "services/crypto/code.h"
#include "services/crypto/derived.h"
#include "services/crypto/handlers.h"
#include "services/crypto/link_session.h"
#include "services/crypto/mail.h"
#include "services/crypto/method.h"
#include "services/crypto/open.h"
#include "services/crypto/organisation.h"

struct verifying {
    struct sealed_call *call;
    const struct verify_request *request;
    const struct method_rule *rule;
    struct link link;       /* as the lock last gave it */
    struct message message; /* likewise */
    struct lockout_ticket ticket;
    struct verify_reply *reply;    /* its session's id is chosen before anything is logged */
    struct content_reply *content; /* NULL: it is not to be opened */
    struct id logged;              /* the event that the log must have */
};

static enum sm_error tell_closed(struct verifying *verifying, enum sm_error closed)
{
    if (closed == SM_LOCKED)
        verifying->call->failure->until_ms = (uint64_t)verifying->link.lockout.locked_until_ms;
    return closed;
}

/* --- before: the reservation --- */

static enum sm_error reserve(struct verifying *verifying)
{
    struct sealed_call *call = verifying->call;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(call_begin(call, &tx));
    TRY(link_gone(link_lock(call->worker, call->arena, call->link.link, &verifying->link)));
    enum sm_error closed =
        lockout_reserve(&verifying->link.lockout, call->now_ms, &verifying->ticket);
    if (closed != SM_OK)
        return tell_closed(verifying, closed);
    TRY(link_update(call->worker, &verifying->link));
    FAIL_POINT("crypto.verify.before-reservation");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.verify.after-reservation");
    return SM_OK;
}

/* --- after: events --- */

static enum sm_error add_event(struct verifying *verifying, enum event_kind kind,
    enum event_result result, struct id event_id, struct id *out)
{
    const struct link *link = &verifying->link;
    const struct personal_field personal[] = {{span_text("recipient"), link->address}};
    struct audit_event event = {.event = event_id,
        .organisation = link->organisation,
        .kind = kind,
        .message = link->message,
        .link = link->link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = link->link,
        .result = result,
        .reason = span_text(verifying->rule->name),
        .personal = LIST_OF(personal)};
    TRY(call_event(verifying->call, &event));
    if (out)
        *out = event.event;
    return SM_OK;
}

/*
 * A lock or a freeze is one event, however many failures arrive while it stands. Its end names it,
 * beside the epoch: a right guess may lift a lock, and the next failure makes another.
 */
static enum sm_error add_closed_event(
    struct verifying *verifying, enum event_kind kind, const char *word, struct id *out)
{
    const struct link *link = &verifying->link;
    const struct lockout *lockout = &link->lockout;
    struct id event;
    const struct span parts[] = {id_span(&link->link),
        span_of(&lockout->epoch, sizeof lockout->epoch),
        span_of(&lockout->locked_until_ms, sizeof lockout->locked_until_ms)};
    TRY(derived_id(word, parts, sizeof parts / sizeof parts[0], &event));
    return add_event(verifying, kind, RESULT_FAILED, event, out);
}

/* --- after: the sender is told of the first lockout --- */

static enum sm_error order_locked(struct verifying *verifying, struct id event)
{
    struct sealed_call *call = verifying->call;
    const struct link *link = &verifying->link;
    struct organisation organisation;
    struct account sender;
    TRY(organisation_load(call->worker, call->arena, link->organisation, &organisation));
    TRY(account_by_id(call->worker, call->arena, verifying->message.sender, &sender));
    struct mail_order order = {.letter = {.kind = LETTER_LOCKED,
                                   .language = organisation.language,
                                   .to_address = sender.email,
                                   .to_name = sender.name,
                                   .from_address = organisation.from_address,
                                   .from_name = organisation.from_name,
                                   .organisation_name = organisation.name,
                                   .sender_name = sender.name,
                                   .expires_ms = (uint64_t)link->lockout.locked_until_ms},
        .organisation = link->organisation,
        .message = link->message,
        .link = link->link,
        .event = event,
        .not_before_ms = call->now_ms,
        .not_after_ms = link->expires_ms};
    return mail_add(call->worker, &order);
}

/* --- after: the outcome --- */

static enum sm_error note_closed(struct verifying *verifying, enum sm_error closed)
{
    struct id event;
    if (closed == SM_OK)
        return SM_OK;
    TRY(closed == SM_FROZEN ? add_closed_event(verifying, EVENT_FROZEN, "frozen", &event)
                            : add_closed_event(verifying, EVENT_LOCKED, "locked", &event));
    if (verifying->link.is_sender_told)
        return SM_OK;
    verifying->link.is_sender_told = true;
    return order_locked(verifying, event);
}

static enum sm_error fail(struct verifying *verifying, struct db_transaction *tx)
{
    struct sealed_call *call = verifying->call;
    struct link *link = &verifying->link;
    enum sm_error closed = lockout_now(&link->lockout, call->now_ms);
    TRY(add_event(verifying, EVENT_VERIFICATION_FAILED, RESULT_FAILED, (struct id){{0}}, NULL));
    TRY(note_closed(verifying, closed));
    TRY(link_update(call->worker, link));
    TRY(link_to_feed(call->worker, link));
    FAIL_POINT("crypto.verify.before-failure");
    TRY(call_commit(call, tx));
    call->failure->attempts_left = lockout_attempts_left(&link->lockout, call->now_ms);
    return closed == SM_OK ? SM_WRONG_SECRET : tell_closed(verifying, closed);
}

/* The key is out of its wrap before COMMIT lets go of the message, and goes no further until then.
 */
static enum sm_error open_too(struct verifying *verifying)
{
    struct link *link = &verifying->link;
    if (!verifying->content)
        return SM_OK;
    if (link->opened_ms == 0)
        link->opened_ms = verifying->call->now_ms;
    return open_grant(
        verifying->call, link, &verifying->message, verifying->logged, verifying->content);
}

static enum sm_error succeed(struct verifying *verifying, struct db_transaction *tx)
{
    struct sealed_call *call = verifying->call;
    struct link *link = &verifying->link;
    int64_t expires_ms;
    TRY(open_too(verifying));
    lockout_give_back(&link->lockout, &verifying->ticket);
    if (verifying->rule->asks_code)
        TRY(code_use_up(call->worker, link));
    TRY(link_update(call->worker, link));
    TRY(link_to_feed(call->worker, link));
    TRY(link_session_new(call, link->link, &verifying->reply->session, &expires_ms));
    FAIL_POINT("crypto.verified.before-commit");
    TRY(call_commit(call, tx));
    FAIL_POINT("crypto.verified.after-commit");
    verifying->reply->expires_ms = (uint64_t)expires_ms;
    return SM_OK;
}

/* It could not be checked, or not be logged: no failure of the recipient's. */
static enum sm_error give_back(struct verifying *verifying, enum sm_error error)
{
    struct sealed_call *call = verifying->call;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(call->worker->db, &tx));
    TRY(link_gone(link_lock(call->worker, call->arena, call->link.link, &verifying->link)));
    lockout_give_back(&verifying->link.lockout, &verifying->ticket);
    TRY(link_update(call->worker, &verifying->link));
    TRY(db_commit(&tx));
    return error;
}

/* Under the lock again: ended meanwhile is gone; else the second half of the check decides. */
static enum sm_error look_again(struct verifying *verifying, enum sm_error outside)
{
    const struct sealed_call *call = verifying->call;
    const struct verify_request *request = verifying->request;
    TRY(link_lock_live(call->worker, call->arena, &verifying->link, &verifying->message));
    struct attempt guess = {
        call->worker, &verifying->link, request->password, request->code, call->now_ms};
    return outside == SM_OK && verifying->rule->inside ? verifying->rule->inside(&guess) : outside;
}

/* What the log must have: that it was right, and where it is opened at once, that. */
static enum sm_error log_right(struct verifying *verifying)
{
    TRY(add_event(verifying, EVENT_VERIFIED, RESULT_OK, (struct id){{0}}, &verifying->logged));
    if (!verifying->content)
        return SM_OK;
    return open_log(
        verifying->call, &verifying->link, verifying->reply->session.session, &verifying->logged);
}

/* The outcome as a fact for the log. SM_OK: it was right, and verifying->logged says so. */
static enum sm_error decide(struct verifying *verifying, enum sm_error outside)
{
    struct sealed_call *call = verifying->call;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(call->worker->db, &tx));
    enum sm_error outcome = look_again(verifying, outside);
    if (outcome == SM_WRONG_SECRET)
        return fail(verifying, &tx);
    TRY(outcome);
    TRY(log_right(verifying));
    FAIL_POINT("crypto.verify.before-commit");
    TRY(call_commit(call, &tx));
    FAIL_POINT("crypto.verify.after-commit");
    return SM_OK;
}

/* The log has it. A code that was used meanwhile, at another page, is a wrong one here. */
static enum sm_error let_in(struct verifying *verifying)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(db_begin(verifying->call->worker->db, &tx));
    enum sm_error outcome = look_again(verifying, SM_OK);
    if (outcome == SM_WRONG_SECRET)
        return fail(verifying, &tx);
    TRY(outcome);
    return succeed(verifying, &tx);
}

/* The slow half of the check, while nothing is locked. */
static enum sm_error check_outside(const struct verifying *verifying)
{
    const struct sealed_call *call = verifying->call;
    const struct verify_request *request = verifying->request;
    struct attempt guess = {
        call->worker, &verifying->link, request->password, request->code, call->now_ms};
    return verifying->rule->outside ? verifying->rule->outside(&guess) : SM_OK;
}

/* A key that does not come out of its wrap is no failure of the recipient's either. */
static enum sm_error release(struct verifying *verifying)
{
    enum sm_error error = call_release(verifying->call, verifying->logged);
    if (error != SM_OK)
        return give_back(verifying, error);
    error = let_in(verifying);
    return error == SM_TAMPERED ? give_back(verifying, error) : error;
}

static enum sm_error attempt(struct verifying *verifying)
{
    verifying->link = *verifying->call->live;
    verifying->rule = method_find(verifying->link.method);
    if (!verifying->rule ||
        !method_fits(verifying->rule, verifying->request->password, verifying->request->code))
        return SM_BAD_VALUE;
    TRY(id_random(&verifying->reply->session.session));
    TRY(reserve(verifying));
    enum sm_error outside = check_outside(verifying);
    if (outside != SM_OK && outside != SM_WRONG_SECRET)
        return give_back(verifying, outside);
    TRY(decide(verifying, outside));
    return release(verifying);
}

enum sm_error on_verify(struct sealed_call *call, const void *message, void *reply)
{
    struct verifying verifying = {.call = call, .request = message, .reply = reply};
    return attempt(&verifying);
}

enum sm_error on_verify_open(struct sealed_call *call, const void *message, void *reply)
{
    struct verify_open_reply *both = reply;
    struct verifying verifying = {
        .call = call, .request = message, .reply = &both->verified, .content = &both->content};
    return attempt(&verifying);
}
