/*
 * How a message ends: its keys first (crypto, which also cancels waiting mail), then its
 * ciphertext, then its rows and the event "purged" in one transaction; when the log has that,
 * crypto is told that nothing is left to do. Every step may be repeated: after a crash at any line
 * the message is still due, and the same steps run again. The event's id is derived from the
 * message's, so the log holds it once however often that happens.
 *
 * After expiry the rows of the sender's list stay; after a delete they go (PRODUCT.md S9, T5).
 */
#ifndef SM_RETENTION_PURGE_H
#define SM_RETENTION_PURGE_H

#include "db/outbox.h"
#include "proto/crypto.h"
#include "store/store.h"

/* The event table of schema retention. */
extern const struct outbox retention_outbox;

/* The two peers, as this module needs them (peers.h makes them of the bus; tests of themselves). */
struct purge_peers {
    void *context;
    /* Crypto: what is due, oldest first; the list of struct due_item lives in `arena`. */
    enum sm_error (*due)(
        void *context, const struct due_request *request, struct arena *arena, struct list *out);
    /* Crypto: keys and verifiers are destroyed; *is_due false: not due, leave its ciphertext. */
    enum sm_error (*destroy)(void *context, struct id message, bool *is_due);
    /* Audit has the event durably; SM_UNAVAILABLE when it has not by `timeout_ms` (0: look). */
    enum sm_error (*wait_logged)(void *context, struct db *db, struct id event, int64_t timeout_ms);
    /* Crypto: not due any more. */
    enum sm_error (*purged)(void *context, struct id message);
};

/* One thread's means. What it points to outlives it. */
struct purger {
    struct db *db;
    struct store *store;
    struct purge_peers peers;
};

/*
 * Destroys and deletes, and commits rows and event. *is_purged false: crypto says that it is not
 * due, nothing was touched.
 */
SM_MUST_USE enum sm_error purge_message(
    struct purger *purger, const struct due_item *item, bool *is_purged);

/* Afterwards: waits until the log has it (SM_UNAVAILABLE: not by `timeout_ms`), */
SM_MUST_USE enum sm_error purge_await_log(
    struct purger *purger, struct id message, int64_t timeout_ms);
/* and then tells crypto. */
SM_MUST_USE enum sm_error purge_tell(struct purger *purger, struct id message);

/* The id of a message's event "purged": 16 bytes of SHA-256("securemail/1 purged" || message). */
SM_MUST_USE enum sm_error purge_event_id(struct id message, struct id *out);

#endif
