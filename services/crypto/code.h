/*
 * One-time codes: 6 digits by rejection sampling, mailed at the moment a person asks. Stored as an
 * HMAC under the code key, bound to link and times (10^6 codes under any plain hash would be a
 * dump's breakfast). Good for 10 minutes, once; the last two are good, because mails overtake each
 * other. Another after 60 seconds, at most 6 an hour. Nothing here touches the count of failures.
 */
#ifndef SM_CRYPTO_CODE_H
#define SM_CRYPTO_CODE_H

#include "proto/limits.h"
#include "services/crypto/link.h"

/* A code in digits, with a NUL. Wipe it: DEFER(code_wipe). */
struct code {
    char digits[CODE_DIGITS + 1];
};
SM_MUST_USE enum sm_error code_random(struct code *out);
void code_wipe(struct code *code);
/* Exactly 6 ASCII digits. */
bool code_is_form(struct span text);

/* What was sent to a link in the last hour; pure input of the rule. */
struct code_history {
    uint64_t sent;             /* codes in the last hour */
    int64_t first_ms, last_ms; /* when the first and the last of them were made */
};
/* How long a person has to wait for the next code; 0: not at all. */
int64_t code_wait_ms(const struct code_history *sent, int64_t now_ms);

/*
 * Makes the next code of a link, inside the caller's transaction, which holds the link's lock.
 * SM_RATE_LIMITED with *wait_ms written when it is too early (nothing is made then).
 */
SM_MUST_USE enum sm_error code_issue(const struct worker *worker, const struct link *link,
    int64_t now_ms, struct code *out, int64_t *wait_ms);

/* SM_OK if `digits` is one of the last two codes of the link and still good, else SM_WRONG_SECRET;
 * the same work either way. Inside the transaction that holds the link's lock. */
SM_MUST_USE enum sm_error code_check(
    const struct worker *worker, const struct link *link, struct span digits, int64_t now_ms);

/* Empties all codes of a link: they are used, or their time is over. */
SM_MUST_USE enum sm_error code_use_up(const struct worker *worker, const struct link *link);

/* A code is under way: one that is still good was made. */
SM_MUST_USE enum sm_error code_is_waiting(
    const struct worker *worker, struct id link, int64_t now_ms, bool *out);

#endif
