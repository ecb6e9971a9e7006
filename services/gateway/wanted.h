/*
 * Uploads that are wanted at another gateway: a client whose network went away comes back there and
 * finds its upload locked by its own silent connection here. The gateways of one database tell each
 * other by NOTIFY; whoever has the connection ends its reading (inflow.h).
 */
#ifndef SM_GATEWAY_WANTED_H
#define SM_GATEWAY_WANTED_H

#include "services/gateway/gateway.h"

/* Somebody who may write `upload` found it locked. A hint: the client asks again anyway. */
void wanted_tell(struct worker *worker, struct id upload);

/* What others told since. *session (0 at first): of `db`, the one that listens. */
SM_MUST_USE enum sm_error wanted_hear(struct gateway *gateway, struct db *db, uint64_t *session);

#endif
