/*
 * One commit of the log: many requests to append become one transaction, so that an fsync is paid
 * once for all of them. Either everything in a group is durable, or nothing.
 */
#ifndef SM_AUDIT_GROUP_H
#define SM_AUDIT_GROUP_H

#include "proto/audit.h"
#include "proto/catalog.h"
#include "services/audit/erasure.h"
#include "services/audit/heads.h"

enum { GROUP_EVENTS_MAX = 1024, GROUP_JOBS_MAX = 256, CHECKPOINT_EVERY_ENTRIES = 1000 };

/*
 * One request: events, or an order to erase. The writer fills in what follows `error`. Events of a
 * log that is damaged are held: they are not logged, and the others of the job are.
 */
struct append_job {
    struct list events; /* of struct audit_event that passed event_check; at most AUDIT_BATCH_MAX */
    enum peer source;
    const struct erase_order *erase; /* not NULL: erase, and tell it; alone in its group */
    struct id sign_organisation;     /* not none: sign this log's head after the events */
    enum sm_error error;             /* of this job alone; an error of the group goes to all */
    uint64_t appended, repeated, held;
    bool is_held[AUDIT_BATCH_MAX]; /* by the place of the event */
    struct erasure erasure;        /* what was erased; nothing: no entry tells of it */
    uint64_t erased_seq;           /* of the entry that tells it */
    uint64_t size;                 /* of the log that was signed */
    char note[CHECKPOINT_NOTE_BYTES_MAX];
    size_t note_bytes;
};

struct group_context {
    struct db *db;
    struct heads *heads;
    const struct signing_key *key;
    struct journal *journal; /* of erasures; NULL: none is kept (tests) */
};

/*
 * Commits. SM_OK: each job's outcome is in the job, and durable. Any other error: nothing of the
 * group happened, or (SM_UNAVAILABLE) it is unknown whether it did; ask again under the same event
 * ids. SM_NOT_ACTIVE: another process leads now. After an error the heads are forgotten.
 */
SM_MUST_USE enum sm_error group_commit(
    const struct group_context *context, struct append_job *const *jobs, size_t count);

/* Signs every log in memory that has entries beyond its last checkpoint. */
SM_MUST_USE enum sm_error group_sign_all(const struct group_context *context);

#endif
