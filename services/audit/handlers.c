/* THE table of audit, and its handlers: check, hand over, answer. */
#include "services/audit/handlers.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "proto/audit.h"
#include "services/audit/event.h"
#include "services/audit/export.h"
#include "services/audit/prove.h"
#include "services/audit/query.h"
#include "services/audit/reported.h"

#include <string.h>

static struct audit *audit_of(const struct bus_request *request)
{
    return request->worker;
}

static int64_t time_left_ms(const struct bus_request *request)
{
    return request->header.deadline_ms - clock_wall_ms();
}

/* One event that may not be reported refuses all: its reporter is not to be trusted. */
static enum sm_error check_events(const struct list *events, enum peer caller)
{
    for (size_t i = 0; i < events->count; i++)
        TRY(event_check(LIST_AT(struct audit_event, *events, i), caller));
    return SM_OK;
}

/* Names the events that were held, as their reporter does. */
static enum sm_error list_held(const struct append_request *asked, const struct append_job *job,
    struct arena *arena, struct list *out)
{
    void *room;
    size_t count = 0;
    TRY(arena_take(arena, job->held, sizeof(struct held_event), &room));
    struct held_event *held = room;
    for (size_t i = 0; i < asked->events.count; i++)
        if (job->is_held[i])
            held[count++].event = LIST_AT(struct audit_event, asked->events, i)->event;
    *out = (struct list){held, count};
    return SM_OK;
}

/* What was logged, each under its own request. */
static void tell_appended(const struct append_request *asked, const struct append_job *job)
{
    uint64_t own = log_request();
    for (size_t i = 0; i < asked->events.count; i++) {
        const struct audit_event *event = LIST_AT(struct audit_event, asked->events, i);
        bool has_request = i < asked->requests.count;
        log_request_set(
            has_request ? LIST_AT(struct event_request, asked->requests, i)->request : 0);
        log_line(LOG_DEBUG, job->is_held[i] ? "event-held" : "event-logged", "kind",
            event_rules[event->kind].name, NULL);
    }
    log_request_set(own);
}

static enum sm_error on_append(struct bus_request *request, const void *message, void *reply)
{
    const struct append_request *asked = message;
    struct append_reply *answer = reply;
    struct append_job job = {.source = request->caller};
    TRY(check_events(&asked->events, request->caller));
    TRY(reported_events(&asked->events, request->caller, request->arena, &job.events));
    TRY(writer_commit(audit_of(request)->writer, &job, time_left_ms(request)));
    tell_appended(asked, &job);
    answer->appended = job.appended;
    answer->repeated = job.repeated;
    TRY(list_held(asked, &job, request->arena, &answer->held));
    FAIL_POINT("audit.append.before-ack");
    return SM_OK;
}

/* Proves the capability by the database's clock. */
static enum sm_error check_access(const struct bus_request *request, struct db *db,
    struct span capability, struct capability *out)
{
    int64_t now_ms;
    TRY(db_now_ms(db, &now_ms));
    return access_check(audit_of(request)->access, capability, (uint64_t)now_ms, out);
}

static enum sm_error on_query(struct bus_request *request, const void *message, void *reply)
{
    const struct query_request *asked = message;
    struct capability capability;
    struct reader reader DEFER(reader_return) = {0};
    TRY(reader_borrow(audit_of(request)->readers, time_left_ms(request), &reader));
    TRY(check_access(request, reader.db, asked->capability, &capability));
    return query_run(reader.db, &capability.organisation, asked, request->arena, reply);
}

static struct export_context export_context_of(const struct bus_request *request, struct db *db)
{
    return (struct export_context){.db = db,
        .writer = audit_of(request)->writer,
        .key = audit_of(request)->key,
        .timeout_ms = time_left_ms(request)};
}

static enum sm_error on_export(struct bus_request *request, const void *message, void *reply)
{
    const struct export_request *asked = message;
    struct capability capability;
    struct reader reader DEFER(reader_return) = {0};
    TRY(reader_borrow(audit_of(request)->readers, time_left_ms(request), &reader));
    TRY(check_access(request, reader.db, asked->capability, &capability));
    const struct export_context context = export_context_of(request, reader.db);
    const struct export_order order = {.organisation = capability.organisation,
        .export = asked->export,
        .actor_class = ACTOR_USER,
        .actor = capability.subject,
        .from_seq = asked->from_seq,
        .to_seq = asked->to_seq};
    return export_page(&context, &order, request->arena, reply);
}

/* The bus has proven that it is the operator. */
static enum sm_error on_evidence(struct bus_request *request, const void *message, void *reply)
{
    const struct evidence_request *asked = message;
    struct reader reader DEFER(reader_return) = {0};
    TRY(reader_borrow(audit_of(request)->readers, time_left_ms(request), &reader));
    const struct export_context context = export_context_of(request, reader.db);
    const struct export_order order = {.organisation = asked->organisation,
        .export = asked->export,
        .actor_class = ACTOR_OPERATOR,
        .from_seq = asked->from_seq,
        .to_seq = asked->to_seq};
    return export_page(&context, &order, request->arena, reply);
}

static enum sm_error on_checkpoint(struct bus_request *request, const void *message, void *reply)
{
    const struct checkpoint_request *asked = message;
    struct checkpoint_reply *answer = reply;
    struct capability capability;
    struct append_job job = {0};
    void *note;
    struct reader reader DEFER(reader_return) = {0};
    TRY(reader_borrow(audit_of(request)->readers, time_left_ms(request), &reader));
    TRY(check_access(request, reader.db, asked->capability, &capability));
    job.sign_organisation = capability.organisation;
    TRY(writer_commit(audit_of(request)->writer, &job, time_left_ms(request)));
    TRY(arena_take(request->arena, 1, job.note_bytes, &note));
    memcpy(note, job.note, job.note_bytes);
    answer->note = span_of(note, job.note_bytes);
    return SM_OK;
}

static enum sm_error on_prove(struct bus_request *request, const void *message, void *reply)
{
    const struct prove_request *asked = message;
    struct prove_reply *answer = reply;
    struct capability capability;
    struct buffer line DEFER(buffer_free) = BUFFER(PROOF_LINE_BYTES_MAX);
    void *copy;
    struct reader reader DEFER(reader_return) = {0};
    TRY(reader_borrow(audit_of(request)->readers, time_left_ms(request), &reader));
    TRY(check_access(request, reader.db, asked->capability, &capability));
    const struct prove_context context = {.db = reader.db,
        .writer = audit_of(request)->writer,
        .key = audit_of(request)->key,
        .timeout_ms = time_left_ms(request)};
    const struct prove_order order = {
        .organisation = capability.organisation, .seq = asked->seq, .size = asked->size};
    TRY(prove(&context, &order, &line));
    TRY(arena_take(request->arena, 1, line.size, &copy));
    memcpy(copy, line.bytes, line.size);
    answer->line = span_of(copy, line.size);
    return SM_OK;
}

static enum sm_error on_declaration(struct bus_request *request, const void *message, void *reply)
{
    struct declaration_reply *answer = reply;
    (void)message;
    answer->line = buffer_span(&audit_of(request)->declaration);
    return SM_OK;
}

/* The bus has proven that it is the operator. */
static enum sm_error on_erase(struct bus_request *request, const void *message, void *reply)
{
    const struct erase_request *asked = message;
    struct erase_reply *answer = reply;
    const struct erase_order order = {.organisation = asked->organisation,
        .person = asked->person,
        .seq = asked->seq,
        .by = asked->by,
        .reason = asked->reason};
    struct append_job job = {.source = PEER_AUDIT, .erase = &order};
    TRY(writer_commit(audit_of(request)->writer, &job, time_left_ms(request)));
    FAIL_POINT("audit.erase.before-answer");
    answer->erased = job.erasure.count;
    answer->seq = job.erased_seq;
    answer->is_done = !job.erasure.has_more;
    return SM_OK;
}

const struct bus_handler audit_handlers[] = {
    {OP_APPEND, on_append},
    {OP_QUERY, on_query},
    {OP_EXPORT, on_export},
    {OP_CHECKPOINT, on_checkpoint},
    {OP_EVIDENCE, on_evidence},
    {OP_ERASE, on_erase},
    {OP_PROVE, on_prove},
    {OP_DECLARATION, on_declaration},
};
const size_t audit_handlers_count = sizeof audit_handlers / sizeof audit_handlers[0];

enum sm_error audit_worker_open(void *service, void **out)
{
    *out = service;
    return SM_OK;
}

void audit_worker_close(void **worker)
{
    *worker = NULL;
}

bool audit_is_active(void *service)
{
    struct audit *audit = service;
    return writer_is_active(audit->writer);
}
