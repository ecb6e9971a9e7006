/* Hostile text as a capability. One that verifies must be spelt exactly as it would be signed. */
#include "envelope/capability.h"

#include <stdlib.h>

#include "base/memory.h"
#include "envelope/ed25519.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[ED25519_SEED_BYTES] = {1};

static void check_spelling(struct span text, const struct capability *capability)
{
    struct buffer again DEFER(buffer_free) = BUFFER(CAPABILITY_TEXT_BYTES);
    if (capability_sign(SPAN(seed), capability, &again) != SM_OK ||
        !span_equal(text, buffer_span(&again)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    struct capability capability;
    if (ed25519_public(SPAN(seed), public_key) != SM_OK)
        abort();
    struct capability_demand demand = {public_key, CAPABILITY_DOWNLOAD, 0};
    if (capability_verify(span_of(data, size), &demand, &capability) == SM_OK)
        check_spelling(span_of(data, size), &capability);
    return 0;
}
