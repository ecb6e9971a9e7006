/* The table of waiting times. */
#include "services/notifier/backoff.h"

static const int64_t steps_s[] = {2, 5, 15, 30, 60, 120, 300, 600, 900};
enum { STEPS = sizeof steps_s / sizeof steps_s[0], CODE_STEP_S_MAX = 15 };

int64_t backoff_ms(uint64_t attempt, uint64_t letter_kind)
{
    uint64_t step = attempt == 0 ? 0 : attempt - 1;
    int64_t wait_s = steps_s[step < STEPS ? step : STEPS - 1];
    if (letter_kind == LETTER_CODE && wait_s > CODE_STEP_S_MAX)
        wait_s = CODE_STEP_S_MAX;
    return wait_s * 1000;
}
