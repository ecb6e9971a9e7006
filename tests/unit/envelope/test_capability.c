/* Ed25519, and the capabilities that it signs. */
#include "envelope/capability.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "tests/support/check.h"

static const uint8_t seed[ED25519_SEED_BYTES] = {1, 2, 3};

/* RFC 8032 7.1, tests 1 (empty) and 3 (two bytes). */
static void rfc_8032_signatures(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
            "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
            "dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < 2; i++) {
        uint8_t key[32], expected[32], public_key[32], message[2], signature[64];
        char text[129];
        size_t size = strlen(rows[i][2]) / 2;
        assert_ok(hex_decode(span_text(rows[i][0]), key, 32));
        assert_ok(hex_decode(span_text(rows[i][1]), expected, 32));
        assert_ok(hex_decode(span_text(rows[i][2]), message, size));

        assert_ok(ed25519_public(SPAN(key), public_key));
        assert_ok(ed25519_sign(SPAN(key), span_of(message, size), signature));

        assert_memory_equal(public_key, expected, 32);
        hex_encode(SPAN(signature), text);
        assert_string_equal(text, rows[i][3]);
        assert_ok(ed25519_verify(SPAN(public_key), span_of(message, size), SPAN(signature)));
    }
}

static void a_changed_signature_or_message_is_refused(void **state)
{
    (void)state;
    uint8_t public_key[32], signature[64];
    assert_ok(ed25519_public(SPAN(seed), public_key));
    assert_ok(ed25519_sign(SPAN(seed), span_text("message"), signature));
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(
            ed25519_verify(SPAN(public_key), span_text("message"), SPAN(signature)), SM_TAMPERED);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_error(
        ed25519_verify(SPAN(public_key), span_text("messagf"), SPAN(signature)), SM_TAMPERED);
    assert_error(ed25519_verify(span_of(public_key, 31), span_text("message"), SPAN(signature)),
        SM_TAMPERED);
    assert_error(ed25519_sign(span_of(seed, 31), span_text("x"), signature), SM_BAD_VALUE);
}

static const struct capability download = {
    .kind = CAPABILITY_DOWNLOAD,
    .organisation = {{1}},
    .subject = {{2}},
    .message = {{3}},
    .role = 4,
    .bytes_max = 0x0102030405060708,
    .parts_max = 0x090a,
    .expires_ms = 5000,
    .token = {{6}},
};

static void sign(const struct capability *capability, struct buffer *out)
{
    assert_ok(capability_sign(SPAN(seed), capability, out));
    assert_int_equal(out->size, CAPABILITY_TEXT_BYTES);
}

static enum sm_error verify(
    struct span text, enum capability_kind kind, uint64_t now_ms, struct capability *out)
{
    uint8_t public_key[32];
    assert_ok(ed25519_public(SPAN(seed), public_key));
    struct capability_demand demand = {public_key, kind, now_ms};
    return capability_verify(text, &demand, out);
}

static void a_capability_says_what_was_signed(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct capability read = {0};
    sign(&download, &text);

    assert_ok(verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 4999, &read));

    assert_int_equal(read.kind, CAPABILITY_DOWNLOAD);
    assert_true(id_equal(read.organisation, download.organisation));
    assert_true(id_equal(read.subject, download.subject));
    assert_true(id_equal(read.message, download.message));
    assert_true(id_equal(read.token, download.token));
    assert_int_equal(read.role, 4);
    assert_int_equal(read.bytes_max, download.bytes_max);
    assert_int_equal(read.parts_max, download.parts_max);
    assert_int_equal(read.expires_ms, 5000);
}

static void a_capability_is_good_for_its_kind_and_time_only(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct capability read;
    sign(&download, &text);

    assert_error(verify(buffer_span(&text), CAPABILITY_UPLOAD, 0, &read), SM_NOT_ALLOWED);
    assert_error(verify(buffer_span(&text), CAPABILITY_SESSION, 0, &read), SM_NOT_ALLOWED);
    assert_error(verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 5000, &read), SM_NOT_SIGNED_IN);
}

static void another_signer_is_refused(void **state)
{
    (void)state;
    static const uint8_t other[ED25519_SEED_BYTES] = {9};
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct capability read;
    assert_ok(capability_sign(SPAN(other), &download, &text));
    assert_error(verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 0, &read), SM_TAMPERED);
}

static void a_change_of_any_bit_of_a_capability_is_refused(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct capability read;
    sign(&download, &text);
    for (size_t bit = 0; bit < 8 * text.size; bit++) {
        text.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum sm_error error = verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 0, &read);
        assert_true(error == SM_BAD_FORMAT || error == SM_TAMPERED);
        text.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_capability_has_one_spelling(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct capability read;
    sign(&download, &text);
    for (size_t size = 0; size < text.size; size++)
        assert_error(
            verify(span_of(text.bytes, size), CAPABILITY_DOWNLOAD, 0, &read), SM_BAD_FORMAT);
    assert_ok(buffer_append_text(&text, "="));
    assert_error(verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 0, &read), SM_BAD_FORMAT);
}

/* Signed with our key, but by a crypto that would not: kinds outside the list. */
static void an_unknown_kind_is_refused_at_both_ends(void **state)
{
    (void)state;
    struct capability odd = download;
    odd.kind = (enum capability_kind)9;
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    assert_error(capability_sign(SPAN(seed), &odd, &out), SM_BAD_VALUE);

    struct buffer payload DEFER(buffer_free) = BUFFER(1000);
    struct buffer covered DEFER(buffer_free) = BUFFER(1000);
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    sign(&download, &out);
    assert_ok(base64url_decode(span_slice(buffer_span(&out), 3, 114), &payload));
    payload.bytes[1] = 9;
    assert_ok(buffer_append_text(&covered, "securemail/1 capability"));
    assert_ok(buffer_append(&covered, buffer_span(&payload)));
    assert_ok(ed25519_sign(SPAN(seed), buffer_span(&covered), signature));
    assert_ok(buffer_append_text(&text, "v1."));
    assert_ok(base64url_encode(buffer_span(&payload), &text));
    assert_ok(buffer_append_text(&text, "."));
    assert_ok(base64url_encode(SPAN(signature), &text));

    struct capability read;
    assert_error(verify(buffer_span(&text), CAPABILITY_DOWNLOAD, 0, &read), SM_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_8032_signatures),
        cmocka_unit_test(a_changed_signature_or_message_is_refused),
        cmocka_unit_test(a_capability_says_what_was_signed),
        cmocka_unit_test(a_capability_is_good_for_its_kind_and_time_only),
        cmocka_unit_test(another_signer_is_refused),
        cmocka_unit_test(a_change_of_any_bit_of_a_capability_is_refused),
        cmocka_unit_test(a_capability_has_one_spelling),
        cmocka_unit_test(an_unknown_kind_is_refused_at_both_ends),
    };
    return cmocka_run_group_tests_name("envelope/capability", tests, NULL, NULL);
}
