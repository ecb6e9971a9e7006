/* What every call of the operator shares: its id, its transaction, its place in the log. */
#include "services/crypto/operator.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "proto/limits.h"
#include "services/crypto/derived.h"
#include "services/crypto/organisation.h"

enum { ANSWER_MARGIN_MS = 250 };
/*
 * A key is remembered for good: with a forgotten one a call could act again, under an event id that
 * audit has and passes over.
 */
#define SEEN_MS ((int64_t)100 * 365 * 24 * 60 * 60 * 1000)

/* clang-format off */
static const struct statement
    list_all = {"operator_organisations",
        "SELECT organisation FROM vault.organisation ORDER BY organisation"},
    see = {"operator_see",
        "INSERT INTO vault.seen_request (request, expires_ms) VALUES ($1, clock.now_ms() + $2)"
        " ON CONFLICT (request) DO NOTHING"};
/* clang-format on */

/* --- events --- */

enum sm_error operator_event(const struct worker *worker, struct audit_event *event)
{
    int64_t now_ms;
    TRY(db_now_ms(worker->db, &now_ms));
    if (id_is_none(event->event))
        TRY(id_new(&event->event));
    event->at_ms = (uint64_t)now_ms;
    event->actor_class = ACTOR_OPERATOR;
    return outbox_add(worker->db, &vault_outbox, event);
}

static enum sm_error operator_wait(struct bus_request *request, struct id event)
{
    const struct worker *worker = request->worker;
    int64_t left_ms = request->header.deadline_ms - clock_wall_ms() - ANSWER_MARGIN_MS;
    return relay_wait(worker->crypto->events, worker->db, event, left_ms > 0 ? left_ms : 0);
}

enum sm_error operator_commit(
    struct bus_request *request, struct db_transaction *tx, struct id event)
{
    FAIL_POINT("crypto.operator.before-commit");
    TRY(db_commit(tx));
    FAIL_POINT("crypto.operator.after-commit");
    TRY(operator_wait(request, event));
    FAIL_POINT("crypto.operator.after-ack");
    return SM_OK;
}

enum sm_error operator_call_id(const struct bus_request *request, const char *name, struct id *out)
{
    return derived_from(name, request->header.idempotency, out);
}

enum sm_error operator_begin(struct bus_request *request, struct id call, struct db_transaction *tx)
{
    const struct worker *worker = request->worker;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_transaction begun DEFER(db_rollback) = {0};
    TRY(db_begin(worker->db, &begun));
    TRY(DB_RUN(worker->db, &see, &rows, db_id(&call), db_i64(SEEN_MS)));
    if (db_rows_affected(rows) != 1)
        return SM_REPLAYED;
    tx->db = TAKE(begun.db);
    return SM_OK;
}

/* Only an organisation that is there has a log. */
static bool has_log(const struct bus_request *request, struct id organisation)
{
    struct organisation unused;
    enum sm_error error = organisation_load(request->worker, request->arena, organisation, &unused);
    return error == SM_OK || error == SM_TAMPERED;
}

enum sm_error operator_end(
    struct bus_request *request, const struct operator_subject *subject, enum sm_error error)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    bool is_refusal = error == SM_CONFLICT || error == SM_NOT_FOUND || error == SM_BAD_VALUE ||
                      error == SM_TAMPERED;
    log_line(LOG_INFO, "operator-call", "call", subject->name, "result", error_name(error), NULL);
    if (error == SM_REPLAYED)
        return operator_wait(request, subject->call);
    if (!is_refusal || id_is_none(subject->organisation) ||
        !has_log(request, subject->organisation))
        return error;
    TRY(buffer_format(&reason, "%s: %s", subject->name, error_name(error)));
    struct audit_event event = {.organisation = subject->organisation,
        .kind = EVENT_OPERATOR_CALL,
        .result = RESULT_REFUSED,
        .reason = buffer_span(&reason)};
    TRY(db_begin(worker->db, &tx));
    TRY(operator_event(worker, &event));
    TRY(operator_commit(request, &tx, event.event));
    return error;
}

enum sm_error operator_event_for_all(const struct worker *worker, struct audit_event *event)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(worker->db, &list_all, &rows));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        event->event = (struct id){{0}}; /* a fresh one each */
        TRY(db_read_id(rows, i, 0, &event->organisation));
        TRY(operator_event(worker, event));
    }
    return SM_OK;
}

enum sm_error operator_log_all(struct bus_request *request, const char *name)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {.kind = EVENT_OPERATOR_CALL, .reason = span_text(name)};
    log_line(LOG_INFO, "operator-call", "call", name, NULL);
    TRY(db_begin(worker->db, &tx));
    TRY(operator_event_for_all(worker, &event));
    return operator_commit(request, &tx, event.event);
}

enum sm_error operator_log(struct bus_request *request, struct id organisation, const char *reason)
{
    const struct worker *worker = request->worker;
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {
        .organisation = organisation, .kind = EVENT_OPERATOR_CALL, .reason = span_text(reason)};
    TRY(db_begin(worker->db, &tx));
    TRY(operator_event(worker, &event));
    return operator_commit(request, &tx, event.event);
}
