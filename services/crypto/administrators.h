/*
 * An organisation never loses its last administrator, whoever takes him away: another administrator
 * in the pages, or the operator at the server.
 */
#ifndef SM_CRYPTO_ADMINISTRATORS_H
#define SM_CRYPTO_ADMINISTRATORS_H

#include "services/crypto/account.h"

/* Can sign in, and administer. */
bool account_is_administrator(const struct account *account);

/* An organisation's active administrators, as far as it matters. */
struct administrators {
    size_t count;
    struct id one; /* of them; none where there is none */
};

/*
 * Inside the transaction that changes an account, and before it locks that: locks all of them in
 * one order, so that two who change each other wait for each other and do not block.
 */
SM_MUST_USE enum sm_error administrators_lock(
    const struct worker *worker, struct id organisation, struct administrators *out);

/* The change would leave nobody. */
bool administrators_lose_last(const struct administrators *administrators,
    const struct account *before, const struct account *after);

#endif
