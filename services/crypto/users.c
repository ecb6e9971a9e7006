/*
 * The people of an organisation, for its administrators: listing, making, changing, and the link
 * with which somebody sets his password. An organisation never loses its last administrator. What
 * takes rights away ends the user's sessions at once.
 */
#include "base/failpoint.h"
#include "proto/limits.h"
#include "services/crypto/administrators.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/newcomer.h"
#include "services/crypto/reset.h"
#include "services/crypto/totp.h"

/* clang-format off */
static const struct statement
    list_page = {"users_list",
        "SELECT account, last_sign_in_ms FROM vault.account WHERE organisation = $1 AND email > $2"
        " ORDER BY email LIMIT $3"};
/* clang-format on */

static struct audit_event event_of(const struct sealed_call *call, enum event_kind kind)
{
    return (struct audit_event){.organisation = call->user.organisation,
        .kind = kind,
        .actor_class = ACTOR_USER,
        .actor = call->user.user};
}

/* Who did it, and to whom. */
static enum sm_error add_event(
    struct sealed_call *call, struct audit_event *event, const struct account *about)
{
    const struct personal_field personal[] = {
        {span_text("user"), call->user.email}, {span_text("address"), about->email}};
    event->personal = LIST_OF(personal);
    return call_event(call, event);
}

static enum sm_error refuse(struct sealed_call *call, enum sm_error error, const char *reason)
{
    call->failure->reason = span_text(reason);
    return error;
}

/* --- the list --- */

static enum sm_error fill_item(
    struct sealed_call *call, const struct db_rows *rows, size_t row, struct user_item *item)
{
    struct account account = {0};
    struct id id;
    TRY(db_read_id(rows, row, 0, &id));
    TRY(db_read_u64(rows, row, 1, &item->last_sign_in_ms));
    enum sm_error error = account_by_id(call->worker, call->arena, id, &account);
    if (error != SM_OK && error != SM_TAMPERED)
        return error;
    item->user = id;
    item->email = account.email;
    item->name = account.name;
    item->roles = account.roles & ROLES_ALL;
    item->is_disabled = account.state != ACCOUNT_ACTIVE;
    item->has_totp = account.has_totp;
    if (account.attempts.locked_until_ms > call->now_ms)
        item->locked_until_ms = (uint64_t)account.attempts.locked_until_ms;
    item->is_altered = error == SM_TAMPERED;
    return SM_OK;
}

enum sm_error on_users(struct sealed_call *call, const void *message, void *out)
{
    const struct users_request *request = message;
    struct users_reply *reply = out;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    TRY(DB_RUN(call->worker->db, &list_page, &rows, db_id(&call->user.organisation),
        db_text(request->after), db_u64(PAGE_ROWS_MAX)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(call->arena, count, sizeof(struct user_item), &items));
    for (size_t i = 0; i < count; i++)
        TRY(fill_item(call, rows, i, (struct user_item *)items + i));
    reply->users = (struct list){items, count};
    return SM_OK;
}

/* --- the link to set a password --- */

struct issuing {
    struct account account;
    struct organisation organisation;
    bool is_mailed;
};

/* Inside the caller's transaction: the link, its event, and its letter if one is wanted. */
static enum sm_error issue(struct sealed_call *call, const struct issuing *issuing,
    struct reset_link *link, struct id *event)
{
    struct audit_event issued = event_of(call, EVENT_RESET_ISSUED);
    TRY(reset_issue(
        call->worker, call->arena, &issuing->account, issuing->organisation.base_url, link));
    TRY(add_event(call, &issued, &issuing->account));
    *event = issued.event;
    const struct reset_letter letter = {.link = link,
        .account = &issuing->account,
        .organisation = &issuing->organisation,
        .from = call->user.name,
        .event = issued.event};
    return issuing->is_mailed ? reset_mail(call->worker, &letter) : SM_OK;
}

/* Outside a transaction, so that an edited row is reported. Another organisation's is not there. */
static enum sm_error load_user(struct sealed_call *call, struct id user, struct account *out)
{
    enum sm_error error = account_by_id(call->worker, call->arena, user, out);
    if (error == SM_TAMPERED && id_equal(out->organisation, call->user.organisation))
        return account_report_tampering(call->worker, out);
    if (error == SM_TAMPERED)
        return SM_NOT_FOUND;
    TRY(error);
    return id_equal(out->organisation, call->user.organisation) ? SM_OK : SM_NOT_FOUND;
}

enum sm_error on_reset_issue(struct sealed_call *call, const void *message, void *out)
{
    const struct reset_issue_request *request = message;
    struct reset_issue_reply *reply = out;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct issuing issuing = {.is_mailed = request->is_mailed};
    struct reset_link link;
    struct id event;
    TRY(load_user(call, request->user, &issuing.account));
    TRY(organisation_load(
        call->worker, call->arena, call->user.organisation, &issuing.organisation));
    TRY(call_begin(call, &tx));
    TRY(account_lock(call->worker, call->arena, issuing.account.email, &issuing.account));
    if (issuing.account.state != ACCOUNT_ACTIVE)
        return refuse(call, SM_CONFLICT, "This account is disabled. Enable it first.");
    TRY(issue(call, &issuing, &link, &event));
    TRY(call_commit(call, &tx));
    reply->link = link.text;
    reply->expires_ms = (uint64_t)link.expires_ms;
    return call_release(call, event);
}

/* --- making one --- */

static enum sm_error write_user(struct sealed_call *call, const struct issuing *issuing,
    bool has_password, struct user_made_reply *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event created = event_of(call, EVENT_ACCOUNT_CREATED);
    struct reset_link link = {0};
    TRY(call_begin(call, &tx));
    TRY(account_insert(call->worker, &issuing->account));
    TRY(add_event(call, &created, &issuing->account));
    struct id event = created.event;
    if (!has_password)
        TRY(issue(call, issuing, &link, &event));
    FAIL_POINT("crypto.user.before-commit");
    TRY(call_commit(call, &tx));
    reply->user = issuing->account.account;
    reply->link = link.text;
    reply->expires_ms = (uint64_t)link.expires_ms;
    return call_release(call, event);
}

enum sm_error on_user_add(struct sealed_call *call, const void *message, void *reply)
{
    const struct user_add_request *request = message;
    const struct newcomer newcomer = {.organisation = call->user.organisation,
        .email = request->email,
        .name = request->name,
        .roles = request->roles,
        .password = request->password};
    struct issuing issuing = {.is_mailed = request->is_mailed};
    enum sm_error error = newcomer_account(call->worker, call->arena, &newcomer, &issuing.account);
    if (error == SM_BAD_VALUE)
        return refuse(call, error, "That is not a mail address, or the password is too short.");
    TRY(error);
    TRY(organisation_load(
        call->worker, call->arena, call->user.organisation, &issuing.organisation));
    error = write_user(call, &issuing, request->password.size > 0, reply);
    return error == SM_CONFLICT ? refuse(call, error, "This address has an account already.")
                                : error;
}

/* --- changing one --- */

struct changing {
    struct account before, after;
    bool removes_totp;
};

/* The last event stands for all: they are relayed in their order. */
static enum sm_error add_change(struct sealed_call *call, const struct changing *changing,
    enum event_kind kind, struct id *last)
{
    struct audit_event event = event_of(call, kind);
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    if (kind == EVENT_ROLE_CHANGED)
        TRY(buffer_format(&reason, "roles %llu to %llu", (unsigned long long)changing->before.roles,
            (unsigned long long)changing->after.roles));
    event.reason = buffer_span(&reason);
    TRY(add_event(call, &event, &changing->after));
    *last = event.event;
    return SM_OK;
}

static enum sm_error add_changes(
    struct sealed_call *call, const struct changing *changing, struct id *last)
{
    const struct account *before = &changing->before, *after = &changing->after;
    bool is_active = after->state == ACCOUNT_ACTIVE;
    const struct {
        bool happened;
        enum event_kind kind;
    } changes[] = {
        {!span_equal(before->name, after->name), EVENT_ACCOUNT_RENAMED},
        {before->roles != after->roles, EVENT_ROLE_CHANGED},
        {before->state != after->state && is_active, EVENT_ACCOUNT_ENABLED},
        {before->state != after->state && !is_active, EVENT_ACCOUNT_DISABLED},
        {before->has_totp && !after->has_totp, EVENT_SECOND_FACTOR_OFF},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (changes[i].happened)
            TRY(add_change(call, changing, changes[i].kind, last));
    return SM_OK;
}

static enum sm_error write_change(
    struct sealed_call *call, const struct changing *changing, struct id *event)
{
    const struct account *after = &changing->after;
    bool loses = after->state != ACCOUNT_ACTIVE || (changing->before.roles & ~after->roles);
    TRY(account_update(call->worker, after));
    if (changing->before.has_totp && !after->has_totp)
        TRY(totp_remove(call->worker, after->account));
    if (loses)
        TRY(account_end_sessions(call->worker, after));
    if (after->state != ACCOUNT_ACTIVE)
        TRY(reset_use_up(call->worker, after->account));
    return add_changes(call, changing, event);
}

/* Whole state: what is as it was changes nothing. A change lifts a lock of the sign-in. */
static void apply(const struct user_change_request *request, struct account *account)
{
    account->name = request->name;
    account->roles = request->roles;
    account->state = request->is_disabled ? ACCOUNT_DISABLED : ACCOUNT_ACTIVE;
    account->has_totp = account->has_totp && !request->removes_totp;
    account->attempts = (struct attempts){0};
}

enum sm_error on_user_change(struct sealed_call *call, const void *message, void *reply)
{
    const struct user_change_request *request = message;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct changing changing;
    struct id event = {{0}};
    struct administrators administrators;
    (void)reply;
    TRY(load_user(call, request->user, &changing.before));
    TRY(call_begin(call, &tx));
    TRY(administrators_lock(call->worker, call->user.organisation, &administrators));
    TRY(account_lock(call->worker, call->arena, changing.before.email, &changing.before));
    changing.after = changing.before;
    apply(request, &changing.after);
    if (administrators_lose_last(&administrators, &changing.before, &changing.after))
        return refuse(call, SM_CONFLICT, "An organisation keeps at least one administrator.");
    TRY(write_change(call, &changing, &event));
    TRY(call_commit(call, &tx));
    return id_is_none(event) ? SM_OK : call_release(call, event);
}
