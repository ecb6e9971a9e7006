/*
 * Mail jobs. A letter is sealed to the notifier's key the moment it is made (lib/envelope box, info
 * "securemail/1 letter", aad = job id), so that no table and no queue shows a link or a code. It
 * stands in vault.mail_job from the transaction that made it until the notifier has it; the relay
 * hands over only jobs whose audit event is acknowledged (logged first). A cancel removes what
 * still waits here, and is itself relayed for what the notifier has already.
 */
#ifndef SM_CRYPTO_MAIL_H
#define SM_CRYPTO_MAIL_H

#include "proto/notify.h"
#include "services/crypto/crypto.h"

/* A letter to be mailed, and when. */
struct mail_order {
    struct letter letter;
    struct id organisation, message, link; /* link none: about no recipient */
    struct id event; /* goes out only after audit has this one; none: at once */
    int64_t not_before_ms, not_after_ms;
};

/* Adds a job, inside the caller's transaction. SM_BAD_VALUE for a letter outside its limits. */
SM_MUST_USE enum sm_error mail_add(const struct worker *worker, const struct mail_order *order);

/* Cancels waiting mail of a message, or of one of its links, inside the caller's transaction. */
SM_MUST_USE enum sm_error mail_cancel(struct db *db, struct id message, struct id link);

/* The relay: a thread with its own connection and its own bus client. */
struct mail_relay_options {
    const char *conninfo;
    const struct bus_keys *keys;
    const char *notifier_endpoints;
};

/* Starts the thread. The caller owns *out; what options point to must outlive it. */
SM_MUST_USE enum sm_error mail_relay_start(
    const struct mail_relay_options *options, struct mail_relay **out);
void mail_relay_stop(struct mail_relay **relay);

/* Wakes it: a job was committed, or an event acknowledged. Cheap, any thread; NULL is accepted. */
void mail_relay_poke(struct mail_relay *relay);

#endif
