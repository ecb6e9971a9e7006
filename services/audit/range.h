/*
 * Roots of parts of a log's tree, from what is stored: a perfect subtree that was a peak of some
 * checkpoint is taken from there, the rest is hashed from the entries. So a proof out of a log of
 * any length reads about as many entries as lie between checkpoints, for each of its hashes. What
 * is read is not trusted: whoever builds a proof of it checks the proof against the signed root.
 */
#ifndef SM_AUDIT_RANGE_H
#define SM_AUDIT_RANGE_H

#include "db/connection.h"
#include "services/audit/proof.h"

/* The leaves begin <= i < end, counted from 0; `begin` is 0, or a multiple of the smallest power of
 * two that is not below end - begin (as in RFC 6962's definitions). */
struct range {
    uint64_t begin, end;
};

/* MTH(D[begin:end]) of RFC 6962 section 2.1. SM_TAMPERED: an entry is missing or none. */
SM_MUST_USE enum sm_error range_root(
    struct db *db, const struct id *organisation, struct range range, struct hash *out);

enum { RANGES_MAX = 64 };
/* The parts of the tree whose roots a proof consists of, in the proof's order. */
struct ranges {
    struct range list[RANGES_MAX];
    size_t count;
};
/* PATH(index, D[size]) of section 2.1.1; index < size. */
struct ranges range_path(uint64_t index, uint64_t size);
/* PROOF(older, D[size]) of section 2.1.2; 0 < older <= size. */
struct ranges range_consistency(uint64_t older, uint64_t size);

#endif
