/*
 * Anchoring the log outside the host: now and then, and when somebody asks, the signed checkpoint
 * of an organisation's log is mailed to its administrators and auditors. Whoever kept such a mail
 * can show later that the log was cut off or written anew (securemail-verify --checkpoint MAIL).
 *
 * audit calls nobody and knows no address; crypto knows both sides. So crypto asks audit for the
 * note, under a capability that it signs itself, and makes the mail jobs
 * (docs/decisions/0055-anchoring.md). vault.anchor says when it is an organisation's turn.
 */
#ifndef SM_CRYPTO_ANCHOR_H
#define SM_CRYPTO_ANCHOR_H

#include "bus/keys.h"
#include "services/crypto/crypto.h"

enum { ANCHOR_TURN_MAX = 20, ANCHOR_READERS_MAX = 20 };

/* Gives every organisation that has none its turn, one interval from now. 0: none is given. */
SM_MUST_USE enum sm_error anchor_plan(const struct worker *worker, int64_t interval_ms);

struct anchor_turn {
    struct id organisations[ANCHOR_TURN_MAX];
    size_t count;
};
/* Whose turn it is, those who asked first. */
SM_MUST_USE enum sm_error anchor_due(
    const struct worker *worker, int64_t interval_ms, struct anchor_turn *out);

/* The right to ask audit for the note, for a minute. */
SM_MUST_USE enum sm_error anchor_access(
    const struct worker *worker, struct id organisation, struct buffer *out);

/*
 * One transaction: a letter with the note to each active administrator and auditor (at most
 * ANCHOR_READERS_MAX), one event, and the next turn. Outside a transaction.
 */
SM_MUST_USE enum sm_error anchor_mail(
    const struct worker *worker, struct id organisation, struct span note, int64_t interval_ms);

/* It did not work out: not again for a minute. */
SM_MUST_USE enum sm_error anchor_put_off(const struct worker *worker, struct id organisation);

/* Inside the caller's transaction: it is the organisation's turn now. */
SM_MUST_USE enum sm_error anchor_ask(const struct worker *worker, struct id organisation);

/* The thread that does it (anchor_timer.c), with its own connection and its own bus client. Of all
 * replicas the holder of an advisory lock does. */
struct anchor_timer;
struct anchor_options {
    struct crypto *crypto;
    const char *conninfo;
    const char *audit_endpoints;
    int64_t interval_ms; /* 0: only when somebody asks */
};
SM_MUST_USE enum sm_error anchor_timer_start(
    const struct anchor_options *options, struct anchor_timer **out);
void anchor_timer_stop(struct anchor_timer **timer);

#endif
