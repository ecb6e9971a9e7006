/*
 * Reading a log page by page, newest first, by kind, message, link, person and time. A page begins
 * below a seq (keyset paging), so it costs the same at any depth. Times are compared with the time
 * of recording, by the log's own clock: "recorded" never goes back, "at" is what a service said.
 */
#ifndef SM_AUDIT_QUERY_H
#define SM_AUDIT_QUERY_H

#include "db/connection.h"
#include "proto/audit.h"

/* Fills *reply; what it points to lives in `arena`. The caller has checked the capability. */
SM_MUST_USE enum sm_error query_run(struct db *db, const struct id *organisation,
    const struct query_request *request, struct arena *arena, struct query_reply *reply);

#endif
