/* The client's and the gateway's halves of a sealed call. */
#include "tests/support/ask.h"

#include "base/clock.h"
#include "services/crypto/handlers.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/time_token.h"
#include "tests/support/check.h"

enum { CALL_MS = 2000, STRUCT_BYTES_MIN = 16 };

void answer_free(struct answer *answer)
{
    arena_free(&answer->arena);
    buffer_free(&answer->plaintext);
}

void sealed_ask_free(struct sealed_ask *sealed)
{
    buffer_free(&sealed->frame);
    sealed_exchange_free(&sealed->exchange);
}

struct sealed_ask ask_seal_raw(struct vault *vault, const struct ask *ask, struct span plaintext)
{
    struct sealed_ask sealed = {.frame = BUFFER(SEALED_REQUEST_BYTES_MAX)};
    struct buffer clear DEFER(buffer_free) = BUFFER(SEALED_AAD_BYTES_MAX);
    struct identity_statement offer;
    assert_ok(hpke_keys_offer(vault->crypto.hpke, vault->worker.db, vault_now_ms(vault), &offer));
    assert_ok(fields_encode(&sealed_aad, &ask->clear, &clear));
    struct sealed_request request = {ask->operation, buffer_span(&clear), plaintext};
    assert_ok(
        sealed_request_make(SPAN(offer.public_key), &request, &sealed.frame, &sealed.exchange));
    return sealed;
}

struct sealed_ask ask_seal(struct vault *vault, const struct ask *ask)
{
    const struct sealed_operation *operation = sealed_operation_find(span_text(ask->operation));
    struct buffer plaintext DEFER(buffer_free) = BUFFER(SEALED_REQUEST_BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    uint8_t token[TIME_TOKEN_BYTES];
    void *message;
    assert_non_null(operation);
    assert_ok(arena_take(&arena, 1, operation->request->struct_size, &message));
    memcpy(message, ask->message, operation->request->struct_size);
    struct sealed_meta *meta = message; /* the first member of every request */
    if (id_is_none(meta->request)) {
        assert_ok(id_random(&meta->request));
        assert_ok(time_token_make(vault->crypto.keyring, vault_now_ms(vault), token));
        meta->time_token = SPAN(token);
    }
    assert_ok(fields_encode(operation->request, message, &plaintext));
    return ask_seal_raw(vault, ask, buffer_span(&plaintext));
}

static enum sm_error carry(const struct worker *worker, const struct carry_request *carried,
    int64_t call_ms, struct answer *out)
{
    struct worker copy = *worker;
    struct bus_request request = {.caller = PEER_GATEWAY,
        .header.deadline_ms = clock_wall_ms() + call_ms,
        .worker = &copy,
        .arena = &out->arena};
    out->effects = (struct carry_reply){0};
    out->failure = (struct failure){0};
    return on_carry(&request, carried, &out->effects);
}

enum sm_error ask_carry(
    const struct worker *worker, const char *operation, struct span frame, struct answer *out)
{
    return carry(worker, &(struct carry_request){span_text(operation), frame}, CALL_MS, out);
}

void ask_open(const struct ask *ask, const struct sealed_ask *sealed, struct answer *out)
{
    const struct sealed_operation *operation = sealed_operation_find(span_text(ask->operation));
    void *reply;
    size_t size = operation->reply->struct_size;
    buffer_clear(&out->plaintext);
    assert_ok(sealed_reply_open(sealed->exchange, out->effects.sealed, &out->plaintext));
    assert_int_equal(out->plaintext.bytes[0], out->effects.outcome);
    struct span map = span_slice(buffer_span(&out->plaintext), 1, out->plaintext.size);
    if (out->effects.outcome != SM_OK) {
        assert_ok(fields_decode(&failure, map, &out->arena, &out->failure));
        return;
    }
    assert_ok(
        arena_take(&out->arena, 1, size < STRUCT_BYTES_MIN ? STRUCT_BYTES_MIN : size, &reply));
    assert_ok(fields_decode(operation->reply, map, &out->arena, reply));
    out->reply = reply;
}

enum sm_error ask_crypto(struct vault *vault, const struct ask *ask, struct answer *out)
{
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, ask);
    struct carry_request carried = {span_text(ask->operation), buffer_span(&sealed.frame)};
    assert_ok(carry(&vault->worker, &carried, ask->call_ms ? ask->call_ms : CALL_MS, out));
    ask_open(ask, &sealed, out);
    return (enum sm_error)out->effects.outcome;
}
