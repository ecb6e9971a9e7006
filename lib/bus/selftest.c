/* Knocks at our own door: with the wrong keys, without one, and with the right one. */
#include "bus/selftest.h"

#include "base/log.h"
#include "base/memory.h"

enum { ANSWER_MS = 3000 };

struct knock {
    const char *who;
    struct wire_options options;
    enum handshake expected;
};

static const char *outcome_name(enum handshake outcome)
{
    return outcome == HANDSHAKE_ACCEPTED  ? "let in"
           : outcome == HANDSHAKE_REFUSED ? "refused"
                                          : "no answer";
}

static enum sm_error knock(
    struct wire_context *context, const struct knock *knock, const char *endpoint)
{
    enum handshake outcome = HANDSHAKE_PENDING;
    struct wire *wire DEFER(wire_close) = NULL;
    TRY(wire_open(context, &knock->options, &wire));
    TRY(wire_try_handshake(context, wire, endpoint, ANSWER_MS, &outcome));
    if (outcome == knock->expected)
        return SM_OK;
    log_line(LOG_ERROR, "bus-selftest-failed", "endpoint", endpoint, "who", knock->who, "outcome",
        outcome_name(outcome), NULL);
    return SM_NOT_ALLOWED;
}

enum sm_error selftest_who_gets_in(
    struct wire_context *context, const struct bus_keys *keys, enum peer self, const char *endpoint)
{
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES];
    struct knock stranger = {"other key", {.kind = WIRE_DEALER}, HANDSHAKE_REFUSED};
    struct knock keyless = {"no key", {.kind = WIRE_DEALER}, HANDSHAKE_REFUSED};
    struct knock own = {"own key", bus_keys_options(keys, WIRE_DEALER), HANDSHAKE_ACCEPTED};
    own.options.server_key = bus_keys_own(keys, self);
    if (!own.options.server_key)
        return log_failure("bus-selftest-failed", SM_CONFIG, BUS_KEYS_OWN_UNKNOWN);
    TRY(wire_key_pair(public_key, secret_key));
    stranger.options.public_key = public_key;
    stranger.options.secret_key = secret_key;
    stranger.options.server_key = own.options.server_key;
    TRY(knock(context, &stranger, endpoint));
    TRY(knock(context, &keyless, endpoint));
    return knock(context, &own, endpoint);
}
