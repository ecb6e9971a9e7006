/*
 * A message, as vault keeps it: who owns it, how long it lives, its wrapped key and the facts of
 * its parts. The row's MAC covers all of that, so nobody becomes the owner of a message, or revives
 * one, by editing a row. The key itself is wrapped under the organisation's key, bound to the
 * message.
 */
#ifndef SM_CRYPTO_MESSAGE_H
#define SM_CRYPTO_MESSAGE_H

#include "proto/limits.h"
#include "services/crypto/sealed_call.h"

struct message {
    struct id message, organisation;
    struct id sender; /* the account that it belongs to; of a reply: to whom it goes */
    struct id parent, from_link;
    uint64_t direction, state, version;
    int64_t created_ms, expires_ms, lifetime_ms;
    struct span language;
    struct span wrapped, subject_sealed, parts, digest; /* empty once destroyed */
};

enum { PART_FACTS_BYTES = 8 + COMMITMENT_BYTES };

/*
 * Reads a message. Spans live in `arena`. SM_NOT_FOUND; SM_TAMPERED for an edited row. message_load
 * is called outside a transaction and reports an edited row to the log; message_lock is called
 * inside one, locks the row until it ends, and leaves the report to the load that went before.
 */
SM_MUST_USE enum sm_error message_load(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out);
SM_MUST_USE enum sm_error message_lock(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out);
/* The two halves of message_load, for who runs it together with others (db_run_all): $1 message; or
 * $1 a link that is read in the same round trip, and `message` is its id as the link's row says it.
 */
const struct statement *message_statement(void);
const struct statement *message_of_link_statement(void);
SM_MUST_USE enum sm_error message_read_loaded(const struct worker *worker,
    const struct db_rows *rows, struct arena *arena, struct id message, struct message *out);

/*
 * As message_lock, for who only looks: the row stays as it is until the caller's transaction ends,
 * and others may hold it at the same time. Whoever takes locks of a message and of its links takes
 * the message first.
 */
SM_MUST_USE enum sm_error message_hold(
    const struct worker *worker, struct arena *arena, struct id message, struct message *out);
/* The two halves of message_hold, for who runs it together with others (db_run_all); $1 message. */
const struct statement *message_hold_statement(void);
SM_MUST_USE enum sm_error message_read_held(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct id message, struct message *out);

/* Writes a new row, with its MAC. SM_CONFLICT when the id was ever used. */
SM_MUST_USE enum sm_error message_insert(
    const struct worker *worker, const struct message *message);

/* Writes state and what was destroyed of a row that message_lock gave: next version, new MAC, and
 * the item of the feed. */
SM_MUST_USE enum sm_error message_update(const struct worker *worker, struct message *message);

/* When its ciphertext is to go; none (false): it is gone. */
SM_MUST_USE enum sm_error message_set_due(
    const struct worker *worker, struct id message, bool is_due, int64_t due_ms);

/* The recipient can open it: live, not expired, key not destroyed. */
bool message_is_live(const struct message *message, int64_t now_ms);
/* Its owner can read it: not deleted, not expired, key not destroyed. */
bool message_is_readable(const struct message *message, int64_t now_ms);

/* The message key. SM_TAMPERED if the wrapped bytes are not this message's. Caller owns *out. */
SM_MUST_USE enum sm_error message_key(
    const struct worker *worker, const struct message *message, struct secret **out);

/*
 * Wraps the key of a row that message_lock gave under the organisation's newest key, with a new
 * MAC: nothing else of the message changes, and the feed has nothing to tell.
 */
SM_MUST_USE enum sm_error message_rewrap(
    const struct worker *worker, const struct message *message);

/* Part facts as they are stored, and back as a list of struct part_facts in `arena`. */
SM_MUST_USE enum sm_error message_pack_parts(
    struct arena *arena, const struct list *parts, struct span *out);
SM_MUST_USE enum sm_error message_unpack_parts(
    struct arena *arena, struct span packed, struct list *out);
uint64_t message_bytes(struct span packed_parts); /* of ciphertext, all parts together */

/* Adds the item that tells the gateway of a new message; `about` has what the row has not. */
struct message_about {
    uint64_t method;           /* 0 where links have their own */
    struct span address, name; /* of a reply: who wrote it */
};
SM_MUST_USE enum sm_error message_to_feed(
    const struct worker *worker, const struct message *message, const struct message_about *about);

#endif
