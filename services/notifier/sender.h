/*
 * The threads that send: each claims a job, opens its letter, hands the mail to the relay and
 * records what became of it. One thread takes codes alone, so that a person who waits for a code
 * never waits behind a mass mailing or a relay that hangs.
 *
 * Each thread has its own database connection and its own connection to the relay.
 */
#ifndef SM_NOTIFIER_SENDER_H
#define SM_NOTIFIER_SENDER_H

#include "envelope/p256.h"
#include "services/notifier/smtp.h"

enum { SENDERS_MAX = 16 };

struct senders_options {
    const char *conninfo;
    struct smtp_options smtp; /* is_cancelled and context are set by senders_start */
    const struct p256_key *letter_key;
    const char *from_address;          /* of letters that name none */
    void (*on_settled)(void *context); /* an event was written; from any of the threads */
    void *context;
    size_t threads; /* 2..SENDERS_MAX */
};

struct senders;

/* Checks the options and starts the threads. Everything named must outlive them; caller owns *out.
 */
SM_MUST_USE enum sm_error senders_start(
    const struct senders_options *options, struct senders **out);

/* Wakes a thread: there is a job. Cheap, any thread. */
void senders_poke(struct senders *senders);

/* Lets mails under way finish for a few seconds, then breaks off; what was broken off is sent
 * again. */
void senders_stop(struct senders **senders);

#endif
