/* P-256 against Wycheproof's points, and its signatures against changes. */
#include "envelope/p256.h"

#include "base/buffer.h"
#include "base/encode.h"
#include "base/memory.h"
#include "envelope/key_heap.h"
#include "tests/support/check.h"
#include "tests/support/vectors.h"

#include <openssl/crypto.h>

/* The scalar of a vector in exactly 32 bytes: the file pads and cuts zeros as DER does. */
static void scalar_of(const struct vector *test, uint8_t out[static P256_PRIVATE_BYTES])
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(100);
    vector_bytes(test, "private", &bytes);
    size_t zeros = 0;
    while (bytes.size - zeros > P256_PRIVATE_BYTES && bytes.bytes[zeros] == 0)
        zeros++;
    size_t size = bytes.size - zeros;
    assert_in_range(size, 1, P256_PRIVATE_BYTES);
    memset(out, 0, P256_PRIVATE_BYTES);
    memcpy(out + P256_PRIVATE_BYTES - size, bytes.bytes + zeros, size);
}

/* "acceptable" vectors are compressed points, which we refuse like the invalid ones. */
static void run_vector(const struct vector *test)
{
    uint8_t scalar[P256_PRIVATE_BYTES];
    uint8_t shared[P256_SHARED_BYTES];
    struct buffer peer DEFER(buffer_free) = BUFFER(1000);
    struct buffer expected DEFER(buffer_free) = BUFFER(100);
    struct p256_key *key DEFER(p256_free) = NULL;
    scalar_of(test, scalar);
    vector_bytes(test, "public", &peer);
    vector_bytes(test, "shared", &expected);
    assert_ok(p256_import(SPAN(scalar), &key));

    enum sm_error error = p256_agree(key, buffer_span(&peer), shared);

    if (strcmp(vector_text(test, "result"), "valid") != 0) {
        assert_error(error, SM_BAD_VALUE);
        assert_error(p256_check_public(buffer_span(&peer)), SM_BAD_VALUE);
        return;
    }
    assert_ok(error);
    assert_ok(p256_check_public(buffer_span(&peer)));
    assert_int_equal(expected.size, sizeof shared);
    assert_memory_equal(shared, expected.bytes, sizeof shared);
}

static void all_355_points_agree_or_are_refused(void **state)
{
    (void)state;
    const struct vector *root = vectors_or_skip("ecdh_secp256r1_ecpoint.json");
    const struct vector *groups = vector_member(root, "testGroups");
    size_t count = 0;
    for (size_t g = 0; g < vector_count(groups); g++) {
        const struct vector *tests = vector_member(vector_item(groups, g), "tests");
        for (size_t i = 0; i < vector_count(tests); i++, count++)
            run_vector(vector_item(tests, i));
    }
    assert_int_equal(count, 355);
    vectors_free(root);
}

/* Wycheproof ecdh_secp256r1_ecpoint, tcId 1, so that one runs without the files. */
static void the_first_point_agrees(void **state)
{
    (void)state;
    uint8_t scalar[32], peer[65], expected[32], shared[32];
    assert_ok(hex_decode(
        span_text("0612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346"), scalar, 32));
    assert_ok(hex_decode(span_text("0462d5bd3372af75fe85a040715d0f502428e07046868b0bfdfa61d731afe44"
                                   "f26ac333a93a9e70a81cd5a95b5bf8d13990eb741c8c38872b4a07d275a014e"
                                   "30cf"),
        peer, 65));
    assert_ok(
        hex_decode(span_text("53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285"),
            expected, 32));
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(p256_import(SPAN(scalar), &key));

    assert_ok(p256_agree(key, SPAN(peer), shared));

    assert_memory_equal(shared, expected, sizeof shared);
}

static void what_is_exported_imports_to_the_same_key(void **state)
{
    (void)state;
    struct p256_key *key DEFER(p256_free) = NULL;
    struct p256_key *again DEFER(p256_free) = NULL;
    struct secret *scalar DEFER(secret_free) = NULL;
    assert_ok(p256_generate(&key));

    assert_ok(p256_export(key, &scalar));
    assert_ok(p256_import(secret_span(scalar), &again));

    assert_int_equal(secret_span(scalar).size, P256_PRIVATE_BYTES);
    assert_int_equal(p256_public(key)[0], 4);
    assert_memory_equal(p256_public(key), p256_public(again), P256_PUBLIC_BYTES);
}

static void a_scalar_outside_the_group_is_refused(void **state)
{
    (void)state;
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    uint8_t scalar[P256_PRIVATE_BYTES] = {0};
    struct p256_key *key DEFER(p256_free) = NULL;

    assert_error(p256_import(SPAN(scalar), &key), SM_BAD_VALUE);
    assert_ok(hex_decode(span_text(order), scalar, sizeof scalar));
    assert_error(p256_import(SPAN(scalar), &key), SM_BAD_VALUE);
    memset(scalar, 0xff, sizeof scalar);
    assert_error(p256_import(SPAN(scalar), &key), SM_BAD_VALUE);
    assert_error(p256_import(span_of(scalar, 31), &key), SM_BAD_VALUE);
    assert_null(key);

    assert_ok(hex_decode(span_text(order), scalar, sizeof scalar));
    scalar[31] ^= 1; /* the order less one: the largest scalar there is */
    assert_ok(p256_import(SPAN(scalar), &key));
}

static void points_in_other_forms_are_refused(void **state)
{
    (void)state;
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&key));
    uint8_t point[P256_PUBLIC_BYTES + 1];
    memcpy(point, p256_public(key), P256_PUBLIC_BYTES);
    static const uint8_t infinity[P256_PUBLIC_BYTES] = {0};
    static const uint8_t origin[P256_PUBLIC_BYTES] = {4};

    assert_ok(p256_check_public(span_of(point, P256_PUBLIC_BYTES)));
    assert_error(p256_check_public(span_of(point, P256_PUBLIC_BYTES - 1)), SM_BAD_VALUE);
    assert_error(p256_check_public(SPAN(point)), SM_BAD_VALUE);
    assert_error(p256_check_public(span_of(NULL, 0)), SM_BAD_VALUE);
    assert_error(p256_check_public(span_of(infinity, 1)), SM_BAD_VALUE);
    assert_error(p256_check_public(SPAN(infinity)), SM_BAD_VALUE);
    assert_error(p256_check_public(SPAN(origin)), SM_BAD_VALUE);
    for (uint8_t form = 0; form < 8; form++) {
        point[0] = form; /* 2, 3 compressed; 6, 7 hybrid */
        if (form != 4)
            assert_error(p256_check_public(span_of(point, P256_PUBLIC_BYTES)), SM_BAD_VALUE);
    }
}

static void a_signature_proves_its_message_and_key_only(void **state)
{
    (void)state;
    struct p256_key *key DEFER(p256_free) = NULL;
    struct p256_key *other DEFER(p256_free) = NULL;
    uint8_t signature[P256_SIGNATURE_BYTES];
    assert_ok(p256_generate(&key));
    assert_ok(p256_generate(&other));
    struct span public_key = span_of(p256_public(key), P256_PUBLIC_BYTES);
    struct span other_key = span_of(p256_public(other), P256_PUBLIC_BYTES);
    struct span message = span_text("statement");

    assert_ok(p256_sign(key, message, signature));

    assert_ok(p256_verify(public_key, message, signature));
    assert_error(p256_verify(public_key, span_text("statemens"), signature), SM_TAMPERED);
    assert_error(p256_verify(other_key, message, signature), SM_TAMPERED);
    assert_error(p256_verify(span_of(NULL, 0), message, signature), SM_TAMPERED);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(p256_verify(public_key, message, signature), SM_TAMPERED);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_signature_of_zeros_or_ones_is_refused(void **state)
{
    (void)state;
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&key));
    struct span public_key = span_of(p256_public(key), P256_PUBLIC_BYTES);
    uint8_t signature[P256_SIGNATURE_BYTES] = {0};

    assert_error(p256_verify(public_key, span_text("x"), signature), SM_TAMPERED);
    memset(signature, 0xff, sizeof signature);
    assert_error(p256_verify(public_key, span_text("x"), signature), SM_TAMPERED);
}

/* Short r and s keep their leading zeros: 1 in 128 signatures has one. */
static void every_signature_has_64_bytes_that_verify(void **state)
{
    (void)state;
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&key));
    struct span public_key = span_of(p256_public(key), P256_PUBLIC_BYTES);
    for (int i = 0; i < 600; i++) {
        uint8_t signature[P256_SIGNATURE_BYTES];
        assert_ok(p256_sign(key, span_of(&i, sizeof i), signature));
        assert_ok(p256_verify(public_key, span_of(&i, sizeof i), signature));
    }
}

/* A process of its own would have it from life_start(). */
static void a_private_key_is_in_locked_memory(void **state)
{
    static const uint8_t scalar[P256_PRIVATE_BYTES] = {[P256_PRIVATE_BYTES - 1] = 7};
    struct p256_key *key = NULL;
    (void)state;
    assert_ok(key_heap_start());
    assert_ok(key_heap_start()); /* once is enough */
    size_t before = CRYPTO_secure_used();

    assert_ok(p256_import(SPAN(scalar), &key));

    assert_true(CRYPTO_secure_used() >= before + P256_PRIVATE_BYTES);
    p256_free(&key);
    assert_int_equal(CRYPTO_secure_used(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_355_points_agree_or_are_refused),
        cmocka_unit_test(the_first_point_agrees),
        cmocka_unit_test(what_is_exported_imports_to_the_same_key),
        cmocka_unit_test(a_scalar_outside_the_group_is_refused),
        cmocka_unit_test(points_in_other_forms_are_refused),
        cmocka_unit_test(a_signature_proves_its_message_and_key_only),
        cmocka_unit_test(a_signature_of_zeros_or_ones_is_refused),
        cmocka_unit_test(every_signature_has_64_bytes_that_verify),
        cmocka_unit_test(a_private_key_is_in_locked_memory),
    };
    return cmocka_run_group_tests_name("envelope/p256", tests, NULL, NULL);
}
