/* Answers of an object server: what the protocol says is found, and nothing else is believed. */
#include "base/buffer.h"
#include "base/memory.h"
#include "store/s3_answer.h"
#include "tests/support/check.h"

#include <stdio.h>

#define ENTRY(key, size) \
    "<Contents><Key>" key "</Key><ETag>&quot;x&quot;</ETag><Size>" size "</Size></Contents>"
#define LISTING(truncated, entries)                                                            \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"x\"><Name>b</Name>" \
    "<IsTruncated>" truncated "</IsTruncated>" entries "</ListBucketResult>"

struct found {
    unsigned count;
    uint64_t bytes;
    enum sm_error answer;
};

static enum sm_error see(void *context, struct span key, uint64_t size)
{
    struct found *found = context;
    assert_true(key.size > 0 && key.size <= S3_KEY_BYTES_MAX);
    found->count++;
    found->bytes += size;
    return found->answer;
}

static enum sm_error list(const char *xml, const char *prefix, struct found *found, bool *is_more)
{
    return s3_answer_list(span_text(xml), span_text(prefix), see, found, is_more);
}

static void a_listing_is_read(void **state)
{
    struct found found = {0};
    bool is_more = true;
    (void)state;

    assert_ok(
        list(LISTING("false", ENTRY("a/1", "7") ENTRY("a/whole", "12")), "a/", &found, &is_more));
    assert_int_equal(found.count, 2);
    assert_int_equal(found.bytes, 19);
    assert_false(is_more);
    assert_ok(list(LISTING("true", ENTRY("a/1", "7")), "a/", &found, &is_more));
    assert_true(is_more);
    assert_ok(list(LISTING("false", ""), "a/", &found, &is_more));
}

static void a_listing_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"", "<html>no</html>", "<ListBucketResult>",
        LISTING("true", ""),                                   /* goes on for ever */
        LISTING("false", ENTRY("b/1", "7")),                   /* not what was asked for */
        LISTING("false", ENTRY("a/", "7") ENTRY("a/", "7")),   /* the same again */
        LISTING("false", ENTRY("a/2", "7") ENTRY("a/1", "7")), /* going back */
        LISTING("false", ENTRY("a/../x", "7")),                /* letters that are not ours */
        LISTING("false", ENTRY("a/&amp;", "7")), LISTING("false", ENTRY("", "7")),
        LISTING("false", ENTRY("a/1", "-7")), LISTING("false", ENTRY("a/1", "")),
        LISTING("false", ENTRY("a/1", "1234567890123456")),
        LISTING("false", "<Contents><Size>1</Size></Contents>"),
        LISTING("false", "<Contents><Key>a/1</Key></Contents>")};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct found found = {0};
        bool is_more;
        assert_error(list(wrong[i], "a/", &found, &is_more), SM_BAD_FORMAT);
    }
}

static void a_listing_has_no_more_keys_than_the_protocol_allows(void **state)
{
    struct buffer xml DEFER(buffer_free) = BUFFER(1024 * 1024);
    struct found found = {0};
    bool is_more;
    (void)state;
    assert_ok(buffer_append_text(&xml, "<ListBucketResult><IsTruncated>false</IsTruncated>"));
    for (int i = 0; i <= S3_KEYS_MAX; i++)
        assert_ok(buffer_format(&xml, "<Contents><Key>a/%04d</Key><Size>1</Size></Contents>", i));

    assert_error(
        s3_answer_list(buffer_span(&xml), span_text("a/"), see, &found, &is_more), SM_BAD_FORMAT);
    assert_int_equal(found.count, S3_KEYS_MAX);
}

static void the_error_of_who_looks_ends_it(void **state)
{
    struct found found = {.answer = SM_BUSY};
    bool is_more;
    (void)state;
    assert_error(
        list(LISTING("false", ENTRY("a/1", "7") ENTRY("a/2", "7")), "a/", &found, &is_more),
        SM_BUSY);
    assert_int_equal(found.count, 1);
}

static void codes_and_versions_are_found(void **state)
{
    (void)state;
    assert_span(s3_answer_code(span_text("<Error><Code>NoSuchKey</Code></Error>")), "NoSuchKey");
    assert_int_equal(s3_answer_code(span_text("<Error><Code>NoSuchKey")).size, 0);
    assert_int_equal(s3_answer_code(span_text("")).size, 0);
    assert_true(s3_answer_keeps_versions(span_text(
        "<VersioningConfiguration xmlns=\"x\"><Status>Enabled</Status></VersioningConfiguration>")));
    assert_false(s3_answer_keeps_versions(span_text("<VersioningConfiguration xmlns=\"x\"/>")));
    assert_false(s3_answer_keeps_versions(span_text("<Status>Suspended</Status>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_is_read),
        cmocka_unit_test(a_listing_that_is_none_is_refused),
        cmocka_unit_test(a_listing_has_no_more_keys_than_the_protocol_allows),
        cmocka_unit_test(the_error_of_who_looks_ends_it),
        cmocka_unit_test(codes_and_versions_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
