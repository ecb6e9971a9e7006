/*
 * After a restore the logs end where the backup ended, and what was logged behind that is lost.
 * Before anything else is logged, each log says so itself: an entry "log-restored", with a signed
 * checkpoint right behind it, opens a new epoch. Whoever keeps a checkpoint of what was lost finds
 * there why this log is another from that entry on; without the entry it would look forged.
 */
#ifndef SM_AUDIT_EPOCH_H
#define SM_AUDIT_EPOCH_H

#include "services/audit/group.h"

/*
 * The writer's, when it has begun to lead and before it takes jobs: every log of a restore that is
 * not told of yet (restore.run without restore.logged). Costs one look when there is none. Entries
 * have ids that are derived from restore and organisation: after a crash each is there once. A log
 * that is damaged stays as it is. Any error: not told in all logs, do not lead.
 */
SM_MUST_USE enum sm_error epochs_open(const struct group_context *context);

#endif
