/* Sealed requests and replies: what the gateway may see and may not do. */
#include "envelope/sealed.h"

#include "base/memory.h"
#include "envelope/aead.h"
#include "envelope/hpke.h"
#include "envelope/kdf.h"
#include "tests/support/check.h"

enum { BYTES_MAX = 64 * 1024 };

/* One request under way. */
struct conversation {
    struct p256_key *server;
    struct buffer frame;
    struct sealed_exchange *client_side;
};

static struct conversation conversation_begin(void)
{
    struct conversation it = {.frame = BUFFER(BYTES_MAX)};
    struct sealed_request request = {
        .operation = "open", .aad = span_text("clear"), .plaintext = span_text("a question")};
    assert_ok(p256_generate(&it.server));
    assert_ok(sealed_request_make(
        span_of(p256_public(it.server), P256_PUBLIC_BYTES), &request, &it.frame, &it.client_side));
    return it;
}

static void conversation_end(struct conversation *it)
{
    p256_free(&it->server);
    buffer_free(&it->frame);
    sealed_exchange_free(&it->client_side);
}

static enum sm_error open_at(const struct conversation *it, const char *operation)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    enum sm_error error =
        sealed_request_open(it->server, operation, buffer_span(&it->frame), &plaintext, &exchange);
    assert_true(error == SM_OK || (plaintext.size == 0 && !exchange));
    return error;
}

static void a_request_and_its_reply_go_there_and_back(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct buffer question DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer reply DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer answer DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *server_side DEFER(sealed_exchange_free) = NULL;

    assert_ok(
        sealed_request_open(it.server, "open", buffer_span(&it.frame), &question, &server_side));
    assert_ok(sealed_reply_make(server_side, span_text("an answer"), &reply));
    assert_ok(sealed_reply_open(it.client_side, buffer_span(&reply), &answer));

    assert_true(span_equals_text(buffer_span(&question), "a question"));
    assert_true(span_equals_text(buffer_span(&answer), "an answer"));
    assert_int_equal(it.frame.size, 10 + 5 + SEALED_REQUEST_OVERHEAD);
    assert_int_equal(reply.size, 9 + SEALED_REPLY_OVERHEAD);
}

static void the_gateway_reads_the_head_without_a_key(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct sealed_head head;
    uint8_t key_id[SEALED_KEY_ID_BYTES];

    assert_ok(sealed_request_head(buffer_span(&it.frame), &head));

    assert_ok(sealed_key_id(p256_public(it.server), key_id));
    assert_true(span_equal(head.key_id, SPAN(key_id)));
    assert_true(span_equals_text(head.aad, "clear"));
    assert_int_equal(head.enc.size, HPKE_ENC_BYTES);
    assert_int_equal(head.head.size + head.enc.size + head.ciphertext.size, it.frame.size);
}

/* The frame by hand, from HPKE alone: what another implementation has to write. */
static void the_frame_is_what_the_design_says(void **state)
{
    (void)state;
    struct p256_key *server DEFER(p256_free) = NULL;
    assert_ok(p256_generate(&server));
    uint8_t head[1 + 8 + 2 + 3] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 'a', 'a', 'd'};
    uint8_t hash[KDF_SHA256_BYTES], enc[HPKE_ENC_BYTES];
    assert_ok(kdf_sha256(span_of(p256_public(server), P256_PUBLIC_BYTES), hash));
    memcpy(head + 1, hash, 8);
    struct hpke *hpke DEFER(hpke_free) = NULL;
    struct buffer frame DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer opened DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;

    assert_ok(hpke_send(span_of(p256_public(server), P256_PUBLIC_BYTES),
        span_text("securemail/1 hello"), enc, &hpke));
    assert_ok(buffer_append(&frame, SPAN(head)));
    assert_ok(buffer_append(&frame, SPAN(enc)));
    assert_ok(hpke_seal(hpke, SPAN(head), span_text("text"), &frame));

    assert_ok(sealed_request_open(server, "hello", buffer_span(&frame), &opened, &exchange));
    assert_true(span_equals_text(buffer_span(&opened), "text"));

    struct buffer reply DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer answer DEFER(buffer_free) = BUFFER(BYTES_MAX);
    uint8_t exporter[32], salt[HPKE_ENC_BYTES + 12], prk[32], key[32];
    struct aead *aead DEFER(aead_free) = NULL;
    assert_ok(sealed_reply_make(exchange, span_text("answer"), &reply));
    assert_ok(hpke_export(hpke, span_text("securemail/1 reply"), exporter, sizeof exporter));
    memcpy(salt, enc, sizeof enc);
    memcpy(salt + sizeof enc, reply.bytes, 12);
    assert_ok(kdf_extract(KDF_SHA256, SPAN(salt), SPAN(exporter), prk));
    assert_ok(kdf_expand(KDF_SHA256, SPAN(prk), span_text("securemail/1 reply key"), key, 32));
    assert_ok(aead_new(SPAN(key), &aead));
    assert_ok(aead_open(aead, reply.bytes, span_of(NULL, 0),
        span_slice(buffer_span(&reply), 12, reply.size), &answer));
    assert_true(span_equals_text(buffer_span(&answer), "answer"));
}

static void a_change_of_any_bit_of_a_request_is_refused(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    for (size_t bit = 0; bit < 8 * it.frame.size; bit++) {
        it.frame.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum sm_error error = open_at(&it, "open");
        assert_true(error == SM_TAMPERED || error == SM_BAD_FORMAT || error == SM_KEY_UNKNOWN);
        it.frame.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(open_at(&it, "open"));
}

static void a_request_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    for (size_t size = it.frame.size; size-- > 0;) {
        buffer_truncate(&it.frame, size);
        enum sm_error error = open_at(&it, "open");
        assert_true(error == SM_TAMPERED || error == SM_BAD_FORMAT);
    }
}

/* Also without a key: the gateway carries nothing that cannot be a whole frame. */
static void the_head_of_a_frame_too_short_for_its_aad_is_refused(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct sealed_head head;
    size_t least = SEALED_REQUEST_OVERHEAD + 5; /* of an empty plaintext */

    assert_ok(sealed_request_head(span_of(it.frame.bytes, least), &head));
    for (size_t size = 0; size < least; size++)
        assert_error(sealed_request_head(span_of(it.frame.bytes, size), &head), SM_BAD_FORMAT);
}

static void a_request_is_good_for_its_operation_and_key_only(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct conversation other DEFER(conversation_end) = conversation_begin();
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;

    assert_error(open_at(&it, "read"), SM_TAMPERED);
    assert_error(open_at(&it, "opens"), SM_TAMPERED);
    assert_error(sealed_request_open(other.server, "open", buffer_span(&it.frame), &out, &exchange),
        SM_KEY_UNKNOWN);
    assert_int_equal(out.size, 0);
}

/* A reply made by crypto for `it`. */
static void reply_to(const struct conversation *it, struct buffer *reply)
{
    struct buffer question DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    assert_ok(
        sealed_request_open(it->server, "open", buffer_span(&it->frame), &question, &exchange));
    assert_ok(sealed_reply_make(exchange, span_text("an answer"), reply));
}

static void a_change_or_cut_of_a_reply_is_refused(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct buffer reply DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    reply_to(&it, &reply);

    for (size_t bit = 0; bit < 8 * reply.size; bit++) {
        reply.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(sealed_reply_open(it.client_side, buffer_span(&reply), &out), SM_TAMPERED);
        reply.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < reply.size; size++)
        assert_error(
            sealed_reply_open(it.client_side, span_of(reply.bytes, size), &out), SM_TAMPERED);
    assert_int_equal(out.size, 0);
}

static void a_reply_to_one_request_is_no_reply_to_another(void **state)
{
    (void)state;
    struct conversation one DEFER(conversation_end) = conversation_begin();
    struct conversation two DEFER(conversation_end) = conversation_begin();
    struct buffer reply DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    reply_to(&one, &reply);

    assert_error(sealed_reply_open(two.client_side, buffer_span(&reply), &out), SM_TAMPERED);
    assert_ok(sealed_reply_open(one.client_side, buffer_span(&reply), &out));
}

static void a_repeated_reply_is_sealed_anew(void **state)
{
    (void)state;
    struct conversation it DEFER(conversation_end) = conversation_begin();
    struct buffer first DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer second DEFER(buffer_free) = BUFFER(BYTES_MAX);

    reply_to(&it, &first);
    reply_to(&it, &second);

    assert_int_equal(first.size, second.size);
    assert_memory_not_equal(first.bytes, second.bytes, 12);
    assert_memory_not_equal(first.bytes + 12, second.bytes + 12, 9);
}

static void limits_hold_at_the_client_and_in_the_frame(void **state)
{
    (void)state;
    static const uint8_t much[SEALED_AAD_BYTES_MAX + 1];
    struct p256_key *server DEFER(p256_free) = NULL;
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    assert_ok(p256_generate(&server));
    struct span to = span_of(p256_public(server), P256_PUBLIC_BYTES);
    struct sealed_request at_limit = {"open", span_of(much, SEALED_AAD_BYTES_MAX), span_text("")};
    struct sealed_request over = {"open", SPAN(much), span_text("")};
    struct sealed_request nameless = {"", span_text(""), span_text("")};
    struct sealed_request wordy = {
        "a_name_that_is_longer_than_thirty_two", span_text(""), span_text("")};

    assert_error(sealed_request_make(to, &over, &out, &exchange), SM_TOO_LARGE);
    assert_error(sealed_request_make(to, &nameless, &out, &exchange), SM_BAD_VALUE);
    assert_error(sealed_request_make(to, &wordy, &out, &exchange), SM_BAD_VALUE);
    assert_error(
        sealed_request_make(span_slice(to, 0, 64), &at_limit, &out, &exchange), SM_BAD_VALUE);
    assert_int_equal(out.size, 0);
    assert_ok(sealed_request_make(to, &at_limit, &out, &exchange));
    struct sealed_head head;
    assert_ok(sealed_request_head(buffer_span(&out), &head));
    out.bytes[10]++; /* an aad of one byte more than allowed */
    assert_error(sealed_request_head(buffer_span(&out), &head), SM_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_reply_go_there_and_back),
        cmocka_unit_test(the_gateway_reads_the_head_without_a_key),
        cmocka_unit_test(the_frame_is_what_the_design_says),
        cmocka_unit_test(a_change_of_any_bit_of_a_request_is_refused),
        cmocka_unit_test(a_request_cut_anywhere_is_refused),
        cmocka_unit_test(the_head_of_a_frame_too_short_for_its_aad_is_refused),
        cmocka_unit_test(a_request_is_good_for_its_operation_and_key_only),
        cmocka_unit_test(a_change_or_cut_of_a_reply_is_refused),
        cmocka_unit_test(a_reply_to_one_request_is_no_reply_to_another),
        cmocka_unit_test(a_repeated_reply_is_sealed_anew),
        cmocka_unit_test(limits_hold_at_the_client_and_in_the_frame),
    };
    return cmocka_run_group_tests_name("envelope/sealed", tests, NULL, NULL);
}
