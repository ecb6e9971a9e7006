/*
 * The transactional outbox of audit events and its relay. The relay thread owns its connection and
 * its bus client; the rest of the process only pokes it and waits for acknowledgements.
 */
#include "db/outbox.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "db/bell.h"
#include "proto/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_BYTES_MAX = 512 * 1024, /* of the encoded bodies in one append */
    IDLE_MS = 1000,               /* how often an unpoked relay looks, where nothing else is said */
    RETRY_MS = 200,               /* after a failure */
    APPEND_TIMEOUT_MS = 5000,
    LOOK_MS = 50,        /* how often a waiter looks into the table by itself */
    STANDBY_LOOK_MS = 5, /* the same where another process relays, and nobody here is told */
    REMEMBERED = 1024,   /* acknowledged events that may come before their waiter */
    EVENT_BODY_BYTES_MAX = 4096,
    HELD_ORGANISATIONS_MAX = 256, /* more of them are asked for at every look */
    HELD_RETRY_MS = 2000,         /* how often a damaged log is asked for again */
};

/* An organisation whose log is damaged: its events wait in the table until this time. */
struct held {
    struct id organisation;
    int64_t until_ms;
};

/* Somebody who waits for the acknowledgement of one event. */
struct waiter {
    struct waiter *next, **link;
    struct id event;
    bool is_done;
    pthread_cond_t done;
};

struct relay {
    struct relay_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    struct bell *wake; /* to the relay: something is pending, or stop */
    bool is_stopping;
    bool is_elected;         /* the waiters' events are relayed here */
    struct waiter *waiters;  /* on the stacks of those who wait */
    struct id *acknowledged; /* owned: the latest REMEMBERED, in a ring */
    size_t acknowledged_next;
    /* the relay thread's own */
    struct db *db;
    struct bus_client *audit;
    uint64_t elected_session; /* of db: the one that holds the lock; 0: none */
    size_t batch_max; /* events of the next append: fewer while one that audit refuses is sought */
    int64_t pass_ms; /* when the pass over the rows began: what is held then is held in all of it */
    struct held held[HELD_ORGANISATIONS_MAX];
    size_t held_next; /* the slot that the next one takes */
};

enum sm_error outbox_add(
    struct db *db, const struct outbox *outbox, const struct audit_event *event)
{
    struct buffer body DEFER(buffer_free) = BUFFER(EVENT_BODY_BYTES_MAX);
    TRY(fields_encode(&audit_event, event, &body));
    return DB_POST(db, &outbox->insert, db_id(&event->event), db_bytes(buffer_span(&body)),
        db_i64((int64_t)log_request()));
}

/* --- waiting --- */

void relay_poke(struct relay *relay)
{
    bell_ring(relay->wake);
}

static enum sm_error is_pending(struct relay *relay, struct db *db, struct id event, bool *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &relay->options.outbox->is_pending, &rows, db_id(&event)));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, out);
}

/* With the lock held. */
static bool is_remembered(const struct relay *relay, struct id event)
{
    for (size_t i = 0; i < REMEMBERED; i++)
        if (id_equal(relay->acknowledged[i], event))
            return true;
    return false;
}

static void begin_waiting(struct relay *relay, struct waiter *waiter)
{
    condition_make(&waiter->done);
    (void)pthread_mutex_lock(&relay->lock);
    waiter->is_done = is_remembered(relay, waiter->event);
    waiter->next = relay->waiters;
    waiter->link = &relay->waiters;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    relay->waiters = waiter;
    (void)pthread_mutex_unlock(&relay->lock);
    bell_ring(relay->wake);
}

static void end_waiting(struct relay *relay, struct waiter *waiter)
{
    (void)pthread_mutex_lock(&relay->lock);
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    (void)pthread_mutex_unlock(&relay->lock);
    (void)pthread_cond_destroy(&waiter->done);
}

/* True as soon as the relay of this process has said so; false when it is time to look. */
static bool wait_until_told(struct relay *relay, struct waiter *waiter, int64_t left_ms)
{
    bool in_time = true;
    (void)pthread_mutex_lock(&relay->lock);
    int64_t look_ms = relay->is_elected ? LOOK_MS : STANDBY_LOOK_MS;
    struct timespec until = condition_after_ms(left_ms < look_ms ? left_ms : look_ms);
    while (!waiter->is_done && in_time)
        in_time = condition_wait(&waiter->done, &relay->lock, &until);
    bool is_done = waiter->is_done;
    (void)pthread_mutex_unlock(&relay->lock);
    return is_done;
}

static enum sm_error wait_for(
    struct relay *relay, struct db *db, struct waiter *waiter, int64_t timeout_ms)
{
    int64_t end = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = end - clock_monotonic_ms();
        bool waits;
        if (wait_until_told(relay, waiter, left_ms > 0 ? left_ms : 0))
            return SM_OK;
        TRY(is_pending(relay, db, waiter->event, &waits));
        if (!waits)
            return SM_OK;
        if (left_ms <= 0)
            return SM_UNAVAILABLE;
    }
}

/*
 * The row's absence is the durable fact, whichever replica's relay made it so. Who waits is told by
 * the relay of this process, once it has removed the row; he looks by himself only where that was
 * another's, or where the event was acknowledged long before.
 */
enum sm_error relay_wait(struct relay *relay, struct db *db, struct id event, int64_t timeout_ms)
{
    struct waiter waiter = {.event = event};
    begin_waiting(relay, &waiter);
    enum sm_error error = wait_for(relay, db, &waiter, timeout_ms);
    end_waiting(relay, &waiter);
    return error;
}

/* --- what a damaged log holds up --- */

static bool is_held(const struct relay *relay, struct id organisation)
{
    for (size_t i = 0; i < HELD_ORGANISATIONS_MAX; i++)
        if (relay->pass_ms < relay->held[i].until_ms &&
            id_equal(relay->held[i].organisation, organisation))
            return true;
    return false;
}

static void hold(struct relay *relay, struct id organisation, const char *cause)
{
    if (is_held(relay, organisation))
        return;
    relay->held[relay->held_next] = (struct held){organisation, relay->pass_ms + HELD_RETRY_MS};
    relay->held_next = (relay->held_next + 1) % HELD_ORGANISATIONS_MAX;
    log_line(
        LOG_ERROR, "events-held", "organisation", id_text(organisation).text, "cause", cause, NULL);
}

/* --- relaying --- */

struct batch {
    struct arena arena;
    struct audit_event events[AUDIT_BATCH_MAX];
    struct event_request requests[AUDIT_BATCH_MAX]; /* by the place of the event */
    int64_t rows[AUDIT_BATCH_MAX];
    bool is_held[AUDIT_BATCH_MAX];
    size_t count;
    int64_t from;    /* behind which row it begins, or behind the held ones that come first */
    int64_t behind;  /* the last row that was looked at */
    bool is_end;     /* there is none behind it */
    bool is_shorter; /* rows of it are gone */
};

/* A row that is no event stops the relay, and with it every release: closed, and said loudly. */
static enum sm_error decode_event(struct span body, struct batch *batch)
{
    enum sm_error error =
        fields_decode(&audit_event, body, &batch->arena, &batch->events[batch->count]);
    return error == SM_OK
               ? SM_OK
               : log_failure("outbox-row-is-no-event", error, "see schema's event table");
}

/*
 * What is held is passed over, in the order that its rows keep. Fewer rows than were asked for were
 * the last: who commits another one rings after that.
 */
static enum sm_error read_batch(
    const struct relay *relay, const struct db_rows *rows, struct batch *batch)
{
    size_t bytes = 0;
    size_t i;
    for (i = 0; i < db_rows_count(rows) && batch->count < relay->batch_max; i++) {
        struct span body;
        TRY(db_read_bytes(rows, i, 2, EVENT_BODY_BYTES_MAX, &body));
        bytes += body.size;
        if (bytes > BATCH_BYTES_MAX)
            return SM_OK;
        TRY(db_read_i64(rows, i, 0, &batch->rows[batch->count]));
        TRY(decode_event(body, batch));
        TRY(db_read_u64(rows, i, 3, &batch->requests[batch->count].request));
        batch->behind = batch->rows[batch->count];
        if (!is_held(relay, batch->events[batch->count].organisation))
            batch->count++;
        else if (batch->count == 0)
            batch->from = batch->behind;
    }
    batch->is_end = i == db_rows_count(rows) && i < AUDIT_BATCH_MAX;
    return SM_OK;
}

static enum sm_error remove_batch(struct relay *relay, struct batch *batch)
{
    struct buffer ids DEFER(buffer_free) = BUFFER((size_t)AUDIT_BATCH_MAX * 24);
    TRY(buffer_append_u8(&ids, '{'));
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->is_held[i])
            TRY(buffer_format(&ids, "%s%lld", ids.size > 1 ? "," : "", (long long)batch->rows[i]));
    TRY(buffer_append_u8(&ids, '}'));
    batch->is_shorter = ids.size > 2;
    return DB_RUN(relay->db, &relay->options.outbox->remove, NULL, db_text(buffer_span(&ids)));
}

/* Marks what audit could not log; an id that was not asked for marks nothing. */
static void mark_held(struct relay *relay, struct batch *batch, const struct list *held)
{
    for (size_t i = 0; i < held->count; i++)
        for (size_t at = 0; at < batch->count; at++)
            if (id_equal(batch->events[at].event, LIST_AT(struct held_event, *held, i)->event)) {
                batch->is_held[at] = true;
                hold(relay, batch->events[at].organisation,
                    "audit says that this organisation's log is damaged");
            }
}

static enum sm_error append(struct relay *relay, struct batch *batch)
{
    struct append_request request = {
        .events = {batch->events, batch->count}, .requests = {batch->requests, batch->count}};
    struct append_reply reply = {0};
    struct arena arena DEFER(arena_free) = ARENA(BUS_MESSAGE_BYTES_MAX);
    struct bus_call call = {.operation = OP_APPEND, .timeout_ms = APPEND_TIMEOUT_MS};
    TRY(id_random(&call.idempotency)); /* each event has its own id: the batch needs no meaning */
    enum sm_error error = bus_client_call(relay->audit, &call, &request, &arena, &reply);
    if (error == SM_OK)
        mark_held(relay, batch, &reply.held);
    return error;
}

/*
 * Audit refuses all of a batch for one event. The same rows are sent again, half as many, until
 * the event stands alone: then it holds up its organisation and nobody else. Its row stays.
 */
static enum sm_error after_refusal(struct relay *relay, struct batch *batch, enum sm_error error)
{
    if (batch->count > 1) {
        relay->batch_max = batch->count / 2;
        batch->behind = batch->from;
        batch->count = 0;
        batch->is_end = false;
        return SM_OK;
    }
    log_line(LOG_ERROR, "audit-refuses-event", "error", error_name(error), "event",
        id_text(batch->events[0].event).text, NULL);
    hold(relay, batch->events[0].organisation, "audit refuses an event of this organisation");
    relay->batch_max = AUDIT_BATCH_MAX;
    batch->count = 0;
    return SM_OK;
}

static bool is_refusal(enum sm_error error)
{
    return error == SM_NOT_ALLOWED || error == SM_BAD_FORMAT || error == SM_BAD_VALUE;
}

/* The rows of what is not held are gone. */
static void tell_waiters(struct relay *relay, const struct batch *batch)
{
    (void)pthread_mutex_lock(&relay->lock);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->is_held[i])
            continue;
        relay->acknowledged[relay->acknowledged_next++ % REMEMBERED] = batch->events[i].event;
        for (struct waiter *each = relay->waiters; each; each = each->next)
            if (!each->is_done && id_equal(each->event, batch->events[i].event)) {
                each->is_done = true;
                (void)pthread_cond_signal(&each->done);
            }
    }
    (void)pthread_mutex_unlock(&relay->lock);
}

/* One batch, of the rows behind batch->behind. */
static enum sm_error relay_batch(struct relay *relay, struct batch *batch)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(relay->db, &relay->options.outbox->pending, &rows, db_i64(AUDIT_BATCH_MAX),
        db_i64(batch->behind)));
    TRY(read_batch(relay, rows, batch));
    if (batch->count == 0)
        return SM_OK;
    FAIL_POINT("outbox.event.before-relay");
    enum sm_error error = append(relay, batch);
    if (is_refusal(error))
        return after_refusal(relay, batch, error);
    TRY(error);
    FAIL_POINT("outbox.event.after-ack");
    TRY(remove_batch(relay, batch));
    FAIL_POINT("outbox.event.after-commit");
    tell_waiters(relay, batch);
    if (relay->options.on_acknowledged)
        relay->options.on_acknowledged(relay->options.context);
    return SM_OK;
}

static void note_election(struct relay *relay, bool is_elected)
{
    (void)pthread_mutex_lock(&relay->lock);
    relay->is_elected = is_elected;
    (void)pthread_mutex_unlock(&relay->lock);
}

/*
 * The lock belongs to the session: a new connection asks for it again. What the relay writes is the
 * removal of what audit has, so it need not wait for the disk: where it is lost, the event is sent
 * again, and audit passes over what it knows.
 */
static enum sm_error be_elected(struct relay *relay)
{
    bool is_elected;
    if (!relay->db)
        TRY(db_open(relay->options.conninfo, &relay->db));
    if (relay->elected_session == db_sessions(relay->db))
        return SM_OK;
    note_election(relay, false);
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(relay->db, &relay->options.outbox->lock, &rows));
    uint64_t session = db_sessions(relay->db);
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, &is_elected));
    if (!is_elected)
        return SM_NOT_ACTIVE;
    TRY(db_be_unsynced(relay->db));
    TRY(bell_listen(relay->wake, relay->db)); /* before the first look: nothing is missed */
    if (db_sessions(relay->db) != session)
        return SM_UNAVAILABLE; /* the lock went with the session that had it */
    relay->elected_session = session;
    note_election(relay, true);
    return SM_OK;
}

static bool goes_on(struct relay *relay)
{
    (void)pthread_mutex_lock(&relay->lock);
    bool answer = !relay->is_stopping;
    (void)pthread_mutex_unlock(&relay->lock);
    return answer;
}

/*
 * Batch after batch, from the oldest row to the newest. Where rows went, the next batch begins at
 * the same place: what was committed meanwhile may have numbers below those that went. Of a
 * transaction all rows are seen at once so, and none overtakes an earlier one: who waits for the
 * last may take it for all. (While the log of an organisation is damaged its rows are stepped over,
 * and what is committed among them waits for the next pass.)
 */
static enum sm_error relay_all(struct relay *relay)
{
    int64_t behind = 0;
    relay->pass_ms = clock_monotonic_ms();
    relay->batch_max = AUDIT_BATCH_MAX;
    for (bool is_end = false; !is_end && goes_on(relay);) {
        TRY(be_elected(relay)); /* each time: a connection that was lost lost the lock */
        struct batch *batch DEFER(memory_free) = NULL;
        void *fresh;
        TRY(memory_zeroed(1, sizeof *batch, &fresh));
        batch = fresh;
        batch->arena = ARENA(BATCH_BYTES_MAX);
        batch->from = batch->behind = behind;
        enum sm_error error = relay_batch(relay, batch);
        behind = batch->is_shorter ? batch->from : batch->behind;
        is_end = batch->is_end;
        arena_free(&batch->arena);
        TRY(error);
    }
    return SM_OK;
}

/* How long to wait for the next look. */
static int64_t look(struct relay *relay)
{
    int64_t idle_ms = relay->options.idle_ms ? relay->options.idle_ms : IDLE_MS;
    enum sm_error error = relay_all(relay);
    if (error == SM_NOT_ACTIVE)
        error = bell_pass_on(relay->wake, relay->db);
    if (error == SM_OK)
        return idle_ms;
    log_line(LOG_WARNING, "relay-waits", "error", error_name(error), NULL);
    return RETRY_MS;
}

static void *relay_thread(void *context)
{
    struct relay *relay = context;
    while (goes_on(relay))
        bell_wait(relay->wake, relay->db, look(relay));
    return NULL;
}

static void relay_free(struct relay **relay)
{
    if (!*relay)
        return;
    db_close(&(*relay)->db);
    bus_client_close(&(*relay)->audit);
    bell_free(&(*relay)->wake);
    (void)pthread_mutex_destroy(&(*relay)->lock);
    free((*relay)->acknowledged);
    free(*relay);
    *relay = NULL;
}

enum sm_error relay_start(const struct relay_options *options, struct relay **out)
{
    struct relay *relay DEFER(relay_free) = calloc(1, sizeof *relay);
    if (!relay)
        return SM_NO_MEMORY;
    relay->options = *options;
    (void)pthread_mutex_init(&relay->lock, NULL);
    TRY(bell_new(options->outbox->channel, &relay->wake));
    TRY(memory_zeroed(REMEMBERED, sizeof *relay->acknowledged, (void **)&relay->acknowledged));
    TRY(bus_client_open(options->keys, PEER_AUDIT, options->audit_endpoints, &relay->audit));
    if (pthread_create(&relay->thread, NULL, relay_thread, relay) != 0)
        return SM_NO_MEMORY;
    *out = TAKE(relay);
    return SM_OK;
}

void relay_stop(struct relay **relay)
{
    if (!*relay)
        return;
    (void)pthread_mutex_lock(&(*relay)->lock);
    (*relay)->is_stopping = true;
    (void)pthread_mutex_unlock(&(*relay)->lock);
    bell_ring((*relay)->wake);
    (void)pthread_join((*relay)->thread, NULL);
    relay_free(relay);
}
