/* What becomes of a mail, against a real SMTP server: every class, every step that can go wrong. */
#include "services/notifier/smtp.h"

#include "base/clock.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/relay.h"

static const char content[] = "Subject: test\r\n\r\n.a line that begins with a dot\r\n";

static struct smtp_options options_for(const struct test_relay *relay)
{
    return (struct smtp_options){.url = test_relay_url(relay),
        .is_tls_required = true,
        .ca_file = test_relay_ca_file(relay),
        .user = test_relay_user(),
        .password = test_relay_password(relay),
        .hello_domain = "mail.example.org",
        .timeout_ms = 10000};
}

static const struct smtp_mail mail = {
    .from = {(const uint8_t *)"notice@clinic.example", 21},
    .to = {(const uint8_t *)"ann@recipient.example", 21},
    .content = {(const uint8_t *)content, sizeof content - 1},
};

static struct smtp_outcome send_with(const struct smtp_options *options)
{
    struct smtp *smtp DEFER(smtp_close) = NULL;
    struct smtp_outcome outcome;
    assert_ok(smtp_open(options, &smtp));
    assert_ok(smtp_send(smtp, &mail, &outcome));
    return outcome;
}

static void assert_outcome(
    const struct smtp_outcome *outcome, enum smtp_class class, const char *stage, const char *cause)
{
    assert_string_equal(outcome->stage, stage);
    assert_string_equal(outcome->cause, cause);
    assert_int_equal(outcome->class, class);
}

static int start(void **state)
{
    struct test_relay *relay = NULL;
    if (smtp_library_start() != SM_OK || test_relay_start(&relay) != SM_OK)
        return -1;
    *state = relay;
    return 0;
}

static int stop(void **state)
{
    struct test_relay *relay = *state;
    test_relay_stop(&relay);
    smtp_library_stop();
    return 0;
}

static int be_well(void **state)
{
    return test_relay_behave(*state, "accept") == SM_OK ? 0 : -1;
}

static void an_accepted_mail_arrives_as_it_was(void **state)
{
    struct test_relay *relay = *state;
    struct smtp_options options = options_for(relay);
    struct span received;
    const char *line;

    struct smtp_outcome outcome = send_with(&options);

    assert_outcome(&outcome, SMTP_ACCEPTED, "content", "accepted");
    assert_int_equal(outcome.reply, 250);
    assert_ok(test_relay_next_mail(relay, 5000, &line));
    assert_true(span_equals_text(test_relay_member(line, "to"), "ann@recipient.example"));
    assert_true(span_equals_text(test_relay_member(line, "from"), "notice@clinic.example"));
    assert_ok(test_relay_content(relay, line, &received));
    assert_true(span_equals_text(received, content));
}

static void the_connection_serves_several_mails(void **state)
{
    struct smtp_options options = options_for(*state);
    struct smtp *smtp DEFER(smtp_close) = NULL;
    struct smtp_outcome outcome;
    const char *line;

    assert_ok(smtp_open(&options, &smtp));
    for (int i = 0; i < 3; i++) {
        assert_ok(smtp_send(smtp, &mail, &outcome));
        assert_int_equal(outcome.class, SMTP_ACCEPTED);
        assert_ok(test_relay_next_mail(*state, 5000, &line));
    }
}

struct behaviour_case {
    const char *behaviour;
    enum smtp_class class;
    const char *stage, *cause;
    int reply;
};

static void each_fault_of_the_relay_has_its_class(void **state)
{
    static const struct behaviour_case cases[] = {
        {"refuse-4xx", SMTP_TEMPORARY, "recipient", "refused", 450},
        {"refuse-5xx", SMTP_PERMANENT, "recipient", "refused", 550},
        {"refuse-sender-5xx", SMTP_TEMPORARY, "sender", "refused", 553},
        {"refuse-data-4xx", SMTP_TEMPORARY, "content", "refused", 451},
        {"refuse-data-5xx", SMTP_PERMANENT, "content", "refused", 554},
        {"refuse-auth", SMTP_TEMPORARY, "auth", "sign-in-refused", 535},
        {"drop", SMTP_TEMPORARY, "recipient", "connection-lost", 0},
        {"drop-after-data", SMTP_TEMPORARY, "content", "connection-lost", 354},
        {"away", SMTP_TEMPORARY, "connect", "connection-refused", 0},
    };
    struct smtp_options options = options_for(*state);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(test_relay_behave(*state, cases[i].behaviour));
        struct smtp_outcome outcome = send_with(&options);
        assert_outcome(&outcome, cases[i].class, cases[i].stage, cases[i].cause);
        assert_int_equal(outcome.reply, cases[i].reply);
    }
}

static void a_relay_that_hangs_after_the_data_leaves_the_outcome_open(void **state)
{
    struct smtp_options options = options_for(*state);
    options.timeout_ms = 4000;
    const char *line;

    assert_ok(test_relay_behave(*state, "hang-after-data"));
    int64_t begun = clock_monotonic_ms();
    struct smtp_outcome outcome = send_with(&options);

    assert_outcome(&outcome, SMTP_TEMPORARY, "content", "timeout");
    assert_true(clock_monotonic_ms() - begun < 10000);
    assert_ok(test_relay_next_mail(*state, 5000, &line)); /* it has the mail: nobody told us */
}

static bool is_always_cancelled(void *context)
{
    (void)context;
    return true;
}

static void an_attempt_can_be_broken_off(void **state)
{
    struct smtp_options options = options_for(*state);
    options.is_cancelled = is_always_cancelled;

    assert_ok(test_relay_behave(*state, "hang-at-recipient"));
    struct smtp_outcome outcome = send_with(&options);

    assert_int_equal(outcome.class, SMTP_TEMPORARY);
    assert_string_equal(outcome.cause, "stopping");
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
    struct smtp_options options = options_for(*state);
    options.ca_file = "";

    struct smtp_outcome outcome = send_with(&options);

    assert_outcome(&outcome, SMTP_TEMPORARY, "starttls", "certificate");
}

static void a_wrong_password_is_our_fault_and_waits(void **state)
{
    struct smtp_options options = options_for(*state);
    options.password = span_text("not the password");

    struct smtp_outcome outcome = send_with(&options);

    assert_outcome(&outcome, SMTP_TEMPORARY, "auth", "sign-in-refused");
}

/* The server wants AUTH, and that only after TLS: so without TLS it refuses the sender. */
static void without_tls_nothing_secret_is_said(void **state)
{
    struct smtp_options options = options_for(*state);
    options.is_tls_required = false;
    options.user = "";

    struct smtp_outcome outcome = send_with(&options);

    assert_outcome(&outcome, SMTP_TEMPORARY, "sender", "sign-in-refused");
}

static void options_that_cannot_be_kept_are_refused(void **state)
{
    static const struct {
        const char *url;
        bool is_tls_required;
        enum sm_error expected;
    } cases[] = {
        {"smtp://relay.example.org:587", true, SM_OK},
        {"smtps://relay.example.org:465", true, SM_OK},
        {"smtp://relay.example.org:25", false, SM_CONFIG},
        {"smtp://10.0.0.1:25", false, SM_CONFIG},
        {"smtp://127.0.0.1.example.org:25", false, SM_CONFIG},
        {"smtp://127.0.0.1:25", false, SM_OK},
        {"smtp://localhost:25", false, SM_OK},
        {"smtp://[::1]:25", false, SM_OK},
        {"http://relay.example.org", true, SM_CONFIG},
        {"relay.example.org", true, SM_CONFIG},
        {"smtp://user:word@relay.example.org", true, SM_CONFIG},
        {"smtp://relay.example.org/path", true, SM_CONFIG},
        {"smtp://relay.example.org/?q", true, SM_CONFIG},
        {"", true, SM_CONFIG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct smtp_options options = options_for(*state);
        options.url = cases[i].url;
        options.is_tls_required = cases[i].is_tls_required;
        assert_error(smtp_options_check(&options), cases[i].expected);
    }
}

static void an_address_that_is_none_is_never_said_to_the_relay(void **state)
{
    static const char *const bad[] = {"a@b.example\r\nRCPT TO:<x@y.example>", "a b@c.example",
        "<a@b.example>", "a@b", "", "a@b.example NOTIFY=NEVER"};
    struct smtp_options options = options_for(*state);
    struct smtp *smtp DEFER(smtp_close) = NULL;
    struct smtp_outcome outcome;

    assert_ok(smtp_open(&options, &smtp));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct smtp_mail to_bad = mail, from_bad = mail;
        to_bad.to = span_text(bad[i]);
        from_bad.from = span_text(bad[i]);
        assert_error(smtp_send(smtp, &to_bad, &outcome), SM_BAD_FORMAT);
        assert_error(smtp_send(smtp, &from_bad, &outcome), SM_BAD_FORMAT);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, be_well)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_accepted_mail_arrives_as_it_was),
        TEST(the_connection_serves_several_mails),
        TEST(each_fault_of_the_relay_has_its_class),
        TEST(a_relay_that_hangs_after_the_data_leaves_the_outcome_open),
        TEST(an_attempt_can_be_broken_off),
        TEST(a_certificate_of_another_authority_is_refused),
        TEST(a_wrong_password_is_our_fault_and_waits),
        TEST(without_tls_nothing_secret_is_said),
        TEST(options_that_cannot_be_kept_are_refused),
        TEST(an_address_that_is_none_is_never_said_to_the_relay),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
