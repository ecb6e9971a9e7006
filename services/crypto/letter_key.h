/* The notifier's public key, to which mail jobs are sealed: notifier-letter.pub in the keys'
 * folder, 130 hexadecimal digits. */
#ifndef SM_CRYPTO_LETTER_KEY_H
#define SM_CRYPTO_LETTER_KEY_H

#include "envelope/p256.h"

/* SM_CONFIG, with the reason in the log, for a file that is missing or holds no P-256 point. */
SM_MUST_USE enum sm_error letter_public_load(
    const char *keys_dir, uint8_t out[static P256_PUBLIC_BYTES]);

#endif
