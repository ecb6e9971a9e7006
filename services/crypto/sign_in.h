/*
 * One attempt to sign in with a password, and with a time-based code where the account has one. The
 * attempt is counted before the password is looked at, under a row lock: a hundred parallel guesses
 * are five checked ones. The fifth failure in a row closes the address for 15 minutes, whether it
 * has an account or not; a right password that was among the five opens it.
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
 * Asks for a code where one is needed and none was given: SM_CODE_NEEDED, with the attempt given
 * back, else SM_OK. The answer depends on the address alone. The password is not looked at (a hash
 * is computed for nothing), so that nobody learns from it whether it was right. Some addresses
 * without an account are asked too, always the same ones: the question tells no stranger that there
 * is an account.
 */
SM_MUST_USE enum sm_error sign_in_ask_code(struct sealed_call *call, const struct sign_in *sign_in,
    struct span password, struct span code);

/*
 * Looks at the password, and at the code where the account has a second factor: at both, whatever
 * the first gave. SM_WRONG_SECRET, the same for either, after the failure is on its way to the log;
 * SM_BUSY with the attempt given back.
 */
SM_MUST_USE enum sm_error sign_in_check(struct sealed_call *call, const struct sign_in *sign_in,
    struct span password, struct span code);

/* At the password alone: for somebody whose session has shown the second factor already. */
SM_MUST_USE enum sm_error sign_in_check_password(
    struct sealed_call *call, const struct sign_in *sign_in, struct span password);

/* What sign_in_check does when it was wrong, for a check that a caller makes by itself: writes the
 * failure and its cause, locks what is to be locked. SM_WRONG_SECRET or SM_LOCKED. */
SM_MUST_USE enum sm_error sign_in_failed(
    struct sealed_call *call, const struct sign_in *sign_in, const char *cause);

/*
 * Inside the caller's transaction: clears the failures, and uses the code up where the account has
 * a second factor. SM_WRONG_SECRET when account, password or factor changed meanwhile, or the code
 * was used by somebody faster. `code` is empty when only the password was asked for.
 */
SM_MUST_USE enum sm_error sign_in_succeeded(
    struct sealed_call *call, const struct sign_in *sign_in, struct span code);

#endif
