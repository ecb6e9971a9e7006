/*
 * The rules of guessing (PRODUCT.md R4), pure: no clock, no database. A guess is reserved before it
 * is checked, and a reservation counts as a failure until its success gives it back; so however
 * many guesses arrive at once, no more than FAILURES_BEFORE_LOCK are checked before the lock.
 *
 *     5 failures         locked for 15 minutes; after that the window of 5 begins anew
 *     20 failures in all frozen; neither a lock's end nor another code resets the total, only the
 *                        sender's unlock does
 *
 * Invariant: locked <=> the window holds 5, frozen <=> the total is 20.
 */
#ifndef SM_CRYPTO_LOCKOUT_H
#define SM_CRYPTO_LOCKOUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct lockout {
    uint64_t window_failures; /* 0..5, open reservations included */
    uint64_t total_failures;  /* 0..20, open reservations included */
    uint64_t epoch;           /* grows whenever counters are reset */
    int64_t locked_until_ms;  /* 0: not locked */
    bool is_frozen;
};

/* One reserved guess: what it may give back. */
struct lockout_ticket {
    uint64_t epoch;
};

/*
 * Reserves a guess. SM_FROZEN or SM_LOCKED refuse it and change nothing; otherwise the caller
 * stores *state before the guess is looked at.
 */
SM_MUST_USE enum sm_error lockout_reserve(
    struct lockout *state, int64_t now_ms, struct lockout_ticket *out);

/*
 * The guess was right, or was never checked: gives back exactly this reservation, and with it a
 * lock or freeze that stood on it. A reservation from before a reset gives back nothing.
 */
void lockout_give_back(struct lockout *state, const struct lockout_ticket *ticket);

/* The sender's unlock: everything from the start. */
void lockout_unlock(struct lockout *state);

/* As it is at `now_ms`: SM_OK, SM_LOCKED or SM_FROZEN. */
SM_MUST_USE enum sm_error lockout_now(const struct lockout *state, int64_t now_ms);

/* Guesses left before the next lock or the freeze; 0 while closed. */
uint64_t lockout_attempts_left(const struct lockout *state, int64_t now_ms);

#endif
