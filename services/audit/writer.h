/*
 * The one writer. A thread owns the database connection, the advisory lock and the heads; handlers
 * hand it jobs and wait. Whatever waits when a commit ends goes into the next one (group commit).
 *
 * Of several audit processes the one that holds the advisory lock is active; the others try to get
 * it twice a second and answer "not active" until they do. A job is answered only after its COMMIT.
 */
#ifndef SM_AUDIT_WRITER_H
#define SM_AUDIT_WRITER_H

#include "services/audit/group.h"

struct writer;
struct writer_options {
    const char *conninfo;
    const struct signing_key *key;
    struct journal *journal; /* of erasures */
    int64_t checkpoint_interval_ms;
};

/* Starts the thread; the options' pointers must outlive it. Caller owns *out. */
SM_MUST_USE enum sm_error writer_start(const struct writer_options *options, struct writer **out);
/* What waits is answered SM_UNAVAILABLE; what is being committed is finished. */
void writer_stop(struct writer **writer);

/* Any thread. */
bool writer_is_active(struct writer *writer);

/*
 * Any thread: has the job committed and returns its error. SM_NOT_ACTIVE, SM_BUSY (the queue is
 * full), SM_TIMEOUT (not begun within `timeout_ms`), and those of group_commit.
 */
SM_MUST_USE enum sm_error writer_commit(
    struct writer *writer, struct append_job *job, int64_t timeout_ms);

#endif
