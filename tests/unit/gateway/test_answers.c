/* What goes out: JSON, errors in words, status of messages, and the set of what is closed. */
#include "services/gateway/closed.h"
#include "services/gateway/errors.h"
#include "services/gateway/exchange.h"
#include "services/gateway/json.h"
#include "services/gateway/status.h"

#include "base/memory.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/notify.h"
#include "proto/sealed.h"
#include "tests/support/check.h"

#include <time.h>

/* --- JSON --- */

static void a_string_is_inert_wherever_it_ends_up(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"plain", "\"plain\""},
        {"", "\"\""},
        {"a\"b\\c", "\"a\\u0022b\\u005cc\""},
        {"</script>&", "\"\\u003c/script\\u003e\\u0026\""},
        {"\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\\u2028\\u2029\xe2\x80\xaa\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out DEFER(buffer_free) = BUFFER(1000);
        assert_ok(json_string(&out, span_text(cases[i].text)));
        assert_span(buffer_span(&out), cases[i].json);
    }
}

static void a_string_that_is_not_utf8_is_refused(void **state)
{
    static const char *const wrong[] = {
        "\xff", "\xc3", "\xe2\x80", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"};
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(json_string(&out, span_text(wrong[i])), SM_BAD_FORMAT);
    assert_error(json_string(&out, span_of("a\0b", 3)), SM_BAD_FORMAT);
}

static void fields_become_an_object_with_their_names(void **state)
{
    struct message_name names[] = {{{{1}}}, {{{2}}}};
    const struct known_request asked = {.messages = LIST_OF(names)};
    const struct carry_reply carried = {
        .outcome = 3, .is_feed_changed = true, .sealed = span_text("\xff\xfe")};
    struct buffer out DEFER(buffer_free) = BUFFER(1000);
    (void)state;

    assert_ok(json_fields(&out, &known_request, &asked));
    assert_ok(json_fields(&out, &carry_reply, &carried));

    assert_span(buffer_span(&out),
        "{\"messages\":[{\"message\":\"01000000000000000000000000000000\"},"
        "{\"message\":\"02000000000000000000000000000000\"}]}"
        "{\"outcome\":3,\"retry_after_s\":0,\"cookie\":\"\",\"is_feed_changed\":true,"
        "\"closed_message\":null,\"closed_link\":null,\"purge\":null,\"sealed\":\"__4\"}");
}

static void json_stays_within_its_buffer(void **state)
{
    struct buffer out DEFER(buffer_free) = BUFFER(10);
    (void)state;
    assert_error(json_string(&out, span_text("0123456789")), SM_TOO_LARGE);
    assert_true(out.size <= 10);
}

/* --- errors --- */

static void every_error_has_a_status_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < SM_ERROR_COUNT; i++) {
        const struct error_answer *words = error_answer((enum sm_error)i);
        assert_true(words->status >= 200 && words->status < 600);
        assert_non_null(words->sentence);
        assert_true(i == SM_OK || words->status >= 400);
        assert_true(words->status != 503 || words->retry_after_s || i == SM_NOT_ENABLED);
    }
    assert_int_equal(error_answer((enum sm_error)9999)->status, 500);
}

static void an_error_forgets_what_was_prepared(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    (void)state;
    exchange_init(&exchange);
    assert_ok(answer_header(&exchange, "Set-Cookie", "secret=1"));
    assert_ok(buffer_append_text(&exchange.answer.body, "half an answer"));

    answer_error(&exchange, exchange_refuse(&exchange, SM_TOO_LARGE, "At most %d.", 5));

    assert_int_equal(exchange.answer.status, 413);
    assert_span(buffer_span(&exchange.answer.body),
        "{\"error\":\"too-large\",\"message\":\"At most 5.\"}\n");
    assert_int_equal(exchange.answer.headers_count, 1);
    assert_string_equal(exchange.answer.headers[0].name, "Secure-Mail-Outcome");
}

static void a_header_cannot_become_two(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    (void)state;
    exchange_init(&exchange);
    assert_error(answer_header(&exchange, "X", "%s", "a\r\nY: b"), SM_BAD_VALUE);
    assert_error(answer_header(&exchange, "X", "%s", "a\nb"), SM_BAD_VALUE);
    for (int i = 0; i < ANSWER_HEADERS_MAX; i++)
        assert_ok(answer_header(&exchange, "X", "%d", i));
    assert_error(answer_header(&exchange, "X", "1"), SM_TOO_LARGE);
}

/* --- status --- */

static void a_recipient_has_the_status_that_matters_most(void **state)
{
    static const struct {
        struct recipient_facts facts;
        enum status status;
    } cases[] = {
        {{STATE_LIVE, 100, 0, 0, 0}, STATUS_SENT},
        {{STATE_LIVE, 100, 0, 0, DELIVERY_ACCEPTED}, STATUS_DELIVERED},
        {{STATE_LIVE, 100, 0, 0, DELIVERY_UNDELIVERABLE}, STATUS_UNDELIVERABLE},
        {{STATE_LIVE, 100, 5, 0, DELIVERY_UNDELIVERABLE}, STATUS_OPENED},
        {{STATE_LIVE, 100, 5, 6, DELIVERY_ACCEPTED}, STATUS_REPLIED},
        {{STATE_LIVE, 50, 5, 6, DELIVERY_ACCEPTED}, STATUS_EXPIRED}, /* at the very moment */
        {{STATE_LIVE, 51, 5, 6, DELIVERY_ACCEPTED}, STATUS_REPLIED},
        {{STATE_EXPIRED, 100, 5, 6, DELIVERY_ACCEPTED}, STATUS_EXPIRED},
        {{STATE_REVOKED, 10, 5, 6, DELIVERY_ACCEPTED}, STATUS_REVOKED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(status_of_recipient(&cases[i].facts, 50), cases[i].status);
}

static void a_message_is_delivered_when_all_are_and_opened_when_one_is(void **state)
{
    static const struct {
        struct message_facts
            facts; /* state, expires, recipients, opened, replied, delivered, not */
        const char *status;
    } cases[] = {
        {{STATE_LIVE, 100, 3, 0, 0, 0, 0}, "sent"},
        {{STATE_LIVE, 100, 3, 0, 0, 2, 0}, "sent"},
        {{STATE_LIVE, 100, 3, 0, 0, 3, 0}, "delivered"},
        {{STATE_LIVE, 100, 3, 0, 0, 2, 1}, "undeliverable"},
        {{STATE_LIVE, 100, 3, 1, 0, 2, 1}, "opened"},
        {{STATE_LIVE, 100, 3, 1, 1, 3, 0}, "replied"},
        {{STATE_LIVE, 100, 0, 0, 0, 0, 0}, "sent"},
        {{STATE_LIVE, 50, 3, 1, 1, 3, 0}, "expired"},
        {{STATE_REVOKED, 10, 3, 1, 1, 3, 0}, "revoked"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(status_name(status_of_message(&cases[i].facts, 50)), cases[i].status);
}

/* --- what is closed --- */

static void what_was_closed_is_closed_and_nothing_else(void **state)
{
    struct closed_set *set DEFER(closed_set_free) = NULL;
    const struct id none = {{0}};
    (void)state;
    assert_ok(closed_set_new(&set));

    assert_false(closed_set_has(set, (struct id){{1}}));
    closed_set_add(set, none);
    for (uint32_t i = 1; i <= 5000; i++) {
        struct id id = {{0}};
        memcpy(id.bytes, &i, sizeof i); /* neighbours: slots collide */
        closed_set_add(set, id);
        closed_set_add(set, id);
    }

    for (uint32_t i = 1; i <= 6000; i++) {
        struct id id = {{0}};
        memcpy(id.bytes, &i, sizeof i);
        assert_int_equal(closed_set_has(set, id), i <= 5000);
    }
    assert_false(closed_set_has(set, none));
}

/* As migration 0141 writes them: by sha256sum of "securemail/1 closed", the kind's byte, and the
 * id. */
static void names_of_what_is_closed_are_those_of_the_migration(void **state)
{
    static const char *const names[] = {"68cd9d1a274ce1b88e45069d91e7a98c",
        "3048e42ff6784c0554cea8ea8e6e0259", "8774fe7a93e0090a92fe7744352fb619"};
    struct id id;
    struct id name;
    (void)state;
    assert_ok(id_parse(span_text("0123456789abcdef0123456789abcdef"), &id));
    assert_ok(closed_name(CLOSED_LINK, id, &name));
    assert_string_equal(id_text(name).text, names[0]);
    assert_ok(closed_name(CLOSED_MESSAGE, id, &name));
    assert_string_equal(id_text(name).text, names[1]);
    assert_ok(id_parse(span_text("fedcba9876543210fedcba9876543210"), &id));
    assert_ok(closed_name(CLOSED_FOR_EVERYONE, id, &name));
    assert_string_equal(id_text(name).text, names[2]);
}

static void each_kind_of_what_is_closed_has_its_names(void **state)
{
    const struct id none = {{0}};
    struct id names[3];
    (void)state;
    for (int kind = CLOSED_LINK; kind <= CLOSED_FOR_EVERYONE; kind++) {
        struct id again;
        struct id of_none;
        struct id *name = &names[kind - CLOSED_LINK];
        assert_ok(closed_name((enum closed_kind)kind, (struct id){{7}}, name));
        assert_ok(closed_name((enum closed_kind)kind, (struct id){{7}}, &again));
        assert_ok(closed_name((enum closed_kind)kind, none, &of_none));
        assert_true(id_equal(*name, again));
        assert_true(id_is_none(of_none));
        assert_false(id_is_none(*name));
    }
    assert_false(id_equal(names[0], names[1]));
    assert_false(id_equal(names[0], names[2]));
    assert_false(id_equal(names[1], names[2]));
}

static struct id numbered(uint32_t number)
{
    struct id id = {{0}};
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

/* More than it can hold closes everything, for as long as what has no place would be closed. */
static void a_full_set_closes_everything_and_opens_again(void **state)
{
    enum { KEEP_MS = 3000, SLOTS = 1024 };
    struct closed_set *set DEFER(closed_set_free) = NULL;
    const struct timespec while_it_is_kept = {.tv_sec = 3, .tv_nsec = 200 * 1000 * 1000};
    (void)state;
    assert_ok(closed_set_new_of(KEEP_MS, SLOTS, &set));
    for (uint32_t i = 1; i <= SLOTS / 2; i++)
        closed_set_add(set, numbered(i));
    assert_false(closed_set_has(set, numbered(SLOTS)));

    closed_set_add(set, numbered(SLOTS / 2 + 1));
    assert_true(closed_set_has(set, numbered(SLOTS)));

    (void)nanosleep(&while_it_is_kept, NULL);
    assert_false(closed_set_has(set, numbered(SLOTS)));
    closed_set_add(set, numbered(7)); /* and what is closed now has a slot again */
    assert_true(closed_set_has(set, numbered(7)));
    assert_false(closed_set_has(set, numbered(SLOTS)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_inert_wherever_it_ends_up),
        cmocka_unit_test(a_string_that_is_not_utf8_is_refused),
        cmocka_unit_test(fields_become_an_object_with_their_names),
        cmocka_unit_test(json_stays_within_its_buffer),
        cmocka_unit_test(every_error_has_a_status_and_a_sentence),
        cmocka_unit_test(an_error_forgets_what_was_prepared),
        cmocka_unit_test(a_header_cannot_become_two),
        cmocka_unit_test(a_recipient_has_the_status_that_matters_most),
        cmocka_unit_test(a_message_is_delivered_when_all_are_and_opened_when_one_is),
        cmocka_unit_test(each_kind_of_what_is_closed_has_its_names),
        cmocka_unit_test(names_of_what_is_closed_are_those_of_the_migration),
        cmocka_unit_test(what_was_closed_is_closed_and_nothing_else),
        cmocka_unit_test(a_full_set_closes_everything_and_opens_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
