/*
 * The SQL of mail jobs. Each function is one transaction whose outcome is in the rows alone: after
 * a crash at any line the job is as before or settled, never half of it.
 */
#include "services/notifier/jobs.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "db/array.h"
#include "proto/audit.h"
#include "proto/limits.h"

#include "base/banned.h"

const struct outbox notifier_outbox = OUTBOX_SQL("outbox", 7516030);

/* --- events --- */

struct job_facts {
    struct id job, organisation, message, link;
    uint64_t kind;
};

/* The log says which kind of mail it was, and nothing else about it. */
static const char *kind_word(uint64_t kind)
{
    static const char *const words[] = {[LETTER_NOTICE] = "notice",
        [LETTER_CODE] = "code",
        [LETTER_REPLY] = "reply",
        [LETTER_LOCKED] = "locked",
        [LETTER_RESET] = "reset",
        [LETTER_CHECKPOINT] = "checkpoint"};
    return kind >= LETTER_NOTICE && kind <= LETTER_LAST ? words[kind] : "unknown";
}

static enum sm_error add_event_at(struct db *db, int64_t now_ms, const struct job_facts *facts,
    enum event_kind kind, const char *fact)
{
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    bool is_failure = kind == EVENT_NOTIFICATION_BOUNCED;
    TRY(buffer_format(
        &reason, "%s%s%s", kind_word(facts->kind), fact ? ": " : "", fact ? fact : ""));
    struct audit_event event = {.organisation = facts->organisation,
        .kind = kind,
        .at_ms = (uint64_t)now_ms,
        .message = facts->message,
        .link = facts->link,
        .actor_class = ACTOR_SYSTEM,
        .result = is_failure ? RESULT_FAILED : RESULT_OK,
        .reason = buffer_span(&reason)};
    TRY(id_new(&event.event));
    return outbox_add(db, &notifier_outbox, &event);
}

static enum sm_error add_event(
    struct db *db, const struct job_facts *facts, enum event_kind kind, const char *fact)
{
    int64_t now_ms;
    TRY(db_now_ms(db, &now_ms));
    return add_event_at(db, now_ms, facts, kind, fact);
}

static enum sm_error read_facts(const struct db_rows *rows, size_t row, struct job_facts *out)
{
    struct job_facts facts;
    TRY(db_read_id(rows, row, 0, &facts.job));
    TRY(db_read_id(rows, row, 1, &facts.organisation));
    TRY(db_read_id(rows, row, 2, &facts.message));
    TRY(db_read_id(rows, row, 3, &facts.link));
    TRY(db_read_u64(rows, row, 4, &facts.kind));
    *out = facts;
    return SM_OK;
}

/* --- taking --- */

static const struct statement insert_job = {"job_insert",
    "INSERT INTO outbox.job (job, state, kind, rank, organisation, message, link, sealed, next_ms,"
    " not_after_ms, request) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (job) DO NOTHING"
    " RETURNING clock.now_ms()"};

static enum sm_error insert(struct db *db, const struct mail_job *job, bool *is_due)
{
    log_request_set(job->request); /* of its event too */
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    enum job_rank rank = job->kind == LETTER_CODE ? JOB_URGENT : JOB_ANY;
    TRY(DB_RUN(db, &insert_job, &rows, db_id(&job->job), db_u64(job->kind), db_i64(rank),
        db_id(&job->organisation), db_id(&job->message), db_id(&job->link), db_bytes(job->sealed),
        db_u64(job->not_before_ms), db_u64(job->not_after_ms), db_i64((int64_t)job->request)));
    if (db_rows_count(rows) == 0)
        return SM_OK; /* told before */
    struct job_facts facts = {job->job, job->organisation, job->message, job->link, job->kind};
    int64_t now_ms;
    TRY(db_read_i64(rows, 0, 0, &now_ms));
    *is_due |= (int64_t)job->not_before_ms <= now_ms;
    return add_event_at(db, now_ms, &facts, EVENT_NOTIFICATION_QUEUED, NULL);
}

enum sm_error jobs_enqueue(struct db *db, const struct list *jobs, bool *is_due)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    bool is_one_due = false;
    TRY(db_begin(db, &tx));
    for (size_t i = 0; i < jobs->count; i++)
        TRY(insert(db, LIST_AT(struct mail_job, *jobs, i), &is_one_due));
    FAIL_POINT("notifier.enqueue.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("notifier.enqueue.after-commit");
    *is_due = is_one_due;
    return SM_OK;
}

/* --- claiming --- */

/* What was waiting in a backup may have gone out since: until an operator releases it. */
#define MAY_GO "(NOT is_from_backup OR NOT restore.is_mail_held())"
#define IS_HELD \
    "(lease_until_ms > clock.now_ms() AND outbox.holder_lives(holder_pid, holder_started))"

static const struct statement claim_job = {"job_claim",
    "WITH due AS (SELECT job FROM outbox.job WHERE state = 1 AND rank <= $1"
    " AND next_ms <= clock.now_ms() AND job <> ALL ($3) AND " MAY_GO " AND NOT " IS_HELD
    " ORDER BY rank, next_ms LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " UPDATE outbox.job j SET attempts = attempts + 1, lease_until_ms = clock.now_ms() + $2,"
    " holder_pid = pg_backend_pid(), holder_started = (SELECT backend_start FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid()) FROM due WHERE j.job = due.job"
    " RETURNING j.job, j.organisation, j.message, j.link, j.kind, j.attempts, clock.now_ms(),"
    " j.not_after_ms <= clock.now_ms(), j.is_cancelled, j.sealed, j.request"};

void claimed_job_free(struct claimed_job *claimed)
{
    db_rows_free(&claimed->rows);
}

static enum sm_error run_claim(struct db *db, const struct claim *claim, struct db_rows **out)
{
    enum { IN_HAND_BYTES_MAX = 4096 };
    struct db_array in_hand DEFER(db_array_free) = DB_ARRAY(DB_BYTES, IN_HAND_BYTES_MAX);
    struct db_value jobs;
    for (size_t i = 0; i < claim->in_hand_count; i++)
        TRY(db_array_add(&in_hand, db_id(&claim->in_hand[i])));
    TRY(db_array_value(&in_hand, &jobs));
    return DB_RUN(db, &claim_job, out, db_i64(claim->rank_max), db_i64(claim->lease_ms), jobs);
}

enum sm_error jobs_claim(struct db *db, const struct claim *claim, struct claimed_job *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct claimed_job claimed = {0};
    struct job_facts facts;
    TRY(run_claim(db, claim, &rows));
    TRY(db_one(rows));
    FAIL_POINT("notifier.claim.after-commit");
    TRY(read_facts(rows, 0, &facts));
    TRY(db_read_u64(rows, 0, 5, &claimed.attempt));
    TRY(db_read_i64(rows, 0, 6, &claimed.now_ms));
    TRY(db_read_bool(rows, 0, 7, &claimed.is_over));
    TRY(db_read_bool(rows, 0, 8, &claimed.is_cancelled));
    TRY(db_read_bytes(rows, 0, 9, MAIL_JOB_BYTES_MAX, &claimed.sealed));
    TRY(db_read_u64(rows, 0, 10, &claimed.request));
    claimed.job = facts.job;
    claimed.organisation = facts.organisation;
    claimed.message = facts.message;
    claimed.link = facts.link;
    claimed.kind = facts.kind;
    claimed.rows = TAKE(rows);
    *out = claimed;
    return SM_OK;
}

/* --- settling --- */

/* What is settled keeps its id and times. RETURNING would give the new NULLs: so the old are read.
 */
#define WIPED                                                                               \
    " sealed = NULL, organisation = NULL, message = NULL, link = NULL, lease_until_ms = 0," \
    " holder_pid = NULL, holder_started = NULL, request = 0"

static const struct statement settle_job = {"job_settle",
    "WITH old AS (SELECT job, is_cancelled, not_after_ms FROM outbox.job WHERE job = $1"
    " AND state = 1 FOR UPDATE), gone AS (UPDATE outbox.job SET state = $2," WIPED
    " WHERE job IN (SELECT job FROM old)) SELECT is_cancelled, not_after_ms FROM old"};

static const struct statement insert_delivery = {"delivery_insert",
    "INSERT INTO outbox.delivery (job, organisation, message, link, kind, result, at_ms,"
    " keep_until_ms) VALUES ($1, $2, $3, $4, $5, $6, clock.now_ms(), $7)"};

enum { STATE_ACCEPTED = 2, STATE_UNDELIVERABLE = 3, STATE_CANCELLED = 4 };

static struct job_facts facts_of(const struct claimed_job *claimed)
{
    return (struct job_facts){
        claimed->job, claimed->organisation, claimed->message, claimed->link, claimed->kind};
}

struct settled {
    bool is_mine;       /* false: somebody else settled it before */
    bool was_cancelled; /* while it was being sent: the feed gets no line */
    int64_t not_after_ms;
};

static enum sm_error settle_row(struct db *db, struct id job, int64_t state, struct settled *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    *out = (struct settled){0};
    TRY(DB_RUN(db, &settle_job, &rows, db_id(&job), db_i64(state)));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    out->is_mine = true;
    TRY(db_read_bool(rows, 0, 0, &out->was_cancelled));
    return db_read_i64(rows, 0, 1, &out->not_after_ms);
}

static enum sm_error add_delivery(
    struct db *db, const struct job_facts *facts, enum delivery_result result, int64_t keep_ms)
{
    return DB_RUN(db, &insert_delivery, NULL, db_id(&facts->job), db_id(&facts->organisation),
        db_id(&facts->message), db_id(&facts->link), db_u64(facts->kind), db_i64(result),
        db_i64(keep_ms));
}

enum sm_error jobs_settle(struct db *db, const struct claimed_job *claimed,
    enum delivery_result result, const char *reason)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct job_facts facts = facts_of(claimed);
    bool is_accepted = result == DELIVERY_ACCEPTED;
    struct settled settled;
    TRY(db_begin(db, &tx));
    TRY(settle_row(db, claimed->job, is_accepted ? STATE_ACCEPTED : STATE_UNDELIVERABLE, &settled));
    if (!settled.is_mine)
        return SM_OK;
    if (!settled.was_cancelled)
        TRY(add_delivery(db, &facts, result, settled.not_after_ms));
    TRY(add_event(db, &facts,
        is_accepted ? EVENT_NOTIFICATION_ACCEPTED : EVENT_NOTIFICATION_BOUNCED, reason));
    FAIL_POINT("notifier.settle.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("notifier.settle.after-commit");
    return SM_OK;
}

/* Only the holder of this very attempt may postpone it. */
static const struct statement postpone_job = {"job_postpone",
    "UPDATE outbox.job SET next_ms = least(clock.now_ms() + $3, not_after_ms), lease_until_ms = 0,"
    " holder_pid = NULL, holder_started = NULL WHERE job = $1 AND attempts = $2 AND state = 1"
    " RETURNING is_cancelled"};

enum sm_error jobs_postpone(struct db *db, const struct claimed_job *claimed, int64_t delay_ms)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct job_facts facts = facts_of(claimed);
    struct settled settled;
    bool is_cancelled;
    TRY(db_begin(db, &tx));
    TRY(DB_RUN(db, &postpone_job, &rows, db_id(&claimed->job), db_u64(claimed->attempt),
        db_i64(delay_ms)));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    TRY(db_read_bool(rows, 0, 0, &is_cancelled));
    if (is_cancelled) {
        TRY(settle_row(db, claimed->job, STATE_CANCELLED, &settled));
        TRY(add_event(db, &facts, EVENT_NOTIFICATION_CANCELLED, NULL));
    }
    return db_commit(&tx);
}

/* --- cancelling --- */

static const struct statement cancel_jobs = {"job_cancel",
    "WITH waiting AS (SELECT job, organisation, message, link, kind, " IS_HELD " AS is_held"
    " FROM outbox.job WHERE message = $1 AND ($2::bytea IS NULL OR link = $2) AND state = 1"
    " FOR UPDATE), gone AS (UPDATE outbox.job SET state = 4," WIPED " WHERE job IN"
    " (SELECT job FROM waiting WHERE NOT is_held)), held AS (UPDATE outbox.job SET is_cancelled ="
    " true WHERE job IN (SELECT job FROM waiting WHERE is_held))"
    " SELECT job, organisation, message, link, kind FROM waiting WHERE NOT is_held"};

static const struct statement forget_message = {
    "delivery_forget_message", "DELETE FROM outbox.delivery WHERE message = $1"};

enum sm_error jobs_cancel(struct db *db, struct id message, struct id link, uint64_t *cancelled)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct job_facts facts;
    TRY(db_begin(db, &tx));
    TRY(DB_RUN(db, &cancel_jobs, &rows, db_id(&message), db_id(&link)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        TRY(read_facts(rows, i, &facts));
        TRY(add_event(db, &facts, EVENT_NOTIFICATION_CANCELLED, NULL));
    }
    if (id_is_none(link))
        TRY(DB_RUN(db, &forget_message, NULL, db_id(&message)));
    FAIL_POINT("notifier.cancel.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("notifier.cancel.after-commit");
    *cancelled = db_rows_count(rows);
    return SM_OK;
}

/* --- the feed --- */

static const struct statement delivery_page = {"delivery_page",
    "SELECT tx::text::bigint, id, job, organisation, message, link, kind, result, at_ms"
    " FROM outbox.delivery WHERE (tx, id) > ($1::bigint::text::xid8, $2)"
    " AND tx < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY delivery.tx, delivery.id LIMIT $3"};

static enum sm_error read_delivery(const struct db_rows *rows, size_t row, struct delivery *out)
{
    TRY(db_read_u64(rows, row, 0, &out->tx));
    TRY(db_read_u64(rows, row, 1, &out->id));
    TRY(db_read_id(rows, row, 2, &out->job));
    TRY(db_read_id(rows, row, 3, &out->organisation));
    TRY(db_read_id(rows, row, 4, &out->message));
    TRY(db_read_id(rows, row, 5, &out->link));
    TRY(db_read_u64(rows, row, 6, &out->kind));
    TRY(db_read_u64(rows, row, 7, &out->result));
    return db_read_u64(rows, row, 8, &out->at_ms);
}

enum sm_error jobs_deliveries(struct db *db, const struct delivery_feed_request *request,
    struct arena *arena, struct list *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    void *items;
    TRY(DB_RUN(db, &delivery_page, &rows, db_u64(request->after_tx), db_u64(request->after_id),
        db_u64(request->rows_max)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof(struct delivery), &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_delivery(rows, i, (struct delivery *)items + i));
    *out = (struct list){items, count};
    return SM_OK;
}

/* --- forgetting --- */

#define LONG_AGO "clock.now_ms() - 7 * 24 * 60 * 60 * 1000::bigint"

static const struct statement forget_jobs = {
    "job_forget", "DELETE FROM outbox.job WHERE state <> 1 AND not_after_ms < " LONG_AGO};
static const struct statement forget_deliveries = {
    "delivery_forget", "DELETE FROM outbox.delivery WHERE keep_until_ms < " LONG_AGO};

enum sm_error jobs_forget(struct db *db)
{
    TRY(DB_RUN0(db, &forget_jobs, NULL));
    return DB_RUN0(db, &forget_deliveries, NULL);
}
