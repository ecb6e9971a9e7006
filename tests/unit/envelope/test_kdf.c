/* Hashes and key derivation against the examples of their standards. */
#include "envelope/kdf.h"

#include "base/encode.h"
#include "base/memory.h"
#include "tests/support/check.h"

static void assert_hex(const uint8_t *bytes, size_t size, const char *expected)
{
    char text[2 * 128 + 1];
    assert_in_range(size, 1, 128);
    hex_encode(span_of(bytes, size), text);
    assert_string_equal(text, expected);
}

/* FIPS 180-4's "abc" and the empty string. */
static void sha_256_of_known_texts(void **state)
{
    (void)state;
    uint8_t hash[KDF_SHA256_BYTES];

    assert_ok(kdf_sha256(span_text("abc"), hash));
    assert_hex(
        hash, sizeof hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ok(kdf_sha256(span_of(NULL, 0), hash));
    assert_hex(
        hash, sizeof hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_digest_in_pieces_is_the_digest(void **state)
{
    (void)state;
    struct kdf_digest *digest DEFER(kdf_digest_free) = NULL;
    uint8_t hash[KDF_SHA256_BYTES];
    assert_ok(kdf_digest_new(&digest));

    assert_ok(kdf_digest_add(digest, span_text("a")));
    assert_ok(kdf_digest_add(digest, span_of(NULL, 0)));
    assert_ok(kdf_digest_add(digest, span_text("bc")));
    assert_ok(kdf_digest_finish(digest, hash));

    assert_hex(
        hash, sizeof hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void hmac_sha256_of_rfc_4231(void **state)
{
    (void)state;
    uint8_t key[131];
    uint8_t mac[KDF_SHA256_BYTES];

    memset(key, 0x0b, 20);
    assert_ok(kdf_hmac_sha256(span_of(key, 20), span_text("Hi There"), mac));
    assert_hex(mac, sizeof mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_ok(kdf_hmac_sha256(span_text("Jefe"), span_text("what do ya want for nothing?"), mac));
    assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_ok(kdf_hmac_sha256(
        SPAN(key), span_text("Test Using Larger Than Block-Size Key - Hash Key First"), mac));
    assert_hex(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* HMAC-SHA256 of nothing under an empty key, a known constant. */
static void hmac_with_an_empty_key_is_defined(void **state)
{
    (void)state;
    uint8_t mac[KDF_SHA256_BYTES];

    assert_ok(kdf_hmac_sha256(span_of(NULL, 0), span_of(NULL, 0), mac));

    assert_hex(mac, sizeof mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 5869, test case 1. */
static void hkdf_sha256_of_rfc_5869(void **state)
{
    (void)state;
    uint8_t ikm[22], salt[13], info[10], prk[32], okm[42];
    memset(ikm, 0x0b, sizeof ikm);
    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(0xf0 + i);

    assert_ok(kdf_extract(KDF_SHA256, SPAN(salt), SPAN(ikm), prk));
    assert_ok(kdf_expand(KDF_SHA256, SPAN(prk), SPAN(info), okm, sizeof okm));

    assert_hex(prk, sizeof prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assert_hex(okm, sizeof okm,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf340"
        "07208d5b887185865");
}

/* RFC 5869, test case 3: no salt, no info. */
static void hkdf_without_salt_and_info(void **state)
{
    (void)state;
    uint8_t ikm[22], prk[32], okm[42];
    struct span none = span_of(NULL, 0);
    memset(ikm, 0x0b, sizeof ikm);

    assert_ok(kdf_extract(KDF_SHA256, none, SPAN(ikm), prk));
    assert_ok(kdf_expand(KDF_SHA256, SPAN(prk), none, okm, sizeof okm));

    assert_hex(okm, sizeof okm,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d2"
        "01395faa4b61a96c8");
}

/* Expand's first block is HMAC(key, info || 01), whatever the library: RFC 5869 2.3. */
static void expanding_one_block_is_one_hmac(void **state)
{
    (void)state;
    uint8_t key[32] = {7}, okm[32], mac[32];

    assert_ok(kdf_expand(KDF_SHA256, SPAN(key), span_text("info"), okm, sizeof okm));
    assert_ok(kdf_hmac_sha256(SPAN(key), span_text("info\x01"), mac));

    assert_memory_equal(okm, mac, sizeof okm);
}

static void expansion_is_bounded(void **state)
{
    (void)state;
    static const uint8_t info[KDF_INFO_BYTES_MAX + 1];
    static uint8_t out[255 * KDF_SHA512_BYTES + 1];
    uint8_t key[64] = {1};

    assert_int_equal(kdf_hash_bytes(KDF_SHA256), 32);
    assert_int_equal(kdf_hash_bytes(KDF_SHA512), 64);
    assert_ok(kdf_expand(KDF_SHA512, SPAN(key), span_of(info, KDF_INFO_BYTES_MAX), out, 76));
    assert_error(kdf_expand(KDF_SHA512, SPAN(key), SPAN(info), out, 76), SM_TOO_LARGE);
    assert_ok(kdf_expand(KDF_SHA512, SPAN(key), span_of(info, 1), out, sizeof out - 1));
    assert_error(
        kdf_expand(KDF_SHA512, SPAN(key), span_of(info, 1), out, sizeof out), SM_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_256_of_known_texts),
        cmocka_unit_test(a_digest_in_pieces_is_the_digest),
        cmocka_unit_test(hmac_sha256_of_rfc_4231),
        cmocka_unit_test(hmac_with_an_empty_key_is_defined),
        cmocka_unit_test(hkdf_sha256_of_rfc_5869),
        cmocka_unit_test(hkdf_without_salt_and_info),
        cmocka_unit_test(expanding_one_block_is_one_hmac),
        cmocka_unit_test(expansion_is_bounded),
    };
    return cmocka_run_group_tests_name("envelope/kdf", tests, NULL, NULL);
}
