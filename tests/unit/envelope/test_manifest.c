/* The manifest's rules, the header part that carries it, and the subject by itself. */
#include "envelope/header_part.h"

#include "base/encode.h"
#include "envelope/subject.h"
#include "envelope/wrap.h"
#include "proto/limits.h"
#include "tests/support/check.h"

enum { BYTES_MAX = 2 * 1024 * 1024 };

static const uint8_t message_key[KEY_BYTES] = {7, 7, 7};
static const uint8_t zeros[32];

static struct manifest_attachment attachment_of(uint64_t part, const char *name, uint64_t size)
{
    return (struct manifest_attachment){
        .part = part,
        .name = span_text(name),
        .media_type = span_text("application/pdf"),
        .size = size,
        .ciphertext_size = chunked_ciphertext_size(size),
        .commitment = SPAN(zeros),
        .sha256 = SPAN(zeros),
    };
}

static struct manifest manifest_of(const struct manifest_attachment *attachments, size_t count)
{
    return (struct manifest){
        .version = MANIFEST_VERSION,
        .subject = span_text("Result of your examination"),
        .body = span_text("Dear patient,\nall is well."),
        .body_type = span_text("text/plain"),
        .attachments = {attachments, count},
    };
}

static enum sm_error encoded(const struct manifest *manifest)
{
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    enum sm_error error = manifest_encode(manifest, &out);
    assert_true(error == SM_OK || out.size == 0);
    return error;
}

/* With its one attachment changed. */
static enum sm_error encoded_with(struct manifest_attachment attachment)
{
    struct manifest manifest = manifest_of(&attachment, 1);
    return encoded(&manifest);
}

static void a_manifest_reads_as_it_was_written(void **state)
{
    (void)state;
    struct manifest_attachment attachments[] = {
        attachment_of(1, "scan é.pdf", 0), attachment_of(2, "b.pdf", ATTACHMENT_BYTES_MAX)};
    struct manifest written = manifest_of(attachments, 2);
    struct buffer bytes DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
    struct manifest read;

    assert_ok(manifest_encode(&written, &bytes));
    assert_ok(manifest_decode(buffer_span(&bytes), &arena, &read));

    assert_true(span_equal(read.subject, written.subject));
    assert_true(span_equal(read.body, written.body));
    assert_int_equal(read.attachments.count, 2);
    const struct manifest_attachment *last =
        LIST_AT(struct manifest_attachment, read.attachments, 1);
    assert_true(span_equals_text(last->name, "b.pdf"));
    assert_int_equal(last->size, ATTACHMENT_BYTES_MAX);
}

/* The bytes of a small manifest, written out: TypeScript must make the same. */
static void a_small_manifest_has_these_bytes(void **state)
{
    (void)state;
    struct manifest manifest = {
        .version = 1,
        .subject = span_text("S"),
        .body = span_text("B"),
        .body_type = span_text("text/plain"),
    };
    struct buffer bytes DEFER(buffer_free) = BUFFER(BYTES_MAX);
    char text[512];
    assert_ok(manifest_encode(&manifest, &bytes));
    assert_in_range(bytes.size, 1, sizeof text / 2 - 1);
    hex_encode(buffer_span(&bytes), text);
    assert_string_equal(text, "85"
                              "a776657273696f6e01"           /* version: 1 */
                              "a77375626a656374a153"         /* subject: "S" */
                              "a4626f6479a142"               /* body: "B" */
                              "a9626f64795f74797065"         /* body_type: */
                              "aa746578742f706c61696e"       /* "text/plain" */
                              "ab6174746163686d656e747390"); /* attachments: [] */
}

static void a_hundred_attachments_fit_and_one_more_does_not(void **state)
{
    (void)state;
    struct manifest_attachment attachments[ATTACHMENTS_MAX + 1];
    char name[FILE_NAME_BYTES_MAX + 1];
    memset(name, 'n', FILE_NAME_BYTES_MAX);
    name[FILE_NAME_BYTES_MAX] = '\0';
    for (size_t i = 0; i <= ATTACHMENTS_MAX; i++)
        attachments[i] = attachment_of(i + 1, name, ATTACHMENT_BYTES_MAX);
    struct manifest full = manifest_of(attachments, ATTACHMENTS_MAX);
    struct manifest over = manifest_of(attachments, ATTACHMENTS_MAX + 1);
    struct buffer bytes DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
    struct manifest read;

    assert_int_not_equal(encoded(&over), SM_OK);
    assert_ok(manifest_encode(&full, &bytes));
    assert_ok(manifest_decode(buffer_span(&bytes), &arena, &read));
    assert_int_equal(read.attachments.count, ATTACHMENTS_MAX);
}

static void subject_and_body_have_limits(void **state)
{
    (void)state;
    static uint8_t much[BODY_BYTES_MAX + 1];
    memset(much, 'x', sizeof much);
    struct manifest manifest = manifest_of(NULL, 0);

    manifest.subject = span_of(much, SUBJECT_BYTES_MAX);
    manifest.body = span_of(much, BODY_BYTES_MAX);
    assert_ok(encoded(&manifest));
    manifest.subject = span_of(much, SUBJECT_BYTES_MAX + 1);
    assert_int_not_equal(encoded(&manifest), SM_OK);
    manifest.subject = span_text("two\nlines");
    assert_int_not_equal(encoded(&manifest), SM_OK);
    manifest.subject = span_text("");
    assert_ok(encoded(&manifest));
    manifest.body = SPAN(much);
    assert_int_not_equal(encoded(&manifest), SM_OK);
    manifest.body = span_text("\xff");
    assert_int_not_equal(encoded(&manifest), SM_OK);
    manifest.body = span_text("");
    manifest.body_type = span_text("text/html");
    assert_error(encoded(&manifest), SM_BAD_VALUE);
}

static void names_that_leave_their_directory_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", "a/b", "/etc/passwd", "..\\x", "C:\\x", "a\nb",
        "a\tb", "exe\xe2\x80\xae.pdf" /* right-to-left override */, "\xff"};
    static const char *const good[] = {"a", "...", ".profile", "rapport 2026 (1).pdf", "é"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(manifest_is_file_name(span_text(bad[i])));
        assert_int_not_equal(encoded_with(attachment_of(1, bad[i], 1)), SM_OK);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(manifest_is_file_name(span_text(good[i])));
        assert_ok(encoded_with(attachment_of(1, good[i], 1)));
    }
}

static void an_attachment_must_agree_with_itself(void **state)
{
    (void)state;
    struct manifest_attachment attachment = attachment_of(1, "a", 16384);
    assert_ok(encoded_with(attachment));
    attachment.ciphertext_size++;
    assert_error(encoded_with(attachment), SM_BAD_VALUE);
    attachment = attachment_of(2, "a", 1); /* parts begin at 1 */
    assert_error(encoded_with(attachment), SM_BAD_VALUE);
    attachment = attachment_of(1, "a", ATTACHMENT_BYTES_MAX + 1);
    assert_int_not_equal(encoded_with(attachment), SM_OK);
    attachment = attachment_of(1, "a", 1);
    attachment.sha256 = span_of(zeros, 31);
    assert_int_not_equal(encoded_with(attachment), SM_OK);
    static const char *const types[] = {
        "pdf", "/pdf", "a/", "a/b/c", "text/ht ml", "text/\xc3\xa9"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        attachment = attachment_of(1, "a", 1);
        attachment.media_type = span_text(types[i]);
        assert_int_not_equal(encoded_with(attachment), SM_OK);
    }
}

static void parts_out_of_order_are_refused(void **state)
{
    (void)state;
    struct manifest_attachment attachments[] = {attachment_of(2, "b", 1), attachment_of(1, "a", 1)};
    struct manifest swapped = manifest_of(attachments, 2);
    assert_error(encoded(&swapped), SM_BAD_VALUE);
    attachments[0].part = 1;
    assert_error(encoded(&swapped), SM_BAD_VALUE);
    attachments[1].part = 2;
    assert_ok(encoded(&swapped));
}

static void bytes_cut_or_continued_are_no_manifest(void **state)
{
    (void)state;
    struct manifest_attachment attachment = attachment_of(1, "a", 1);
    struct manifest manifest = manifest_of(&attachment, 1);
    struct buffer bytes DEFER(buffer_free) = BUFFER(BYTES_MAX);
    assert_ok(manifest_encode(&manifest, &bytes));
    for (size_t size = 0; size < bytes.size; size++) {
        struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
        struct manifest read;
        assert_int_not_equal(manifest_decode(span_of(bytes.bytes, size), &arena, &read), SM_OK);
    }
    assert_ok(buffer_append_u8(&bytes, 0xc0));
    struct arena arena DEFER(arena_free) = ARENA(MANIFEST_ARENA_BYTES_MAX);
    struct manifest read;
    assert_int_not_equal(manifest_decode(buffer_span(&bytes), &arena, &read), SM_OK);
}

static void a_swapped_attachment_is_found_out(void **state)
{
    (void)state;
    struct manifest_attachment listed = attachment_of(1, "a", 1);
    uint8_t other[32] = {1};
    struct manifest_found found = {listed.ciphertext_size, zeros, zeros};
    assert_ok(manifest_check(&listed, &found));
    found.sha256 = other;
    assert_error(manifest_check(&listed, &found), SM_TAMPERED);
    found = (struct manifest_found){listed.ciphertext_size, other, zeros};
    assert_error(manifest_check(&listed, &found), SM_TAMPERED);
    found = (struct manifest_found){listed.ciphertext_size + 1, zeros, zeros};
    assert_error(manifest_check(&listed, &found), SM_TAMPERED);
}

static const struct chunked_place place = {.organisation = {{1}}, .message = {{2}}};

static enum sm_error opened(const struct chunked_place *where, struct span ciphertext)
{
    struct header_part part;
    TRY(header_part_open(SPAN(message_key), where, ciphertext, &part));
    assert_true(span_equals_text(part.manifest.subject, "Result of your examination"));
    header_part_free(&part);
    return SM_OK;
}

static void a_header_part_opens_at_its_place_only(void **state)
{
    (void)state;
    struct manifest manifest = manifest_of(NULL, 0);
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct chunked_place others[3] = {place, place, place};
    others[0].organisation.bytes[0] ^= 1;
    others[1].message.bytes[0] ^= 1;
    others[2].direction = DIRECTION_REPLY;
    assert_ok(header_part_seal(SPAN(message_key), &place, &manifest, &sealed));

    assert_ok(opened(&place, buffer_span(&sealed)));
    for (size_t i = 0; i < 3; i++)
        assert_error(opened(&others[i], buffer_span(&sealed)), SM_TAMPERED);
    struct header_part part;
    assert_error(header_part_open(SPAN(zeros), &place, buffer_span(&sealed), &part), SM_TAMPERED);
}

static void a_change_of_any_bit_of_a_header_part_is_refused(void **state)
{
    (void)state;
    struct manifest manifest = manifest_of(NULL, 0);
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    assert_ok(header_part_seal(SPAN(message_key), &place, &manifest, &sealed));
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_error(opened(&place, buffer_span(&sealed)), SM_TAMPERED);
        sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Genuine bytes that are no manifest: a sender's own program may be anybody's. */
static void a_genuine_part_that_is_no_manifest_is_refused(void **state)
{
    (void)state;
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    assert_ok(chunked_context(&place, &context));
    assert_ok(chunked_seal(SPAN(message_key), buffer_span(&context), span_text("hello"), &sealed));

    assert_error(opened(&place, buffer_span(&sealed)), SM_BAD_FORMAT);
}

static void a_subject_opens_with_its_key_at_its_place_only(void **state)
{
    (void)state;
    struct subject_place here = {{{1}}, {{2}}}, other_message = {{{1}}, {{3}}},
                         other_organisation = {{{2}}, {{2}}};
    struct secret *key DEFER(secret_free) = NULL;
    struct secret *other_key DEFER(secret_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);
    assert_ok(subject_key_of(SPAN(message_key), &key));
    assert_ok(subject_key_of(SPAN(zeros), &other_key));
    struct span k = secret_span(key);

    assert_ok(subject_seal(k, &here, span_text("Subject"), &sealed));

    assert_error(
        subject_open(secret_span(other_key), &here, buffer_span(&sealed), &out), SM_TAMPERED);
    assert_error(subject_open(SPAN(message_key), &here, buffer_span(&sealed), &out), SM_TAMPERED);
    assert_error(subject_open(k, &other_message, buffer_span(&sealed), &out), SM_TAMPERED);
    assert_error(subject_open(k, &other_organisation, buffer_span(&sealed), &out), SM_TAMPERED);
    assert_ok(subject_open(k, &here, buffer_span(&sealed), &out));
    assert_true(span_equals_text(buffer_span(&out), "Subject"));
}

static void a_subject_is_one_line_of_998_bytes(void **state)
{
    (void)state;
    char text[SUBJECT_BYTES_MAX + 1];
    memset(text, 's', sizeof text);
    struct subject_place here = {{{1}}, {{2}}};
    struct buffer out DEFER(buffer_free) = BUFFER(BYTES_MAX);

    assert_ok(subject_seal(SPAN(message_key), &here, span_of(text, sizeof text - 1), &out));
    assert_true(out.size <= SUBJECT_SEALED_BYTES_MAX);
    assert_error(subject_seal(SPAN(message_key), &here, SPAN(text), &out), SM_BAD_VALUE);
    assert_error(
        subject_seal(SPAN(message_key), &here, span_text("a\r\nBcc: b"), &out), SM_BAD_VALUE);
}

/* Sealed by somebody else's program: genuine, and still no line to put on a screen. */
static void a_genuine_subject_that_is_no_line_is_refused(void **state)
{
    (void)state;
    struct subject_place here = {{{1}}, {{2}}};
    struct buffer aad DEFER(buffer_free) = BUFFER(100);
    struct buffer sealed DEFER(buffer_free) = BUFFER(100);
    struct buffer out DEFER(buffer_free) = BUFFER(100);
    assert_ok(buffer_append_text(&aad, "securemail/1 subject"));
    assert_ok(buffer_append(&aad, id_span(&here.organisation)));
    assert_ok(buffer_append(&aad, id_span(&here.message)));
    assert_ok(wrap_seal(SPAN(message_key), buffer_span(&aad), span_text("a\x1b[2J"), &sealed));

    assert_error(subject_open(SPAN(message_key), &here, buffer_span(&sealed), &out), SM_BAD_VALUE);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_reads_as_it_was_written),
        cmocka_unit_test(a_small_manifest_has_these_bytes),
        cmocka_unit_test(a_hundred_attachments_fit_and_one_more_does_not),
        cmocka_unit_test(subject_and_body_have_limits),
        cmocka_unit_test(names_that_leave_their_directory_are_refused),
        cmocka_unit_test(an_attachment_must_agree_with_itself),
        cmocka_unit_test(parts_out_of_order_are_refused),
        cmocka_unit_test(bytes_cut_or_continued_are_no_manifest),
        cmocka_unit_test(a_swapped_attachment_is_found_out),
        cmocka_unit_test(a_header_part_opens_at_its_place_only),
        cmocka_unit_test(a_change_of_any_bit_of_a_header_part_is_refused),
        cmocka_unit_test(a_genuine_part_that_is_no_manifest_is_refused),
        cmocka_unit_test(a_subject_opens_with_its_key_at_its_place_only),
        cmocka_unit_test(a_subject_is_one_line_of_998_bytes),
        cmocka_unit_test(a_genuine_subject_that_is_no_line_is_refused),
    };
    return cmocka_run_group_tests_name("envelope/manifest", tests, NULL, NULL);
}
