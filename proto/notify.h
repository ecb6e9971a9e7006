/*
 * The notifier's bus messages, and the letter inside a mail job. A job is sealed to the notifier's
 * own key when crypto makes it (lib/envelope box, info "securemail/1 letter", aad = job id), so
 * that neither table nor bus shows a link or a code; it is wiped when the relay has accepted.
 */
#ifndef SM_PROTO_NOTIFY_H
#define SM_PROTO_NOTIFY_H

#include "proto/field.h"

/* Rows of a table in services/notifier/letter.c: what kind of mail it is. */
enum letter_kind {
    LETTER_NOTICE = 1,     /* to a recipient: there is a secure message, here is your link */
    LETTER_CODE = 2,       /* to a recipient: the 6-digit code */
    LETTER_REPLY = 3,      /* to the sender: a recipient answered */
    LETTER_LOCKED = 4,     /* to the sender: a recipient was locked out */
    LETTER_RESET = 5,      /* to a user: a link to set a password with */
    LETTER_CHECKPOINT = 6, /* to administrators and auditors: the log's signed head, to be kept */
    LETTER_LAST = LETTER_CHECKPOINT,
};

/* The plaintext of a job: all that the text of the mail is made from. */
struct letter {
    uint64_t kind;
    struct span language;
    struct span to_address, to_name;
    struct span from_address; /* empty: the notifier's own */
    struct span from_name;    /* beside the address; empty: organisation_name */
    struct span organisation_name, sender_name;
    struct span link; /* notice, reset: the whole link; empty otherwise */
    struct span code; /* code: 6 digits; empty otherwise */
    struct span note; /* checkpoint: a signed note; empty otherwise */
    uint64_t expires_ms;
};

struct mail_job {
    struct id job; /* also the source of the Message-ID, so that a repeat is recognisable */
    struct id organisation, message, link;
    uint64_t kind;
    uint64_t not_before_ms, not_after_ms; /* waits for the undo window; given up after */
    struct span sealed;
    uint64_t request; /* of what request from outside it comes, for log lines alone; 0: none */
};
struct enqueue_request {
    struct list jobs; /* of struct mail_job */
};
struct cancel_request {
    struct id message, link; /* link none: all of the message */
};
struct cancel_reply {
    uint64_t cancelled; /* jobs that had not gone out */
};

struct delivery_feed_request {
    uint64_t after_tx, after_id, rows_max;
};
enum delivery_result {
    DELIVERY_ACCEPTED = 1,      /* our relay took it */
    DELIVERY_UNDELIVERABLE = 2, /* refused for good, or given up at not_after */
};
struct delivery {
    uint64_t tx, id;
    struct id job, organisation, message, link;
    uint64_t kind, result, at_ms;
};
struct delivery_feed_reply {
    struct list deliveries;
};

extern const struct fields letter, mail_job, enqueue_request, cancel_request, cancel_reply,
    delivery_feed_request, delivery_feed_reply;

#endif
