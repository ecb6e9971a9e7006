/* Looked up by whoever asks first; pthread_once makes the others wait for it. */
#include "envelope/algorithms.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MAC_CTX *hmac_sha256, *hmac_sha512;
static EVP_CIPHER *aes_256_gcm, *aes_128_gcm;

/* Looking a hash up by its name takes longer than hashing: it is done here once, and copied. */
static EVP_MAC_CTX *keyless_hmac(const char *hash)
{
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hash, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (!context || EVP_MAC_CTX_set_params(context, parameters) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

static void look_up(void)
{
    hmac_sha256 = keyless_hmac("SHA256");
    hmac_sha512 = keyless_hmac("SHA512");
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aes_128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
}

const EVP_MAC_CTX *algorithm_hmac_sha256(void)
{
    (void)pthread_once(&once, look_up);
    return hmac_sha256;
}

const EVP_MAC_CTX *algorithm_hmac_sha512(void)
{
    (void)pthread_once(&once, look_up);
    return hmac_sha512;
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
