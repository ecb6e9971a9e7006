/* The identity key's statements and pins. */
#include "envelope/identity.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "tests/support/check.h"

static const struct identity_period period = {.not_before_ms = 1000, .not_after_ms = 2000};

struct signer {
    struct p256_key *identity, *hpke;
    struct identity_statement statement;
};

static struct signer signer_begin(void)
{
    struct signer it = {0};
    assert_ok(p256_generate(&it.identity));
    assert_ok(p256_generate(&it.hpke));
    assert_ok(identity_sign(it.identity, p256_public(it.hpke), &period, &it.statement));
    return it;
}

static void signer_end(struct signer *it)
{
    p256_free(&it->identity);
    p256_free(&it->hpke);
}

static struct span public_of(const struct p256_key *key)
{
    return span_of(p256_public(key), P256_PUBLIC_BYTES);
}

static void a_signed_key_verifies_under_its_identity_only(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct signer other DEFER(signer_end) = signer_begin();

    assert_ok(identity_verify(public_of(it.identity), &it.statement));
    assert_error(identity_verify(public_of(other.identity), &it.statement), SM_TAMPERED);
    assert_error(identity_verify(span_of(NULL, 0), &it.statement), SM_TAMPERED);
    assert_memory_equal(it.statement.public_key, p256_public(it.hpke), P256_PUBLIC_BYTES);
}

/* What the signature covers, written out: other implementations check the same bytes. */
static void the_signed_bytes_are_what_the_design_says(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct buffer text DEFER(buffer_free) = BUFFER(200);
    uint8_t hash[KDF_SHA256_BYTES];
    assert_ok(kdf_sha256(public_of(it.hpke), hash));
    assert_ok(buffer_append_text(&text, "securemail/1 hpke key"));
    assert_ok(buffer_append(&text, span_of(hash, 8)));
    assert_ok(buffer_append(&text, public_of(it.hpke)));
    assert_ok(buffer_append_be(&text, 1000, 8));
    assert_ok(buffer_append_be(&text, 2000, 8));

    assert_ok(p256_verify(public_of(it.identity), buffer_span(&text), it.statement.signature));
}

/* Flips each bit of a field of the statement. */
static void assert_every_bit_counts(struct signer *it, uint8_t *field, size_t size)
{
    for (size_t bit = 0; bit < 8 * size; bit++) {
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(identity_verify(public_of(it->identity), &it->statement), SM_TAMPERED);
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_change_of_any_bit_of_a_statement_is_refused(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct identity_statement *s = &it.statement;

    assert_every_bit_counts(&it, s->key_id, sizeof s->key_id);
    assert_every_bit_counts(&it, s->public_key, sizeof s->public_key);
    assert_every_bit_counts(&it, (uint8_t *)&s->not_before_ms, sizeof s->not_before_ms);
    assert_every_bit_counts(&it, (uint8_t *)&s->not_after_ms, sizeof s->not_after_ms);
    assert_every_bit_counts(&it, s->signature, sizeof s->signature);
    assert_ok(identity_verify(public_of(it.identity), s));
}

static void a_key_is_live_from_its_start_until_its_end(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct identity_period empty = {.not_before_ms = 5, .not_after_ms = 5};

    assert_false(identity_is_live(&it.statement, 999));
    assert_true(identity_is_live(&it.statement, 1000));
    assert_true(identity_is_live(&it.statement, 1999));
    assert_false(identity_is_live(&it.statement, 2000));
    assert_error(
        identity_sign(it.identity, p256_public(it.hpke), &empty, &it.statement), SM_BAD_VALUE);
}

/* Signed by the identity, yet not a point: refused before anybody seals to it. */
static void a_signed_key_that_is_no_point_is_refused(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    static const uint8_t origin[P256_PUBLIC_BYTES] = {4};

    assert_ok(identity_sign(it.identity, origin, &period, &it.statement));
    assert_error(identity_verify(public_of(it.identity), &it.statement), SM_TAMPERED);
}

/* Signed by the identity, yet under the key id of another key. */
static void a_signed_key_under_another_id_is_refused(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct buffer text DEFER(buffer_free) = BUFFER(200);
    it.statement.key_id[0] ^= 1;
    assert_ok(buffer_append_text(&text, "securemail/1 hpke key"));
    assert_ok(buffer_append(&text, SPAN(it.statement.key_id)));
    assert_ok(buffer_append(&text, public_of(it.hpke)));
    assert_ok(buffer_append_be(&text, 1000, 8));
    assert_ok(buffer_append_be(&text, 2000, 8));
    assert_ok(p256_sign(it.identity, buffer_span(&text), it.statement.signature));

    assert_error(identity_verify(public_of(it.identity), &it.statement), SM_TAMPERED);
}

static void a_pin_knows_its_identity(void **state)
{
    (void)state;
    struct signer it DEFER(signer_end) = signer_begin();
    struct signer other DEFER(signer_end) = signer_begin();
    uint8_t pin[IDENTITY_PIN_BYTES], hash[KDF_SHA256_BYTES];
    struct buffer text DEFER(buffer_free) = BUFFER(200);
    assert_ok(identity_pin(p256_public(it.identity), pin));

    assert_ok(identity_check_pin(public_of(it.identity), pin));
    assert_error(identity_check_pin(public_of(other.identity), pin), SM_TAMPERED);
    assert_error(identity_check_pin(span_of(NULL, 0), pin), SM_TAMPERED);
    for (size_t bit = 0; bit < 8 * sizeof pin; bit++) {
        pin[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(identity_check_pin(public_of(it.identity), pin), SM_TAMPERED);
        pin[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(buffer_append_text(&text, "securemail/1 identity"));
    assert_ok(buffer_append(&text, public_of(it.identity)));
    assert_ok(kdf_sha256(buffer_span(&text), hash));
    assert_memory_equal(pin, hash, sizeof pin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_key_verifies_under_its_identity_only),
        cmocka_unit_test(the_signed_bytes_are_what_the_design_says),
        cmocka_unit_test(a_change_of_any_bit_of_a_statement_is_refused),
        cmocka_unit_test(a_key_is_live_from_its_start_until_its_end),
        cmocka_unit_test(a_signed_key_that_is_no_point_is_refused),
        cmocka_unit_test(a_signed_key_under_another_id_is_refused),
        cmocka_unit_test(a_pin_knows_its_identity),
    };
    return cmocka_run_group_tests_name("envelope/identity", tests, NULL, NULL);
}
