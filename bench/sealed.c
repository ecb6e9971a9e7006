/* A sealed request opened and its reply sealed, against one ECDH P-256 (DESIGN 3). */
#include "bench/support/figure.h"
#include "envelope/p256.h"
#include "envelope/sealed.h"

#include "base/memory.h"

struct state {
    struct p256_key *server, *client;
    struct buffer frame;
};

static enum sm_error agree(void *context)
{
    struct state *state = context;
    uint8_t shared[P256_SHARED_BYTES];
    return p256_agree(
        state->server, span_of(p256_public(state->client), P256_PUBLIC_BYTES), shared);
}

static enum sm_error open_and_reply(void *context)
{
    struct state *state = context;
    struct buffer plaintext DEFER(buffer_free) = BUFFER(4096);
    struct buffer reply DEFER(buffer_free) = BUFFER(4096);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    TRY(sealed_request_open(
        state->server, "open", buffer_span(&state->frame), &plaintext, &exchange));
    return sealed_reply_make(exchange, buffer_span(&plaintext), &reply);
}

static enum sm_error prepare(struct state *state)
{
    static const uint8_t message[256] = {0};
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    struct sealed_request request = {
        .operation = "open", .aad = span_text("aad"), .plaintext = SPAN(message)};
    TRY(p256_generate(&state->server));
    TRY(p256_generate(&state->client));
    return sealed_request_make(
        span_of(p256_public(state->server), P256_PUBLIC_BYTES), &request, &state->frame, &exchange);
}

int main(void)
{
    struct state state = {.frame = BUFFER(4096)};
    if (prepare(&state) != SM_OK)
        return 1;
    bench_measure(&(struct bench_figure){
        .name = "sealed request opened and answered, in process",
        .unit = "/s",
        .scale = 1,
        .target = 0.6,
        .limit = {"ECDH P-256, the point checked", agree, &state},
        .product = {"sealed", open_and_reply, &state},
    });
    buffer_free(&state.frame);
    p256_free(&state.server);
    p256_free(&state.client);
    return 0;
}
