/*
 * A stored row that does not pass its MAC: said once in the organisation's log and in the process's
 * own, whatever call met it. Nothing is decided by such a row.
 */
#ifndef SM_CRYPTO_TAMPERING_H
#define SM_CRYPTO_TAMPERING_H

#include "services/crypto/crypto.h"

struct tampering {
    const char *what; /* "link row", "message row", ... */
    struct id organisation, message, link;
    struct span mac; /* as it stands there: the same edit is one entry, however often it is met */
};

/* Writes the event, as a statement of its own: outside a transaction, for one that fails would take
 * it along. Always returns SM_TAMPERED. */
SM_MUST_USE enum sm_error tampering_report(
    const struct worker *worker, const struct tampering *tampering);

#endif
