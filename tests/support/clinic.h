/*
 * "The clinic": a vault with an organisation, its people, and everything that a message needs from
 * the send to the reply, through the dispatcher and the real tables. Where a test asks for one
 * thing, the rest is already there:
 *
 *     struct parcel parcel = clinic_send(clinic, METHOD_CODE);
 *     struct page rosa = clinic_verified(clinic, &parcel);
 *     assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
 *
 * A test that uses it includes tests/support/audit_edge.inc: the log is at the edge.
 */
#ifndef SM_TESTS_SUPPORT_CLINIC_H
#define SM_TESTS_SUPPORT_CLINIC_H

#include "envelope/p256.h"
#include "services/crypto/link.h"
#include "services/crypto/message.h"
#include "tests/support/ask.h"
#include "tests/support/audit_edge.h"

#define CLINIC_PASSWORD "correct horse battery" /* of the staff and of links */
#define CLINIC_RECIPIENT "rosa@example.net"

/* What a page keeps of a session; of staff and of recipients. */
struct page {
    struct id user, session;
    uint8_t secret[SESSION_SECRET_BYTES];
};

struct clinic {
    struct vault vault;
    struct id organisation;
    struct page anna, bert, carla; /* two senders and an administrator, signed in */
    struct p256_key *letter_key;   /* the notifier's: opens what is mailed */
    int64_t call_ms;               /* how long calls may take; generous */
};

/* cmocka's group fixtures and the setup of each test: clock and log as they were, nothing logged,
 * everybody signed in anew. */
int clinic_set_up(void **state);
int clinic_tear_down(void **state);
int clinic_begin(void **state);

/* Moves the clock, and signs everybody in again. */
void clinic_wait(struct clinic *clinic, int64_t seconds);

/* Another replica: the same vault over a connection of its own, for a second thread. */
struct clinic clinic_replica(struct clinic *clinic);
void clinic_replica_close(struct clinic *replica);

/* --- a message of anna's to one recipient --- */

struct parcel {
    struct id message, link;
    uint8_t secret[LINK_SECRET_BYTES]; /* of the link */
    uint8_t key[KEY_BYTES];            /* of the message */
};
enum { CLINIC_PARTS = 2 };

/* The request of a send, and its clear part; parcel->message and key are drawn. What it points to
 * lives in `parcel` and in static memory. */
struct sending_form {
    struct send_request request;
    struct recipient recipient;
    uint8_t subject[64];
};
void clinic_fill_send(
    struct clinic *clinic, struct parcel *parcel, enum method method, struct sending_form *form);
enum sm_error clinic_ask_send(
    struct clinic *clinic, const struct sending_form *form, struct answer *answer);
/* The whole of it: lives 7 days. */
struct parcel clinic_send(struct clinic *clinic, enum method method);
/* Two parts of a small message, in order. */
struct list clinic_parts(void);

/* --- calls --- */

enum sm_error clinic_by_link(struct clinic *clinic, const char *operation,
    const struct parcel *parcel, struct answer *answer); /* hello, send_code */
enum sm_error clinic_verify(struct clinic *clinic, const struct parcel *parcel,
    const char *password, const char *code, struct answer *answer);
enum sm_error clinic_verify_open(struct clinic *clinic, const struct parcel *parcel,
    const char *password, const char *code, struct answer *answer);
enum sm_error clinic_with_session(struct clinic *clinic, const char *operation,
    const struct page *page, struct answer *answer); /* open, renew */
enum sm_error clinic_with_message(struct clinic *clinic, const char *operation,
    const struct page *page, struct id message, struct answer *answer); /* read, delete, compose */
enum sm_error clinic_with_link(struct clinic *clinic, const char *operation,
    const struct page *page, const struct parcel *parcel,
    struct answer *answer); /* revoke, unlock */
enum sm_error clinic_reply(
    struct clinic *clinic, const struct page *page, struct id reply, struct answer *answer);

/* Sends a code, reads it out of the waiting mail. */
struct code_text {
    char digits[CODE_DIGITS + 1];
};
struct code_text clinic_code(struct clinic *clinic, const struct parcel *parcel);
/* The code of the newest letter that waits for this link. */
struct code_text clinic_mailed_code(struct clinic *clinic, const struct parcel *parcel);
/* A verified recipient, with whatever the parcel's method asks for. */
struct page clinic_verified(struct clinic *clinic, const struct parcel *parcel);
/* The session of a verify that was answered. */
struct page clinic_page_of(const struct answer *verified);

/* Of a link's row now. */
struct link clinic_link(struct clinic *clinic, const struct parcel *parcel, struct arena *arena);
/* A number out of the database, as superuser. */
int64_t clinic_number(struct clinic *clinic, const char *sql);

/*
 * What a sender does while the log is waited for, for audit_edge_meanwhile: the real call,
 * "revoke" or "delete". It does not wait for the log, which waits for this very thread.
 */
struct clinic_ending {
    struct clinic replica;
    struct parcel parcel;
    const char *operation;
};
void clinic_end(void *ending);

#endif
