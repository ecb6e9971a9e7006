/* Links: their secret, their text, and what is no link. */
#include "envelope/link.h"

#include "base/memory.h"
#include "envelope/kdf.h"
#include "tests/support/check.h"

static const struct link_parts sample = {
    .id = {{0xab, 0xcd}}, .secret = {0xff, 0xee}, .pin = {0x01, 0x02}};
static const char sample_text[] = "https://mail.example.org/m#1.abcd0000000000000000000000000000."
                                  "_-4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
                                  "AQIAAAAAAAAAAAAAAAAAAA";
static const char base_text[] = "https://mail.example.org";

static void a_link_has_this_text(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);

    assert_ok(link_format(span_text(base_text), &sample, &text));

    assert_true(span_equals_text(buffer_span(&text), sample_text));
}

static void assert_sample(struct span text, const char *expected_base)
{
    struct link_parts link DEFER(link_wipe) = {0};
    struct span base;
    assert_ok(link_parse(text, &link, &base));
    assert_true(id_equal(link.id, sample.id));
    assert_memory_equal(link.secret, sample.secret, sizeof link.secret);
    assert_memory_equal(link.pin, sample.pin, sizeof link.pin);
    assert_true(span_equals_text(base, expected_base));
    assert_ok(link_parse(text, &link, NULL));
}

static void a_link_reads_as_a_whole_or_from_its_fragment(void **state)
{
    (void)state;
    const char *fragment = strchr(sample_text, '#');

    assert_sample(span_text(sample_text), base_text);
    assert_sample(span_text(fragment), "");
    assert_sample(span_text(fragment + 1), "");
    assert_int_equal(strlen(fragment + 1), LINK_FRAGMENT_BYTES);
}

static void assert_no_link(const char *text)
{
    struct link_parts link = {0};
    struct span base;
    assert_error(link_parse(span_text(text), &link, &base), SM_BAD_FORMAT);
    assert_true(id_is_none(link.id));
}

/* The fragment of the sample behind other beginnings. */
static void a_link_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"https://mail.example.org",
        "https://mail.example.org/", "https://mail.example.org/n", "https://mail.example.org//m",
        "https://mail.example.org/m?x", "https://mail.example.org/m/", "http://mail.example.org/m",
        "ftp://mail.example.org/m", "//mail.example.org/m", "mail.example.org/m", "https:///m",
        "https://:80/m", "/m", "m", "https://user@mail.example.org/m",
        "https://mail.example.org#/m", "https://a b/m", "https://mail.example.org\\m",
        " https://mail.example.org/m", "HTTPS://mail.example.org/m",
        "http://localhost.example.org/m", "http://127.0.0.11/m", "https://mail%2eexample.org/m"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct buffer text DEFER(buffer_free) = BUFFER(1000);
        const char *characters;
        assert_ok(buffer_append_text(&text, beginnings[i]));
        assert_ok(buffer_append_text(&text, strchr(sample_text, '#')));
        assert_ok(buffer_text(&text, &characters));
        assert_no_link(characters);
    }
}

static void a_fragment_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char good[] = "1.abcd0000000000000000000000000000."
                               "_-4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
                               "AQIAAAAAAAAAAAAAAAAAAA";
    char text[sizeof good + 1];
    assert_sample(span_text(good), "");
    for (size_t size = 0; size < sizeof good - 1; size++) {
        memcpy(text, good, size);
        text[size] = '\0';
        assert_no_link(text);
    }
    static const struct {
        size_t at;
        char letter;
    } changes[] = {{0, '2'}, {1, '-'}, {2, 'A'}, {2, 'g'}, {34, ':'}, {35, '+'}, {36, '/'},
        {36, '='}, {77, 'B'} /* stray bits */, {78, ','}, {100, 'B'} /* stray bits */, {100, '='}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        memcpy(text, good, sizeof good);
        text[changes[i].at] = changes[i].letter;
        assert_no_link(text);
    }
    assert_no_link("");
    assert_no_link("#");
    assert_no_link("1.00000000000000000000000000000000." /* the id "none" */
                   "_-4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AQIAAAAAAAAAAAAAAAAAAA");
}

static void more_behind_a_link_is_refused(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    const char *characters;
    assert_ok(buffer_append_text(&text, sample_text));
    assert_ok(buffer_append_text(&text, "\n"));
    assert_ok(buffer_text(&text, &characters));
    assert_no_link(characters);
}

static void plain_http_is_for_this_machine_only(void **state)
{
    (void)state;
    assert_true(link_is_base(span_text("http://localhost:8080")));
    assert_true(link_is_base(span_text("http://127.0.0.1:8080")));
    assert_true(link_is_base(span_text("http://[::1]:8080")));
    assert_true(link_is_base(span_text("http://localhost")));
    assert_true(link_is_base(span_text("https://mail.example.org:8443/secure")));
    assert_false(link_is_base(span_text("http://localhost.evil.org")));
    assert_false(link_is_base(span_text("http://mail.example.org")));
    assert_false(link_is_base(span_text("http://localhost@evil.org")));
    assert_false(link_is_base(span_text("https://mail.example.org/")));
    assert_false(link_is_base(span_text("")));
    assert_false(link_is_base(span_text("http://localhost:")));
    assert_false(link_is_base(span_text("http://localhost:x")));
    assert_false(link_is_base(span_text("http://localhost:123456")));
    assert_false(link_is_base(span_text("http://[::1")));
    assert_false(link_is_base(span_text("https://mail.example.org:1:2")));
    assert_false(link_is_base(span_text("https://mail.example.org/a b")));
}

static void a_base_that_is_none_makes_no_link(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(1000);
    struct link_parts nobody = sample;
    nobody.id = (struct id){{0}};

    assert_error(link_format(span_text("mail.example.org"), &sample, &text), SM_BAD_VALUE);
    assert_error(link_format(span_text(base_text), &nobody, &text), SM_BAD_VALUE);
    assert_int_equal(text.size, 0);
}

static void the_secret_is_an_hmac_of_id_and_generation(void **state)
{
    (void)state;
    static const uint8_t key[LINK_KEY_BYTES] = {5};
    uint8_t message[ID_BYTES + 4] = {0xab, 0xcd};
    message[16] = 0x01, message[19] = 0x02;
    uint8_t expected[32], secret[LINK_SECRET_BYTES], next[LINK_SECRET_BYTES];
    assert_ok(kdf_hmac_sha256(SPAN(key), SPAN(message), expected));

    assert_ok(link_secret(SPAN(key), sample.id, 0x01000002, secret));
    assert_ok(link_secret(SPAN(key), sample.id, 0x01000003, next));

    assert_memory_equal(secret, expected, sizeof secret);
    assert_memory_not_equal(secret, next, sizeof secret);
    assert_error(link_secret(span_of(key, 31), sample.id, 1, secret), SM_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_has_this_text),
        cmocka_unit_test(a_link_reads_as_a_whole_or_from_its_fragment),
        cmocka_unit_test(a_link_of_another_form_is_refused),
        cmocka_unit_test(a_fragment_of_another_form_is_refused),
        cmocka_unit_test(more_behind_a_link_is_refused),
        cmocka_unit_test(plain_http_is_for_this_machine_only),
        cmocka_unit_test(a_base_that_is_none_makes_no_link),
        cmocka_unit_test(the_secret_is_an_hmac_of_id_and_generation),
    };
    return cmocka_run_group_tests_name("envelope/link", tests, NULL, NULL);
}
