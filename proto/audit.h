/*
 * What services report to the audit log, and how the log is read. The catalogue of events says who
 * may report which kind: audit refuses the rest, so that a compromised gateway can neither invent a
 * key release nor hide one (it reports nothing at all).
 */
#ifndef SM_PROTO_AUDIT_H
#define SM_PROTO_AUDIT_H

#include "proto/field.h"

enum event_kind {
    EVENT_NONE = 0,
    EVENT_ORGANISATION_CREATED,
    EVENT_ACCOUNT_CREATED,
    EVENT_ACCOUNT_DISABLED,
    EVENT_PASSWORD_RESET,
    EVENT_ROLE_CHANGED,
    EVENT_POLICY_CHANGED,
    EVENT_SIGNED_IN,
    EVENT_SIGN_IN_FAILED,
    EVENT_SIGNED_OUT,
    EVENT_SENT,
    EVENT_SEND_REFUSED,
    EVENT_NOTIFICATION_QUEUED,
    EVENT_NOTIFICATION_ACCEPTED,
    EVENT_NOTIFICATION_BOUNCED,
    EVENT_NOTIFICATION_CANCELLED,
    EVENT_PAGE_SHOWN,
    EVENT_CODE_SENT,
    EVENT_VERIFIED,
    EVENT_VERIFICATION_FAILED,
    EVENT_LOCKED,
    EVENT_FROZEN,
    EVENT_UNLOCKED,
    EVENT_OPENED,
    EVENT_DOWNLOAD_GRANTED,
    EVENT_REPLIED,
    EVENT_READ_BY_SENDER,
    EVENT_SUBJECTS_READ,
    EVENT_REVOKED,
    EVENT_DELETED,
    EVENT_EXPIRED,
    EVENT_PURGED,
    EVENT_KEY_ROTATED,
    EVENT_LOG_ACCESSED,
    EVENT_LOG_EXPORTED,
    EVENT_OPERATOR_CALL,
    EVENT_TAMPERING_DETECTED,
    EVENT_ACCOUNT_ENABLED,
    EVENT_ACCOUNT_RENAMED,
    EVENT_PASSWORD_CHANGED,
    EVENT_RESET_ISSUED,
    EVENT_SECOND_FACTOR_ON,
    EVENT_SECOND_FACTOR_OFF,
    EVENT_RECOVERY_CODE_USED,
    EVENT_ORGANISATION_CHANGED,
    EVENT_NOTIFICATION_RESENT,
    EVENT_READ_BY_RECIPIENT,
    EVENT_LOG_RESTORED,
    EVENT_CHECKPOINT_ASKED,
    EVENT_CHECKPOINT_MAILED,
    EVENT_PERSONAL_ERASED,
    EVENT_KIND_COUNT
};

/* name: the word in the log, e.g. "opened"; reporters: enum peer bits (proto/catalog.h). */
struct event_rule {
    const char *name;
    unsigned reporters;
};
extern const struct event_rule event_rules[EVENT_KIND_COUNT];

enum actor_class { ACTOR_SYSTEM = 0, ACTOR_USER = 1, ACTOR_RECIPIENT = 2, ACTOR_OPERATOR = 3 };
enum event_result { RESULT_OK = 0, RESULT_FAILED = 1, RESULT_REFUSED = 2 };

/* Stands in the entry as a salted commitment; value and salt lie apart, erasable. */
struct personal_field {
    struct span name;  /* "recipient", "sender", "user", "address" */
    struct span value; /* an address or a name */
};
struct audit_event {
    struct id event; /* idempotency: the same id is logged once */
    struct id organisation;
    uint64_t kind, at_ms; /* at: the database's clock where it happened */
    struct id message, link;
    uint64_t actor_class;
    struct id actor;
    uint64_t result;
    struct span reason; /* an error word or short fact; never personal, never secret */
    struct list personal;
};
/* Which request from outside an event comes of; for the log lines alone, in no entry. 0: none. */
struct event_request {
    uint64_t request;
};
struct append_request {
    struct list events;   /* of struct audit_event: durable together, but for those held */
    struct list requests; /* of struct event_request, in the order of the events; or none */
};
/* An event that is not logged because its organisation's log is damaged; the others are. */
struct held_event {
    struct id event;
};
struct append_reply {
    uint64_t appended, repeated;
    struct list held; /* of struct held_event: keep them, and ask again later */
};

/* Reading: the capability is crypto's (kind audit) and names the organisation. */
struct query_request {
    struct span capability;
    uint64_t kind; /* 0: all */
    struct id message, link;
    struct span person;          /* compares with the disclosed personal values; empty: all */
    uint64_t since_ms, until_ms; /* 0: open */
    uint64_t before_seq;         /* page down from here; 0: the newest */
    uint64_t rows_max;
};
struct disclosure {
    struct span name, value, salt;
};
struct log_entry {
    uint64_t seq;
    struct span entry; /* the exact stored bytes */
    struct span hash;
    struct list disclosures;
};
struct query_reply {
    struct list entries;
    uint64_t size; /* entries of the log in all */
};

/* NDJSON in pages: the gateway streams `lines` as they are, until is_last. */
struct export_request {
    struct span capability;
    struct id export;  /* the same for all pages; the first page is logged */
    uint64_t from_seq; /* 0: the header line comes first */
    uint64_t to_seq;   /* 0 on the first page: to the log's end now; then as answered */
};
struct export_reply {
    struct span lines;
    uint64_t next_seq, to_seq;
    bool is_last;
};
/*
 * The operator's export: of a log that is damaged, which its own people cannot reach any more, or
 * of the operator's log (operators_log), in which each such export is logged. Answered as export
 * is.
 */
struct evidence_request {
    struct id organisation, export;
    uint64_t from_seq, to_seq; /* as in export_request */
};
extern const struct id operators_log; /* stands for an organisation: all bits set */
/*
 * The operator erases personal values of a log: all of one person, all of one entry, or those of
 * the person in the entry. Each call takes as many as one entry names (AUDIT_ERASED_MAX) and
 * answers when they are gone and that entry is in the log; it is to be asked until is_done.
 */
struct erase_request {
    struct id organisation;
    struct span person; /* the value, as it was logged; empty: any */
    uint64_t seq;       /* the entry that has it; 0: any */
    struct span by;     /* who decided: a personal value of the entry that tells it */
    struct span reason; /* may name none of the values */
};
struct erase_reply {
    uint64_t erased; /* values, by this call */
    uint64_t seq;    /* of the entry that tells it; 0: there was nothing to erase */
    bool is_done;    /* no more are left */
};
/* A file that proves one entry, or that the head now continues an older one. */
struct prove_request {
    struct span capability;
    uint64_t seq;  /* the entry; 0: the older head of `size` is proven to be continued */
    uint64_t size; /* of a checkpoint that was signed; with an entry 0: the head now */
};
struct prove_reply {
    struct span line; /* docs/audit-format.md */
};
/* The declaration after NTA 7516, signed. It is public. */
struct declaration_request {
    char none;
};
struct declaration_reply {
    struct span line;
};
struct checkpoint_request {
    struct span capability;
};
struct checkpoint_reply {
    struct span note; /* a C2SP signed note */
};

extern const struct fields append_request, append_reply, query_request, query_reply, export_request,
    export_reply, evidence_request, erase_request, erase_reply, prove_request, prove_reply,
    declaration_request, declaration_reply, checkpoint_request, checkpoint_reply, audit_event;

#endif
