/*
 * Proofs as files: of one entry (with what it discloses), and that a newer head is a continuation
 * of an older one. Each is one line of docs/audit-format.md, checked by itself before it is given
 * out.
 */
#ifndef SM_AUDIT_PROVE_H
#define SM_AUDIT_PROVE_H

#include "services/audit/writer.h"

struct prove_context {
    struct db *db;
    struct writer *writer;
    const struct signing_key *key;
    int64_t timeout_ms;
};
struct prove_order {
    struct id organisation;
    uint64_t seq; /* of the entry; 0: none, and then `size` is the older head's */
    uint64_t
        size; /* of a checkpoint that was signed: under it; with an entry 0: under the head now */
};

/* Appends the line. SM_NOT_FOUND: no such entry, or no checkpoint of that size. SM_TAMPERED: the
 * log is damaged, what is stored does not lead to what was signed. */
SM_MUST_USE enum sm_error prove(
    const struct prove_context *context, const struct prove_order *order, struct buffer *out);

#endif
