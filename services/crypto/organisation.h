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

    /* Set by administrators (rows from before have them empty or 0); policy.h says what they mean.
     */
    struct span from_name;   /* of notifications; empty: name */
    struct span contact;     /* a line for recipients who cannot open a message; may be empty */
    struct span logo_digest; /* SHA-256 of the logo (logo.h); empty: none */
    uint64_t lifetimes;      /* bits of enum lifetime; 0: those up to lifetime_days_max */
    uint64_t method_floor;   /* weaker methods are hidden; 0: none is */
    uint64_t default_method, default_lifetime_days; /* preset for senders; 0: none */
};

/*
 * Reads one. Spans live in `arena`; base_url is the configured one where the row has none.
 * SM_NOT_FOUND; SM_TAMPERED, which is said once in the organisation's log (tampering.h), so:
 * outside a transaction, or before it changed anything.
 */
SM_MUST_USE enum sm_error organisation_load(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out);

/* The two halves of organisation_load, for who runs it together with others (db_run_all); $1
 * organisation. */
const struct statement *organisation_statement(void);
SM_MUST_USE enum sm_error organisation_read_loaded(const struct worker *worker,
    const struct db_rows *rows, struct arena *arena, struct id organisation,
    struct organisation *out);

/* By its name, as its row stands: base_url is empty where it has none of its own. */
SM_MUST_USE enum sm_error organisation_by_name(
    const struct worker *worker, struct arena *arena, struct span name, struct organisation *out);

/* Writes a new row, inside the caller's transaction. SM_CONFLICT when the name exists. */
SM_MUST_USE enum sm_error organisation_insert(
    const struct worker *worker, const struct organisation *organisation);

/*
 * For a change, inside the caller's transaction: reads the row as it stands (base_url may be empty)
 * and locks it; writes all of it but base_url back, with a new MAC. SM_NOT_FOUND, SM_TAMPERED;
 * SM_CONFLICT when another organisation has the name.
 */
SM_MUST_USE enum sm_error organisation_lock(const struct worker *worker, struct arena *arena,
    struct id organisation, struct organisation *out);
SM_MUST_USE enum sm_error organisation_update(
    const struct worker *worker, const struct organisation *organisation);

#endif
