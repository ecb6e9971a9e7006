/*
 * How often somebody may: a budget for every key (an address, a link), filled evenly as time passes
 * and never beyond a minute's worth. Of bounded size: among many keys the one that owes least is
 * forgotten first, so that a flood of new keys does not lift the limit of those that overdid it.
 *
 * Which keys share a place in memory follows from numbers that only this process knows. All
 * functions may be called by any thread. A limit per process: n replicas allow n times as much.
 */
#ifndef SM_BASE_RATE_H
#define SM_BASE_RATE_H

#include "base/error.h"
#include "base/span.h"

enum { RATE_KEY_BYTES_MAX = 48 };

struct rate;

/* `per_minute` > 0. The caller owns *out. */
SM_MUST_USE enum sm_error rate_new(uint32_t per_minute, struct rate **out);
void rate_free(struct rate **rate);

/*
 * One more for `key` (of at most RATE_KEY_BYTES_MAX bytes). SM_RATE_LIMITED: it was not counted,
 * and in *wait_ms it may be asked again. `now_ms` is the monotonic clock.
 */
SM_MUST_USE enum sm_error rate_take(
    struct rate *rate, struct span key, int64_t now_ms, int64_t *wait_ms);

#endif
