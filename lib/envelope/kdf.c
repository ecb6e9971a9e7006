/*
 * Hashes and key derivation on OpenSSL's EVP. HKDF's two halves are used separately: the chunked
 * format has no Extract, HPKE names both. They are made here out of HMAC as RFC 5869 says:
 * OpenSSL's own HKDF looks its hash up by name each time, which cost three times as much as all the
 * hashing of a sealed request.
 */
#include "envelope/kdf.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "base/secret.h"
#include "envelope/algorithms.h"

enum { EXPAND_BLOCKS_MAX = 255 };

struct hash_row {
    const EVP_MAC_CTX *(*hmac)(void);
    size_t bytes;
};
static const struct hash_row hashes[] = {
    [KDF_SHA256] = {algorithm_hmac_sha256, KDF_SHA256_BYTES},
    [KDF_SHA512] = {algorithm_hmac_sha512, KDF_SHA512_BYTES},
};

size_t kdf_hash_bytes(enum kdf_hash hash)
{
    return hashes[hash].bytes;
}

enum sm_error kdf_sha256(struct span data, uint8_t out[static KDF_SHA256_BYTES])
{
    return EVP_Digest(data.at, data.size, out, NULL, EVP_sha256(), NULL) == 1 ? SM_OK : SM_CRYPTO;
}

static void mac_free(EVP_MAC_CTX **mac)
{
    EVP_MAC_CTX_free(*mac);
}

/* HMAC over the pieces, one after the other. */
static enum sm_error hmac(
    enum kdf_hash hash, struct span key, const struct span *pieces, size_t count, uint8_t *out)
{
    static const uint8_t none[1] = {0}; /* OpenSSL takes a NULL key for "keep the last one" */
    const EVP_MAC_CTX *keyless = hashes[hash].hmac();
    EVP_MAC_CTX *mac DEFER(mac_free) = keyless ? EVP_MAC_CTX_dup(keyless) : NULL;
    size_t written = 0;
    if (!mac || EVP_MAC_init(mac, key.size ? key.at : none, key.size, NULL) != 1)
        return SM_CRYPTO;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].size && EVP_MAC_update(mac, pieces[i].at, pieces[i].size) != 1)
            return SM_CRYPTO;
    return EVP_MAC_final(mac, out, &written, hashes[hash].bytes) == 1 &&
                   written == hashes[hash].bytes
               ? SM_OK
               : SM_CRYPTO;
}

enum sm_error kdf_hmac_sha256(
    struct span key, struct span data, uint8_t out[static KDF_SHA256_BYTES])
{
    return hmac(KDF_SHA256, key, &data, 1, out);
}

/* Without a salt the key is a hash's length of zeros, which HMAC makes of an empty one by itself.
 */
enum sm_error kdf_extract(enum kdf_hash hash, struct span salt, struct span secret, uint8_t *out)
{
    return hmac(hash, salt, &secret, 1, out);
}

enum sm_error kdf_expand(
    enum kdf_hash hash, struct span key, struct span info, uint8_t *out, size_t size)
{
    size_t bytes = hashes[hash].bytes;
    uint8_t block[KDF_SHA512_BYTES] = {0};
    DEFER_WIPE(block);
    if (info.size > KDF_INFO_BYTES_MAX || size > EXPAND_BLOCKS_MAX * bytes)
        return SM_TOO_LARGE;
    for (size_t done = 0; done < size; done += bytes) {
        uint8_t number = (uint8_t)(done / bytes + 1);
        const struct span pieces[] = {span_of(block, done ? bytes : 0), info, span_of(&number, 1)};
        TRY(hmac(hash, key, pieces, 3, block));
        memcpy(out + done, block, size - done < bytes ? size - done : bytes);
    }
    return SM_OK;
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
