/*
 * A request that may have been acted on though its answer was lost (a send, a reply) is asked again
 * until there is an answer. It is the same request each time, with the message's id, by which
 * crypto does it once. For 20 seconds, with longer and longer pauses; after that nobody here knows
 * whether it was done, and that is what is said.
 */
#ifndef SM_CLI_AGAIN_H
#define SM_CLI_AGAIN_H

#include "cli/cli.h"

enum { AGAIN_FOR_MS = 20000 };

struct again {
    struct cli *cli;
    struct id message;
    const char *remedy; /* what to do when the outcome stays unknown */
    enum sm_error (*ask)(void *context);
    void *context;
    /* The clock; NULL: the real one. */
    int64_t (*now_ms)(void);
    void (*pause)(unsigned ms);
};

/*
 * The answer's own error when every try was answered. Otherwise cli_outcome_unknown: an answer was
 * lost and no later one said that the message is sent.
 */
SM_MUST_USE enum sm_error again_until_answered(const struct again *again);

#endif
