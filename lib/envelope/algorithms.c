/* Looked up by whoever asks first; pthread_once makes the others wait for it. */
#include "envelope/algorithms.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_KDF *hkdf;
static EVP_CIPHER *aes_256_gcm, *aes_128_gcm;

static void look_up(void)
{
    hkdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aes_128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
}

EVP_KDF *algorithm_hkdf(void)
{
    (void)pthread_once(&once, look_up);
    return hkdf;
}

EVP_CIPHER *algorithm_aes_256_gcm(void)
{
    (void)pthread_once(&once, look_up);
    return aes_256_gcm;
}

EVP_CIPHER *algorithm_aes_128_gcm(void)
{
    (void)pthread_once(&once, look_up);
    return aes_128_gcm;
}
