/*
 * One relay, spoken to through libcurl: STARTTLS (or TLS from the start with smtps://) with a
 * verified certificate, AUTH where a user is configured. Plain text only when that is configured as
 * "never" and the relay is a loopback address. There is no other relay and no fall-back.
 *
 * What became of a mail has three classes. ACCEPTED: the relay said so after the data. PERMANENT:
 * the relay refused this recipient or this mail with a 5xx. TEMPORARY is all else, also what is
 * wrong with our side of it (certificate, password, sender address: the log says so, an operator
 * can mend it) and also when nobody knows (the connection ended after the data): send again, same
 * Message-ID.
 *
 * A struct smtp belongs to one thread and keeps its connection for the next mail.
 */
#ifndef SM_NOTIFIER_SMTP_H
#define SM_NOTIFIER_SMTP_H

#include "base/error.h"
#include "base/span.h"

struct smtp_options {
    const char *url;          /* smtp://host:port or smtps://host:port, nothing else in it */
    bool is_tls_required;     /* false: only for a loopback relay */
    const char *ca_file;      /* PEM; empty: the system's */
    const char *user;         /* empty: no AUTH */
    struct span password;     /* of the user; text */
    const char *hello_domain; /* what we call ourselves in EHLO */
    int64_t timeout_ms;       /* of one mail, connecting included */
    bool (*is_cancelled)(void *context); /* asked about once a second; true ends the attempt */
    void *context;
};

/* Once, in main, before any thread. */
SM_MUST_USE enum sm_error smtp_library_start(void);
void smtp_library_stop(void);

/* SM_CONFIG with the reason in the log when the options cannot be used as promised above. */
SM_MUST_USE enum sm_error smtp_options_check(const struct smtp_options *options);

struct smtp;

/* Checks the options, connects to nothing yet. `options` must outlive it; the caller owns *out. */
SM_MUST_USE enum sm_error smtp_open(const struct smtp_options *options, struct smtp **out);
void smtp_close(struct smtp **smtp);

enum smtp_class { SMTP_ACCEPTED = 1, SMTP_TEMPORARY, SMTP_PERMANENT };

struct smtp_outcome {
    enum smtp_class class;
    int reply;         /* the relay's last reply code; 0 when it gave none */
    const char *stage; /* where it ended: "connect", "auth", "sender", "recipient", "data", ... */
    const char *cause; /* a constant word, e.g. "timeout"; never text of the relay */
};

struct smtp_mail {
    struct span from, to; /* addresses; refused unless text_is_address */
    struct span content;  /* RFC 5322, CRLF lines */
};

/* Hands one mail to the relay. An error means that nothing was tried (memory, bad address). */
SM_MUST_USE enum sm_error smtp_send(
    struct smtp *smtp, const struct smtp_mail *mail, struct smtp_outcome *out);

#endif
