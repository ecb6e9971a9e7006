/*
 * What a process says of itself for `securemail-admin status`: one row of status.report, written
 * anew every few seconds by the thread that looks after its health. A row whose time is long ago is
 * of a process that died.
 */
#ifndef SM_RUNTIME_REPORT_H
#define SM_RUNTIME_REPORT_H

#include "db/connection.h"
#include "proto/catalog.h"

struct report {
    enum peer self;
    struct id replica; /* random, of this start */
    int64_t started_ms;
    bool is_ready;
    struct span missing; /* why it is not */
    const char *note;    /* what else an operator wants to know; NULL: nothing */
};

/* The release that this program is of, e.g. "0.1.0". */
const char *report_release(void);

SM_MUST_USE enum sm_error report_post(struct db *db, const struct report *report);
/* At a clean end. */
SM_MUST_USE enum sm_error report_remove(struct db *db, const struct report *report);

#endif
