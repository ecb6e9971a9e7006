/*
 * One-time links with which a user sets a password, for a new account or a forgotten one:
 *
 *     https://host/reset#<version>.<reset id>.<secret>.<pin>
 *
 * of the same form as a recipient's link, on a page of its own. The secret is random and stands in
 * the database only as an HMAC. A link lives 24 hours, works once, and ends when the account gets
 * another link or another password. What is unknown, wrong, used or over is SM_GONE, with the same
 * work.
 */
#ifndef SM_CRYPTO_RESET_H
#define SM_CRYPTO_RESET_H

#include "services/crypto/account.h"
#include "services/crypto/organisation.h"

struct reset_link {
    struct id reset;
    struct span text; /* the whole link, in the arena of the issue */
    int64_t expires_ms;
};

/* Makes the account's link and ends its earlier ones, inside the caller's transaction. */
SM_MUST_USE enum sm_error reset_issue(const struct worker *worker, struct arena *arena,
    const struct account *account, struct span base_url, struct reset_link *out);

/* Mails a link to its user, inside the same transaction; it goes out when audit has `event`.
 * `from` names who issued it. */
struct reset_letter {
    const struct reset_link *link;
    const struct account *account;
    const struct organisation *organisation;
    struct span from;
    struct id event;
};
SM_MUST_USE enum sm_error reset_mail(
    const struct worker *worker, const struct reset_letter *letter);

/* Whose link it is: an active account. Changes nothing. SM_GONE; SM_TAMPERED for an edited account.
 */
struct reset_proof {
    struct id reset;
    struct span secret;
};
SM_MUST_USE enum sm_error reset_check(const struct worker *worker, struct arena *arena,
    const struct reset_proof *proof, struct account *out);

/* The account's links are used up; the caller changes the verifier in the same transaction, after
 * account_lock and another reset_check. */
SM_MUST_USE enum sm_error reset_use_up(const struct worker *worker, struct id account);

#endif
