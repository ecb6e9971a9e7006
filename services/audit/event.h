/*
 * From an event that a service reports to the exact bytes that are logged. Who may report which
 * kind is event_rules (proto/audit.c); the source that stands in an entry is the peer that the bus
 * authenticated, never a claim. docs/audit-format.md describes every member.
 */
#ifndef SM_AUDIT_EVENT_H
#define SM_AUDIT_EVENT_H

#include "proto/audit.h"
#include "proto/catalog.h"
#include "services/audit/chain.h"
#include "services/audit/erasure.h"

/* Where an entry stands. */
struct place {
    uint64_t seq; /* from 1, without gaps */
    const struct hash *prev;
    uint64_t recorded_ms; /* the log's clock */
};

/*
 * SM_OK if `source` may report this event in this form (audit alone writes the operator's log);
 * SM_NOT_ALLOWED, SM_BAD_VALUE (a kind, a name or a
 * time outside the calendar of four-digit years).
 */
SM_MUST_USE enum sm_error event_check(const struct audit_event *event, enum peer source);

/* What is to be told. */
struct report {
    const struct audit_event *event; /* it has passed event_check */
    enum peer source;
    const struct erasure *erasure; /* of kind personal-erased: what it erases; else NULL */
};

/*
 * Appends the entry. `commitments` are those of event->personal, in its order. SM_TOO_LARGE over
 * AUDIT_ENTRY_BYTES_MAX.
 */
SM_MUST_USE enum sm_error event_entry(const struct report *report, const struct place *place,
    const struct hash *commitments, struct buffer *out);

/* What opens a log. */
struct log_start {
    struct id organisation;
    struct id log; /* random: tells this log from any other of the same organisation */
    uint8_t public_key[32];
    uint8_t random[32];
};
/* Appends the first entry: seq 1, prev all zero. */
SM_MUST_USE enum sm_error event_log_start(
    const struct log_start *start, uint64_t recorded_ms, struct buffer *out);

#endif
