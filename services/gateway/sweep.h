/*
 * Drafts that were never sent: their uploads and objects are deleted when their time is over, after
 * crypto has said that it does not know the message. Repeatable at every step.
 */
#ifndef SM_GATEWAY_SWEEP_H
#define SM_GATEWAY_SWEEP_H

#include "services/gateway/gateway.h"

/* One page of drafts; the rest follows at the next call. */
SM_MUST_USE enum sm_error sweep_drafts(struct worker *worker);

/*
 * Files of uploads that no row names any more (their message was sent without them, or a process
 * died between file and row), once they are older than any upload may be.
 */
SM_MUST_USE enum sm_error sweep_uploads(struct worker *worker);

#endif
