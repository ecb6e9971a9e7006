/* AEAD, wraps and boxes: the known answer, and what a change, another key or another place does. */
#include "envelope/wrap.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/box.h"
#include "tests/support/check.h"

static const uint8_t key[AEAD_KEY_BYTES] = {1, 2, 3};
static const uint8_t other_key[AEAD_KEY_BYTES] = {1, 2, 4};

/* McGrew and Viega's GCM test case 16 (AES-256, with aad). */
static void gcm_test_case_16(void **state)
{
    (void)state;
    static const char key_text[] =
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    static const char plaintext_text[] =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    static const char expected[] =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b";
    uint8_t case_key[32], nonce[12], aad[20], plaintext[60];
    assert_ok(hex_decode(span_text(key_text), case_key, sizeof case_key));
    assert_ok(hex_decode(span_text("cafebabefacedbaddecaf888"), nonce, sizeof nonce));
    assert_ok(hex_decode(span_text("feedfacedeadbeeffeedfacedeadbeefabaddad2"), aad, sizeof aad));
    assert_ok(hex_decode(span_text(plaintext_text), plaintext, sizeof plaintext));
    struct aead *aead DEFER(aead_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(1000);
    struct buffer opened DEFER(buffer_free) = BUFFER(1000);
    char text[2 * 76 + 1];

    assert_ok(aead_new(SPAN(case_key), &aead));
    assert_ok(aead_seal(aead, nonce, SPAN(aad), SPAN(plaintext), &sealed));
    assert_ok(aead_open(aead, nonce, SPAN(aad), buffer_span(&sealed), &opened));

    assert_int_equal(sealed.size, 76);
    hex_encode(buffer_span(&sealed), text);
    assert_string_equal(text, expected);
    assert_memory_equal(opened.bytes, plaintext, sizeof plaintext);
}

static void what_does_not_verify_leaves_nothing_behind(void **state)
{
    (void)state;
    static const uint8_t nonce[AEAD_NONCE_BYTES] = {9};
    struct aead *aead DEFER(aead_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    struct span none = span_of(NULL, 0);
    assert_ok(aead_new(SPAN(key), &aead));
    assert_ok(aead_seal(aead, nonce, none, span_text("plaintext"), &sealed));
    assert_ok(buffer_append_text(&out, "before"));
    sealed.bytes[sealed.size - 1] ^= 1;

    assert_error(aead_open(aead, nonce, none, buffer_span(&sealed), &out), SM_TAMPERED);

    assert_true(span_equals_text(buffer_span(&out), "before"));
    for (size_t i = out.size; i < out.size + 9; i++)
        assert_int_equal(out.bytes[i], 0); /* wiped, not only cut off */
    assert_error(aead_open(aead, nonce, none, span_of(nonce, 12), &out), SM_TAMPERED);
}

static void keys_of_other_sizes_are_refused(void **state)
{
    (void)state;
    struct aead *aead DEFER(aead_free) = NULL;
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    struct span none = span_of(NULL, 0);

    assert_error(aead_new(span_of(key, 31), &aead), SM_BAD_VALUE);
    assert_error(aead_new(none, &aead), SM_BAD_VALUE);
    assert_error(wrap_seal(span_of(key, 16), none, none, &out), SM_BAD_VALUE);
    assert_int_equal(out.size, 0);
}

static void a_full_buffer_is_an_error_and_stays_as_it_was(void **state)
{
    (void)state;
    struct buffer out DEFER(buffer_free) = BUFFER(20);
    assert_ok(buffer_append_text(&out, "x"));

    assert_error(wrap_seal(SPAN(key), span_text("a"), span_text("text"), &out), SM_TOO_LARGE);

    assert_true(span_equals_text(buffer_span(&out), "x"));
}

static void a_wrap_opens_with_its_key_and_aad_only(void **state)
{
    (void)state;
    struct buffer blob DEFER(buffer_free) = BUFFER(1000);
    struct buffer again DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    struct span aad = span_text("purpose organisation object 1");
    assert_ok(wrap_seal(SPAN(key), aad, span_text("message key"), &blob));
    assert_ok(wrap_seal(SPAN(key), aad, span_text("message key"), &again));

    assert_int_equal(blob.size, 11 + WRAP_OVERHEAD_BYTES);
    assert_false(span_equal(buffer_span(&blob), buffer_span(&again)));
    assert_error(wrap_open(SPAN(other_key), aad, buffer_span(&blob), &out), SM_TAMPERED);
    assert_error(
        wrap_open(SPAN(key), span_text("another place"), buffer_span(&blob), &out), SM_TAMPERED);
    assert_error(wrap_open(SPAN(key), span_of(NULL, 0), buffer_span(&blob), &out), SM_TAMPERED);
    assert_ok(wrap_open(SPAN(key), aad, buffer_span(&blob), &out));
    assert_true(span_equals_text(buffer_span(&out), "message key"));
}

static void a_change_or_cut_of_a_wrap_is_refused(void **state)
{
    (void)state;
    struct buffer blob DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    struct span aad = span_text("aad");
    assert_ok(wrap_seal(SPAN(key), aad, span_text("message key"), &blob));

    for (size_t bit = 0; bit < 8 * blob.size; bit++) {
        blob.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(wrap_open(SPAN(key), aad, buffer_span(&blob), &out), SM_TAMPERED);
        blob.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < blob.size; size++)
        assert_error(wrap_open(SPAN(key), aad, span_of(blob.bytes, size), &out), SM_TAMPERED);
    assert_ok(buffer_append_u8(&blob, 0));
    assert_error(wrap_open(SPAN(key), aad, buffer_span(&blob), &out), SM_TAMPERED);
    assert_int_equal(out.size, 0);
}

/* The version stands in the AAD: a wrap made without it there does not open. */
static void the_version_of_a_wrap_is_authenticated(void **state)
{
    (void)state;
    static const uint8_t nonce[AEAD_NONCE_BYTES] = {9};
    struct aead *aead DEFER(aead_free) = NULL;
    struct buffer blob DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    assert_ok(aead_new(SPAN(key), &aead));
    assert_ok(buffer_append_u8(&blob, WRAP_VERSION));
    assert_ok(buffer_append(&blob, SPAN(nonce)));
    assert_ok(aead_seal(aead, nonce, span_text("aad"), span_text("text"), &blob));

    assert_error(wrap_open(SPAN(key), span_text("aad"), buffer_span(&blob), &out), SM_TAMPERED);
}

static void a_box_opens_with_its_key_info_and_aad_only(void **state)
{
    (void)state;
    struct p256_key *mine DEFER(p256_free) = NULL;
    struct p256_key *other DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&mine));
    assert_ok(p256_generate(&other));
    struct span public_key = span_of(p256_public(mine), P256_PUBLIC_BYTES);
    struct box_label label = {.info = span_text("mail job"), .aad = span_text("job 1")};
    struct box_label other_info = {.info = span_text("mail jop"), .aad = span_text("job 1")};
    struct box_label other_aad = {.info = span_text("mail job"), .aad = span_text("job 2")};
    struct buffer box DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);

    assert_ok(box_seal(public_key, &label, span_text("code 123456"), &box));

    assert_int_equal(box.size, 11 + BOX_OVERHEAD_BYTES);
    assert_error(box_open(other, &label, buffer_span(&box), &out), SM_TAMPERED);
    assert_error(box_open(mine, &other_info, buffer_span(&box), &out), SM_TAMPERED);
    assert_error(box_open(mine, &other_aad, buffer_span(&box), &out), SM_TAMPERED);
    assert_ok(box_open(mine, &label, buffer_span(&box), &out));
    assert_true(span_equals_text(buffer_span(&out), "code 123456"));
    assert_error(box_seal(span_text("no key"), &label, span_text("x"), &out), SM_BAD_VALUE);
    assert_int_equal(out.size, 11);
}

static void a_change_or_cut_of_a_box_is_refused(void **state)
{
    (void)state;
    struct p256_key *mine DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&mine));
    struct box_label label = {.info = span_text("mail job"), .aad = span_text("job 1")};
    struct buffer box DEFER(buffer_free) = BUFFER(1000);
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    assert_ok(
        box_seal(span_of(p256_public(mine), P256_PUBLIC_BYTES), &label, span_text("job"), &box));

    for (size_t bit = 0; bit < 8 * box.size; bit++) {
        box.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(box_open(mine, &label, buffer_span(&box), &out), SM_TAMPERED);
        box.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < box.size; size++)
        assert_error(box_open(mine, &label, span_of(box.bytes, size), &out), SM_TAMPERED);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_test_case_16),
        cmocka_unit_test(what_does_not_verify_leaves_nothing_behind),
        cmocka_unit_test(keys_of_other_sizes_are_refused),
        cmocka_unit_test(a_full_buffer_is_an_error_and_stays_as_it_was),
        cmocka_unit_test(a_wrap_opens_with_its_key_and_aad_only),
        cmocka_unit_test(a_change_or_cut_of_a_wrap_is_refused),
        cmocka_unit_test(the_version_of_a_wrap_is_authenticated),
        cmocka_unit_test(a_box_opens_with_its_key_info_and_aad_only),
        cmocka_unit_test(a_change_or_cut_of_a_box_is_refused),
    };
    return cmocka_run_group_tests_name("envelope/wrap", tests, NULL, NULL);
}
