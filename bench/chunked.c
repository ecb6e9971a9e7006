/* Chunked encryption of 16 MiB, against AES-256-GCM of OpenSSL over the same bytes in 16 KiB
 * blocks. */
#include "bench/support/figure.h"
#include "envelope/chunked.h"

#include "base/memory.h"
#include "base/random.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { BYTES = 16 * 1024 * 1024, BLOCK = 16 * 1024 };
static const double megabytes = BYTES / 1e6;

struct state {
    uint8_t *plaintext;
    struct buffer sealed;
    uint8_t key[32], context[16];
};

static enum sm_error raw(void *context)
{
    struct state *state = context;
    static uint8_t out[BLOCK + 16];
    uint8_t nonce[12] = {0};
    int size;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int good = EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), state->key, nonce, NULL);
    for (size_t at = 0; good == 1 && at < BYTES; at += BLOCK) {
        nonce[11]++;
        good = EVP_EncryptInit_ex2(cipher, NULL, NULL, nonce, NULL) == 1 &&
               EVP_EncryptUpdate(cipher, out, &size, state->plaintext + at, BLOCK) == 1 &&
               EVP_EncryptFinal_ex(cipher, out, &size) == 1;
    }
    EVP_CIPHER_CTX_free(cipher);
    return good == 1 ? SM_OK : SM_CRYPTO;
}

static enum sm_error seal(void *context)
{
    struct state *state = context;
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    struct buffer out DEFER(buffer_free) = BUFFER(2 * 1024 * 1024);
    TRY(chunked_sealer_new(SPAN(state->key), SPAN(state->context), &sealer));
    for (size_t at = 0; at < BYTES; at += 1 << 20) {
        out.size = 0;
        TRY(chunked_seal_push(sealer, span_of(state->plaintext + at, 1 << 20), &out));
    }
    return chunked_seal_finish(sealer, &out);
}

static enum sm_error open_again(void *context)
{
    struct state *state = context;
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    struct buffer out DEFER(buffer_free) = BUFFER(2 * 1024 * 1024);
    struct span left = buffer_span(&state->sealed);
    TRY(chunked_opener_new(SPAN(state->key), SPAN(state->context), &opener));
    while (left.size) {
        out.size = 0;
        TRY(chunked_open_push(opener, span_slice(left, 0, 1 << 20), &out));
        left = span_slice(left, 1 << 20, left.size);
    }
    return chunked_open_finish(opener, &out);
}

int main(void)
{
    struct state state = {.sealed = BUFFER(2 * (size_t)BYTES)};
    state.plaintext = malloc(BYTES);
    if (!state.plaintext || random_bytes(state.plaintext, BYTES) != SM_OK ||
        chunked_seal(SPAN(state.key), SPAN(state.context), span_of(state.plaintext, BYTES),
            &state.sealed) != SM_OK)
        return 1;
    struct bench_side limit = {"AES-256-GCM, 16 KiB blocks", raw, &state};
    bench_measure(&(struct bench_figure){.name = "attachment sealed",
        .unit = "MB/s",
        .scale = megabytes,
        .target = 0.5,
        .limit = limit,
        .product = {"seal", seal, &state}});
    bench_measure(&(struct bench_figure){.name = "attachment opened",
        .unit = "MB/s",
        .scale = megabytes,
        .target = 0.5,
        .limit = limit,
        .product = {"open", open_again, &state}});
    buffer_free(&state.sealed);
    free(state.plaintext);
    return 0;
}
