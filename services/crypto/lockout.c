/*
 * Locks follow from counts and nothing else: whoever changes a count settles the lock with it. That
 * keeps the invariant in one place (settle) and makes giving back exact, also when the reservation
 * that is given back is not the one that closed the lock.
 */
#include "services/crypto/lockout.h"

#include "proto/limits.h"

static void begin_window(struct lockout *state)
{
    state->window_failures = 0;
    state->locked_until_ms = 0;
    state->epoch++;
}

/* A lock begins with the failure that fills the window and is not prolonged by anything later. */
static void settle(struct lockout *state, int64_t now_ms)
{
    if (state->window_failures < FAILURES_BEFORE_LOCK)
        state->locked_until_ms = 0;
    else if (state->locked_until_ms == 0)
        state->locked_until_ms = now_ms + (int64_t)LOCK_S * 1000;
    state->is_frozen = state->total_failures >= FAILURES_BEFORE_FREEZE;
}

enum sm_error lockout_now(const struct lockout *state, int64_t now_ms)
{
    if (state->is_frozen || state->total_failures >= FAILURES_BEFORE_FREEZE)
        return SM_FROZEN;
    return state->locked_until_ms > now_ms ? SM_LOCKED : SM_OK;
}

enum sm_error lockout_reserve(struct lockout *state, int64_t now_ms, struct lockout_ticket *out)
{
    TRY(lockout_now(state, now_ms));
    if (state->locked_until_ms != 0)
        begin_window(state);
    state->window_failures++;
    state->total_failures++;
    settle(state, now_ms);
    out->epoch = state->epoch;
    return SM_OK;
}

void lockout_give_back(struct lockout *state, const struct lockout_ticket *ticket)
{
    if (ticket->epoch != state->epoch || state->window_failures == 0 || state->total_failures == 0)
        return;
    state->window_failures--;
    state->total_failures--;
    settle(state, 0);
}

void lockout_unlock(struct lockout *state)
{
    begin_window(state);
    state->total_failures = 0;
    state->is_frozen = false;
}

uint64_t lockout_attempts_left(const struct lockout *state, int64_t now_ms)
{
    if (lockout_now(state, now_ms) != SM_OK)
        return 0;
    uint64_t used = state->locked_until_ms != 0 ? 0 : state->window_failures;
    uint64_t before_lock = FAILURES_BEFORE_LOCK - used;
    uint64_t before_freeze = FAILURES_BEFORE_FREEZE - state->total_failures;
    return before_lock < before_freeze ? before_lock : before_freeze;
}
