/*
 * The export: a log as NDJSON, in pages that the gateway streams as they are. Every line is
 * canonical JSON (docs/audit-format.md). The export is itself an event of the log, committed and
 * signed before the first page leaves; its id fixes which entries belong to it, so that the same
 * pages can be asked for again and none that was not logged.
 *
 * A log that is damaged (heads.h) can neither log nor sign. It is exported all the same, so that
 * the verifier can name the damage; the service's own log has the line "damaged-log-exported".
 */
#ifndef SM_AUDIT_EXPORT_H
#define SM_AUDIT_EXPORT_H

#include "envelope/capability.h"
#include "proto/audit.h"
#include "services/audit/writer.h"

struct export_context {
    struct db *db;
    struct writer *writer;
    const struct signing_key *key;
    int64_t timeout_ms;
};

/*
 * One page; reply->lines lives in `arena`. The capability is checked already. SM_NOT_FOUND: this
 * export was never begun (by this user); SM_BAD_VALUE: not a page of it.
 */
SM_MUST_USE enum sm_error export_page(const struct export_context *context,
    const struct capability *capability, const struct export_request *request, struct arena *arena,
    struct export_reply *reply);

#endif
