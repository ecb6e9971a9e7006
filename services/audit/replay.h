/*
 * After a restore: the personal values that the journal of erasures names and that are back with
 * the backup are erased again, told by an entry as the first time, before this process takes jobs.
 * A crash half-way is gone on with at the next start; a damaged log's values wait for its mending.
 */
#ifndef SM_AUDIT_REPLAY_H
#define SM_AUDIT_REPLAY_H

#include "services/audit/group.h"

SM_MUST_USE enum sm_error replay_erasures(const struct group_context *context);

#endif
