/*
 * Drafts that were never sent: their uploads and objects are deleted when their time is over, after
 * crypto has said that it does not know the message. Repeatable at every step.
 */
#ifndef SM_GATEWAY_SWEEP_H
#define SM_GATEWAY_SWEEP_H

#include "services/gateway/gateway.h"

/* One page of drafts; the rest follows at the next call. */
SM_MUST_USE enum sm_error sweep_drafts(struct worker *worker);

#endif
