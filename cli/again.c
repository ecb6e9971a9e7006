/* Asking again. */
#include "cli/again.h"

#include "base/clock.h"

#include <time.h>

enum { FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 4000 };

static void sleep_for(unsigned ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* It may have been done: no answer, the database's last word not known, or an answer that is none.
 * SM_TAMPERED with words is a server that got nothing (its key or its certificate is wrong). */
static bool is_lost(const struct cli *cli, enum sm_error error)
{
    return error == SM_UNAVAILABLE || error == SM_TIMEOUT || error == SM_DATABASE ||
           error == SM_BAD_FORMAT || (error == SM_TAMPERED && !*cli->message);
}

/* It was not done, and may be in a moment. */
static bool is_early(enum sm_error error)
{
    return error == SM_BUSY || error == SM_NOT_ACTIVE;
}

/* What a try said of itself must not stand beside the next one's. */
static enum sm_error ask_once(const struct again *again)
{
    struct cli *cli = again->cli;
    cli->message[0] = cli->remedy[0] = '\0';
    cli->attempts_left = cli->until_ms = 0;
    return again->ask(again->context);
}

enum sm_error again_until_answered(const struct again *again)
{
    int64_t (*now_ms)(void) = again->now_ms ? again->now_ms : clock_monotonic_ms;
    void (*pause)(unsigned) = again->pause ? again->pause : sleep_for;
    int64_t end_ms = now_ms() + AGAIN_FOR_MS;
    unsigned pause_ms = FIRST_PAUSE_MS;
    bool was_lost = false;
    enum sm_error error = ask_once(again);
    while (is_lost(again->cli, error) || is_early(error)) {
        if (is_lost(again->cli, error) && !was_lost && !again->cli->is_json)
            cli_warn(again->cli, "asking again", "no answer yet");
        was_lost = was_lost || is_lost(again->cli, error);
        if (now_ms() + pause_ms > end_ms)
            break;
        pause(pause_ms);
        pause_ms = 2 * pause_ms < LONGEST_PAUSE_MS ? 2 * pause_ms : LONGEST_PAUSE_MS;
        error = ask_once(again);
    }
    return error == SM_OK || !was_lost
               ? error
               : cli_outcome_unknown(again->cli, error, again->message, again->remedy);
}
