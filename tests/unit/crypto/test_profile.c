/* How an organisation looks to recipients: what is accepted, who sets it, what is shown. */
#include "tests/support/office.inc"

#include "services/crypto/logo.h"

/* A PNG as far as anybody looks: signature, IHDR with a size, IEND. */
static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H',
    'D', 'R', 0, 0, 0, 16, 0, 0, 0, 16, 8, 2, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 'I', 'E', 'N', 'D',
    0xae, 0x42, 0x60, 0x82};
/* A JPEG: APP0, then the frame with its size, end of image. */
static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 'J', 'F', 0xff, 0xc0, 0, 11, 8, 0, 16,
    0, 16, 1, 1, 0x11, 0, 0xff, 0xd9};

/* --- images --- */

static void a_logo_is_a_whole_png_or_jpeg(void **state)
{
    (void)state;

    assert_true(logo_is_good(SPAN(png)));
    assert_true(logo_is_good(SPAN(jpeg)));
    for (size_t size = 0; size < sizeof png; size++)
        assert_false(logo_is_good(span_of(png, size)));
    for (size_t size = 0; size < sizeof jpeg; size++)
        assert_false(logo_is_good(span_of(jpeg, size)));
}

static void programs_and_other_formats_are_no_logo(void **state)
{
    (void)state;
    static const char *const others[] = {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        "<?xml version=\"1.0\"?><svg/>", "GIF89a\x01\x01\x01\x01;", "RIFF    WEBPVP8 ", ""};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(logo_is_good(span_text(others[i])));
}

static void a_huge_or_empty_picture_is_no_logo(void **state)
{
    (void)state;
    uint8_t wide[sizeof png], tall[sizeof jpeg];
    memcpy(wide, png, sizeof png);
    memcpy(tall, jpeg, sizeof jpeg);

    wide[18] = 0x08, wide[19] = 0x01; /* 2049 */
    assert_false(logo_is_good(SPAN(wide)));
    wide[18] = 0, wide[19] = 0;
    assert_false(logo_is_good(SPAN(wide)));
    tall[13] = 0xff;
    assert_false(logo_is_good(SPAN(tall)));
}

static void more_than_32_KiB_is_no_logo(void **state)
{
    (void)state;
    static uint8_t large[LOGO_BYTES_MAX + 1];
    memcpy(large, png, sizeof png);

    memcpy(large + LOGO_BYTES_MAX - 12, png + sizeof png - 12, 12);
    assert_true(logo_is_good(span_of(large, LOGO_BYTES_MAX)));
    memcpy(large + LOGO_BYTES_MAX + 1 - 12, png + sizeof png - 12, 12);
    assert_false(logo_is_good(SPAN(large)));
}

/* --- the operations --- */

static struct organisation_set_request profile(void)
{
    return (struct organisation_set_request){.name = span_text("Clinic"),
        .colour = span_text("#00aaff"),
        .language = span_text("nl"),
        .from_name = span_text("The Clinic"),
        .from_address = span_text("post@clinic.example"),
        .contact = span_text("Call 010 123 45 67")};
}

static enum sm_error set_profile(
    struct vault *vault, const struct page *page, struct organisation_set_request request)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct ask ask = {.operation = "organisation_set", .message = &request};
    request.session = PROOF(*page);
    return ask_crypto(vault, &ask, &answer);
}

static int begin(void **state)
{
    struct organisation_set_request plain = {
        .name = span_text("Clinic"), .language = span_text("en"), .changes_logo = true};
    assert_int_equal(office_begin(state), 0);
    struct page admin = office_page(*state, "cees@example.org", "");
    assert_error(set_profile(*state, &admin, plain), SM_OK);
    audit_edge_forget();
    return 0;
}

static void what_an_administrator_sets_everybody_of_the_office_reads(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page sender = office_page(vault, "anna@example.org", "");
    struct organisation_set_request request = profile();
    request.changes_logo = true;
    request.logo = SPAN(png);

    assert_error(set_profile(vault, &admin, request), SM_OK);

    assert_error(office_ask(vault, &sender, "organisation", &answer), SM_OK);
    const struct organisation_reply *reply = answer.reply;
    assert_span(reply->colour, "#00aaff");
    assert_span(reply->from_name, "The Clinic");
    assert_span(reply->from_address, "post@clinic.example");
    assert_span(reply->contact, "Call 010 123 45 67");
    assert_true(span_equal(reply->logo, SPAN(png)));
    assert_int_equal(audit_edge_count(EVENT_ORGANISATION_CHANGED), 1);
}

static void a_recipient_sees_colour_logo_and_contact_at_hello(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    const struct recipient eva[] = {
        {.address = span_text("eva@example.net"), .method = METHOD_CODE}};
    struct sending sending = {.recipients = eva, .count = 1};
    struct organisation_set_request request = profile();
    request.changes_logo = true;
    request.logo = SPAN(jpeg);
    assert_error(set_profile(vault, &admin, request), SM_OK);
    assert_error(office_send(vault, &admin, &sending, &answer), SM_OK);
    const struct send_reply *sent = answer.reply;
    struct mailbox box = office_link(vault, LIST_AT(struct link_facts, sent->links, 0)->link);
    struct link_only_request hello = {.link = LINK_PROOF(box)};
    struct ask ask = {.operation = "hello", .message = &hello};

    assert_error(ask_crypto(vault, &ask, &answer), SM_OK);

    const struct hello_reply *reply = answer.reply;
    assert_span(reply->organisation_colour, "#00aaff");
    assert_span(reply->contact, "Call 010 123 45 67");
    assert_true(span_equal(reply->organisation_logo, SPAN(jpeg)));
}

static void a_logo_stays_until_it_is_changed_or_removed(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct organisation_set_request request = profile();
    static const size_t expected[] = {sizeof png, sizeof png, 0};
    const struct span images[] = {SPAN(png), {0}, {0}};

    for (size_t i = 0; i < 3; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        request.changes_logo = i != 1;
        request.logo = images[i];
        assert_error(set_profile(vault, &admin, request), SM_OK);
        assert_error(office_ask(vault, &admin, "organisation", &answer), SM_OK);
        const struct organisation_reply *reply = answer.reply;
        assert_int_equal(reply->logo.size, expected[i]);
    }
}

static void values_that_would_mislead_are_refused(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct organisation_set_request wrong[] = {profile(), profile(), profile(), profile()};
    wrong[0].colour = span_text("#00AAFF");
    wrong[1].language = span_text("fr");
    wrong[2].from_address = span_text("post at clinic");
    wrong[3].changes_logo = true;
    wrong[3].logo = span_text("<svg onload=\"alert(1)\"/>");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(set_profile(vault, &admin, wrong[i]), SM_BAD_VALUE);
}

static void only_an_administrator_sets_it(void **state)
{
    struct vault *vault = *state;
    struct page sender = office_page(vault, "anna@example.org", "");
    struct page auditor = office_page(vault, "dora@example.org", "");

    assert_error(set_profile(vault, &sender, profile()), SM_NOT_ALLOWED);
    assert_error(set_profile(vault, &auditor, profile()), SM_NOT_ALLOWED);
}

static void a_logo_that_was_altered_is_shown_to_nobody(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct organisation_set_request request = profile();
    request.changes_logo = true;
    request.logo = SPAN(png);
    assert_error(set_profile(vault, &admin, request), SM_OK);

    assert_ok(database_run(
        vault->database, "UPDATE vault.organisation_logo SET image = set_byte(image, 30, 9)"));

    assert_error(office_ask(vault, &admin, "organisation", &answer), SM_OK);
    const struct organisation_reply *reply = answer.reply;
    assert_int_equal(reply->logo.size, 0);
    assert_span(reply->colour, "#00aaff");
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_logo_is_a_whole_png_or_jpeg),
        cmocka_unit_test(programs_and_other_formats_are_no_logo),
        cmocka_unit_test(a_huge_or_empty_picture_is_no_logo),
        cmocka_unit_test(more_than_32_KiB_is_no_logo),
        TEST(what_an_administrator_sets_everybody_of_the_office_reads),
        TEST(a_recipient_sees_colour_logo_and_contact_at_hello),
        TEST(a_logo_stays_until_it_is_changed_or_removed),
        TEST(values_that_would_mislead_are_refused),
        TEST(only_an_administrator_sets_it),
        TEST(a_logo_that_was_altered_is_shown_to_nobody),
    };
    return cmocka_run_group_tests(tests, office_open, office_close);
}
