/*
 * Organisations: who they are to recipients, and what their senders may choose. The row carries a
 * MAC, because a changed base_url would send links to a stranger's host, and a changed policy would
 * weaken identity checks.
 */
#ifndef SM_CRYPTO_ORGANISATION_H
#define SM_CRYPTO_ORGANISATION_H

#include "services/crypto/crypto.h"

struct organisation {
    struct id organisation;
    struct span name, base_url, from_address, language, colour;
    uint64_t methods; /* bits of enum method that senders may choose */
    uint64_t lifetime_days_max, recipients_max, attachments_max;
    uint64_t total_bytes_max; /* ciphertext of all live messages */
};

/*
 * Reads one. Spans live in `arena`; base_url is the configured one where the row has none.
 * SM_NOT_FOUND, SM_TAMPERED.
 */
SM_MUST_USE enum sm_error organisation_load(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out);

/* By its name, as its row stands: base_url is empty where it has none of its own. */
SM_MUST_USE enum sm_error organisation_by_name(
    const struct worker *worker, struct arena *arena, struct span name, struct organisation *out);

/* Writes a new row, inside the caller's transaction. SM_CONFLICT when the name exists. */
SM_MUST_USE enum sm_error organisation_insert(
    const struct worker *worker, const struct organisation *organisation);

/* Replaces the policy, inside the caller's transaction: locks the row. SM_NOT_FOUND, SM_TAMPERED.
 */
struct policy_set_request;
SM_MUST_USE enum sm_error organisation_set_policy(
    const struct worker *worker, const struct policy_set_request *policy);

#endif
