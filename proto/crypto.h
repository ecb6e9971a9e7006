/*
 * Crypto's bus messages: what the gateway may ask (keys, a sealed request carried through, the feed
 * of facts that it projects), what retention may ask (what is due, destroy, done), and what the
 * operator may do at the local socket (organisations, users, policy, key status).
 */
#ifndef SM_PROTO_CRYPTO_H
#define SM_PROTO_CRYPTO_H

#include "proto/field.h"

struct keys_request {
    char none;
};
struct keys_reply {
    struct span identity_public;  /* P-256 point: the key that links pin */
    struct span kid, hpke_public; /* the key to seal to */
    uint64_t not_before_ms, not_after_ms;
    struct span signature;         /* of the identity key over kid, hpke_public and both times */
    struct span capability_public; /* Ed25519: what the gateway checks capabilities with */
    struct span time_token;        /* MACed time and random: goes into a sealed request */
    uint64_t now_ms;
};

struct carry_request {
    struct span operation; /* name of a sealed operation */
    struct span frame;     /* the sealed request */
};
/* The typed effects are for the gateway; `sealed` is for the client. */
struct carry_reply {
    uint64_t outcome;         /* an enum sm_error: chooses the HTTP status */
    uint64_t retry_after_s;   /* 0: none */
    struct span cookie;       /* session capability to set; empty: leave; "-": remove */
    bool is_feed_changed;     /* facts were committed: pull the feed before the next list */
    struct id closed_message; /* whose downloads by recipients must stop now */
    struct id closed_link;    /* whose downloads must stop now */
    struct id purge;          /* message whose ciphertext must be purged now (ask retention) */
    struct span sealed; /* the sealed reply; empty only when the request could not be opened */
};

struct feed_request {
    uint64_t after_tx, after_id; /* the cursor: the last item already projected */
    uint64_t rows_max;
};
enum feed_kind {
    FEED_MESSAGE = 1, /* a message or reply exists: its metadata */
    FEED_LINK = 2,    /* the state of one recipient's link */
    FEED_STATE = 3,   /* the state of a message changed */
    FEED_SESSION = 4, /* a user session ended before its time: refuse its cookies */
    FEED_SHOWN = 5,   /* a link's page was shown for the first time, at created_ms */
};
enum message_state {
    STATE_LIVE = 1,
    STATE_REVOKED = 2,
    STATE_EXPIRED = 3,
    STATE_DELETED = 4, /* metadata goes too: addresses remain in the audit log only */
};
/*
 * Every item carries the whole state of what it speaks of and a `version` that only grows, so
 * projecting is: if newer, overwrite. Members that a kind does not use are zero.
 */
struct feed_item {
    uint64_t tx, id; /* place in the feed */
    uint64_t kind, version;
    struct id organisation, message, link, parent, user; /* link: from which a reply came */
    uint64_t direction, state, method, parts;
    struct span address, name;
    uint64_t created_ms, expires_ms, opened_ms, replied_ms, locked_until_ms;
    bool is_frozen;
    struct span subject_sealed;
};
struct feed_reply {
    struct list items; /* in cursor order; fewer than rows_max: nothing more for now */
};

struct known_request {
    struct list messages; /* of struct message_name: drafts and orphans the sweep wonders about */
};
struct known_item {
    struct id message;
    bool is_known; /* false: never committed, or purged: its objects may go */
};
struct known_reply {
    struct list messages;
};

struct due_request {
    uint64_t after_ms; /* of the last item of the page before, and its message; 0 and none: first */
    struct id after;
    uint64_t rows_max;
};
struct due_item {
    struct id organisation, message;
    bool is_expiry; /* else: deleted by the sender */
    uint64_t due_ms;
};
struct due_reply {
    struct list messages;
};
struct destroy_request {
    struct id message;
};
struct destroy_reply {
    bool is_due; /* false: not due (any more); leave its ciphertext alone */
};
struct purged_request {
    struct id message;
};

struct org_create_request {
    struct span name, base_url, from_address, language, colour;
};
struct org_create_reply {
    struct id organisation;
};
struct org_list_request {
    char none;
};
struct org_item {
    struct id organisation;
    struct span name, base_url;
};
struct org_list_reply {
    struct list organisations;
};
struct user_create_request {
    struct id organisation;
    struct span email, name;
    uint64_t roles;
    struct span password;
};
struct user_create_reply {
    struct id user;
    struct span link; /* to set a password with; empty where one was given */
    uint64_t expires_ms;
};
struct user_reset_reply {
    struct span link;
    uint64_t expires_ms;
};
struct user_request { /* user_disable, user_reset */
    struct id organisation;
    struct span email;
};
struct user_password_request {
    struct id organisation;
    struct span email, password;
};
struct policy_set_request {
    struct id organisation;
    uint64_t methods, lifetime_days_max, recipients_max, attachments_max;
    uint64_t total_bytes_max; /* ciphertext of all live messages together */
};
struct key_status_request {
    char none;
};
struct key_status_item {
    struct span purpose;
    struct id organisation;             /* whose; none: of the whole */
    uint64_t version, created_ms, rows; /* rows wrapped or made under it */
    bool is_old;                        /* a newer version is there: its rows are behind */
};
struct key_status_reply {
    struct list keys;
    struct span identity_public, pin;
};
enum rotated_key { ROTATE_ORGANISATION = 1, ROTATE_MASTER, ROTATE_HPKE };
struct key_rotate_request {
    uint64_t key; /* enum rotated_key */
    struct id organisation;
};
struct key_rotate_reply {
    uint64_t version; /* that is in use now; 0: it has none */
    bool is_resumed;  /* it was under way */
};
struct key_rewrap_request {
    uint64_t key; /* those that have versions */
    struct id organisation;
};
struct key_rewrap_reply {
    uint64_t rewrapped, refused, behind; /* refused: they do not open, they were altered */
    bool is_done;                        /* nothing is behind, the old version is destroyed */
};
struct mail_release_request {
    char none;
};
struct mail_release_reply {
    uint64_t restores; /* whose mail was held until now */
};
struct suite_status_request {
    char none;
};
struct suite_report {
    struct span service, host, release;
    uint64_t started_ms, at_ms; /* at: when it said this */
    bool is_ready;
    struct span missing; /* why it is not, a line each */
    struct span note, metrics;
};
struct suite_status_reply {
    struct list reports;
    uint64_t now_ms;
    uint64_t restored_ms, backup_ms; /* the last restore; 0: none */
    bool is_mail_held;
    struct span keys; /* newest versions, e.g. "identity 1, master 1" */
};
struct nothing {
    char none;
};

extern const struct fields keys_request, keys_reply, carry_request, carry_reply, feed_request,
    feed_item, feed_reply, known_request, known_reply, due_request, due_reply, destroy_request,
    destroy_reply, purged_request, org_create_request, org_create_reply, org_list_request,
    org_list_reply, user_create_request, user_create_reply, user_reset_reply, user_request,
    user_password_request, policy_set_request, key_status_request, key_status_reply,
    key_rotate_request, key_rotate_reply, key_rewrap_request, key_rewrap_reply,
    mail_release_request, mail_release_reply, suite_status_request, suite_status_reply, nothing;

#endif
