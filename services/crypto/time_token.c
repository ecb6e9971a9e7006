/* Tokens are not stored and not counted: any number may be asked for, each is good for its time. */
#include "services/crypto/time_token.h"

#include "base/random.h"
#include "envelope/kdf.h"

#include <string.h>

enum { TIME_BYTES = 8, BODY_BYTES = TIME_BYTES + 16, AHEAD_MS_MAX = 60 * 1000 };

static enum sm_error tag_of(
    struct span key, const uint8_t body[static BODY_BYTES], uint8_t out[static KDF_SHA256_BYTES])
{
    static const char domain[] = "securemail/1 time token";
    uint8_t text[sizeof domain - 1 + BODY_BYTES];
    memcpy(text, domain, sizeof domain - 1);
    memcpy(text + sizeof domain - 1, body, BODY_BYTES);
    return kdf_hmac_sha256(key, SPAN(text), out);
}

enum sm_error time_token_make(
    const struct keyring *keyring, int64_t now_ms, uint8_t out[static TIME_TOKEN_BYTES])
{
    uint8_t token[BODY_BYTES];
    uint8_t tag[KDF_SHA256_BYTES];
    for (size_t i = 0; i < TIME_BYTES; i++)
        token[i] = (uint8_t)((uint64_t)now_ms >> (56 - 8 * i));
    TRY(random_bytes(token + TIME_BYTES, BODY_BYTES - TIME_BYTES));
    TRY(tag_of(keyring_key(keyring, KEY_TIME), token, tag));
    memcpy(out, token, BODY_BYTES);
    memcpy(out + BODY_BYTES, tag, TIME_TOKEN_BYTES - BODY_BYTES);
    return SM_OK;
}

/* A token that was made just before the key's rotation is still good. */
static enum sm_error check_tag(const struct keyring *keyring, struct span token)
{
    uint64_t newest = keyring_version(keyring, KEY_TIME);
    for (uint64_t version = newest; version > 0 && version + 1 >= newest; version--) {
        uint8_t tag[KDF_SHA256_BYTES];
        struct span key;
        TRY(keyring_key_version(keyring, KEY_TIME, version, &key));
        TRY(tag_of(key, token.at, tag));
        if (secret_equal(span_of(tag, TIME_TOKEN_BYTES - BODY_BYTES),
                span_slice(token, BODY_BYTES, token.size)))
            return SM_OK;
    }
    return SM_TAMPERED;
}

enum sm_error time_token_check(const struct keyring *keyring, struct span token, int64_t now_ms)
{
    uint64_t issued = 0;
    if (token.size != TIME_TOKEN_BYTES)
        return SM_TAMPERED;
    TRY(check_tag(keyring, token));
    for (size_t i = 0; i < TIME_BYTES; i++)
        issued = issued << 8 | token.at[i];
    int64_t age_ms = now_ms - (int64_t)issued;
    if (age_ms > (int64_t)TIME_TOKEN_S * 1000 || age_ms < -AHEAD_MS_MAX)
        return SM_KEY_UNKNOWN;
    return SM_OK;
}
