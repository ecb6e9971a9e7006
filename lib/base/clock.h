/*
 * Clocks of the process. They bound waiting and stamp logs; whatever the product decides by time
 * (expiry, lockout, codes, sessions) is decided by the database's clock.now() and handed in.
 */
#ifndef SM_BASE_CLOCK_H
#define SM_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds that only go forward, from an arbitrary start. */
int64_t clock_monotonic_ms(void);

/* Milliseconds since 1970 UTC by this machine. For deadlines on the bus, log lines, the order of
 * ids (id.h) and metrics only. */
int64_t clock_wall_ms(void);

/* "2026-11-24T08:13:00.123Z" for milliseconds since 1970; clock_text(ms).text in a printf. */
struct clock_text {
    char text[32];
};
struct clock_text clock_text(int64_t unix_ms);

#endif
