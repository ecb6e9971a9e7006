/* The one packer and unpacker: what it accepts, and every way in which it refuses. */
#include "tests/support/check.h"

#include "proto/field.h"
#include "proto/limits.h"

#include <sys/resource.h>

struct pair {
    uint64_t number;
    struct span text;
};
struct sample {
    uint64_t count;
    bool flag;
    struct span text, line, bytes;
    struct id id, maybe;
    struct pair one;
    struct list pairs;
};
FIELDS_LOCAL(pair_fields, struct pair, F_U64(struct pair, number, 1, 300, ""),
    F_TEXT(struct pair, text, 0, 8, ""));
FIELDS_LOCAL(sample_fields, struct sample, F_U64(struct sample, count, 0, UINT64_MAX, ""),
    F_BOOL(struct sample, flag, ""), F_TEXT(struct sample, text, 1, 10, ""),
    F_LINE(struct sample, line, 0, 10, ""), F_BYTES(struct sample, bytes, 2, 4, ""),
    F_ID(struct sample, id, 1, ""), F_ID(struct sample, maybe, 0, ""),
    F_MAP(struct sample, one, pair_fields, ""),
    F_LIST(struct sample, pairs, 0, 3, pair_fields, ""));

static const struct pair pairs[] = {{1, {(const uint8_t *)"a", 1}}, {300, {NULL, 0}}};

static struct sample good(void)
{
    return (struct sample){.count = UINT64_MAX,
        .flag = true,
        .text = span_text("two\nlines"),
        .line = span_text("one line"),
        .bytes = span_text("\xff\x01\x02"),
        .id = {{1, 2, 3}},
        .one = {7, span_text("x")},
        .pairs = {pairs, 2}};
}

static void encode(const struct sample *sample, struct buffer *out)
{
    *out = BUFFER(1024);
    assert_ok(fields_encode(&sample_fields, sample, out));
}

static enum sm_error decode(struct span bytes)
{
    struct arena arena DEFER(arena_free) = ARENA(4096);
    struct sample out;
    return fields_decode(&sample_fields, bytes, &arena, &out);
}

static void a_message_comes_back_as_it_was(void **state)
{
    (void)state;
    struct sample sent = good();
    struct sample got;
    struct buffer bytes DEFER(buffer_free) = BUFFER(0);
    struct arena arena DEFER(arena_free) = ARENA(4096);
    encode(&sent, &bytes);
    assert_ok(fields_decode(&sample_fields, buffer_span(&bytes), &arena, &got));

    assert_true(
        got.count == UINT64_MAX && got.flag && id_equal(got.id, sent.id) && id_is_none(got.maybe));
    assert_true(span_equal(got.text, sent.text) && span_equal(got.bytes, sent.bytes));
    assert_int_equal(got.one.number, 7);
    assert_int_equal(got.pairs.count, 2);
    assert_int_equal(LIST_AT(struct pair, got.pairs, 1)->number, 300);
}

static void every_truncation_and_every_trailing_byte_is_refused(void **state)
{
    (void)state;
    struct sample sent = good();
    struct buffer bytes DEFER(buffer_free) = BUFFER(0);
    encode(&sent, &bytes);

    for (size_t size = 0; size < bytes.size; size++)
        assert_error(decode(span_of(bytes.bytes, size)), SM_BAD_FORMAT);
    for (unsigned trailing = 0; trailing < 256; trailing++) {
        struct buffer longer DEFER(buffer_free) = BUFFER(2048);
        assert_ok(buffer_append(&longer, buffer_span(&bytes)));
        assert_ok(buffer_append_u8(&longer, (uint8_t)trailing));
        assert_error(decode(buffer_span(&longer)), SM_BAD_FORMAT);
    }
}

static void no_single_byte_change_breaks_the_decoder(void **state)
{
    (void)state;
    struct sample sent = good();
    struct buffer bytes DEFER(buffer_free) = BUFFER(0);
    encode(&sent, &bytes);

    for (size_t at = 0; at < bytes.size; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t kept = bytes.bytes[at];
            bytes.bytes[at] = (uint8_t)value;
            (void)error_name(
                decode(buffer_span(&bytes))); /* any answer, but an answer (under ASan) */
            bytes.bytes[at] = kept;
        }
}

static void what_breaks_its_table_is_not_sent(void **state)
{
    (void)state;
    struct buffer out DEFER(buffer_free) = BUFFER(1024);
    struct sample bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = good();
    bad[0].text = span_text("");            /* shorter than its least */
    bad[1].text = span_text("12345678901"); /* longer than its most */
    bad[2].line = span_text("a\nb");        /* not a line */
    bad[3].text = span_text("\xff");        /* not UTF-8 */
    bad[4].id = (struct id){{0}};           /* a required id that is none */
    bad[5].one.number = 301;                /* over its most, one level down */

    for (size_t i = 0; i < 6; i++) {
        assert_error(fields_encode(&sample_fields, &bad[i], &out), SM_BAD_VALUE);
        assert_int_equal(out.size, 0);
    }
}

struct refusal {
    const char *what;
    const char *bytes;
    size_t size;
    enum sm_error error;
};
#define R(what, literal, error)                   \
    {                                             \
        what, literal, sizeof(literal) - 1, error \
    }

/* pair_fields by hand: {number: 1, text: "a"} is 82 a6 number 01 a4 text a1 61. */
static void each_fault_has_its_error(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        R("good",
            "\x82\xa6number\x01\xa4text\xa1"
            "a",
            SM_OK),
        R("longer form of a number",
            "\x82\xa6number\xcd\x00\x01\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("missing field", "\x81\xa6number\x01", SM_BAD_FORMAT),
        R("extra field",
            "\x83\xa6number\x01\xa4text\xa1"
            "a\xa4more\x01",
            SM_BAD_FORMAT),
        R("other order",
            "\x82\xa4text\xa1"
            "a\xa6number\x01",
            SM_BAD_FORMAT),
        R("twice the same", "\x82\xa6number\x01\xa6number\x01", SM_BAD_FORMAT),
        R("other name",
            "\x82\xa6Number\x01\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("an array",
            "\x92\x01\xa1"
            "a",
            SM_BAD_FORMAT),
        R("text for a number",
            "\x82\xa6number\xa1"
            "1\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("negative",
            "\x82\xa6number\xff\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("float",
            "\x82\xa6number\xca\x3f\x80\x00\x00\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("nil",
            "\x82\xa6number\xc0\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("extension",
            "\x82\xa6number\xd4\x01\x01\xa4text\xa1"
            "a",
            SM_BAD_FORMAT),
        R("below its least",
            "\x82\xa6number\x00\xa4text\xa1"
            "a",
            SM_BAD_VALUE),
        R("above its most",
            "\x82\xa6number\xcd\x01\x2d\xa4text\xa1"
            "a",
            SM_BAD_VALUE),
        R("bytes for text",
            "\x82\xa6number\x01\xa4text\xc4\x01"
            "a",
            SM_BAD_FORMAT),
        R("text too long",
            "\x82\xa6number\x01\xa4text\xa9"
            "123456789",
            SM_TOO_LARGE),
        R("text not UTF-8", "\x82\xa6number\x01\xa4text\xa1\xff", SM_BAD_FORMAT),
        R("nothing", "", SM_BAD_FORMAT),
        R("map of 2^32-1 in 5 bytes", "\xdf\xff\xff\xff\xff", SM_BAD_FORMAT),
        R("array of 2^32-1 in 5 bytes", "\xdd\xff\xff\xff\xff", SM_BAD_FORMAT),
        R("map of 65535 in 3 bytes", "\xde\xff\xff", SM_BAD_FORMAT),
        R("bytes of 2^32-1 in 5 bytes", "\xc6\xff\xff\xff\xff", SM_BAD_FORMAT),
    };

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct arena arena DEFER(arena_free) = ARENA(4096);
        struct pair out;
        struct span bytes = span_of(refusals[i].bytes, refusals[i].size);
        enum sm_error error = fields_decode(&pair_fields, bytes, &arena, &out);
        if (error != refusals[i].error)
            fail_msg("%s: %s", refusals[i].what, error_name(error));
    }
}

static void depth_is_bounded_without_recursion(void **state)
{
    (void)state;
    struct buffer deep DEFER(buffer_free) = BUFFER(200000);
    for (int i = 0; i < 100000; i++)
        assert_ok(buffer_append_u8(&deep, 0x91));
    assert_ok(buffer_append_u8(&deep, 1));

    assert_error(decode(buffer_span(&deep)), SM_BAD_FORMAT);
}

static void a_bomb_takes_no_memory(void **state)
{
    (void)state;
    struct rusage before;
    struct rusage after;
    uint8_t bomb[64 * 1024];
    memset(bomb, 0xdc, sizeof bomb); /* arrays of 0xdcdc items, in each other */
    (void)getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(decode(SPAN(bomb)), SM_OK);
    (void)getrusage(RUSAGE_SELF, &after);

    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}

static void a_list_over_its_count_is_refused(void **state)
{
    (void)state;
    struct pair many[4] = {{1, {NULL, 0}}, {1, {NULL, 0}}, {1, {NULL, 0}}, {1, {NULL, 0}}};
    struct sample sample = good();
    struct buffer out DEFER(buffer_free) = BUFFER(1024);
    sample.pairs = LIST_OF(many);

    assert_error(fields_encode(&sample_fields, &sample, &out), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back_as_it_was),
        cmocka_unit_test(every_truncation_and_every_trailing_byte_is_refused),
        cmocka_unit_test(no_single_byte_change_breaks_the_decoder),
        cmocka_unit_test(what_breaks_its_table_is_not_sent),
        cmocka_unit_test(each_fault_has_its_error),
        cmocka_unit_test(depth_is_bounded_without_recursion),
        cmocka_unit_test(a_bomb_takes_no_memory),
        cmocka_unit_test(a_list_over_its_count_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
