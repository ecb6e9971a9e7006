/* Chunked streams against the C2SP vectors, in pieces of every kind, and against changes. */
#include "envelope/chunked.h"

#include <openssl/sha.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/random.h"
#include "tests/support/check.h"
#include "tests/support/vectors.h"

enum { STREAM_BYTES_MAX = 8 * 1024 * 1024 };

static const uint8_t test_key[CHUNKED_KEY_BYTES] = "YELLOW SUBMARINE YELLOW SUBMARIN";

/* Opens `ciphertext` in pieces of `piece` bytes; what was released stays in `out`. */
static enum sm_error open_in_pieces(
    struct chunked_opener *opener, struct span ciphertext, size_t piece, struct buffer *out)
{
    for (size_t at = 0; at < ciphertext.size; at += piece)
        TRY(chunked_open_push(opener, span_slice(ciphertext, at, piece), out));
    return chunked_open_finish(opener, out);
}

static void assert_sha512(struct span bytes, const char *expected)
{
    uint8_t hash[SHA512_DIGEST_LENGTH];
    char text[2 * sizeof hash + 1];
    SHA512(bytes.at, bytes.size, hash);
    hex_encode(SPAN(hash), text);
    assert_string_equal(text, expected);
}

/* What may be released: all of a valid stream, at most the valid prefix of another. */
static void check_released(const struct vector *test, bool is_valid, struct span released)
{
    bool has_prefix = vector_member(test, "msgLength") != NULL;
    if (!has_prefix) {
        assert_int_equal(released.size, 0);
        return;
    }
    assert_true(is_valid || vector_has_flag(test, "flags", "PartialPlaintext"));
    assert_int_equal(released.size, vector_number(test, "msgLength"));
    assert_sha512(released, vector_text(test, "msgSha512"));
}

static void run_vector(const struct vector *test, size_t piece)
{
    struct buffer key DEFER(buffer_free) = BUFFER(100);
    struct buffer context DEFER(buffer_free) = BUFFER(100);
    struct buffer ciphertext DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    vector_bytes(test, "key", &key);
    vector_bytes(test, "ctx", &context);
    vector_inflated(test, "ct", &ciphertext);
    bool is_valid = strcmp(vector_text(test, "result"), "valid") == 0;
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    struct buffer released DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);

    enum sm_error error = chunked_opener_new(buffer_span(&key), buffer_span(&context), &opener);
    if (vector_has_flag(test, "flags", "InvalidKeySize")) {
        assert_error(error, SM_BAD_VALUE);
        return;
    }
    assert_ok(error);
    error = open_in_pieces(opener, buffer_span(&ciphertext), piece, &released);

    assert_error(error, is_valid ? SM_OK : SM_TAMPERED);
    assert_true(chunked_is_whole(opener) == is_valid);
    check_released(test, is_valid, buffer_span(&released));
    if (!is_valid) { /* and it keeps refusing */
        size_t before = released.size;
        assert_error(chunked_open_push(opener, span_text("x"), &released), SM_TAMPERED);
        assert_error(chunked_open_finish(opener, &released), SM_TAMPERED);
        assert_int_equal(released.size, before);
    }
}

static void check_all_vectors(size_t piece)
{
    const struct vector *root = vectors_or_skip("chunked_encryption_aes_256_gcm.json");
    const struct vector *groups = vector_member(root, "testGroups");
    size_t count = 0;
    for (size_t g = 0; g < vector_count(groups); g++) {
        const struct vector *tests = vector_member(vector_item(groups, g), "tests");
        for (size_t i = 0; i < vector_count(tests); i++, count++)
            run_vector(vector_item(tests, i), piece);
    }
    assert_int_equal(count, 35);
    vectors_free(root);
}

static void all_35_vectors_hold_in_one_piece(void **state)
{
    (void)state;
    check_all_vectors(STREAM_BYTES_MAX);
}

static void all_35_vectors_hold_in_odd_pieces(void **state)
{
    (void)state;
    check_all_vectors(1021);
}

static void all_35_vectors_hold_in_pieces_of_a_sealed_chunk(void **state)
{
    (void)state;
    check_all_vectors(CHUNKED_SEALED_CHUNK_BYTES);
}

/* The valid vectors' plaintext, sealed again with their salt, is their ciphertext. */
static void sealing_a_valid_vector_again_gives_its_bytes(void **state)
{
    (void)state;
    const struct vector *root = vectors_or_skip("chunked_encryption_aes_256_gcm.json");
    const struct vector *group = vector_item(vector_member(root, "testGroups"), 0);
    const struct vector *tests = vector_member(group, "tests");
    for (size_t i = 0; i < vector_count(tests); i++) {
        const struct vector *test = vector_item(tests, i);
        if (strcmp(vector_text(test, "result"), "valid") != 0)
            continue;
        struct buffer context DEFER(buffer_free) = BUFFER(100);
        struct buffer ciphertext DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
        struct buffer plaintext DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
        struct buffer again DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
        struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
        vector_bytes(test, "ctx", &context);
        vector_inflated(test, "ct", &ciphertext);
        struct span where = buffer_span(&context);
        assert_ok(chunked_open(SPAN(test_key), where, buffer_span(&ciphertext), &plaintext));

        assert_ok(chunked_sealer_new_salted(SPAN(test_key), where, ciphertext.bytes, &sealer));
        assert_ok(chunked_seal_push(sealer, buffer_span(&plaintext), &again));
        assert_ok(chunked_seal_finish(sealer, &again));

        assert_int_equal(again.size, ciphertext.size);
        assert_memory_equal(again.bytes, ciphertext.bytes, ciphertext.size);
    }
    vectors_free(root);
}

/* C2SP's vector 1 (Wycheproof c2sp_chunked_encryption, tcId 1), so that one runs without the files.
 */
static void the_first_vector_is_an_empty_stream(void **state)
{
    (void)state;
    static const char key_text[] =
        "59454c4c4f57205355424d4152494e452059454c4c4f57205355424d4152494e";
    uint8_t key[CHUNKED_KEY_BYTES];
    assert_ok(hex_decode(span_text(key_text), key, sizeof key));
    assert_memory_equal(key, test_key, sizeof key);
    static const char sealed_text[] =
        "43a2e39431cbae0389d3fc86adf46f7c3a24de88d9311617e53f3164cc1d5dc738a66b97f0bf7865"
        "65c31799c2f463d50a7e10046011dc6fc3c939e3a5db7affb6191551669554fb";
    uint8_t sealed[CHUNKED_HEAD_BYTES + 16];
    assert_ok(hex_decode(span_text(sealed_text), sealed, sizeof sealed));
    struct buffer opened DEFER(buffer_free) = BUFFER(100);
    struct span none = span_of(NULL, 0);

    assert_ok(chunked_open(SPAN(key), none, SPAN(sealed), &opened));
    assert_int_equal(opened.size, 0);
    sealed[sizeof sealed - 1] ^= 1;
    assert_error(chunked_open(SPAN(key), none, SPAN(sealed), &opened), SM_TAMPERED);
}

static void fill(struct buffer *out, size_t size)
{
    uint8_t *room;
    assert_ok(buffer_extend(out, size, &room));
    for (size_t i = 0; i < size; i++)
        room[i] = (uint8_t)(i * 31 + i / 251);
}

static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 32767, 32768, 32769, 50000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void what_is_sealed_in_any_pieces_opens_in_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 16384, 16400, 100000};
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            struct buffer plaintext DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
            struct buffer sealed DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
            struct buffer opened DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
            struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
            struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
            fill(&plaintext, sizes[i]);
            assert_ok(chunked_sealer_new(SPAN(test_key), span_text("here"), &sealer));
            assert_ok(chunked_opener_new(SPAN(test_key), span_text("here"), &opener));

            for (size_t at = 0; at < sizes[i]; at += pieces[p])
                assert_ok(chunked_seal_push(
                    sealer, span_slice(buffer_span(&plaintext), at, pieces[p]), &sealed));
            assert_ok(chunked_seal_finish(sealer, &sealed));
            assert_int_equal(sealed.size, chunked_ciphertext_size(sizes[i]));
            assert_ok(open_in_pieces(opener, buffer_span(&sealed), pieces[(p + 1) % 5], &opened));

            assert_int_equal(opened.size, sizes[i]);
            assert_true(span_equal(buffer_span(&opened), buffer_span(&plaintext)));
            assert_memory_equal(chunked_opener_commitment(opener),
                chunked_sealer_commitment(sealer), CHUNKED_COMMITMENT_BYTES);
        }
    }
}

/* A stream of one full chunk and a short one, to be spoiled. */
static void sealed_sample(struct buffer *out)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    fill(&plaintext, CHUNKED_CHUNK_BYTES + 5);
    assert_ok(chunked_seal(SPAN(test_key), span_text("here"), buffer_span(&plaintext), out));
}

static void assert_refused(struct span sealed)
{
    struct buffer opened DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    assert_error(chunked_open(SPAN(test_key), span_text("here"), sealed, &opened), SM_TAMPERED);
    assert_int_equal(opened.size, 0);
}

static void a_change_of_any_bit_is_refused(void **state)
{
    (void)state;
    struct buffer sealed DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    assert_ok(
        chunked_seal(SPAN(test_key), span_text("here"), span_text("a short letter"), &sealed));
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_refused(buffer_span(&sealed));
        sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_change_of_any_byte_of_two_chunks_is_refused(void **state)
{
    (void)state;
    struct buffer sealed DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    sealed_sample(&sealed);
    for (size_t at = 0; at < sealed.size; at += at < 100 ? 1 : 97) {
        sealed.bytes[at] ^= 0x80;
        assert_refused(buffer_span(&sealed));
        sealed.bytes[at] ^= 0x80;
    }
}

static void a_stream_cut_at_any_place_is_refused(void **state)
{
    (void)state;
    struct buffer sealed DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    sealed_sample(&sealed);
    size_t chunk_end = CHUNKED_HEAD_BYTES + CHUNKED_SEALED_CHUNK_BYTES;
    for (size_t size = 0; size < sealed.size; size += size < 200 || size >= chunk_end - 40 ? 1 : 61)
        assert_refused(span_slice(buffer_span(&sealed), 0, size));
}

static void a_stream_with_more_behind_it_is_refused(void **state)
{
    (void)state;
    struct buffer sealed DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    sealed_sample(&sealed);
    struct buffer twice DEFER(buffer_free) = BUFFER(STREAM_BYTES_MAX);
    assert_ok(buffer_append(&twice, buffer_span(&sealed)));
    assert_ok(buffer_append_u8(&twice, 0));
    assert_refused(buffer_span(&twice));
    struct span last =
        span_slice(buffer_span(&sealed), sealed.size - 16 - 5, 16 + 5); /* a genuine last chunk */
    buffer_truncate(&twice, sealed.size);
    assert_ok(buffer_append(&twice, last));
    assert_refused(buffer_span(&twice));
}

static void a_stream_opens_at_its_own_place_only(void **state)
{
    (void)state;
    struct chunked_place place = {.organisation = {{1}}, .message = {{2}}, .part = 3};
    struct chunked_place others[4] = {place, place, place, place};
    others[0].organisation.bytes[15] ^= 1;
    others[1].message.bytes[0] ^= 1;
    others[2].part = 4;
    others[3].direction = DIRECTION_REPLY;
    struct buffer here DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    struct buffer sealed DEFER(buffer_free) = BUFFER(1000);
    struct buffer opened DEFER(buffer_free) = BUFFER(1000);
    assert_ok(chunked_context(&place, &here));
    assert_ok(chunked_seal(SPAN(test_key), buffer_span(&here), span_text("text"), &sealed));

    for (size_t i = 0; i < 4; i++) {
        struct buffer there DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
        assert_ok(chunked_context(&others[i], &there));
        assert_error(
            chunked_open(SPAN(test_key), buffer_span(&there), buffer_span(&sealed), &opened),
            SM_TAMPERED);
    }
    assert_ok(chunked_open(SPAN(test_key), buffer_span(&here), buffer_span(&sealed), &opened));
}

/* The context's bytes, written out: TypeScript must make the same. */
static void the_context_of_a_place_has_these_bytes(void **state)
{
    (void)state;
    struct chunked_place place = {.part = 258, .direction = DIRECTION_REPLY};
    memset(place.organisation.bytes, 0x11, ID_BYTES);
    memset(place.message.bytes, 0x22, ID_BYTES);
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    char text[2 * CHUNKED_CONTEXT_BYTES_MAX + 1];

    assert_ok(chunked_context(&place, &context));

    hex_encode(buffer_span(&context), text);
    assert_string_equal(text, "000c7365637572656d61696c2f31"
                              "001011111111111111111111111111111111"
                              "001022222222222222222222222222222222"
                              "000400000102"
                              "00057265706c79");
}

static void sizes_are_exact_both_ways(void **state)
{
    (void)state;
    assert_int_equal(chunked_ciphertext_size(0), 72);
    assert_int_equal(chunked_ciphertext_size(16383), 56 + 16383 + 16);
    assert_int_equal(chunked_ciphertext_size(16384), 56 + 16384 + 32);
    assert_int_equal(chunked_ciphertext_size(50000000), 56 + 50000000 + 16 * 3052);
    uint64_t plaintext = 0;
    size_t valid = 0;
    for (uint64_t ciphertext = 0; ciphertext < 40000; ciphertext++) {
        if (chunked_plaintext_size(ciphertext, &plaintext) != SM_OK)
            continue;
        assert_int_equal(plaintext, valid); /* every plaintext size has one, in order */
        assert_int_equal(chunked_ciphertext_size(plaintext), ciphertext);
        valid++;
    }
    assert_true(valid > 39000);
    assert_error(chunked_plaintext_size(UINT64_MAX, &plaintext), SM_BAD_VALUE);
    assert_ok(
        chunked_plaintext_size(chunked_ciphertext_size(CHUNKED_PLAINTEXT_BYTES_MAX), &plaintext));
}

static void wrong_sizes_of_key_and_context_are_refused(void **state)
{
    (void)state;
    static const uint8_t much[CHUNKED_CONTEXT_BYTES_MAX + 1];
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    struct span short_key = span_of(test_key, 31);
    struct span none = span_of(NULL, 0);

    assert_error(chunked_sealer_new(short_key, none, &sealer), SM_BAD_VALUE);
    assert_error(chunked_opener_new(short_key, none, &opener), SM_BAD_VALUE);
    assert_error(chunked_sealer_new(SPAN(test_key), SPAN(much), &sealer), SM_TOO_LARGE);
    assert_error(chunked_opener_new(SPAN(test_key), SPAN(much), &opener), SM_TOO_LARGE);
    assert_ok(
        chunked_sealer_new(SPAN(test_key), span_of(much, CHUNKED_CONTEXT_BYTES_MAX), &sealer));
}

static void a_stream_that_ended_or_failed_takes_no_more(void **state)
{
    (void)state;
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    struct chunked_sealer *cramped DEFER(chunked_sealer_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(1000);
    struct buffer small DEFER(buffer_free) = BUFFER(10);
    assert_ok(chunked_sealer_new(SPAN(test_key), span_text(""), &sealer));
    assert_ok(chunked_sealer_new(SPAN(test_key), span_text(""), &cramped));

    assert_ok(chunked_seal_finish(sealer, &sealed));
    assert_error(chunked_seal_push(sealer, span_text("x"), &sealed), SM_BAD_VALUE);
    assert_error(chunked_seal_finish(sealer, &sealed), SM_BAD_VALUE);
    assert_error(chunked_seal_push(cramped, span_text("x"), &small), SM_TOO_LARGE);
    assert_error(chunked_seal_finish(cramped, &sealed), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_35_vectors_hold_in_one_piece),
        cmocka_unit_test(all_35_vectors_hold_in_odd_pieces),
        cmocka_unit_test(all_35_vectors_hold_in_pieces_of_a_sealed_chunk),
        cmocka_unit_test(sealing_a_valid_vector_again_gives_its_bytes),
        cmocka_unit_test(the_first_vector_is_an_empty_stream),
        cmocka_unit_test(what_is_sealed_in_any_pieces_opens_in_any_pieces),
        cmocka_unit_test(a_change_of_any_bit_is_refused),
        cmocka_unit_test(a_change_of_any_byte_of_two_chunks_is_refused),
        cmocka_unit_test(a_stream_cut_at_any_place_is_refused),
        cmocka_unit_test(a_stream_with_more_behind_it_is_refused),
        cmocka_unit_test(a_stream_opens_at_its_own_place_only),
        cmocka_unit_test(the_context_of_a_place_has_these_bytes),
        cmocka_unit_test(sizes_are_exact_both_ways),
        cmocka_unit_test(wrong_sizes_of_key_and_context_are_refused),
        cmocka_unit_test(a_stream_that_ended_or_failed_takes_no_more),
    };
    return cmocka_run_group_tests_name("envelope/chunked", tests, NULL, NULL);
}
