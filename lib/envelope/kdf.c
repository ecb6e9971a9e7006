/*
 * Hashes and key derivation on OpenSSL's EVP. HKDF's two halves are used separately: the chunked
 * format has no Extract, HPKE names both. OpenSSL builds HKDF's input from parameters that are not
 * const; it only reads them, so the casts here drop const and nothing writes.
 */
#include "envelope/kdf.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include "base/memory.h"
#include "envelope/algorithms.h"

enum { EXPAND_BLOCKS_MAX = 255 };

struct hash_row {
    const char *name;
    size_t bytes;
};
static const struct hash_row hashes[] = {
    [KDF_SHA256] = {"SHA256", KDF_SHA256_BYTES},
    [KDF_SHA512] = {"SHA512", KDF_SHA512_BYTES},
};

size_t kdf_hash_bytes(enum kdf_hash hash)
{
    return hashes[hash].bytes;
}

enum sm_error kdf_sha256(struct span data, uint8_t out[static KDF_SHA256_BYTES])
{
    return EVP_Digest(data.at, data.size, out, NULL, EVP_sha256(), NULL) == 1 ? SM_OK : SM_CRYPTO;
}

enum sm_error kdf_hmac_sha256(
    struct span key, struct span data, uint8_t out[static KDF_SHA256_BYTES])
{
    static const uint8_t none[1] = {0}; /* OpenSSL takes a NULL key for "keep the last one" */
    if (key.size > INT_MAX)
        return SM_TOO_LARGE;
    const void *bytes = key.size ? key.at : none;
    return HMAC(EVP_sha256(), bytes, (int)key.size, data.at, data.size, out, NULL) ? SM_OK
                                                                                   : SM_CRYPTO;
}

static void context_free(EVP_KDF_CTX **context)
{
    EVP_KDF_CTX_free(*context);
}

/* The caller's bytes as a parameter that OpenSSL reads. */
static OSSL_PARAM octets(const char *name, struct span bytes)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes.at, bytes.size);
}

static enum sm_error derive(const OSSL_PARAM *parameters, uint8_t *out, size_t size)
{
    EVP_KDF *kdf = algorithm_hkdf();
    EVP_KDF_CTX *context DEFER(context_free) = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    if (!context || EVP_KDF_derive(context, out, size, parameters) != 1)
        return SM_CRYPTO;
    return SM_OK;
}

enum sm_error kdf_extract(enum kdf_hash hash, struct span salt, struct span secret, uint8_t *out)
{
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(
            OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hashes[hash].name, 0),
        octets(OSSL_KDF_PARAM_KEY, secret),
        salt.size ? octets(OSSL_KDF_PARAM_SALT, salt) : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    return derive(parameters, out, hashes[hash].bytes);
}

enum sm_error kdf_expand(
    enum kdf_hash hash, struct span key, struct span info, uint8_t *out, size_t size)
{
    if (info.size > KDF_INFO_BYTES_MAX || size > EXPAND_BLOCKS_MAX * hashes[hash].bytes)
        return SM_TOO_LARGE;
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(
            OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hashes[hash].name, 0),
        octets(OSSL_KDF_PARAM_KEY, key),
        info.size ? octets(OSSL_KDF_PARAM_INFO, info) : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    return derive(parameters, out, size);
}

struct kdf_digest {
    EVP_MD_CTX *context;
};

enum sm_error kdf_digest_new(struct kdf_digest **out)
{
    struct kdf_digest *digest DEFER(kdf_digest_free) = NULL;
    TRY(memory_zeroed(1, sizeof *digest, (void **)&digest));
    digest->context = EVP_MD_CTX_new();
    if (!digest->context || EVP_DigestInit_ex2(digest->context, EVP_sha256(), NULL) != 1)
        return SM_CRYPTO;
    *out = TAKE(digest);
    return SM_OK;
}

enum sm_error kdf_digest_add(struct kdf_digest *digest, struct span bytes)
{
    return EVP_DigestUpdate(digest->context, bytes.at, bytes.size) == 1 ? SM_OK : SM_CRYPTO;
}

enum sm_error kdf_digest_finish(struct kdf_digest *digest, uint8_t out[static KDF_SHA256_BYTES])
{
    return EVP_DigestFinal_ex(digest->context, out, NULL) == 1 ? SM_OK : SM_CRYPTO;
}

void kdf_digest_free(struct kdf_digest **digest)
{
    if (!*digest)
        return;
    EVP_MD_CTX_free((*digest)->context);
    memory_free(digest);
}
