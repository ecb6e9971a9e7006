/*
 * MACs of rows that the identity check depends on (address, method, verifier, expiry, counters): an
 * edited or swapped row is noticed before anything is decided by it. HMAC-SHA256 under KEY_ROW over
 * a domain word and length-prefixed fields; stored as version u32 BE || 32 bytes.
 */
#ifndef SM_CRYPTO_ROWMAC_H
#define SM_CRYPTO_ROWMAC_H

#include "services/crypto/keyring.h"

enum { ROWMAC_BYTES = 36 };

/* What goes in: spans, numbers as db_i64, ids; the same constructors as SQL parameters. */
SM_MUST_USE enum sm_error rowmac_make(const struct keyring *keyring, const char *domain,
    const struct db_value *fields, size_t count, uint8_t out[static ROWMAC_BYTES]);

/* SM_TAMPERED when `mac` is not that of these fields. */
SM_MUST_USE enum sm_error rowmac_check(const struct keyring *keyring, const char *domain,
    const struct db_value *fields, size_t count, struct span mac);

/* The same under another service key, for what is a secret's proof rather than a row's: a session's
 * secret (KEY_SESSION), a code (KEY_CODE). */
struct rowmac_input {
    enum service_key purpose;
    const char *domain;
    const struct db_value *fields;
    size_t count;
};
SM_MUST_USE enum sm_error rowmac_make_under(const struct keyring *keyring,
    const struct rowmac_input *input, uint8_t out[static ROWMAC_BYTES]);
SM_MUST_USE enum sm_error rowmac_check_under(
    const struct keyring *keyring, const struct rowmac_input *input, struct span mac);

#endif
