/* Ed25519 on EVP. */
#include "envelope/ed25519.h"

#include <openssl/evp.h>

#include "base/memory.h"

static void pkey_free(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static void digest_context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static enum sm_error pkey_of_seed(struct span seed, EVP_PKEY **out)
{
    if (seed.size != ED25519_SEED_BYTES)
        return SM_BAD_VALUE;
    *out = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.at, seed.size);
    return *out ? SM_OK : SM_CRYPTO;
}

enum sm_error ed25519_public(struct span seed, uint8_t out[static ED25519_PUBLIC_BYTES])
{
    EVP_PKEY *pkey DEFER(pkey_free) = NULL;
    TRY(pkey_of_seed(seed, &pkey));
    size_t size = ED25519_PUBLIC_BYTES;
    bool is_read = EVP_PKEY_get_raw_public_key(pkey, out, &size) == 1;
    return is_read && size == ED25519_PUBLIC_BYTES ? SM_OK : SM_CRYPTO;
}

enum sm_error ed25519_sign(
    struct span seed, struct span message, uint8_t out[static ED25519_SIGNATURE_BYTES])
{
    EVP_PKEY *pkey DEFER(pkey_free) = NULL;
    TRY(pkey_of_seed(seed, &pkey));
    EVP_MD_CTX *context DEFER(digest_context_free) = EVP_MD_CTX_new();
    size_t size = ED25519_SIGNATURE_BYTES;
    if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
        EVP_DigestSign(context, out, &size, message.at, message.size) != 1)
        return SM_CRYPTO;
    return SM_OK;
}

enum sm_error ed25519_verify(struct span public_key, struct span message, struct span signature)
{
    if (public_key.size != ED25519_PUBLIC_BYTES || signature.size != ED25519_SIGNATURE_BYTES)
        return SM_TAMPERED;
    EVP_PKEY *pkey DEFER(pkey_free) =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key.at, public_key.size);
    EVP_MD_CTX *context DEFER(digest_context_free) = EVP_MD_CTX_new();
    if (!pkey || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) != 1)
        return SM_CRYPTO;
    int verdict = EVP_DigestVerify(context, signature.at, signature.size, message.at, message.size);
    return verdict == 1 ? SM_OK : SM_TAMPERED;
}
