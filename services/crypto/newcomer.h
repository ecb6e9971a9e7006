/* A new account before it is written: the operator and an administrator make them alike. */
#ifndef SM_CRYPTO_NEWCOMER_H
#define SM_CRYPTO_NEWCOMER_H

#include "services/crypto/account.h"

struct newcomer {
    struct id organisation;
    struct span email, name;
    uint64_t roles;
    struct span password; /* empty: he sets one with a link (reset.h) */
};

/*
 * Fills *out, with an id and a verifier; all of it lives in `arena`. Without a password the
 * verifier is one that nothing opens. SM_BAD_VALUE for what is no address or too short a password;
 * SM_BUSY. Slow: call it outside a transaction.
 */
SM_MUST_USE enum sm_error newcomer_account(const struct worker *worker, struct arena *arena,
    const struct newcomer *newcomer, struct account *out);

#endif
