/*
 * The transactional outbox of audit events, and "log before release". An event is written in the
 * same transaction as its effect (outbox_add); one relay thread per process sends what is pending
 * to audit, in order, in batches, and deletes what audit has acknowledged as durable. A worker that
 * must not answer before the log has the event waits for exactly that (relay_wait). After a crash
 * the rows are still there and go out again; audit passes over ids that it knows.
 *
 * The table is <schema>.event(id bigserial, event bytea unique, body bytea): see db/migrations.
 * An organisation whose log is damaged, or of which audit refuses an event, holds up its own events
 * alone: the relay keeps their rows, and asks for that organisation again two seconds later.
 * With several replicas one relay at a time holds an advisory lock; the others tell it by a bell
 * what they committed (bell.h), and look.
 */
#ifndef SM_DB_OUTBOX_H
#define SM_DB_OUTBOX_H

#include "bus/client.h"
#include "db/connection.h"
#include "proto/audit.h"

/* The SQL of one schema's event table: constant texts. See OUTBOX_SQL. */
struct outbox {
    const char *channel; /* of the relays' bell */
    struct statement
        insert; /* $1 event id, $2 body, $3 request; nothing when the id is there already */
    struct statement
        pending; /* $1 rows, $2 behind which id: id, event, body, request, oldest first */
    struct statement remove;     /* $1 ids as the text of an array, "{1,2}" */
    struct statement is_pending; /* $1 event id: one boolean */
    struct statement lock;       /* try the relay's advisory lock: one boolean */
};
#define OUTBOX_SQL(schema, lock_number)                                                          \
    {                                                                                            \
        .channel = schema "_event",                                                              \
        .insert = {schema "_event_insert",                                                       \
            "INSERT INTO " schema                                                                \
            ".event (event, body, request) VALUES ($1, $2, $3) ON CONFLICT (event) DO NOTHING"}, \
        .pending = {schema "_event_pending", "SELECT id, event, body, request FROM " schema      \
                                             ".event WHERE id > $2 ORDER BY id LIMIT $1"},       \
        .remove = {schema "_event_remove",                                                       \
            "DELETE FROM " schema ".event WHERE id = ANY ($1::text::bigint[])"},                 \
        .is_pending = {schema "_event_is_pending",                                               \
            "SELECT EXISTS (SELECT FROM " schema ".event WHERE event = $1)"},                    \
        .lock = {schema "_event_lock", "SELECT pg_try_advisory_lock(" #lock_number ")"},         \
    }

/* Inside the caller's transaction. event->event must be set (new, or derived for repeats). */
SM_MUST_USE enum sm_error outbox_add(
    struct db *db, const struct outbox *outbox, const struct audit_event *event);

struct relay;
struct relay_options {
    const struct outbox *outbox;
    const char *conninfo;        /* own connection */
    const struct bus_keys *keys; /* own client */
    const char *audit_endpoints;
    void (*on_acknowledged)(void *context); /* optional: after each acknowledged batch */
    void *context;
    int64_t idle_ms; /* how often an unpoked relay looks; 0: every second */
};

/* Starts the thread. The caller owns *out; options' pointers must outlive it. */
SM_MUST_USE enum sm_error relay_start(const struct relay_options *options, struct relay **out);
void relay_stop(struct relay **relay);

/* Wakes the relay: something was committed. Cheap, any thread. */
void relay_poke(struct relay *relay);

/*
 * Returns SM_OK when audit has acknowledged `event` (or it was never pending), SM_UNAVAILABLE when
 * it had not by `timeout_ms`. `db` is the caller's own connection, outside a transaction.
 */
SM_MUST_USE enum sm_error relay_wait(
    struct relay *relay, struct db *db, struct id event, int64_t timeout_ms);

#endif
