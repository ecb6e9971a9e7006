/*
 * What a person's client (browser, command line) says to crypto inside a sealed request, and what
 * crypto answers inside the sealed reply (lib/envelope/sealed.h is the envelope). The gateway
 * carries these bytes and cannot read them; it sees the operation's name and struct sealed_aad.
 *
 * The plaintext of a request is the operation's map. The plaintext of a reply is one byte, the
 * number of an enum sm_error, and then the operation's reply map (0) or struct failure (else).
 *
 * Legal order for a sender: login, then anything with the session. For a recipient: hello,
 * (send_code), verify_open; then reply, and open again, with the session that it gave. verify gives
 * the session alone.
 */
#ifndef SM_PROTO_SEALED_H
#define SM_PROTO_SEALED_H

#include "proto/field.h"

/* In clear, authenticated: what the gateway needs so that it checks before it carries. */
struct sealed_aad {
    struct id message; /* the message whose parts must be durable; none for other operations */
    uint64_t parts;    /* how many, header part included; 0 for other operations */
};

/* In every request: makes a replay on any replica have no effect. */
struct sealed_meta {
    struct id request;      /* random, new for every request */
    struct span time_token; /* from crypto_keys */
};

/* Proof of an earlier check: what login gave a user, or verify a recipient. */
struct session_proof {
    struct id session;
    struct span secret;
};

/* What a link's fragment holds. */
struct link_proof {
    struct id link;
    struct span secret;
};

struct failure {
    uint64_t attempts_left; /* before the lock; 0 when not about a check */
    uint64_t retry_after_s;
    uint64_t until_ms;  /* end of a lock, by the database's clock; 0 if none */
    struct span reason; /* a sentence in English for people, no cause, no secret */
};

/* How a recipient proves who he is: a row of a table in services/crypto. Bits, so that an
 * organisation's policy is a mask; a link has exactly one. */
enum method {
    METHOD_PASSWORD = 1,
    METHOD_CODE = 2,
    METHOD_PASSWORD_AND_CODE = 4,
    METHODS_ALL = 7,
};

enum role { ROLE_SENDER = 1, ROLE_ADMIN = 2, ROLE_AUDITOR = 4, ROLES_ALL = 7 };

enum direction { DIRECTION_MESSAGE = 0, DIRECTION_REPLY = 1 };

/* How long a message lives, as bits of a mask. */
enum lifetime { LIFETIME_DAY = 1, LIFETIME_WEEK = 2, LIFETIME_MONTH = 4, LIFETIMES_ALL = 7 };

struct part_facts {
    uint64_t number;          /* 0 is the header part */
    uint64_t ciphertext_size; /* bytes */
    struct span commitment;   /* 32 bytes at the head of the chunked ciphertext */
};

/* --- sender --- */
struct login_request {
    struct sealed_meta meta;
    struct span email, password, code;
};
struct login_reply {
    struct session_proof session;
    struct id user, organisation;
    struct span organisation_name, name;
    uint64_t roles, expires_ms, methods, lifetime_days_max;
    bool has_totp; /* a time-based code was asked for */
};
struct session_request { /* renew, logout, audit_access */
    struct sealed_meta meta;
    struct session_proof session;
};
struct expires_reply {
    uint64_t expires_ms;
};
struct access_reply { /* audit_access, compose, reply_compose */
    struct span capability;
    uint64_t expires_ms, attachment_bytes_max, parts_max;
};
/* --- the second factor of a user --- */
struct totp_begin_reply {
    struct span secret; /* base32, for typing */
    struct span uri;    /* otpauth://..., for a QR code */
};
struct totp_confirm_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct span code;
};
struct recovery_code {
    struct span code; /* "ABCDE-FGHIJ" */
};
struct recovery_codes_reply {
    struct list codes; /* of struct recovery_code; shown once, never again */
};
struct totp_remove_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct span password, code;
};

/* --- passwords and users --- */
struct password_change_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct span old_password, new_password;
};
struct password_reset_request {
    struct sealed_meta meta;
    struct id reset;    /* from the link */
    struct span secret; /* likewise */
    struct span password;
};
struct password_reset_reply {
    struct span email; /* to sign in with */
};
struct reset_issue_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct id user;
    bool is_mailed;
};
struct reset_issue_reply {
    struct span link;
    uint64_t expires_ms;
};
struct users_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct span after; /* the last address of the page before; empty: from the start */
};
struct user_item {
    struct id user;
    struct span email, name;
    uint64_t roles;
    bool is_disabled, has_totp, is_altered; /* altered: its row does not pass its integrity check */
    uint64_t locked_until_ms, last_sign_in_ms; /* 0: not locked; never */
};
struct users_reply {
    struct list users; /* of struct user_item, by address; a full page: ask for more */
};
struct user_add_request { /* user_create */
    struct sealed_meta meta;
    struct session_proof session;
    struct span email, name;
    uint64_t roles;
    struct span password; /* empty: a link is made */
    bool is_mailed;       /* the link goes to the user by mail too */
};
struct user_made_reply {
    struct id user;
    struct span link; /* empty where a password was given */
    uint64_t expires_ms;
};
struct user_change_request { /* the whole state: what is as it was changes nothing */
    struct sealed_meta meta;
    struct session_proof session;
    struct id user;
    struct span name;
    uint64_t roles;
    bool is_disabled, removes_totp;
};

/* --- the organisation --- */
struct organisation_reply {
    struct id organisation;
    struct span name, colour, language, from_name, from_address, contact, logo;
    uint64_t methods, method_floor, methods_allowed; /* allowed: methods from the floor on */
    uint64_t lifetimes;                              /* bits of enum lifetime */
    uint64_t default_method, default_lifetime_days;  /* 0: none */
    uint64_t recipients_max, attachments_max, total_bytes_max, stored_bytes;
};
struct organisation_set_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct span name, colour, language, from_name, from_address, contact;
    bool changes_logo;
    struct span logo; /* PNG or JPEG; empty with changes_logo: none any more */
};
struct policy_change_request { /* policy_set */
    struct sealed_meta meta;
    struct session_proof session;
    uint64_t methods, method_floor, lifetimes, default_method, default_lifetime_days;
};

struct key_row {
    struct span purpose;
    uint64_t version, created_ms;
};
/* The key of an organisation. */
struct rotation_state {
    uint64_t version;      /* in use */
    uint64_t rows, behind; /* wrapped under it at all; of them, under the version before */
    bool is_under_way;     /* the version before is there still */
};
struct rotation_begin_request {
    struct sealed_meta meta;
    struct session_proof session;
    uint64_t version; /* that is to be replaced */
};
struct rotation_step_reply {
    struct rotation_state state;
    uint64_t rewrapped, refused; /* in this step; refused: they do not open, they were altered */
};
struct status_reply {
    struct list keys; /* of struct key_row */
    struct rotation_state rotation;
    uint64_t now_ms;
    uint64_t events_waiting, oldest_event_ms; /* on their way to the log; 0: none */
    uint64_t mails_waiting, oldest_mail_ms;   /* due, and not yet with the notifier */
};

struct compose_request { /* compose, reply_compose */
    struct sealed_meta meta;
    struct session_proof session;
    struct id message; /* new, random */
};
struct recipient {
    struct span address, name;
    uint64_t method;
    struct span password; /* empty for METHOD_CODE */
};
struct send_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct id message, parent;
    struct span key; /* K */
    uint64_t lifetime_days;
    uint64_t undo_s; /* the notification waits so long; revoked within it, nobody gets one */
    struct span language, subject_sealed;
    struct list recipients; /* of struct recipient */
    struct list parts;      /* of struct part_facts, in order from 0 */
};
struct link_facts {
    struct id link;
    struct span address;
};
struct send_reply {
    struct id message;
    uint64_t expires_ms;
    struct list links; /* of struct link_facts */
};
struct message_name {
    struct id message;
};
struct subjects_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct list messages; /* of struct message_name */
};
struct subject_key {
    struct id message;
    struct span key; /* HKDF(K, "subject") */
};
struct subjects_reply {
    struct list subjects; /* of struct subject_key; a message that is gone is not in it */
};
struct message_request { /* read, delete, open_message */
    struct sealed_meta meta;
    struct session_proof session;
    struct id message;
};
struct link_request { /* revoke (link none: all), unlock, resend */
    struct sealed_meta meta;
    struct session_proof session;
    struct id message, link;
};
struct empty_reply {
    char none;
};
struct content_reply { /* read, open, open_message; within verify_open_reply */
    struct id organisation, message;
    uint64_t direction;
    struct span key, capability;
    uint64_t expires_ms;
    struct list parts; /* of struct part_facts */
};

/* --- recipient --- */
struct link_only_request { /* hello, send_code */
    struct sealed_meta meta;
    struct link_proof link;
};
struct hello_reply {
    struct span organisation_name, organisation_colour, organisation_logo;
    struct span contact; /* the page keeps it for when the message is gone: that answer has none */
    struct span sender_name, language;
    uint64_t method, sent_ms, expires_ms, now_ms;
    uint64_t attempts_left, locked_until_ms;
    bool is_frozen, is_code_sent;
};
struct send_code_reply {
    uint64_t expires_ms, resend_after_s;
};
struct verify_request { /* verify, verify_open */
    struct sealed_meta meta;
    struct link_proof link;
    struct span password, code; /* empty where the method does not ask for it */
};
struct verify_reply { /* verify; within verify_open_reply */
    struct session_proof session;
    uint64_t expires_ms;
};
struct verify_open_reply {
    struct verify_reply verified;
    struct content_reply content;
};
struct thread_row {
    struct id message, parent;
    uint64_t direction, created_ms, expires_ms;
    bool is_this; /* what the link itself opens */
    bool is_open; /* open_message releases it; else it has ended, or asks for its own link */
};
struct thread_reply {
    struct list items; /* of struct thread_row, newest first */
};
struct reply_request {
    struct sealed_meta meta;
    struct session_proof session;
    struct id message; /* new, from reply_compose */
    struct span key, subject_sealed;
    struct list parts;
};

extern const struct fields sealed_aad, failure;
extern const struct fields password_change_request, password_reset_request, password_reset_reply,
    reset_issue_request, reset_issue_reply, users_request, users_reply, user_add_request,
    user_made_reply, user_change_request;
extern const struct fields status_reply, rotation_begin_request, rotation_state,
    rotation_step_reply;
extern const struct fields organisation_reply, organisation_set_request, policy_change_request;
extern const struct fields totp_begin_reply, totp_confirm_request, recovery_codes_reply,
    totp_remove_request;
extern const struct fields login_request, login_reply, session_request, expires_reply, access_reply,
    compose_request, send_request, send_reply, subjects_request, subjects_reply, message_request,
    link_request, empty_reply, content_reply;
extern const struct fields thread_reply;
extern const struct fields link_only_request, hello_reply, send_code_reply, verify_request,
    verify_reply, verify_open_reply, reply_request;

/* One row per sealed operation; the name is the HPKE info and the path at the gateway. */
struct sealed_operation {
    const char *name;
    const struct fields *request, *reply;
    bool carries_parts; /* the gateway checks struct sealed_aad against the object store first */
    const char *sentence;
};
extern const struct sealed_operation sealed_operations[];
extern const size_t sealed_operations_count;

/* The row that `name` names, or NULL. */
const struct sealed_operation *sealed_operation_find(struct span name);

#endif
