/*
 * OpenSSL's algorithm objects. Looking one up by name costs as much as using it on a short message,
 * so each is looked up once a process and shared; none is ever freed. Safe from any thread.
 */
#ifndef SM_ENVELOPE_ALGORITHMS_H
#define SM_ENVELOPE_ALGORITHMS_H

#include <openssl/types.h>

/* NULL if this OpenSSL does not offer it. The process owns the object. */
EVP_KDF *algorithm_hkdf(void);
EVP_CIPHER *algorithm_aes_256_gcm(void);
EVP_CIPHER *algorithm_aes_128_gcm(void);

#endif
