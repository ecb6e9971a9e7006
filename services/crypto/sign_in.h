/*
 * One attempt to sign in with a password. The attempt is counted before the password is looked at,
 * under a row lock: a hundred parallel guesses are five checked ones. The fifth failure in a row
 * closes the address for 15 minutes, whether it has an account or not; a right password that was
 * among the five opens it.
 */
#ifndef SM_CRYPTO_SIGN_IN_H
#define SM_CRYPTO_SIGN_IN_H

#include "services/crypto/account.h"
#include "services/crypto/sealed_call.h"

struct sign_in {
    bool is_known;           /* an active account whose row is intact */
    struct account account;  /* zero when there is none */
    struct span email;       /* in the form that is stored */
    int64_t locked_until_ms; /* not 0: this was the last attempt before a lock */
};

/*
 * Begins the call's transaction (a replay is refused there), counts the attempt and commits.
 * SM_LOCKED with the end of the lock in call->failure; SM_TAMPERED, which is
 * reported to the log, when the account's row was altered.
 */
SM_MUST_USE enum sm_error sign_in_reserve(
    struct sealed_call *call, struct span email, struct sign_in *out);

/*
 * Looks at the password. SM_WRONG_SECRET after the failure is on its way to the log; SM_BUSY with
 * the attempt given back.
 */
SM_MUST_USE enum sm_error sign_in_check(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password);

/*
 * Inside the caller's transaction: clears the failures. SM_WRONG_SECRET when account or password
 * changed while the password was being checked.
 */
SM_MUST_USE enum sm_error sign_in_succeeded(
    struct sealed_call *call, const struct sign_in *sign_in);

#endif
