/*
 * The story of a commit: lead, heads, what is known already, entries, checkpoints, one write, one
 * COMMIT, and only then the heads in memory move on.
 */
#include "services/audit/group.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "services/audit/commitment.h"
#include "services/audit/event.h"

#include <string.h>

enum { IDS_BYTES_MAX = 1024 * 1024, SEEN_SLOTS = 4 * GROUP_EVENTS_MAX };

struct group {
    const struct group_context *context;
    struct rows_to_write *rows;
    struct head **staged; /* owned: heads as they will be */
    size_t staged_count, staged_max;
    struct id *damaged; /* owned: organisations whose log is not continued; room as for staged */
    size_t damaged_count;
    struct id *seen; /* owned: a hash set of event ids that are logged; none: a free slot */
    uint64_t now_ms;
};

static void group_free(struct group *group)
{
    rows_to_write_free(&group->rows);
    for (size_t i = 0; i < group->staged_count; i++)
        memory_free(&group->staged[i]);
    memory_free(&group->staged);
    memory_free(&group->damaged);
    memory_free(&group->seen);
}

static enum sm_error group_prepare(struct group *group, size_t heads_max)
{
    group->staged_max = heads_max;
    TRY(memory_zeroed(heads_max, sizeof *group->staged, (void **)&group->staged));
    TRY(memory_zeroed(heads_max, sizeof *group->damaged, (void **)&group->damaged));
    TRY(memory_zeroed(SEEN_SLOTS, sizeof *group->seen, (void **)&group->seen));
    return rows_to_write_new(&group->rows);
}

/* --- heads --- */

static struct head *staged_head(const struct group *group, const struct id *organisation)
{
    for (size_t i = 0; i < group->staged_count; i++)
        if (id_equal(group->staged[i]->organisation, *organisation))
            return group->staged[i];
    return NULL;
}

static bool is_damaged(const struct group *group, const struct id *organisation)
{
    for (size_t i = 0; i < group->damaged_count; i++)
        if (id_equal(group->damaged[i], *organisation))
            return true;
    return false;
}

/* SM_TAMPERED: the log is damaged; found out once a group, however many events it has of it. */
static enum sm_error stage_head(struct group *group, const struct id *organisation)
{
    struct head *head DEFER(memory_free) = NULL;
    if (staged_head(group, organisation))
        return SM_OK;
    if (is_damaged(group, organisation))
        return SM_TAMPERED;
    if (group->staged_count + group->damaged_count == group->staged_max)
        return SM_TOO_LARGE;
    TRY(memory_zeroed(1, sizeof *head, (void **)&head));
    enum sm_error error = heads_get(group->context->heads, group->context->db, organisation, head);
    if (error == SM_TAMPERED)
        group->damaged[group->damaged_count++] = *organisation;
    TRY(error);
    group->staged[group->staged_count++] = TAKE(head);
    return SM_OK;
}

/* An event of a damaged log is held; the other events of the job are not held up by it. */
static enum sm_error stage_events(struct group *group, struct append_job *job)
{
    if (job->events.count > AUDIT_BATCH_MAX)
        return SM_TOO_LARGE;
    for (size_t i = 0; i < job->events.count; i++) {
        enum sm_error error =
            stage_head(group, &LIST_AT(struct audit_event, job->events, i)->organisation);
        if (error != SM_OK && error != SM_TAMPERED)
            return error;
        job->is_held[i] = error == SM_TAMPERED;
        job->held += job->is_held[i];
    }
    return SM_OK;
}

static enum sm_error stage_job(struct group *group, struct append_job *job)
{
    TRY(stage_events(group, job));
    if (job->erase)
        TRY(stage_head(group, &job->erase->organisation));
    return id_is_none(job->sign_organisation) ? SM_OK : stage_head(group, &job->sign_organisation);
}

/* A damaged log is not signed, which is told to who asked; an error of the database ends all. */
static enum sm_error stage_all(struct group *group, struct append_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i]->error = stage_job(group, jobs[i]);
        if (jobs[i]->error != SM_OK && jobs[i]->error != SM_TAMPERED)
            return jobs[i]->error;
    }
    return SM_OK;
}

/* --- once --- */

/* Marks an event id as logged; false when it was already. */
static bool mark_seen(struct group *group, const struct id *event)
{
    uint64_t hash = id_hash(*event);
    for (size_t i = 0; i < SEEN_SLOTS; i++) {
        struct id *slot = &group->seen[(hash + i) % SEEN_SLOTS];
        if (id_is_none(*slot)) {
            *slot = *event;
            return true;
        }
        if (id_equal(*slot, *event))
            return false;
    }
    return false;
}

static enum sm_error add_ids(const struct append_job *job, struct db_array *ids)
{
    for (size_t i = 0; i < job->events.count; i++)
        TRY(db_array_add(ids, db_id(&LIST_AT(struct audit_event, job->events, i)->event)));
    return SM_OK;
}

static enum sm_error mark_known(struct group *group, const struct db_rows *rows)
{
    for (size_t i = 0; rows && i < db_rows_count(rows); i++) {
        struct id event;
        TRY(db_read_id(rows, i, 0, &event));
        (void)mark_seen(group, &event);
    }
    return SM_OK;
}

/* SM_NOT_ACTIVE: another process leads. */
static enum sm_error begin(struct group *group, struct append_job *const *jobs, size_t count)
{
    struct db_array ids DEFER(db_array_free) = DB_ARRAY(DB_BYTES, IDS_BYTES_MAX);
    struct store_start start = {.is_leader = false};
    for (size_t i = 0; i < count; i++)
        TRY(add_ids(jobs[i], &ids));
    TRY(store_begin(group->context->db, &ids, &start));
    struct db_rows *known DEFER(db_rows_free) = start.known;
    group->now_ms = start.now_ms;
    return start.is_leader ? mark_known(group, known) : SM_NOT_ACTIVE;
}

/* --- entries --- */

/* Chains `body` to the head and writes it down. `event` has the columns for finding. */
static enum sm_error add_entry(
    struct group *group, struct head *head, struct span body, const struct audit_event *event)
{
    struct hash hash;
    TRY(chain_hash(body, &hash));
    TRY(tree_add(&head->tree, body));
    head->last = hash;
    const struct new_entry entry = {.organisation = &head->organisation,
        .event = &event->event,
        .message = &event->message,
        .link = &event->link,
        .seq = head->tree.size,
        .kind = event->kind,
        .recorded_ms = head->recorded_ms,
        .body = body,
        .hash = &hash};
    return rows_add_entry(group->rows, &entry);
}

static enum sm_error open_log(struct group *group, struct head *head)
{
    struct buffer body DEFER(buffer_free) = BUFFER(AUDIT_ENTRY_BYTES_MAX);
    struct log_start start = {.organisation = head->organisation};
    struct audit_event first = {.kind = EVENT_NONE};
    TRY(id_new(&first.event));
    TRY(id_random(&start.log));
    TRY(random_bytes(start.random, sizeof start.random));
    memcpy(start.public_key, signing_key_public(group->context->key).at, sizeof start.public_key);
    TRY(event_log_start(&start, head->recorded_ms, &body));
    return add_entry(group, head, buffer_span(&body), &first);
}

/* A fresh salt and the commitment for each personal field; salts and values go to their table. */
static enum sm_error commit_personal(struct group *group, const struct head *head,
    const struct audit_event *event, struct hash commitments[static AUDIT_PERSONAL_MAX])
{
    for (size_t i = 0; i < event->personal.count; i++) {
        const struct personal_field *field = LIST_AT(struct personal_field, event->personal, i);
        uint8_t salt[COMMITMENT_SALT_BYTES];
        TRY(random_bytes(salt, sizeof salt));
        TRY(commitment_make(salt, field->name, field->value, &commitments[i]));
        const struct new_disclosure disclosure = {.organisation = &head->organisation,
            .seq = head->tree.size + 1,
            .place = i,
            .name = field->name,
            .value = field->value,
            .salt = SPAN(salt)};
        TRY(rows_add_disclosure(group->rows, &disclosure));
    }
    return SM_OK;
}

static enum sm_error append_report(struct group *group, const struct report *report)
{
    const struct audit_event *event = report->event;
    struct buffer body DEFER(buffer_free) = BUFFER(AUDIT_ENTRY_BYTES_MAX);
    struct hash commitments[AUDIT_PERSONAL_MAX];
    struct head *head = staged_head(group, &event->organisation);
    if (!head) /* fill stages the head of every event first */
        return SM_NOT_FOUND;
    if (head->recorded_ms < group->now_ms)
        head->recorded_ms = group->now_ms;
    if (head->tree.size == 0)
        TRY(open_log(group, head));
    TRY(commit_personal(group, head, event, commitments));
    const struct place place = {
        .seq = head->tree.size + 1, .prev = &head->last, .recorded_ms = head->recorded_ms};
    TRY(event_entry(report, &place, commitments, &body));
    return add_entry(group, head, buffer_span(&body), event);
}

static enum sm_error append_job_events(struct group *group, struct append_job *job)
{
    for (size_t i = 0; i < job->events.count; i++) {
        const struct audit_event *event = LIST_AT(struct audit_event, job->events, i);
        if (job->is_held[i])
            continue;
        if (!mark_seen(group, &event->event)) {
            job->repeated++;
            continue;
        }
        const struct report report = {.event = event, .source = job->source};
        TRY(append_report(group, &report));
        job->appended++;
    }
    return SM_OK;
}

/* --- erasures --- */

static enum sm_error append_erasure(struct group *group, struct append_job *job)
{
    const struct erase_order *order = job->erase;
    struct personal_field by = {span_text("operator"), order->by};
    struct audit_event event = {.organisation = order->organisation,
        .kind = EVENT_PERSONAL_ERASED,
        .at_ms = group->now_ms,
        .actor_class = ACTOR_OPERATOR,
        .reason = order->reason,
        .personal = {&by, order->by.size ? 1 : 0}};
    const struct report report = {&event, PEER_AUDIT, &job->erasure};
    TRY(id_new(&event.event));
    TRY(erasure_note(&job->erasure, group->context->journal, group->now_ms));
    FAIL_POINT("audit.erase.after-journal");
    TRY(append_report(group, &report));
    const struct head *head = staged_head(group, &order->organisation);
    if (!head) /* the report just staged it */
        return SM_NOT_FOUND;
    job->erased_seq = head->tree.size;
    return SM_OK;
}

/* What is already gone was told when it went. An order that is refused is its own affair. */
static enum sm_error order_erasure(struct group *group, struct append_job *job)
{
    if (!job->erase || job->error != SM_OK)
        return SM_OK;
    enum sm_error error = erasure_find(group->context->db, job->erase, &job->erasure);
    if (error == SM_BAD_VALUE) {
        job->error = error;
        return SM_OK;
    }
    TRY(error);
    return job->erasure.count ? append_erasure(group, job) : SM_OK;
}

/* After the entries are written: the database takes its orders from them alone. */
static enum sm_error carry_out_erasures(
    struct group *group, struct append_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (jobs[i]->error == SM_OK && jobs[i]->erased_seq)
            TRY(erasure_carry_out(group->context->db, &jobs[i]->erase->organisation,
                jobs[i]->erased_seq, &jobs[i]->erasure));
    return SM_OK;
}

/* --- checkpoints --- */

static enum sm_error add_checkpoint(struct group *group, struct head *head)
{
    struct buffer note DEFER(buffer_free) = BUFFER(CHECKPOINT_NOTE_BYTES_MAX);
    TRY(checkpoint_sign(group->context->key, head->organisation, &head->tree, &note));
    const struct new_checkpoint checkpoint = {.organisation = &head->organisation,
        .size = head->tree.size,
        .note = buffer_span(&note),
        .peaks = tree_peaks(&head->tree)};
    TRY(rows_add_checkpoint(group->rows, &checkpoint));
    head->checkpoint_size = head->tree.size;
    return SM_OK;
}

static enum sm_error sign_due(struct group *group)
{
    for (size_t i = 0; i < group->staged_count; i++) {
        struct head *head = group->staged[i];
        if (head->tree.size - head->checkpoint_size >= CHECKPOINT_EVERY_ENTRIES)
            TRY(add_checkpoint(group, head));
    }
    return SM_OK;
}

/* The head's checkpoint for the job that asked; the same head has the same note each time. */
static enum sm_error sign_for_job(struct group *group, struct append_job *job)
{
    struct buffer note DEFER(buffer_free) = BUFFER(sizeof job->note);
    struct head *head = staged_head(group, &job->sign_organisation);
    if (!head || head->tree.size == 0) {
        job->error = SM_NOT_FOUND;
        return SM_OK;
    }
    if (head->checkpoint_size < head->tree.size)
        TRY(add_checkpoint(group, head));
    TRY(checkpoint_sign(group->context->key, head->organisation, &head->tree, &note));
    memcpy(job->note, note.bytes, note.size);
    job->note_bytes = note.size;
    job->size = head->tree.size;
    return SM_OK;
}

/* --- the commit --- */

static enum sm_error fill(struct group *group, struct append_job *const *jobs, size_t count)
{
    TRY(stage_all(group, jobs, count));
    for (size_t i = 0; i < count; i++)
        if (jobs[i]->error == SM_OK)
            TRY(append_job_events(group, jobs[i]));
    for (size_t i = 0; i < count; i++)
        TRY(order_erasure(group, jobs[i]));
    TRY(sign_due(group));
    for (size_t i = 0; i < count; i++)
        if (jobs[i]->error == SM_OK && !id_is_none(jobs[i]->sign_organisation))
            TRY(sign_for_job(group, jobs[i]));
    TRY(rows_write(group->rows, group->context->db));
    return carry_out_erasures(group, jobs, count);
}

static void publish(struct group *group)
{
    for (size_t i = 0; i < group->staged_count; i++)
        heads_put(group->context->heads, group->staged[i]);
}

static enum sm_error commit(
    const struct group_context *context, struct append_job *const *jobs, size_t count)
{
    struct group group DEFER(group_free) = {.context = context};
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(group_prepare(&group, GROUP_EVENTS_MAX + GROUP_JOBS_MAX));
    TRY(db_begin(context->db, &tx));
    TRY(begin(&group, jobs, count));
    TRY(fill(&group, jobs, count));
    FAIL_POINT("audit.append.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("audit.append.after-commit");
    publish(&group);
    return SM_OK;
}

enum sm_error group_commit(
    const struct group_context *context, struct append_job *const *jobs, size_t count)
{
    enum sm_error error = commit(context, jobs, count);
    if (error != SM_OK)
        heads_forget(context->heads);
    return error;
}

static enum sm_error sign_all(const struct group_context *context)
{
    struct group group DEFER(group_free) = {.context = context};
    struct db_transaction tx DEFER(db_rollback) = {0};
    size_t position = 0;
    TRY(group_prepare(&group, GROUP_EVENTS_MAX));
    TRY(db_begin(context->db, &tx));
    TRY(begin(&group, NULL, 0));
    for (const struct head *head; group.staged_count < group.staged_max &&
                                  (head = heads_next_unsigned(context->heads, &position));) {
        TRY(stage_head(&group, &head->organisation));
        TRY(add_checkpoint(&group, group.staged[group.staged_count - 1]));
    }
    if (group.staged_count == 0)
        return SM_OK;
    TRY(rows_write(group.rows, context->db));
    FAIL_POINT("audit.checkpoint.before-commit");
    TRY(db_commit(&tx));
    publish(&group);
    return SM_OK;
}

enum sm_error group_sign_all(const struct group_context *context)
{
    enum sm_error error = sign_all(context);
    if (error != SM_OK)
        heads_forget(context->heads);
    return error;
}
