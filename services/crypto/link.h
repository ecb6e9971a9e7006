/*
 * One recipient's link, as vault keeps it. The row's MAC covers every column: address, method,
 * verifier, expiry, counters. A row that was edited, or moved to another id, is SM_TAMPERED, is
 * reported to the log, and nothing is decided by it. The link's secret is not in it: it is made
 * again from the link key and the generation (lib/envelope/link.h).
 *
 * A link is live until it expires (by clock.now(), at read time), is revoked, or its message is
 * over. What is not live is SM_GONE, and costs the same whatever the reason.
 */
#ifndef SM_CRYPTO_LINK_H
#define SM_CRYPTO_LINK_H

#include "services/crypto/lockout.h"
#include "services/crypto/sealed_call.h"

enum link_state { LINK_LIVE = 1, LINK_REVOKED = 2 };

struct link {
    struct id link, message, organisation;
    struct span address, name; /* in the arena given to the loader, as is the verifier */
    struct span verifier;      /* stored form of the password; empty where there is none */
    uint64_t method, generation, state, replies, version;
    int64_t expires_ms, opened_ms, replied_ms; /* opened: first; replied: last; 0: not yet */
    struct lockout lockout;
    bool is_sender_told; /* of the first lockout */
};

/*
 * Reads a link. SM_NOT_FOUND; SM_TAMPERED for an edited row. link_load is called outside a
 * transaction and reports an edited row to the log; link_lock is called inside one, locks the row
 * until it ends, and leaves the report to the load that went before.
 */
SM_MUST_USE enum sm_error link_load(
    const struct worker *worker, struct arena *arena, struct id link, struct link *out);
SM_MUST_USE enum sm_error link_lock(
    const struct worker *worker, struct arena *arena, struct id link, struct link *out);

/*
 * Looks again, inside the transaction that decides: holds the message (its end waits until this
 * transaction is over), locks the link, and asks the clock anew. SM_GONE unless the link can be
 * used at this moment, whatever was true when the call began. `link->link` and `link->message` say
 * which; both rows are written.
 */
struct message;
SM_MUST_USE enum sm_error link_lock_live(
    const struct worker *worker, struct arena *arena, struct link *link, struct message *message);

/* SM_GONE for SM_NOT_FOUND: what is said of links, and of nothing else. */
SM_MUST_USE enum sm_error link_gone(enum sm_error error);

/* Writes a new row, with its MAC. */
SM_MUST_USE enum sm_error link_insert(const struct worker *worker, const struct link *link);

/* Writes what may change of a row that link_lock gave, with the next version and a new MAC. */
SM_MUST_USE enum sm_error link_update(const struct worker *worker, struct link *link);

/* Adds the item that tells the gateway how this link stands. */
SM_MUST_USE enum sm_error link_to_feed(const struct worker *worker, const struct link *link);

/*
 * The dispatcher's proof of call->link: SM_OK when the link is live and the secret is its own; then
 * call->live and call->live_message are what was found.
 * SM_GONE otherwise, alike for an unknown link, a wrong secret, and one that has ended; SM_TAMPERED
 * (reported) for an edited row.
 */
SM_MUST_USE enum sm_error link_prove(struct sealed_call *call);

/* Can be used now: neither it nor its message is over. */
bool link_is_live(const struct link *link, const struct message *message, int64_t now_ms);

/* Appends the whole link, as it is mailed. `base` is the organisation's address for pages. */
SM_MUST_USE enum sm_error link_text(
    const struct worker *worker, const struct link *link, struct span base, struct buffer *out);

#endif
