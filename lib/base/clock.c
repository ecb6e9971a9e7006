/* Clocks of the process. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

struct clock_text clock_text(int64_t unix_ms)
{
    int64_t milliseconds = unix_ms % 1000;
    if (milliseconds < 0)
        milliseconds += 1000;
    time_t seconds = (time_t)((unix_ms - milliseconds) / 1000);
    struct tm parts = {0};
    struct clock_text text = {""};
    char day[24];
    if (!gmtime_r(&seconds, &parts) || strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return text;
    (void)snprintf(text.text, sizeof text.text, "%s.%03dZ", day, (int)milliseconds);
    return text;
}
