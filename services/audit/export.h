/*
 * The export: a log as NDJSON, in pages that the gateway streams as they are. Every line is
 * canonical JSON (docs/audit-format.md). The export is itself an event of the log, committed and
 * signed before the first page leaves; its id fixes which entries belong to it, so that the same
 * pages can be asked for again and none that was not logged.
 *
 * A log that is damaged (heads.h) can neither log nor sign. It is exported all the same, so that
 * the verifier can name the damage, and its export is logged in the operator's log (proto/audit.h),
 * a log like every other: chained, signed, exported by the operator. Only if that one is damaged
 * too does the service's own log alone tell of it ("damaged-log-exported", which is always there).
 */
#ifndef SM_AUDIT_EXPORT_H
#define SM_AUDIT_EXPORT_H

#include "proto/audit.h"
#include "services/audit/writer.h"

struct export_context {
    struct db *db;
    struct writer *writer;
    const struct signing_key *key;
    int64_t timeout_ms;
};

/* Which page, for whom: a user by his capability, or the operator, who gets no whole log but his.
 */
struct export_order {
    struct id organisation, export;
    uint64_t actor_class; /* ACTOR_USER or ACTOR_OPERATOR */
    struct id actor;
    uint64_t from_seq, to_seq; /* as in export_request */
};

/*
 * One page; reply->lines lives in `arena`. Who asks is proven already. SM_NOT_FOUND: there is no
 * such log, or this export was never begun (by this user); SM_BAD_VALUE: not a page of it;
 * SM_NOT_ALLOWED: the operator asks for a log that is whole.
 */
SM_MUST_USE enum sm_error export_page(const struct export_context *context,
    const struct export_order *order, struct arena *arena, struct export_reply *reply);

#endif
