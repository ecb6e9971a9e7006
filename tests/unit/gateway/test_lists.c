/* What the gateway shows of what the feeds and the log say, and to whom. */
#include "tests/support/surface.h"

#include "base/encode.h"
#include "base/memory.h"

#include <stdio.h>
#include <unistd.h>

/* --- the list --- */

static void a_list_needs_cookie_and_our_own_page(void **state)
{
    assert_int_equal(status_of(*state, "GET /api/v1/messages", "Secure-Mail-Request: 1\r\n"), 401);
    assert_int_equal(status_of(*state, "GET /api/v1/messages", with_cookie("").text), 403);
    assert_int_equal(
        status_of(*state, "GET /api/v1/messages",
            with_cookie("Secure-Mail-Request: 1\r\nSec-Fetch-Site: cross-site\r\n").text),
        403);
    assert_int_equal(
        status_of(*state, "GET /api/v1/messages", with_cookie("Secure-Mail-Request: 1\r\n").text),
        200);
}

/* Puts an item into crypto's feed. */
static void feed(struct web *web, struct feed_item item)
{
    size_t count = atomic_load(&web->items_count);
    item.tx = 1;
    item.id = count + 1;
    item.version = count + 1;
    item.organisation = web_organisation;
    web->items[count] = item;
    atomic_store(&web->items_count, count + 1);
}

/* Asks until the answer holds `wanted`. */
static bool shows(const struct web *web, const char *line, const char *wanted)
{
    for (int i = 0; i < 100; i++) {
        struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
        const char *text = NULL;
        assert_ok(
            web_ask(web, line, with_cookie("Secure-Mail-Request: 1\r\n").text, NULL, &answer));
        assert_ok(buffer_text(&answer.body, &text));
        if (strstr(text, wanted))
            return true;
        (void)usleep(50 * 1000);
    }
    return false;
}

static void the_list_shows_what_the_feeds_say(void **state)
{
    struct web *web = *state;
    struct id message = message_of(30);
    struct id link = {{0x11}};
    struct feed_item recipient = {.kind = FEED_LINK,
        .message = message,
        .link = link,
        .state = STATE_LIVE,
        .method = METHOD_CODE,
        .address = span_text("cas@recipient.example"),
        .expires_ms = 4102444800000};
    feed(web, (struct feed_item){.kind = FEED_MESSAGE,
                  .message = message,
                  .user = web_sender,
                  .state = STATE_LIVE,
                  .parts = 1,
                  .name = span_text("Sanne"),
                  .created_ms = 1000,
                  .expires_ms = 4102444800000,
                  .subject_sealed = span_text("sealed")});
    feed(web, recipient);
    assert_true(shows(web, "GET /api/v1/messages", "\"status\":\"sent\",\"recipients\":1"));

    web->deliveries[0] = (struct delivery){.tx = 1,
        .id = 1,
        .job = {{1}},
        .organisation = web_organisation,
        .message = message,
        .link = link,
        .kind = LETTER_NOTICE,
        .result = DELIVERY_ACCEPTED,
        .at_ms = 5};
    atomic_store(&web->deliveries_count, 1);
    assert_true(shows(web, "GET /api/v1/messages", "\"status\":\"delivered\""));

    struct feed_item shown = {
        .kind = FEED_SHOWN, .message = message, .link = link, .created_ms = 1500};
    struct web_lines line;
    (void)snprintf(line.text, sizeof line.text, "GET /api/v1/messages/%s", id_text(message).text);
    feed(web, shown);
    assert_true(shows(web, line.text, "\"shown_ms\":1500,\"opened_ms\":0"));
    shown.created_ms = 1700; /* the first time stands */
    feed(web, shown);

    recipient.opened_ms = 2000;
    feed(web, recipient);
    assert_true(shows(web, "GET /api/v1/messages", "\"status\":\"opened\""));
    assert_true(shows(web, line.text, "\"shown_ms\":1500,\"opened_ms\":2000"));
    assert_true(shows(web, line.text, "\"address\":\"cas@recipient.example\""));

    feed(web, (struct feed_item){.kind = FEED_STATE, .message = message, .state = STATE_DELETED});
    assert_true(shows(web, "GET /api/v1/messages", "\"messages\":[]"));
    assert_int_equal(count_of(web, "SELECT count(*) FROM mail.recipient"), 0);
    assert_int_equal(count_of(web, "SELECT count(*) FROM mail.delivery"), 0);
    assert_int_equal(count_of(web, "SELECT count(*) FROM mail.shown"), 0);
}

/* Its recipients are read in the same round trip, and go to nobody but who sent it. */
static void what_another_sent_is_not_found(void **state)
{
    struct web *web = *state;
    struct id message = message_of(32);
    struct web_lines line;
    (void)snprintf(line.text, sizeof line.text, "GET /api/v1/messages/%s", id_text(message).text);
    feed(web, (struct feed_item){.kind = FEED_MESSAGE,
                  .message = message,
                  .user = {{0x77}},
                  .state = STATE_LIVE,
                  .parts = 1,
                  .created_ms = 1000,
                  .expires_ms = 4102444800000,
                  .subject_sealed = span_text("sealed")});
    feed(web, (struct feed_item){.kind = FEED_LINK,
                  .message = message,
                  .link = {{0x32}},
                  .state = STATE_LIVE,
                  .method = METHOD_CODE,
                  .address = span_text("dirk@recipient.example"),
                  .expires_ms = 4102444800000});
    for (int i = 0; i < 100 && count_of(web, "SELECT count(*) FROM mail.recipient") == 0; i++)
        (void)usleep(50 * 1000);
    assert_int_equal(count_of(web, "SELECT count(*) FROM mail.recipient"), 1);
    assert_true(shows(web, line.text, "not-found"));
    feed(web, (struct feed_item){.kind = FEED_STATE, .message = message, .state = STATE_DELETED});
}

/* Also where what it asks for was read in the same round trip: it hears nothing of that, not even
 * whether there is such a message. */
static void an_ended_session_is_refused(void **state)
{
    struct web *web = *state;
    struct web_lines line;
    (void)snprintf(
        line.text, sizeof line.text, "GET /api/v1/messages/%s", id_text(message_of(31)).text);
    assert_true(shows(web, line.text, "not-found"));
    feed(web, (struct feed_item){.kind = FEED_SESSION, .user = {{0x5e, 0x55}}});

    assert_true(shows(web, "GET /api/v1/messages", "not-signed-in"));
    assert_true(shows(web, line.text, "not-signed-in"));

    assert_ok(database_run(web->database, "DELETE FROM mail.ended_session"));
}

/* --- the log --- */

static void an_export_streams_page_by_page(void **state)
{
    struct web *web = *state;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    struct id none = {{0}};
    atomic_store(&web->export_pages, 500);

    assert_ok(web_ask(web, "GET /api/v1/audit/export", web_lines(CAPABILITY_AUDIT, none, "").text,
        NULL, &answer));

    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, 500 * strlen("{\"a line of the log\":true}\n"));
    assert_int_equal(status_of(web, "GET /api/v1/audit/entries?kind=opened",
                         web_lines(CAPABILITY_AUDIT, none, "").text),
        200);
    assert_int_equal(status_of(web, "GET /api/v1/audit/entries?kind=nonsense",
                         web_lines(CAPABILITY_AUDIT, none, "").text),
        422);
    assert_int_equal(status_of(web, "GET /api/v1/audit/checkpoint", ""), 401);
}

static void the_state_of_the_system_is_for_who_may_read_the_log(void **state)
{
    struct web *web = *state;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    struct id none = {{0}};

    assert_ok(web_ask(
        web, "GET /api/v1/status", web_lines(CAPABILITY_AUDIT, none, "").text, NULL, &answer));

    assert_int_equal(answer.status, 200);
    static const char *const expected[] = {"\"crypto\":true", "\"notifier\":true",
        "\"retention\":true", "\"audit\":true", "\"last_sweep_ms\":1795507980000", "\"purged\":3",
        "\"log_size\":"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(
            memmem(answer.body.bytes, answer.body.size, expected[i], strlen(expected[i])));
    assert_int_equal(status_of(web, "GET /api/v1/status", ""), 401);
    assert_int_equal(
        status_of(web, "GET /api/v1/status", web_lines(CAPABILITY_DOWNLOAD, none, "").text), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_needs_cookie_and_our_own_page),
        cmocka_unit_test(the_list_shows_what_the_feeds_say),
        cmocka_unit_test(what_another_sent_is_not_found),
        cmocka_unit_test(an_ended_session_is_refused),
        cmocka_unit_test(an_export_streams_page_by_page),
        cmocka_unit_test(the_state_of_the_system_is_for_who_may_read_the_log),
    };
    return cmocka_run_group_tests(tests, start_web, stop_web);
}
