/*
 * P-256 on OpenSSL 3.0's EVP. The two traps: a key built from parameters is not checked by itself,
 * so peers are; and some 3.0 builds were reported to hand out compressed points, so what we give
 * out is asserted to be 65 bytes that begin with 0x04.
 */
#include "envelope/p256.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/memory.h"

static const char group_name[] = "prime256v1"; /* OpenSSL's name of P-256 */
enum { UNCOMPRESSED = 0x04, COORDINATE_BYTES = 32, SIGNATURE_DER_BYTES_MAX = 80 };

struct p256_key {
    EVP_PKEY *pkey;
    uint8_t public_key[P256_PUBLIC_BYTES];
};

static void pkey_free(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static void pkey_context_free(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void digest_context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void number_free(BIGNUM **number)
{
    BN_clear_free(*number);
}

static void signature_free(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

static void der_free(unsigned char **der)
{
    OPENSSL_free(*der);
}

/* A key object from parameters; `selection` says which halves are among them. */
static enum sm_error pkey_from(OSSL_PARAM *parameters, int selection, EVP_PKEY **out)
{
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!context || EVP_PKEY_fromdata_init(context) != 1)
        return SM_CRYPTO;
    return EVP_PKEY_fromdata(context, out, selection, parameters) == 1 ? SM_OK : SM_BAD_VALUE;
}

/* The curve without a key. Building it takes as long as half an agreement: once, and copied. */
static pthread_once_t curve_once = PTHREAD_ONCE_INIT;
static EVP_PKEY *curve;

static void make_curve(void)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(
            OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group_name, 0),
        OSSL_PARAM_construct_end(),
    };
    if (pkey_from(parameters, EVP_PKEY_KEY_PARAMETERS, &curve) != SM_OK)
        curve = NULL;
}

/* A checked key object of a public key from outside. */
static enum sm_error pkey_of_peer(struct span point, EVP_PKEY **out)
{
    if (point.size != P256_PUBLIC_BYTES || point.at[0] != UNCOMPRESSED)
        return SM_BAD_VALUE;
    (void)pthread_once(&curve_once, make_curve);
    EVP_PKEY *pkey DEFER(pkey_free) = curve ? EVP_PKEY_dup(curve) : NULL;
    if (!pkey)
        return SM_CRYPTO;
    if (EVP_PKEY_set1_encoded_public_key(pkey, point.at, point.size) != 1)
        return SM_BAD_VALUE;
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (!context)
        return SM_CRYPTO;
    /* Building the key refused points off the curve already; we do not rely on that alone.
     * "Quick" leaves out only order * point = infinity, which holds for every point of P-256.
     */
    if (EVP_PKEY_public_check_quick(context) != 1)
        return SM_BAD_VALUE;
    *out = TAKE(pkey);
    return SM_OK;
}

/* Takes over *pkey and reads its public half. */
static enum sm_error key_around(EVP_PKEY **pkey, struct p256_key **out)
{
    struct p256_key *key DEFER(p256_free) = NULL;
    TRY(memory_zeroed(1, sizeof *key, (void **)&key));
    key->pkey = TAKE(*pkey);
    unsigned char *point DEFER(der_free) = NULL;
    size_t size = EVP_PKEY_get1_encoded_public_key(key->pkey, &point);
    if (!point)
        return SM_CRYPTO;
    assert(size == P256_PUBLIC_BYTES && point[0] == UNCOMPRESSED);
    memcpy(key->public_key, point, P256_PUBLIC_BYTES);
    *out = TAKE(key);
    return SM_OK;
}

enum sm_error p256_generate(struct p256_key **out)
{
    EVP_PKEY *pkey DEFER(pkey_free) = EVP_EC_gen(group_name);
    return pkey ? key_around(&pkey, out) : SM_CRYPTO;
}

static void group_free(EC_GROUP **group)
{
    EC_GROUP_free(*group);
}

static void point_free(EC_POINT **point)
{
    EC_POINT_clear_free(*point);
}

/* The public point of a scalar, which must be in [1, order). */
static enum sm_error point_of(const BIGNUM *scalar, uint8_t out[static P256_PUBLIC_BYTES])
{
    EC_GROUP *group DEFER(group_free) = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point DEFER(point_free) = group ? EC_POINT_new(group) : NULL;
    if (!point)
        return SM_CRYPTO;
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
        return SM_BAD_VALUE;
    if (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) != 1 ||
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, P256_PUBLIC_BYTES,
            NULL) != P256_PUBLIC_BYTES)
        return SM_CRYPTO;
    return SM_OK;
}

static enum sm_error pkey_of_pair(
    const BIGNUM *scalar, uint8_t point[static P256_PUBLIC_BYTES], EVP_PKEY **out)
{
    uint8_t native[P256_PRIVATE_BYTES] = {0}; /* OpenSSL's parameters are in the machine's order */
    DEFER_WIPE(native);
    if (BN_bn2nativepad(scalar, native, sizeof native) != sizeof native)
        return SM_CRYPTO;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(
            OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group_name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, P256_PUBLIC_BYTES),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
        OSSL_PARAM_construct_end(),
    };
    return pkey_from(parameters, EVP_PKEY_KEYPAIR, out);
}

enum sm_error p256_import(struct span scalar, struct p256_key **out)
{
    if (scalar.size != P256_PRIVATE_BYTES)
        return SM_BAD_VALUE;
    BIGNUM *number DEFER(number_free) = BN_secure_new();
    if (!number || !BN_bin2bn(scalar.at, P256_PRIVATE_BYTES, number))
        return SM_CRYPTO;
    BN_set_flags(number, BN_FLG_CONSTTIME);
    uint8_t point[P256_PUBLIC_BYTES];
    TRY(point_of(number, point));
    EVP_PKEY *pkey DEFER(pkey_free) = NULL;
    TRY(pkey_of_pair(number, point, &pkey));
    return key_around(&pkey, out);
}

enum sm_error p256_export(const struct p256_key *key, struct secret **out)
{
    BIGNUM *number DEFER(number_free) = NULL;
    if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1)
        return SM_CRYPTO;
    struct secret *secret DEFER(secret_free) = NULL;
    TRY(secret_new(P256_PRIVATE_BYTES, &secret));
    if (BN_bn2binpad(number, secret_bytes(secret), P256_PRIVATE_BYTES) != P256_PRIVATE_BYTES)
        return SM_CRYPTO;
    *out = TAKE(secret);
    return SM_OK;
}

void p256_free(struct p256_key **key)
{
    if (!*key)
        return;
    EVP_PKEY_free((*key)->pkey);
    memory_free(key);
}

const uint8_t *p256_public(const struct p256_key *key)
{
    return key->public_key;
}

enum sm_error p256_check_public(struct span point)
{
    EVP_PKEY *pkey DEFER(pkey_free) = NULL;
    return pkey_of_peer(point, &pkey);
}

enum sm_error p256_agree(
    const struct p256_key *key, struct span peer, uint8_t shared[static P256_SHARED_BYTES])
{
    EVP_PKEY *other DEFER(pkey_free) = NULL;
    TRY(pkey_of_peer(peer, &other));
    EVP_PKEY_CTX *context DEFER(pkey_context_free) =
        EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    size_t size = P256_SHARED_BYTES;
    if (!context || EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context, other, 0 /* checked above */) != 1 ||
        EVP_PKEY_derive(context, shared, &size) != 1 || size != P256_SHARED_BYTES)
        return SM_CRYPTO;
    return SM_OK;
}

/* OpenSSL speaks DER; the fixed form is r || s, 32 bytes each. */
static enum sm_error raw_of_der(
    const uint8_t *der, size_t size, uint8_t signature[static P256_SIGNATURE_BYTES])
{
    const unsigned char *at = der;
    ECDSA_SIG *pair DEFER(signature_free) = d2i_ECDSA_SIG(NULL, &at, (long)size);
    if (!pair ||
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, COORDINATE_BYTES) != COORDINATE_BYTES ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + COORDINATE_BYTES, COORDINATE_BYTES) !=
            COORDINATE_BYTES)
        return SM_CRYPTO;
    return SM_OK;
}

enum sm_error p256_sign(
    const struct p256_key *key, struct span message, uint8_t signature[static P256_SIGNATURE_BYTES])
{
    EVP_MD_CTX *context DEFER(digest_context_free) = EVP_MD_CTX_new();
    uint8_t der[SIGNATURE_DER_BYTES_MAX];
    size_t size = sizeof der;
    if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) != 1 ||
        EVP_DigestSign(context, der, &size, message.at, message.size) != 1)
        return SM_CRYPTO;
    return raw_of_der(der, size, signature);
}

static enum sm_error der_of_raw(
    const uint8_t signature[static P256_SIGNATURE_BYTES], unsigned char **out, size_t *size)
{
    ECDSA_SIG *pair DEFER(signature_free) = ECDSA_SIG_new();
    BIGNUM *r DEFER(number_free) = BN_bin2bn(signature, COORDINATE_BYTES, NULL);
    BIGNUM *s DEFER(number_free) = BN_bin2bn(signature + COORDINATE_BYTES, COORDINATE_BYTES, NULL);
    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1)
        return SM_CRYPTO;
    (void)TAKE(r); /* the pair owns both now */
    (void)TAKE(s);
    int written = i2d_ECDSA_SIG(pair, out);
    if (written <= 0)
        return SM_CRYPTO;
    *size = (size_t)written;
    return SM_OK;
}

enum sm_error p256_verify(struct span public_key, struct span message,
    const uint8_t signature[static P256_SIGNATURE_BYTES])
{
    EVP_PKEY *pkey DEFER(pkey_free) = NULL;
    enum sm_error error = pkey_of_peer(public_key, &pkey);
    if (error != SM_OK)
        return error == SM_BAD_VALUE ? SM_TAMPERED : error;
    unsigned char *der DEFER(der_free) = NULL;
    size_t size = 0;
    TRY(der_of_raw(signature, &der, &size));
    EVP_MD_CTX *context DEFER(digest_context_free) = EVP_MD_CTX_new();
    if (!context || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey) != 1)
        return SM_CRYPTO;
    int verdict = EVP_DigestVerify(context, der, size, message.at, message.size);
    return verdict == 1 ? SM_OK : SM_TAMPERED;
}
