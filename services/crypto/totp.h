/*
 * The second factor of an account: the rows of vault.totp. A secret of 20 bytes, wrapped under the
 * organisation's key; ten single-use recovery codes of 50 bits, as HMACs under the code key; and
 * the newest time step that was accepted, so that none is accepted twice. The row's MAC covers all
 * of it, and the account's row says under its own MAC whether there must be one: a row that is
 * edited or missing closes the account (SM_TAMPERED), it opens nothing.
 *
 * Nothing here counts failures: whoever checks a code has reserved an attempt first (sign_in.h).
 */
#ifndef SM_CRYPTO_TOTP_H
#define SM_CRYPTO_TOTP_H

#include "envelope/totp.h"
#include "services/crypto/account.h"

enum {
    TOTP_DRIFT_STEPS = 1,    /* a phone's clock may be half a minute wrong */
    RECOVERY_CODES = 10,     /* given when the factor is confirmed */
    RECOVERY_CODE_BYTES = 11 /* "ABCDE-FGHIJ" */
};
enum totp_state { TOTP_BEGUN = 1, TOTP_CONFIRMED = 2 };

/* A fresh secret for `account`, begun and not yet confirmed; an earlier one that was only begun is
 * forgotten. Inside the caller's transaction, which holds the account's lock. */
SM_MUST_USE enum sm_error totp_begin(
    const struct worker *worker, const struct account *account, struct span secret);

/*
 * Whether `code` is of the account's factor in this state: SM_OK or SM_WRONG_SECRET. Six digits are
 * a time-based code; anything else is looked for among the recovery codes. Changes nothing and
 * takes no lock, so it is not yet used: totp_use is what decides.
 */
struct totp_question {
    const struct account *account;
    enum totp_state state;
    struct span code;
    int64_t now_ms;
};
SM_MUST_USE enum sm_error totp_check(
    const struct worker *worker, const struct totp_question *question);

/*
 * The same inside the caller's transaction, with the row locked, and uses the code up.
 * SM_WRONG_SECRET also when somebody used it a moment before. *is_recovery (may be NULL): it was a
 * recovery code.
 */
SM_MUST_USE enum sm_error totp_use(
    const struct worker *worker, const struct totp_question *question, bool *is_recovery);

/* Confirms what was begun, with fresh recovery codes: `codes` gets RECOVERY_CODES texts that live
 * in `arena`. Inside the caller's transaction. */
SM_MUST_USE enum sm_error totp_confirm(const struct worker *worker, const struct account *account,
    struct arena *arena, struct span codes[static RECOVERY_CODES]);

/* Wraps the secret under the organisation's newest key; nothing else changes. Inside the caller's
 * transaction. */
SM_MUST_USE enum sm_error totp_rewrap(
    const struct worker *worker, struct id organisation, struct id account);

/* Removes the factor, inside the caller's transaction. */
SM_MUST_USE enum sm_error totp_remove(const struct worker *worker, struct id account);

#endif
