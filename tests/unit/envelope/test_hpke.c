/* HPKE against RFC 9180's appendix A.3.1, against another implementation, and against changes. */
#include "envelope/hpke.h"

#include "base/encode.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/vectors.h"

enum { SIZE_MAX_TEST = 1024 * 1024 };

static struct buffer bytes_of(const struct vector *object, const char *name)
{
    struct buffer bytes = BUFFER(SIZE_MAX_TEST);
    if (vector_member(object, name))
        vector_bytes(object, name, &bytes);
    return bytes;
}

#define MEMBER(variable, object, name) \
    struct buffer variable DEFER(buffer_free) = bytes_of(object, name)

static void assert_bytes(struct span actual, struct span expected)
{
    assert_int_equal(actual.size, expected.size);
    if (expected.size)
        assert_memory_equal(actual.at, expected.at, expected.size);
}

static void assert_public_of(const struct p256_key *key, const struct vector *v, const char *name)
{
    MEMBER(expected, v, name);
    assert_bytes(span_of(p256_public(key), P256_PUBLIC_BYTES), buffer_span(&expected));
}

/* Runs a vector's messages in order through a sender (may be NULL) and a receiver. */
static void check_messages(const struct vector *list, struct hpke *sender, struct hpke *receiver)
{
    for (size_t i = 0; i < vector_count(list); i++) {
        const struct vector *message = vector_item(list, i);
        MEMBER(aad, message, "aad");
        MEMBER(plaintext, message, "pt");
        MEMBER(ciphertext, message, "ct");
        struct buffer sealed DEFER(buffer_free) = BUFFER(SIZE_MAX_TEST);
        struct buffer opened DEFER(buffer_free) = BUFFER(SIZE_MAX_TEST);

        if (sender) {
            assert_ok(hpke_seal(sender, buffer_span(&aad), buffer_span(&plaintext), &sealed));
            assert_bytes(buffer_span(&sealed), buffer_span(&ciphertext));
        }
        assert_ok(hpke_open(receiver, buffer_span(&aad), buffer_span(&ciphertext), &opened));
        assert_bytes(buffer_span(&opened), buffer_span(&plaintext));
    }
}

struct export_names {
    const char *context, *length, *value;
};

static void check_exports(
    const struct vector *list, const struct export_names *names, const struct hpke *hpke)
{
    assert_int_not_equal(vector_count(list), 0);
    for (size_t i = 0; i < vector_count(list); i++) {
        const struct vector *export = vector_item(list, i);
        MEMBER(context, export, names->context);
        MEMBER(expected, export, names->value);
        uint8_t actual[256];
        size_t size = vector_number(export, names->length);

        assert_in_range(size, 1, sizeof actual);
        assert_ok(hpke_export(hpke, buffer_span(&context), actual, size));
        assert_bytes(span_of(actual, size), buffer_span(&expected));
    }
}

/* RFC 9180 A.3.1: sequence numbers 0, 1, 2, 4, 255, 256 are listed; those between are sealed too.
 */
static void run_rfc_messages(const struct vector *list, struct hpke *sender, struct hpke *receiver)
{
    uint64_t sequence = 0;
    for (size_t i = 0; i < vector_count(list); i++, sequence++) {
        const struct vector *message = vector_item(list, i);
        MEMBER(aad, message, "aad");
        MEMBER(plaintext, message, "pt");
        MEMBER(ciphertext, message, "ct");
        for (;; sequence++) {
            struct buffer sealed DEFER(buffer_free) = BUFFER(SIZE_MAX_TEST);
            struct buffer opened DEFER(buffer_free) = BUFFER(SIZE_MAX_TEST);
            assert_ok(hpke_seal(sender, buffer_span(&aad), buffer_span(&plaintext), &sealed));
            assert_ok(hpke_open(receiver, buffer_span(&aad), buffer_span(&sealed), &opened));
            assert_bytes(buffer_span(&opened), buffer_span(&plaintext));
            if (sequence == vector_number(message, "sequence_number")) {
                assert_bytes(buffer_span(&sealed), buffer_span(&ciphertext));
                break;
            }
        }
    }
}

static void rfc_9180_a3_base_mode_agrees_in_every_step(void **state)
{
    (void)state;
    const struct vector *root = vectors_or_skip("hpke_rfc9180_a3_base.json");
    const struct vector *setup = vector_member(root, "setup");
    MEMBER(ikm_e, setup, "ikmE");
    MEMBER(ikm_r, setup, "ikmR");
    MEMBER(info, setup, "info");
    MEMBER(enc, setup, "enc");
    struct p256_key *ephemeral DEFER(p256_free) = NULL;
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(hpke_derive_key_pair(buffer_span(&ikm_e), &ephemeral));
    assert_ok(hpke_derive_key_pair(buffer_span(&ikm_r), &key));
    assert_public_of(ephemeral, setup, "pkEm");
    assert_public_of(key, setup, "pkRm");
    struct hpke_vector vector = {.aead = HPKE_AES_128_GCM, .ephemeral = ephemeral};
    struct hpke *sender DEFER(hpke_free) = NULL;
    struct hpke *receiver DEFER(hpke_free) = NULL;

    assert_ok(hpke_send_vector(
        &vector, span_of(p256_public(key), P256_PUBLIC_BYTES), buffer_span(&info), &sender));
    assert_ok(hpke_receive_vector(&vector, key, buffer_span(&enc), buffer_span(&info), &receiver));

    run_rfc_messages(vector_member(root, "encryptions"), sender, receiver);
    struct export_names names = {"exporter_context", "L", "exported_value"};
    check_exports(vector_member(root, "exports"), &names, sender);
    check_exports(vector_member(root, "exports"), &names, receiver);
    vectors_free(root);
}

static void every_aes_256_gcm_vector_of_another_implementation_opens(void **state)
{
    (void)state;
    const struct vector *root = vectors_or_skip("hpke_p256_aes256gcm.json");
    const struct vector *tests = vector_member(root, "tests");
    assert_int_equal(vector_count(tests), 24);
    for (size_t i = 0; i < vector_count(tests); i++) {
        const struct vector *test = vector_item(tests, i);
        MEMBER(scalar, test, "skRm");
        MEMBER(info, test, "info");
        MEMBER(enc, test, "enc");
        struct p256_key *key DEFER(p256_free) = NULL;
        struct hpke *receiver DEFER(hpke_free) = NULL;

        assert_ok(p256_import(buffer_span(&scalar), &key));
        assert_public_of(key, test, "pkRm");
        assert_ok(hpke_receive(key, buffer_span(&enc), buffer_span(&info), &receiver));

        check_messages(vector_member(test, "encryptions"), NULL, receiver);
        struct export_names names = {"context", "length", "value"};
        check_exports(vector_member(test, "exports"), &names, receiver);
    }
    vectors_free(root);
}

/* From RFC 9180 A.3.1, so that something of it runs without the vector files. */
static void the_rfcs_first_message_is_what_we_seal(void **state)
{
    (void)state;
    static const char scalar_e[] =
        "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb";
    static const char scalar_r[] =
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2";
    static const char expected[] =
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
        "9076ac232e3ab2523f39513434";
    uint8_t bytes[P256_PRIVATE_BYTES];
    struct p256_key *ephemeral DEFER(p256_free) = NULL;
    struct p256_key *key DEFER(p256_free) = NULL;
    assert_ok(hex_decode(span_text(scalar_e), bytes, sizeof bytes));
    assert_ok(p256_import(SPAN(bytes), &ephemeral));
    assert_ok(hex_decode(span_text(scalar_r), bytes, sizeof bytes));
    assert_ok(p256_import(SPAN(bytes), &key));
    struct hpke_vector vector = {.aead = HPKE_AES_128_GCM, .ephemeral = ephemeral};
    struct hpke *sender DEFER(hpke_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(SIZE_MAX_TEST);

    assert_ok(hpke_send_vector(&vector, span_of(p256_public(key), P256_PUBLIC_BYTES),
        span_text("Ode on a Grecian Urn"), &sender));
    assert_ok(hpke_seal(
        sender, span_text("Count-0"), span_text("Beauty is truth, truth beauty"), &sealed));

    char text[2 * 64 + 1];
    assert_in_range(sealed.size, 1, 64);
    hex_encode(buffer_span(&sealed), text);
    assert_string_equal(text, expected);
}

struct ends {
    struct p256_key *key;
    struct hpke *sender, *receiver;
    uint8_t enc[HPKE_ENC_BYTES];
};

static void ends_free(struct ends *ends)
{
    p256_free(&ends->key);
    hpke_free(&ends->sender);
    hpke_free(&ends->receiver);
}

static void ends_open(struct ends *ends)
{
    assert_ok(p256_generate(&ends->key));
    assert_ok(hpke_send(span_of(p256_public(ends->key), P256_PUBLIC_BYTES), span_text("info"),
        ends->enc, &ends->sender));
    assert_ok(hpke_receive(ends->key, SPAN(ends->enc), span_text("info"), &ends->receiver));
}

static void a_message_out_of_order_is_refused_and_counts_as_none(void **state)
{
    (void)state;
    struct ends ends DEFER(ends_free) = {0};
    ends_open(&ends);
    struct span none = span_of(NULL, 0);
    struct buffer first DEFER(buffer_free) = BUFFER(100);
    struct buffer second DEFER(buffer_free) = BUFFER(100);
    struct buffer opened DEFER(buffer_free) = BUFFER(100);
    assert_ok(hpke_seal(ends.sender, none, span_text("first"), &first));
    assert_ok(hpke_seal(ends.sender, none, span_text("second"), &second));

    assert_error(hpke_open(ends.receiver, none, buffer_span(&second), &opened), SM_TAMPERED);
    assert_int_equal(opened.size, 0);
    assert_ok(hpke_open(ends.receiver, none, buffer_span(&first), &opened));
    assert_error(hpke_open(ends.receiver, none, buffer_span(&first), &opened), SM_TAMPERED);
    assert_ok(hpke_open(ends.receiver, none, buffer_span(&second), &opened));
    assert_bytes(buffer_span(&opened), span_text("firstsecond"));
}

static void another_info_or_key_or_aad_does_not_open(void **state)
{
    (void)state;
    struct ends ends DEFER(ends_free) = {0};
    ends_open(&ends);
    struct ends others DEFER(ends_free) = {0};
    ends_open(&others);
    struct hpke *other_info DEFER(hpke_free) = NULL;
    struct hpke *other_key DEFER(hpke_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(100);
    struct buffer opened DEFER(buffer_free) = BUFFER(100);
    assert_ok(hpke_seal(ends.sender, span_text("aad"), span_text("text"), &sealed));
    assert_ok(hpke_receive(ends.key, SPAN(ends.enc), span_text("infp"), &other_info));
    assert_ok(hpke_receive(others.key, SPAN(ends.enc), span_text("info"), &other_key));
    struct span aad = span_text("aad");

    assert_error(hpke_open(other_info, aad, buffer_span(&sealed), &opened), SM_TAMPERED);
    assert_error(hpke_open(other_key, aad, buffer_span(&sealed), &opened), SM_TAMPERED);
    assert_error(
        hpke_open(ends.receiver, span_text("aae"), buffer_span(&sealed), &opened), SM_TAMPERED);
    assert_ok(hpke_open(ends.receiver, aad, buffer_span(&sealed), &opened));
}

static void an_invalid_ephemeral_key_is_refused(void **state)
{
    (void)state;
    struct ends ends DEFER(ends_free) = {0};
    ends_open(&ends);
    struct hpke *receiver DEFER(hpke_free) = NULL;
    struct span info = span_text("info");
    uint8_t enc[HPKE_ENC_BYTES];

    for (size_t i = 0; i < sizeof enc; i++) {
        memcpy(enc, ends.enc, sizeof enc);
        enc[i] ^= 1;
        assert_error(hpke_receive(ends.key, SPAN(enc), info, &receiver), SM_TAMPERED);
    }
    assert_error(hpke_receive(ends.key, span_of(ends.enc, 64), info, &receiver), SM_TAMPERED);
    assert_null(receiver);
}

static void exports_differ_by_context_and_agree_at_both_ends(void **state)
{
    (void)state;
    struct ends ends DEFER(ends_free) = {0};
    ends_open(&ends);
    uint8_t a[32], b[32], other[32];

    assert_ok(hpke_export(ends.sender, span_text("one"), a, sizeof a));
    assert_ok(hpke_export(ends.receiver, span_text("one"), b, sizeof b));
    assert_ok(hpke_export(ends.receiver, span_text("two"), other, sizeof other));

    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, other, sizeof a);
}

static void sizes_over_their_limits_are_refused(void **state)
{
    (void)state;
    struct ends ends DEFER(ends_free) = {0};
    ends_open(&ends);
    static const uint8_t much[HPKE_INFO_BYTES_MAX + 1];
    struct span public_key = span_of(p256_public(ends.key), P256_PUBLIC_BYTES);
    struct hpke *hpke DEFER(hpke_free) = NULL;
    uint8_t out[32];

    assert_error(hpke_send(public_key, SPAN(much), ends.enc, &hpke), SM_TOO_LARGE);
    assert_error(hpke_export(ends.sender, SPAN(much), out, sizeof out), SM_TOO_LARGE);
    assert_error(
        hpke_send(span_slice(public_key, 0, 64), span_text(""), ends.enc, &hpke), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_9180_a3_base_mode_agrees_in_every_step),
        cmocka_unit_test(every_aes_256_gcm_vector_of_another_implementation_opens),
        cmocka_unit_test(the_rfcs_first_message_is_what_we_seal),
        cmocka_unit_test(a_message_out_of_order_is_refused_and_counts_as_none),
        cmocka_unit_test(another_info_or_key_or_aad_does_not_open),
        cmocka_unit_test(an_invalid_ephemeral_key_is_refused),
        cmocka_unit_test(exports_differ_by_context_and_agree_at_both_ends),
        cmocka_unit_test(sizes_over_their_limits_are_refused),
    };
    return cmocka_run_group_tests_name("envelope/hpke", tests, NULL, NULL);
}
