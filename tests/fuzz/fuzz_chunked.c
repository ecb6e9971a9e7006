/* Hostile ciphertext into the chunked opener, in pieces that the input chooses: never a crash, one
 * answer however it is cut, and a size that follows from the size of the ciphertext. */
#include "envelope/chunked.h"

#include <stdlib.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Known, so that the corpus can hold streams that verify. */
static const uint8_t key[CHUNKED_KEY_BYTES] = {1};

static enum sm_error open_in_pieces(struct span input, size_t piece, struct buffer *out)
{
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    TRY(chunked_opener_new(SPAN(key), span_text("fuzz"), &opener));
    for (size_t at = 0; at < input.size; at += piece)
        TRY(chunked_open_push(opener, span_slice(input, at, piece), out));
    TRY(chunked_open_finish(opener, out));
    return chunked_is_whole(opener) ? SM_OK : SM_CRYPTO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t piece = 1 + ((size_t)data[0] << 8 | data[1]);
    struct span stream = span_of(data + 2, size - 2);
    struct buffer pieces DEFER(buffer_free) = BUFFER(size);
    struct buffer whole DEFER(buffer_free) = BUFFER(size);
    enum sm_error in_pieces = open_in_pieces(stream, piece, &pieces);
    enum sm_error at_once = chunked_open(SPAN(key), span_text("fuzz"), stream, &whole);
    uint64_t expected = 0;
    bool has_size = chunked_plaintext_size(stream.size, &expected) == SM_OK;
    if (in_pieces != at_once)
        abort(); /* the pieces must not matter */
    if (at_once == SM_OK && (!has_size || whole.size != expected))
        abort();
    return 0;
}
