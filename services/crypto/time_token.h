/*
 * The time token of a sealed request: proves that the request was made not long ago, by the
 * database's clock, without trusting the clock of a phone. Together with the request id, which is
 * remembered longer than a token is accepted, it makes replays harmless.
 *
 *     issued at, ms since 1970 u64 BE || random 16 || first 16 bytes of
 *     HMAC-SHA256(KEY_TIME, "securemail/1 time token" || issued at || random)         40 bytes
 */
#ifndef SM_CRYPTO_TIME_TOKEN_H
#define SM_CRYPTO_TIME_TOKEN_H

#include "proto/limits.h"
#include "services/crypto/keyring.h"

SM_MUST_USE enum sm_error time_token_make(
    const struct keyring *keyring, int64_t now_ms, uint8_t out[static TIME_TOKEN_BYTES]);

/*
 * SM_TAMPERED if it is not ours; SM_KEY_UNKNOWN if it is older than TIME_TOKEN_S, or from the
 * future by more than a minute (a clock that was set back): fetch the keys, and a token with them,
 * again.
 */
SM_MUST_USE enum sm_error time_token_check(
    const struct keyring *keyring, struct span token, int64_t now_ms);

#endif
