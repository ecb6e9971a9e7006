/* Hostile frames into the head that the gateway reads and the opening that crypto does. */
#include "envelope/sealed.h"

#include <stdlib.h>

#include "base/memory.h"
#include "envelope/hpke.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parts of a frame must be the frame, in order, without a gap. */
static void check_head(struct span frame)
{
    struct sealed_head head;
    if (sealed_request_head(frame, &head) != SM_OK)
        return;
    if (head.head.at != frame.at || head.enc.at != frame.at + head.head.size ||
        head.ciphertext.at != head.enc.at + head.enc.size ||
        head.ciphertext.at + head.ciphertext.size != frame.at + frame.size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span frame = span_of(data, size);
    check_head(frame);
    struct p256_key *key DEFER(p256_free) = NULL;
    struct buffer plaintext DEFER(buffer_free) = BUFFER(size + 1);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    if (hpke_derive_key_pair(span_text("the key of the fuzzer's corpus"), &key) != SM_OK)
        abort();
    enum sm_error error = sealed_request_open(key, "open", frame, &plaintext, &exchange);
    if ((error == SM_OK) != (exchange != NULL) || (error != SM_OK && plaintext.size))
        abort();
    return 0;
}
