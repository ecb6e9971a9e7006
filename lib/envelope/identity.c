/* The identity key's statement about an HPKE key, and the pin by which people's links know it. */
#include "envelope/identity.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "envelope/kdf.h"

enum { SIGNED_BYTES_MAX = 128 };

static enum sm_error append_signed(const struct identity_statement *statement, struct buffer *out)
{
    TRY(buffer_append_text(out, "securemail/1 hpke key"));
    TRY(buffer_append(out, SPAN(statement->key_id)));
    TRY(buffer_append(out, SPAN(statement->public_key)));
    TRY(buffer_append_be(out, statement->not_before_ms, sizeof statement->not_before_ms));
    return buffer_append_be(out, statement->not_after_ms, sizeof statement->not_after_ms);
}

enum sm_error identity_sign(const struct p256_key *identity,
    const uint8_t hpke_public[static P256_PUBLIC_BYTES], const struct identity_period *period,
    struct identity_statement *out)
{
    if (period->not_before_ms >= period->not_after_ms)
        return SM_BAD_VALUE;
    struct identity_statement statement = {
        .not_before_ms = period->not_before_ms,
        .not_after_ms = period->not_after_ms,
    };
    memcpy(statement.public_key, hpke_public, P256_PUBLIC_BYTES);
    TRY(sealed_key_id(hpke_public, statement.key_id));
    struct buffer text DEFER(buffer_free) = BUFFER(SIGNED_BYTES_MAX);
    TRY(append_signed(&statement, &text));
    TRY(p256_sign(identity, buffer_span(&text), statement.signature));
    *out = statement;
    return SM_OK;
}

enum sm_error identity_verify(
    struct span identity_public, const struct identity_statement *statement)
{
    struct buffer text DEFER(buffer_free) = BUFFER(SIGNED_BYTES_MAX);
    TRY(append_signed(statement, &text));
    TRY(p256_verify(identity_public, buffer_span(&text), statement->signature));
    uint8_t key_id[SEALED_KEY_ID_BYTES];
    TRY(sealed_key_id(statement->public_key, key_id));
    if (!span_equal(SPAN(key_id), SPAN(statement->key_id)) ||
        statement->not_before_ms >= statement->not_after_ms)
        return SM_TAMPERED;
    enum sm_error error = p256_check_public(SPAN(statement->public_key));
    return error == SM_BAD_VALUE ? SM_TAMPERED : error;
}

bool identity_is_live(const struct identity_statement *statement, uint64_t now_ms)
{
    return statement->not_before_ms <= now_ms && now_ms < statement->not_after_ms;
}

enum sm_error identity_pin(
    const uint8_t identity_public[static P256_PUBLIC_BYTES], uint8_t out[static IDENTITY_PIN_BYTES])
{
    struct buffer text DEFER(buffer_free) = BUFFER(SIGNED_BYTES_MAX);
    TRY(buffer_append_text(&text, "securemail/1 identity"));
    TRY(buffer_append(&text, span_of(identity_public, P256_PUBLIC_BYTES)));
    uint8_t hash[KDF_SHA256_BYTES];
    TRY(kdf_sha256(buffer_span(&text), hash));
    memcpy(out, hash, IDENTITY_PIN_BYTES);
    return SM_OK;
}

enum sm_error identity_check_pin(
    struct span identity_public, const uint8_t pin[static IDENTITY_PIN_BYTES])
{
    uint8_t actual[IDENTITY_PIN_BYTES];
    if (identity_public.size != P256_PUBLIC_BYTES)
        return SM_TAMPERED;
    TRY(identity_pin(identity_public.at, actual));
    bool is_same = secret_equal(SPAN(actual), span_of(pin, IDENTITY_PIN_BYTES));
    return is_same ? SM_OK : SM_TAMPERED;
}
