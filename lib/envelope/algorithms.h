/*
 * OpenSSL's algorithm objects. Looking one up by name costs as much as using it on a short message,
 * so each is looked up once a process and shared; none is ever freed. Safe from any thread.
 */
#ifndef SM_ENVELOPE_ALGORITHMS_H
#define SM_ENVELOPE_ALGORITHMS_H

#include <openssl/types.h>

/* NULL if this OpenSSL does not offer it. The process owns the object. */
const EVP_MAC_CTX *algorithm_hmac_sha256(void); /* without a key: to be copied */
const EVP_MAC_CTX *algorithm_hmac_sha512(void);
EVP_CIPHER *algorithm_aes_256_gcm(void);
EVP_CIPHER *algorithm_aes_128_gcm(void);

#endif
