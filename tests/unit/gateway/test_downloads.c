/* Parts on their way out: whole or a range, with the capability of the message, and no longer when
 * revoked. */
#include "tests/support/surface.h"

#include <stdio.h>
#include <unistd.h>

/* --- downloads --- */

static void a_download_gives_the_whole_or_a_range(void **state)
{
    struct id message = message_of(20);
    struct buffer bytes DEFER(buffer_free) = pattern(700 * 1000);
    struct web_lines line;
    struct web_answer whole DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer part DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer beyond DEFER(web_answer_free) = WEB_ANSWER;
    store_part(*state, message, "MQ==", bytes.size);
    (void)snprintf(
        line.text, sizeof line.text, "GET /api/v1/messages/%s/parts/1", id_text(message).text);

    assert_ok(
        web_ask(*state, line.text, web_lines(CAPABILITY_DOWNLOAD, message, "").text, NULL, &whole));
    assert_ok(web_ask(*state, line.text,
        web_lines(CAPABILITY_DOWNLOAD, message, "Range: bytes=1000-1999\r\n").text, NULL, &part));
    assert_ok(web_ask(*state, line.text,
        web_lines(CAPABILITY_DOWNLOAD, message, "Range: bytes=700000-\r\n").text, NULL, &beyond));

    assert_int_equal(whole.status, 200);
    assert_true(span_equal(buffer_span(&whole.body), buffer_span(&bytes)));
    assert_span(web_header(&whole, "Content-Disposition"), "attachment");
    assert_int_equal(part.status, 206);
    assert_true(span_equal(buffer_span(&part.body), span_of(bytes.bytes + 1000, 1000)));
    assert_span(web_header(&part, "Content-Range"), "bytes 1000-1999/700000");
    assert_int_equal(beyond.status, 416);
}

static void a_download_needs_the_capability_of_its_message(void **state)
{
    struct id message = message_of(21);
    struct web_lines line;
    store_part(*state, message, "MQ==", 1000);
    (void)snprintf(
        line.text, sizeof line.text, "GET /api/v1/messages/%s/parts/1", id_text(message).text);

    assert_int_equal(status_of(*state, line.text, ""), 401);
    assert_int_equal(
        status_of(*state, line.text, web_lines(CAPABILITY_DOWNLOAD, message_of(22), "").text), 403);
    assert_int_equal(
        status_of(*state, line.text, web_lines(CAPABILITY_UPLOAD, message, "").text), 403);
}

/* The answer to a revoke closes the link: at once, also for a download that is under way. */
static void revoking_stops_a_download_under_way(void **state)
{
    struct web *web = *state;
    struct id message = message_of(23);
    struct buffer request DEFER(buffer_free) = BUFFER(10000);
    struct buffer frame DEFER(buffer_free) = sealed_frame((struct id){{0}}, 0);
    struct web_answer revoked DEFER(web_answer_free) = WEB_ANSWER;
    uint8_t block[1000];
    size_t total = 0;
    store_part(web, message, "MQ==", 20 * 1000 * 1000);
    assert_ok(buffer_format(&request,
        "GET /api/v1/messages/%s/parts/1 HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
        id_text(message).text, web_lines(CAPABILITY_DOWNLOAD, message, "").text));
    int connection = web_connect(web);
    assert_int_equal(write(connection, request.bytes, request.size), request.size);
    assert_true(read(connection, block, sizeof block) > 0);

    web->carry = (struct carry_reply){.closed_message = message, .sealed = span_text("revoked")};
    assert_int_equal(sealed(web, "revoke", buffer_span(&frame), "", &revoked), 200);

    for (ssize_t got; (got = read(connection, block, sizeof block)) > 0;)
        total += (size_t)got;
    (void)close(connection);
    assert_true(total < 20 * 1000 * 1000);
    web->carry = (struct carry_reply){0};
}

/* Asks for part 1 as a recipient (role 0) or as a user. */
static unsigned download_as(const struct web *web, struct id message, uint8_t role)
{
    struct web_lines line;
    struct web_lines header;
    struct capability wanted = {.kind = CAPABILITY_DOWNLOAD,
        .organisation = web_organisation,
        .subject = web_sender,
        .message = message,
        .role = role,
        .token = {{0x70}}};
    (void)snprintf(
        line.text, sizeof line.text, "GET /api/v1/messages/%s/parts/1", id_text(message).text);
    (void)snprintf(header.text, sizeof header.text, "Secure-Mail-Capability: %s\r\n",
        web_capability(&wanted).text);
    return status_of(web, line.text, header.text);
}

static void a_sender_reads_what_he_revoked_until_it_is_deleted(void **state)
{
    struct web *web = *state;
    struct id message = message_of(24);
    struct buffer frame DEFER(buffer_free) = sealed_frame((struct id){{0}}, 0);
    struct web_answer revoked DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer deleted DEFER(web_answer_free) = WEB_ANSWER;
    int purged = atomic_load(&web->purged);
    store_part(web, message, "MQ==", 1000);
    assert_int_equal(download_as(web, message, 0), 200);

    web->carry = (struct carry_reply){.closed_message = message, .sealed = span_text("revoked")};
    assert_int_equal(sealed(web, "revoke", buffer_span(&frame), "", &revoked), 200);
    assert_int_equal(download_as(web, message, 0), 410);
    assert_int_equal(download_as(web, message, ROLE_SENDER), 200);

    web->carry.purge = message;
    assert_int_equal(sealed(web, "delete", buffer_span(&frame), "", &deleted), 200);
    assert_int_equal(download_as(web, message, ROLE_SENDER), 410);
    assert_int_equal(atomic_load(&web->purged), purged + 1);
    web->carry = (struct carry_reply){0};
}

/* Senders choose the ids of their messages. */
static void a_revoked_message_with_a_links_id_closes_no_link(void **state)
{
    struct web *web = *state;
    struct id message = message_of(25);
    struct id link = web_sender; /* of whom download_as asks for */
    struct buffer frame DEFER(buffer_free) = sealed_frame((struct id){{0}}, 0);
    struct web_answer first DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer second DEFER(web_answer_free) = WEB_ANSWER;
    store_part(web, message, "MQ==", 1000);

    web->carry = (struct carry_reply){.closed_message = link, .sealed = span_text("revoked")};
    assert_int_equal(sealed(web, "revoke", buffer_span(&frame), "", &first), 200);
    assert_int_equal(download_as(web, message, 0), 200);

    web->carry = (struct carry_reply){.closed_link = link, .sealed = span_text("revoked")};
    assert_int_equal(sealed(web, "revoke", buffer_span(&frame), "", &second), 200);
    assert_int_equal(download_as(web, message, 0), 410);
    web->carry = (struct carry_reply){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_gives_the_whole_or_a_range),
        cmocka_unit_test(a_download_needs_the_capability_of_its_message),
        cmocka_unit_test(revoking_stops_a_download_under_way),
        cmocka_unit_test(a_sender_reads_what_he_revoked_until_it_is_deleted),
        cmocka_unit_test(a_revoked_message_with_a_links_id_closes_no_link), /* for good: the last */
    };
    return cmocka_run_group_tests(tests, start_web, stop_web);
}
