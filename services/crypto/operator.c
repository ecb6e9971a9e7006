/*
 * The operator's calls. Each handler is the story: check, one transaction with its event, wait for
 * the log, answer. A refused call rolls its effect back and leaves an event of its own.
 */
#include "services/crypto/operator.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "envelope/link.h"
#include "proto/limits.h"
#include "services/crypto/administrators.h"
#include "services/crypto/derived.h"
#include "services/crypto/newcomer.h"
#include "services/crypto/organisation.h"
#include "services/crypto/policy.h"
#include "services/crypto/profile.h"
#include "services/crypto/reset.h"

/* clang-format off */
static const struct statement
    list_all = {"organisation_list", "SELECT organisation FROM vault.organisation ORDER BY name LIMIT 100"};
/* clang-format on */

enum { DEFAULT_LIFETIME_DAYS = 30, ORGANISATIONS_MAX = PAGE_ROWS_MAX };
#define DEFAULT_TOTAL_BYTES ((uint64_t)100 * 1000 * 1000 * 1000)

/*
 * Where something is there already that was asked for by another call, with the same content, the
 * answer was lost, or the log was away when it was made. The log gets the call (operator_log); and
 * as the relay keeps the order, it then has the event of the making too.
 */

/* --- organisations --- */

static enum sm_error write_organisation(
    struct bus_request *request, const struct organisation *fresh)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {.event = fresh->organisation,
        .organisation = fresh->organisation,
        .kind = EVENT_ORGANISATION_CREATED};
    TRY(operator_begin(request, fresh->organisation, &tx));
    TRY(organisation_insert(worker, fresh));
    TRY(keyring_organisation_new(worker->crypto->keyring, worker->db, fresh->organisation));
    TRY(operator_event(worker, &event));
    return operator_commit(request, &tx, event.event);
}

/* Its policy may have changed since; what was asked for has not. */
static enum sm_error organisation_again(
    struct bus_request *request, const struct organisation *wanted, struct id *out)
{
    struct organisation there;
    TRY(organisation_by_name(request->worker, request->arena, wanted->name, &there));
    bool is_same = span_equal(there.base_url, wanted->base_url) &&
                   span_equal(there.from_address, wanted->from_address) &&
                   span_equal(there.language, wanted->language) &&
                   span_equal(there.colour, wanted->colour);
    if (!is_same)
        return SM_CONFLICT;
    TRY(operator_log(request, there.organisation, "org_create: again"));
    *out = there.organisation;
    return SM_OK;
}

static enum sm_error create_organisation(struct bus_request *request, struct id call,
    const struct org_create_request *wanted, struct id *out)
{
    struct organisation fresh = {.organisation = call,
        .name = wanted->name,
        .base_url = wanted->base_url,
        .from_address = wanted->from_address,
        .language = wanted->language,
        .colour = wanted->colour,
        .methods = METHODS_ALL,
        .lifetime_days_max = DEFAULT_LIFETIME_DAYS,
        .recipients_max = RECIPIENTS_MAX,
        .attachments_max = ATTACHMENTS_MAX,
        .total_bytes_max = DEFAULT_TOTAL_BYTES};
    if (!profile_is_good(&fresh) || (wanted->base_url.size && !link_is_base(wanted->base_url)))
        return SM_BAD_VALUE;
    enum sm_error error = write_organisation(request, &fresh);
    if (error == SM_CONFLICT)
        return organisation_again(request, &fresh, out);
    *out = fresh.organisation;
    return error;
}

enum sm_error on_org_create(struct bus_request *request, const void *message, void *out)
{
    struct org_create_reply *reply = out;
    struct operator_subject subject = {.name = "org_create"};
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject,
        create_organisation(request, subject.call, message, &reply->organisation));
}

enum sm_error on_org_list(struct bus_request *request, const void *message, void *out)
{
    const struct worker *worker = request->worker;
    struct org_list_reply *reply = out;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    (void)message;
    TRY(operator_log_all(request, "org_list"));
    TRY(DB_RUN0(worker->db, &list_all, &rows));
    size_t count = db_rows_count(rows);
    TRY(arena_take(request->arena, count, sizeof(struct org_item), &items));
    for (size_t i = 0; i < count; i++) {
        struct id id;
        struct organisation organisation;
        TRY(db_read_id(rows, i, 0, &id));
        TRY(organisation_load(worker, request->arena, id, &organisation));
        ((struct org_item *)items)[i] =
            (struct org_item){id, organisation.name, organisation.base_url};
    }
    reply->organisations = (struct list){items, count};
    return SM_OK;
}

/* What the operator sets; a choice of lifetimes that an administrator made gives way to his limit.
 */
static void apply_policy(const struct policy_set_request *policy, struct organisation *out)
{
    out->methods = policy->methods;
    out->lifetime_days_max = policy->lifetime_days_max;
    out->lifetimes = 0;
    out->recipients_max = policy->recipients_max;
    out->attachments_max = policy->attachments_max;
    out->total_bytes_max = policy->total_bytes_max;
    policy_mend(out);
}

static enum sm_error set_policy(
    struct bus_request *request, struct id call, const struct policy_set_request *policy)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct buffer changes DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    struct organisation before;
    TRY(operator_begin(request, call, &tx));
    TRY(organisation_lock(worker, request->arena, policy->organisation, &before));
    struct organisation after = before;
    apply_policy(policy, &after);
    if (policy_fault(&after))
        return SM_BAD_VALUE;
    TRY(organisation_update(worker, &after));
    TRY(policy_changes(&before, &after, &changes));
    struct audit_event event = {.event = call,
        .organisation = policy->organisation,
        .kind = EVENT_POLICY_CHANGED,
        .reason = buffer_span(&changes)};
    TRY(operator_event(worker, &event));
    return operator_commit(request, &tx, event.event);
}

enum sm_error on_policy_set(struct bus_request *request, const void *message, void *out)
{
    const struct policy_set_request *policy = message;
    (void)out;
    struct operator_subject subject = {.name = "policy_set", .organisation = policy->organisation};
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject, set_policy(request, subject.call, policy));
}

/* --- accounts --- */

/* The transaction of a new account: with it its event, and a link where it has no password yet. */
static enum sm_error write_user(struct bus_request *request, const struct account *fresh,
    const struct span *base_url, struct user_create_reply *reply)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct reset_link link = {0};
    struct personal_field personal[] = {{span_text("user"), fresh->email}};
    struct audit_event event = {.event = fresh->account,
        .organisation = fresh->organisation,
        .kind = EVENT_ACCOUNT_CREATED,
        .actor = fresh->account,
        .reason = span_text(base_url ? "with a link" : ""),
        .personal = LIST_OF(personal)};
    TRY(operator_begin(request, fresh->account, &tx));
    TRY(account_insert(worker, fresh));
    if (base_url)
        TRY(reset_issue(worker, request->arena, fresh, *base_url, &link));
    TRY(operator_event(worker, &event));
    TRY(operator_commit(request, &tx, event.event));
    *reply = (struct user_create_reply){fresh->account, link.text, (uint64_t)link.expires_ms};
    return SM_OK;
}

static enum sm_error issue_link(
    struct bus_request *request, const struct user_request *wanted, struct user_reset_reply *reply)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct organisation organisation;
    struct account account;
    struct reset_link link;
    struct span email;
    TRY(account_address(request->arena, wanted->email, &email));
    TRY(organisation_load(worker, request->arena, wanted->organisation, &organisation));
    TRY(db_begin(worker->db, &tx));
    TRY(account_lock(worker, request->arena, email, &account));
    if (!id_equal(account.organisation, wanted->organisation))
        return SM_NOT_FOUND;
    if (account.state != ACCOUNT_ACTIVE)
        return SM_CONFLICT;
    struct personal_field personal[] = {{span_text("user"), account.email}};
    struct audit_event event = {.organisation = account.organisation,
        .kind = EVENT_RESET_ISSUED,
        .actor = account.account,
        .personal = LIST_OF(personal)};
    TRY(reset_issue(worker, request->arena, &account, organisation.base_url, &link));
    TRY(operator_event(worker, &event));
    TRY(operator_commit(request, &tx, event.event));
    *reply = (struct user_reset_reply){link.text, (uint64_t)link.expires_ms};
    return SM_OK;
}

/* The password is the same; where none was asked for, the answer was lost, and the link with it. */
static enum sm_error confirm_again(struct bus_request *request,
    const struct user_create_request *wanted, const struct account *there,
    struct user_create_reply *reply)
{
    struct user_request user = {wanted->organisation, wanted->email};
    struct user_reset_reply link;
    if (wanted->password.size == 0) {
        TRY(issue_link(request, &user, &link));
        *reply = (struct user_create_reply){there->account, link.link, link.expires_ms};
        return SM_OK;
    }
    const struct worker *worker = request->worker;
    enum sm_error match =
        password_verify(worker->crypto->passwords, wanted->password, there->verifier);
    if (match != SM_OK)
        return match == SM_WRONG_SECRET ? SM_CONFLICT : match;
    TRY(operator_log(request, there->organisation, "user_create: again"));
    reply->user = there->account;
    return SM_OK;
}

/* The address has an account. It is the one that is wanted if all is as asked for, the password
 * too. */
static enum sm_error account_again(struct bus_request *request,
    const struct user_create_request *wanted, const struct account *fresh,
    struct user_create_reply *reply)
{
    struct account there;
    TRY(account_by_email(request->worker, request->arena, fresh->email, &there));
    bool is_same = id_equal(there.organisation, fresh->organisation) &&
                   span_equal(there.name, fresh->name) && there.roles == fresh->roles &&
                   there.state == fresh->state;
    return is_same ? confirm_again(request, wanted, &there, reply) : SM_CONFLICT;
}

static enum sm_error create_user(struct bus_request *request, struct id call,
    const struct user_create_request *wanted, struct user_create_reply *reply)
{
    const struct worker *worker = request->worker;
    const struct newcomer newcomer = {
        wanted->organisation, wanted->email, wanted->name, wanted->roles, wanted->password};
    struct organisation organisation;
    struct account fresh;
    TRY(organisation_load(worker, request->arena, wanted->organisation, &organisation));
    TRY(newcomer_account(worker, request->arena, &newcomer, &fresh));
    fresh.account = call;
    bool has_link = wanted->password.size == 0;
    enum sm_error error =
        write_user(request, &fresh, has_link ? &organisation.base_url : NULL, reply);
    if (error == SM_CONFLICT)
        return account_again(request, wanted, &fresh, reply);
    if (error == SM_REPLAYED && has_link) /* the first link is nowhere: a new one takes its place */
        return confirm_again(request, wanted, &fresh, reply);
    reply->user = fresh.account;
    return error;
}

enum sm_error on_user_create(struct bus_request *request, const void *message, void *out)
{
    const struct user_create_request *wanted = message;
    struct user_create_reply *reply = out;
    struct operator_subject subject = {.name = "user_create", .organisation = wanted->organisation};
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject, create_user(request, subject.call, wanted, reply));
}

/* What changes of an account: its verifier or its state. All its sessions end, and its links to set
 * a password: a disabled account that is enabled again has none from before. */
struct change {
    struct id organisation;
    struct span email;
    struct span verifier; /* empty: as it was */
    uint64_t state;       /* 0: as it was */
    uint64_t kind;        /* of the event */
};

static struct account changed(const struct account *before, const struct change *change)
{
    struct account after = *before;
    if (change->verifier.size)
        after.verifier = change->verifier;
    if (change->state)
        after.state = change->state;
    after.attempts = (struct attempts){0};
    return after;
}

static enum sm_error change_account(
    struct bus_request *request, struct id call, const struct change *change)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct administrators administrators;
    struct account before;
    struct span email;
    TRY(account_address(request->arena, change->email, &email));
    TRY(operator_begin(request, call, &tx));
    TRY(administrators_lock(worker, change->organisation, &administrators));
    TRY(account_lock(worker, request->arena, email, &before));
    if (!id_equal(before.organisation, change->organisation))
        return SM_NOT_FOUND;
    struct account account = changed(&before, change);
    if (administrators_lose_last(&administrators, &before, &account))
        return SM_CONFLICT;
    struct personal_field personal[] = {{span_text("user"), account.email}};
    struct audit_event event = {.event = call,
        .organisation = account.organisation,
        .kind = change->kind,
        .actor = account.account,
        .personal = LIST_OF(personal)};
    TRY(account_update(worker, &account));
    TRY(account_end_sessions(worker, &account));
    TRY(reset_use_up(worker, account.account));
    TRY(operator_event(worker, &event));
    return operator_commit(request, &tx, event.event);
}

enum sm_error on_user_disable(struct bus_request *request, const void *message, void *out)
{
    const struct user_request *wanted = message;
    struct change change = {.organisation = wanted->organisation,
        .email = wanted->email,
        .state = ACCOUNT_DISABLED,
        .kind = EVENT_ACCOUNT_DISABLED};
    (void)out;
    struct operator_subject subject = {
        .name = "user_disable", .organisation = wanted->organisation};
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject, change_account(request, subject.call, &change));
}

static enum sm_error set_password(
    struct bus_request *request, struct id call, const struct user_password_request *wanted)
{
    const struct worker *worker = request->worker;
    struct buffer verifier DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    TRY(password_hash(worker->crypto->passwords, wanted->password, &verifier));
    struct change change = {.organisation = wanted->organisation,
        .email = wanted->email,
        .verifier = buffer_span(&verifier),
        .kind = EVENT_PASSWORD_RESET};
    return change_account(request, call, &change);
}

enum sm_error on_user_password(struct bus_request *request, const void *message, void *out)
{
    const struct user_password_request *wanted = message;
    (void)out;
    struct operator_subject subject = {
        .name = "user_password", .organisation = wanted->organisation};
    TRY(operator_call_id(request, subject.name, &subject.call));
    return operator_end(request, &subject, set_password(request, subject.call, wanted));
}

enum sm_error on_user_reset(struct bus_request *request, const void *message, void *out)
{
    const struct user_request *wanted = message;
    const struct operator_subject subject = {
        .name = "user_reset", .organisation = wanted->organisation};
    return operator_end(request, &subject, issue_link(request, wanted, out));
}
