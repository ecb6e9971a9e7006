/*
 * Answers that a recipient has begun and not sent. Each may fill as much at the gateway as a whole
 * message until the gateway has swept it, so a link has BEGUN_PER_LINK_MAX of them. One is given
 * back when it is sent, or when its uploads are swept for sure; begun again under the same id it
 * counts once.
 */
#ifndef SM_CRYPTO_BEGUN_H
#define SM_CRYPTO_BEGUN_H

#include "services/crypto/link.h"

/*
 * Counts `answer` as one of the link's, inside the transaction that holds the link's row.
 * SM_RATE_LIMITED: there are as many as may be, and *until_ms is when the first is given back, ms
 * since 1970. SM_CONFLICT: another link began it.
 */
SM_MUST_USE enum sm_error begun_take(
    const struct worker *worker, struct id link, struct id answer, int64_t *until_ms);

/* It was sent, in the caller's transaction. */
SM_MUST_USE enum sm_error begun_give_back(const struct worker *worker, struct id answer);

#endif
