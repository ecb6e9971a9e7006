/* The catalogue of events and the field tables of audit's messages. */
#include "proto/audit.h"

#include "proto/catalog.h"
#include "proto/limits.h"

#define TIME(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)

/* clang-format off */
const struct event_rule event_rules[EVENT_KIND_COUNT] = {
    [EVENT_NONE]                   = {"none", 0},
    [EVENT_ORGANISATION_CREATED]   = {"organisation-created", PEER_CRYPTO},
    [EVENT_ACCOUNT_CREATED]        = {"account-created", PEER_CRYPTO},
    [EVENT_ACCOUNT_DISABLED]       = {"account-disabled", PEER_CRYPTO},
    [EVENT_PASSWORD_RESET]         = {"password-reset", PEER_CRYPTO},
    [EVENT_ROLE_CHANGED]           = {"role-changed", PEER_CRYPTO},
    [EVENT_POLICY_CHANGED]         = {"policy-changed", PEER_CRYPTO},
    [EVENT_SIGNED_IN]              = {"signed-in", PEER_CRYPTO},
    [EVENT_SIGN_IN_FAILED]         = {"sign-in-failed", PEER_CRYPTO},
    [EVENT_SIGNED_OUT]             = {"signed-out", PEER_CRYPTO},
    [EVENT_SENT]                   = {"sent", PEER_CRYPTO},
    [EVENT_SEND_REFUSED]           = {"send-refused", PEER_CRYPTO},
    [EVENT_NOTIFICATION_QUEUED]    = {"notification-queued", PEER_NOTIFIER},
    [EVENT_NOTIFICATION_ACCEPTED]  = {"notification-accepted", PEER_NOTIFIER},
    [EVENT_NOTIFICATION_BOUNCED]   = {"notification-bounced", PEER_NOTIFIER},
    [EVENT_NOTIFICATION_CANCELLED] = {"notification-cancelled", PEER_NOTIFIER},
    [EVENT_PAGE_SHOWN]             = {"page-shown", PEER_CRYPTO},
    [EVENT_CODE_SENT]              = {"code-sent", PEER_CRYPTO},
    [EVENT_VERIFIED]               = {"verified", PEER_CRYPTO},
    [EVENT_VERIFICATION_FAILED]    = {"verification-failed", PEER_CRYPTO},
    [EVENT_LOCKED]                 = {"locked", PEER_CRYPTO},
    [EVENT_FROZEN]                 = {"frozen", PEER_CRYPTO},
    [EVENT_UNLOCKED]               = {"unlocked", PEER_CRYPTO},
    [EVENT_OPENED]                 = {"opened", PEER_CRYPTO},
    [EVENT_DOWNLOAD_GRANTED]       = {"download-granted", PEER_CRYPTO},
    [EVENT_REPLIED]                = {"replied", PEER_CRYPTO},
    [EVENT_READ_BY_SENDER]         = {"read-by-sender", PEER_CRYPTO},
    [EVENT_SUBJECTS_READ]          = {"subjects-read", PEER_CRYPTO},
    [EVENT_REVOKED]                = {"revoked", PEER_CRYPTO},
    [EVENT_DELETED]                = {"deleted", PEER_CRYPTO},
    [EVENT_EXPIRED]                = {"expired", PEER_CRYPTO},
    [EVENT_PURGED]                 = {"purged", PEER_RETENTION},
    [EVENT_KEY_ROTATED]            = {"key-rotated", PEER_CRYPTO | PEER_AUDIT},
    [EVENT_LOG_ACCESSED]           = {"log-accessed", PEER_CRYPTO},
    [EVENT_LOG_EXPORTED]           = {"log-exported", PEER_AUDIT},
    [EVENT_OPERATOR_CALL]          = {"operator-call", PEER_CRYPTO},
    [EVENT_TAMPERING_DETECTED]     = {"tampering-detected", PEER_CRYPTO},
    [EVENT_ACCOUNT_ENABLED]        = {"account-enabled", PEER_CRYPTO},
    [EVENT_ACCOUNT_RENAMED]        = {"account-renamed", PEER_CRYPTO},
    [EVENT_PASSWORD_CHANGED]       = {"password-changed", PEER_CRYPTO},
    [EVENT_RESET_ISSUED]           = {"reset-issued", PEER_CRYPTO},
    [EVENT_SECOND_FACTOR_ON]       = {"second-factor-on", PEER_CRYPTO},
    [EVENT_SECOND_FACTOR_OFF]      = {"second-factor-off", PEER_CRYPTO},
    [EVENT_RECOVERY_CODE_USED]     = {"recovery-code-used", PEER_CRYPTO},
    [EVENT_ORGANISATION_CHANGED]   = {"organisation-changed", PEER_CRYPTO},
    [EVENT_NOTIFICATION_RESENT]    = {"notification-resent", PEER_CRYPTO},
    [EVENT_READ_BY_RECIPIENT]      = {"read-by-recipient", PEER_CRYPTO},
    [EVENT_LOG_RESTORED]           = {"log-restored", PEER_AUDIT},
    [EVENT_CHECKPOINT_ASKED]       = {"checkpoint-asked", PEER_CRYPTO},
    [EVENT_CHECKPOINT_MAILED]      = {"checkpoint-mailed", PEER_CRYPTO},
    [EVENT_PERSONAL_ERASED]        = {"personal-erased", PEER_AUDIT},
};

FIELDS_LOCAL(personal_field, struct personal_field,
    F_LINE(struct personal_field, name, 1, 16, "what it is"),
    F_LINE(struct personal_field, value, 1, ADDRESS_BYTES_LIMIT, "an address or a name"));
FIELDS(audit_event, struct audit_event,
    F_ID(struct audit_event, event, 1, "logged once"),
    F_ID(struct audit_event, organisation, 1, "whose log"),
    F_U64(struct audit_event, kind, 1, EVENT_KIND_COUNT - 1, "see the catalogue of events"),
    TIME(struct audit_event, at_ms, "when it happened"),
    F_ID(struct audit_event, message, 0, "about which message"),
    F_ID(struct audit_event, link, 0, "about which recipient's link"),
    F_U64(struct audit_event, actor_class, 0, ACTOR_OPERATOR, "0 system, 1 user, 2 recipient, 3 operator"),
    F_ID(struct audit_event, actor, 0, "who did it"),
    F_U64(struct audit_event, result, 0, RESULT_REFUSED, "0 ok, 1 failed, 2 refused"),
    F_LINE(struct audit_event, reason, 0, REASON_BYTES_MAX, "a word or short fact"),
    F_LIST(struct audit_event, personal, 0, AUDIT_PERSONAL_MAX, personal_field, "erasable"));
FIELDS_LOCAL(event_request, struct event_request,
    F_U64(struct event_request, request, 0, INT64_MAX, "of what request from outside it comes; 0: none"));
FIELDS(append_request, struct append_request,
    F_LIST(struct append_request, events, 1, AUDIT_BATCH_MAX, audit_event, "durable together"),
    F_LIST(struct append_request, requests, 0, AUDIT_BATCH_MAX, event_request, "for log lines alone, in the events' order"));
FIELDS_LOCAL(held_event, struct held_event,
    F_ID(struct held_event, event, 1, "not logged: its organisation's log is damaged"));
FIELDS(append_reply, struct append_reply,
    F_U64(struct append_reply, appended, 0, AUDIT_BATCH_MAX, "new ones"),
    F_U64(struct append_reply, repeated, 0, AUDIT_BATCH_MAX, "that were there already"),
    F_LIST(struct append_reply, held, 0, AUDIT_BATCH_MAX, held_event, "keep and ask again; the others are durable"));

const struct id operators_log = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

#define CAPABILITY(type) F_LINE(type, capability, 1, CAPABILITY_BYTES_MAX, "by crypto, kind audit")
FIELDS(query_request, struct query_request,
    CAPABILITY(struct query_request),
    F_U64(struct query_request, kind, 0, EVENT_KIND_COUNT - 1, "0: all"),
    F_ID(struct query_request, message, 0, "none: all"),
    F_ID(struct query_request, link, 0, "none: all"),
    F_LINE(struct query_request, person, 0, ADDRESS_BYTES_LIMIT, "empty: all"),
    TIME(struct query_request, since_ms, "0: open"),
    TIME(struct query_request, until_ms, "0: open"),
    F_U64(struct query_request, before_seq, 0, MS_MAX, "0: the newest"),
    F_U64(struct query_request, rows_max, 1, PAGE_ROWS_MAX, "at most so many"));
FIELDS_LOCAL(disclosure, struct disclosure,
    F_LINE(struct disclosure, name, 1, 16, "what it is"),
    F_LINE(struct disclosure, value, 1, ADDRESS_BYTES_LIMIT, "an address or a name"),
    F_BYTES(struct disclosure, salt, SHA256_BYTES, SHA256_BYTES, "of the commitment"));
FIELDS_LOCAL(log_entry, struct log_entry,
    F_U64(struct log_entry, seq, 1, MS_MAX, "place in the log"),
    F_BYTES(struct log_entry, entry, 1, AUDIT_ENTRY_BYTES_MAX, "the exact stored bytes"),
    F_BYTES(struct log_entry, hash, SHA256_BYTES, SHA256_BYTES, "of the entry"),
    F_LIST(struct log_entry, disclosures, 0, AUDIT_PERSONAL_MAX, disclosure, "not erased"));
FIELDS(query_reply, struct query_reply,
    F_LIST(struct query_reply, entries, 0, PAGE_ROWS_MAX, log_entry, "newest first"),
    F_U64(struct query_reply, size, 0, MS_MAX, "entries of the log"));
FIELDS(export_request, struct export_request,
    CAPABILITY(struct export_request),
    F_ID(struct export_request, export, 1, "the same for all pages"),
    F_U64(struct export_request, from_seq, 0, MS_MAX, "0: the header line first"),
    F_U64(struct export_request, to_seq, 0, MS_MAX, "0 on the first page; then as answered"));
FIELDS(export_reply, struct export_reply,
    F_BYTES(struct export_reply, lines, 0, BUS_MESSAGE_BYTES_MAX / 2, "whole NDJSON lines"),
    F_U64(struct export_reply, next_seq, 0, MS_MAX, "from_seq of the next page"),
    F_U64(struct export_reply, to_seq, 0, MS_MAX, "last entry of this export"),
    F_BOOL(struct export_reply, is_last, "the footer line is in"));
FIELDS(evidence_request, struct evidence_request,
    F_ID(struct evidence_request, organisation, 1, "whose damaged log; all bits set: the operator's log"),
    F_ID(struct evidence_request, export, 1, "the same for all pages"),
    F_U64(struct evidence_request, from_seq, 0, MS_MAX, "0: the header line first"),
    F_U64(struct evidence_request, to_seq, 0, MS_MAX, "0 on the first page; then as answered"));
FIELDS(erase_request, struct erase_request,
    F_ID(struct erase_request, organisation, 1, "whose log"),
    F_LINE(struct erase_request, person, 0, ADDRESS_BYTES_LIMIT, "the value as it was logged; empty: any, and then seq names the entry"),
    F_U64(struct erase_request, seq, 0, MS_MAX, "the entry that has it; 0: any, and then person names the value"),
    F_LINE(struct erase_request, by, 1, ADDRESS_BYTES_LIMIT, "who decided; stands in the log as a personal value"),
    F_LINE(struct erase_request, reason, 1, REASON_BYTES_MAX, "why; may name none of the values"));
FIELDS(erase_reply, struct erase_reply,
    F_U64(struct erase_reply, erased, 0, AUDIT_ERASED_MAX, "values that this call erased"),
    F_U64(struct erase_reply, seq, 0, MS_MAX, "of the entry that tells it; 0: there was nothing to erase"),
    F_BOOL(struct erase_reply, is_done, "no more are left"));
FIELDS(prove_request, struct prove_request,
    CAPABILITY(struct prove_request),
    F_U64(struct prove_request, seq, 0, MS_MAX, "the entry; 0: that the older head of this size is continued"),
    F_U64(struct prove_request, size, 0, MS_MAX, "of a checkpoint that was signed; with an entry 0: the head now"));
FIELDS(prove_reply, struct prove_reply,
    F_TEXT(struct prove_reply, line, 1, PROOF_LINE_BYTES_MAX, "the file, one line"));
FIELDS_NONE(declaration_request);
FIELDS(declaration_reply, struct declaration_reply,
    F_TEXT(struct declaration_reply, line, 1, DECLARATION_BYTES_MAX, "the signed file, one line"));
FIELDS(checkpoint_request, struct checkpoint_request, CAPABILITY(struct checkpoint_request));
FIELDS(checkpoint_reply, struct checkpoint_reply,
    F_TEXT(struct checkpoint_reply, note, 1, 2048, "a signed note"));
/* clang-format on */
