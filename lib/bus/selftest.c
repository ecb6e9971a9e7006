/* Knocks at our own door with the wrong keys. */
#include "bus/selftest.h"

#include "base/log.h"
#include "base/memory.h"

enum { REFUSAL_MS = 3000 };

static enum sm_error knock(struct wire_context *context, const struct wire_options *options,
    const char *endpoint, const char *who)
{
    enum handshake outcome = HANDSHAKE_PENDING;
    struct wire *stranger DEFER(wire_close) = NULL;
    TRY(wire_open(context, options, &stranger));
    TRY(wire_try_handshake(context, stranger, endpoint, REFUSAL_MS, &outcome));
    if (outcome == HANDSHAKE_REFUSED)
        return SM_OK;
    log_line(LOG_ERROR, "bus-selftest-failed", "endpoint", endpoint, "stranger", who, "outcome",
        outcome == HANDSHAKE_ACCEPTED ? "let in" : "no answer", NULL);
    return SM_NOT_ALLOWED;
}

enum sm_error selftest_strangers_are_refused(
    struct wire_context *context, const struct bus_keys *keys, enum peer self, const char *endpoint)
{
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES];
    const uint8_t *server_key = bus_keys_public(keys, self);
    if (!server_key)
        return log_failure("bus-selftest-failed", SM_CONFIG, "the service's own .pub is missing");
    TRY(wire_key_pair(public_key, secret_key));
    struct wire_options with_other_key = {.kind = WIRE_DEALER,
        .public_key = public_key,
        .secret_key = secret_key,
        .server_key = server_key};
    struct wire_options without_key = {.kind = WIRE_DEALER};
    TRY(knock(context, &with_other_key, endpoint, "other key"));
    return knock(context, &without_key, endpoint, "no key");
}
