/*
 * Erasing personal values. An entry of kind "personal-erased" names the values (entry and place,
 * never the value), who decided and why; in the same commit audit.erase() (db/migrations/0130) lets
 * go of exactly what that entry names. The commitments stay in their entries, so chain and tree
 * verify as before. docs/decisions/0115-erasure.md.
 */
#ifndef SM_AUDIT_ERASURE_H
#define SM_AUDIT_ERASURE_H

#include "db/connection.h"
#include "proto/audit.h"
#include "proto/limits.h"
#include "runtime/journal.h"

/* Which values of one log, and what is said of it. Spans are borrowed. */
struct erase_order {
    struct id organisation;
    struct span person; /* empty: any value */
    uint64_t seq;       /* 0: of any entry */
    bool is_replay;     /* in place of both: what a restore's journal names */
    struct span by;     /* who decided; empty: nobody anew */
    struct span reason;
};

struct erased_value {
    uint64_t seq, place;
    struct id event; /* of the entry */
};
/* In the order of seq and place. */
struct erasure {
    struct erased_value values[AUDIT_ERASED_MAX];
    size_t count;
    bool has_more; /* beyond what one entry names */
};

/*
 * What is there to erase. SM_BAD_VALUE: the reason, which stays in the log for good, names one of
 * the values (letters large or small), or the order names neither person nor entry.
 */
SM_MUST_USE enum sm_error erasure_find(
    struct db *db, const struct erase_order *order, struct erasure *out);

/* Before the commit: the order outlives a crash behind it, and a restore of an older backup. */
SM_MUST_USE enum sm_error erasure_note(
    const struct erasure *erasure, struct journal *journal, uint64_t now_ms);

/* In the transaction that has written the entry `seq`: lets go of the values that it names.
 * SM_CONFLICT: they are not those that were found. */
SM_MUST_USE enum sm_error erasure_carry_out(
    struct db *db, const struct id *organisation, uint64_t seq, const struct erasure *erasure);

#endif
