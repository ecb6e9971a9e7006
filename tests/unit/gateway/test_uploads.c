/* Parts on their way in, until they are sent: resumable, bounded, and not to be changed after. */
#include "tests/support/surface.h"

#include "base/encode.h"
#include "proto/limits.h"
#include "services/gateway/routes.h"

#include <stdio.h>
#include <unistd.h>

/* --- uploads --- */

static void an_upload_becomes_a_durable_part(void **state)
{
    struct id message = message_of(1);
    struct buffer bytes DEFER(buffer_free) = pattern(1000 * 1000);

    struct web_lines path = web_upload_create(*state, message, "MQ==", bytes.size);
    unsigned status = web_upload_patch(*state, message, path, 0, buffer_span(&bytes));

    assert_int_equal(status, 204);
    assert_int_equal(web_upload_offset(*state, message, path, NULL), bytes.size);
    assert_int_equal(count_of(*state, "SELECT size FROM mail.object WHERE message = '\\xee01"
                                      "0000000000000000000000000000' AND part = 1"),
        1000 * 1000);
}

static void an_upload_goes_on_where_it_stopped(void **state)
{
    struct id message = message_of(2);
    struct buffer bytes DEFER(buffer_free) = pattern(600 * 1000);
    struct web_lines path = web_upload_create(*state, message, "MA==", bytes.size);

    assert_int_equal(web_upload_patch(*state, message, path, 0, span_of(bytes.bytes, 300001)), 204);
    assert_int_equal(web_upload_offset(*state, message, path, NULL), 300001);
    assert_int_equal(web_upload_patch(*state, message, path, 5, span_of(bytes.bytes, 10)), 409);
    assert_ok(web_restart(*state));
    assert_int_equal(web_upload_offset(*state, message, path, NULL), 300001);
    assert_int_equal(web_upload_patch(*state, message, path, 300001,
                         span_of(bytes.bytes + 300001, bytes.size - 300001)),
        204);

    assert_int_equal(web_upload_offset(*state, message, path, NULL), bytes.size);
}

static void a_broken_connection_keeps_what_arrived(void **state)
{
    struct web *web = *state;
    struct id message = message_of(3);
    struct buffer bytes DEFER(buffer_free) = pattern(500 * 1000);
    struct web_lines path = web_upload_create(web, message, "MQ==", bytes.size);
    struct web_lines head = web_upload_patch_head(message, path, bytes.size);
    int connection = web_connect(web);
    assert_int_equal(write(connection, head.text, strlen(head.text)), strlen(head.text));
    assert_int_equal(write(connection, bytes.bytes, 400000), 400000);
    web_await_arrival(connection);
    (void)close(connection);

    size_t offset = SIZE_MAX;
    for (int i = 0; i < 1000 && offset != 400000; i++) {
        (void)usleep(20 * 1000);
        offset = web_upload_offset(web, message, path, NULL);
    }
    assert_int_equal(offset, 400000);
}

static void only_one_connection_writes_an_upload(void **state)
{
    struct web *web = *state;
    struct id message = message_of(4);
    struct buffer bytes DEFER(buffer_free) = pattern(100 * 1000);
    struct web_lines path = web_upload_create(web, message, "MQ==", bytes.size);
    struct store_upload *held DEFER(store_upload_close) = NULL;
    const struct store_upload_name name = web_upload_name(path);
    assert_ok(store_upload_open(web->gateway.store, &name, &held));

    assert_int_equal(web_upload_patch(web, message, path, 0, buffer_span(&bytes)), 423);
    store_upload_close(&held);

    assert_int_equal(web_upload_patch(web, message, path, 0, buffer_span(&bytes)), 204);
}

static void one_byte_over_fifty_megabytes_is_refused_with_the_limit_in_words(void **state)
{
    struct web_lines more;
    const char *text = NULL;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    (void)snprintf(more.text, sizeof more.text,
        "Tus-Resumable: 1.0.0\r\nUpload-Length: %llu\r\nUpload-Metadata: part MQ==\r\n",
        (unsigned long long)part_bytes_max(1) + 1);

    assert_ok(web_ask(*state, "POST /api/v1/uploads",
        web_lines(CAPABILITY_UPLOAD, message_of(5), more.text).text, NULL, &answer));

    assert_int_equal(answer.status, 413);
    assert_ok(buffer_text(&answer.body, &text));
    assert_non_null(strstr(text, "50 MB"));
}

static void a_body_over_the_limit_is_refused_before_it_is_sent(void **state)
{
    struct buffer head DEFER(buffer_free) = BUFFER(10000);
    struct buffer answer DEFER(buffer_free) = BUFFER(10000);
    assert_ok(buffer_format(&head,
        "PATCH /api/v1/uploads/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %llu\r\n%s\r\n",
        id_text(message_of(5)).text, (unsigned long long)part_bytes_max(1) + 1,
        web_lines(CAPABILITY_UPLOAD, message_of(5), "").text));

    assert_ok(web_raw(*state, buffer_span(&head), &answer)); /* not one byte of the body */

    assert_memory_equal(answer.bytes, "HTTP/1.1 413", 12);
}

static void an_upload_needs_the_capability_of_its_message(void **state)
{
    struct id message = message_of(6);
    struct buffer bytes DEFER(buffer_free) = pattern(1000);
    struct web_lines path = web_upload_create(*state, message, "MQ==", bytes.size);

    assert_int_equal(web_upload_patch(*state, message_of(7), path, 0, buffer_span(&bytes)), 404);
    assert_int_equal(web_upload_offset(*state, message, path, NULL), 0);
    assert_int_equal(status_of(*state, "POST /api/v1/uploads", "Tus-Resumable: 1.0.0\r\n"), 401);
    assert_int_equal(
        status_of(*state, "POST /api/v1/uploads", web_lines(CAPABILITY_DOWNLOAD, message, "").text),
        403);
    assert_int_equal(
        status_of(*state, "POST /api/v1/uploads", "Secure-Mail-Capability: v1.forged.forged\r\n"),
        401);
}

static void a_stored_part_can_be_taken_back_until_it_is_sent(void **state)
{
    struct id message = message_of(8);
    struct buffer bytes DEFER(buffer_free) = pattern(1000);
    struct web_lines path = web_upload_create(*state, message, "MQ==", bytes.size);
    struct web_lines line;
    assert_int_equal(web_upload_patch(*state, message, path, 0, buffer_span(&bytes)), 204);
    (void)snprintf(line.text, sizeof line.text, "DELETE %.100s", path.text);
    struct web_lines lines = web_lines(CAPABILITY_UPLOAD, message, "Tus-Resumable: 1.0.0\r\n");

    assert_int_equal(status_of(*state, line.text, lines.text), 204);

    assert_int_equal(status_of(*state, line.text, lines.text), 404);
    store_part(*state, message, "MQ==", 2000);
}

/* --- sealed --- */

static void a_sealed_reply_comes_back_with_its_outcome(void **state)
{
    struct web *web = *state;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    struct buffer frame DEFER(buffer_free) = sealed_frame((struct id){{0}}, 0);
    web->carry = (struct carry_reply){.outcome = SM_LOCKED,
        .retry_after_s = 900,
        .cookie = span_text("v1.cookie.value"),
        .sealed = span_text("sealed bytes")};

    unsigned status = sealed(web, "verify", buffer_span(&frame), "", &answer);

    assert_int_equal(status, 423);
    assert_span(buffer_span(&answer.body), "sealed bytes");
    assert_span(web_header(&answer, "Secure-Mail-Outcome"), "locked");
    assert_span(web_header(&answer, "Retry-After"), "900");
    assert_span(web_header(&answer, "Set-Cookie"),
        "securemail-session=v1.cookie.value; Path=/; HttpOnly; SameSite=Strict; Max-Age=900");
    assert_string_equal(web->operation, "verify");
}

/* By the bus or by a proxy: who asked once is told that there is no answer, and asks anew. */
static void a_request_that_was_repeated_on_its_way_has_no_answer(void **state)
{
    struct web *web = *state;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    struct buffer frame DEFER(buffer_free) = sealed_frame((struct id){{0}}, 0);
    web->carry = (struct carry_reply){.outcome = SM_REPLAYED, .sealed = span_text("replayed")};

    unsigned status = sealed(web, "open", buffer_span(&frame), "", &answer);

    assert_int_equal(status, 503);
    assert_span(web_header(&answer, "Secure-Mail-Outcome"), "unavailable");
}

static void a_send_is_carried_only_when_all_parts_are_durable(void **state)
{
    struct web *web = *state;
    struct id message = message_of(10);
    struct buffer frame DEFER(buffer_free) = sealed_frame(message, 2);
    struct web_answer first DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer second DEFER(web_answer_free) = WEB_ANSWER;
    web->carry = (struct carry_reply){.sealed = span_text("sent")};
    store_part(web, message, "MA==", 1000);
    int carried = atomic_load(&web->carried);

    assert_int_equal(sealed(web, "send", buffer_span(&frame), "", &first), 409);
    assert_int_equal(atomic_load(&web->carried), carried);
    store_part(web, message, "MQ==", 1000);

    assert_int_equal(sealed(web, "send", buffer_span(&frame), "", &second), 200);
    assert_int_equal(atomic_load(&web->carried), carried + 1);
}

static void a_part_cannot_change_after_a_send_was_carried(void **state)
{
    struct web *web = *state;
    struct id message = message_of(11);
    struct buffer frame DEFER(buffer_free) = sealed_frame(message, 1);
    struct web_answer sent DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer again DEFER(web_answer_free) = WEB_ANSWER;
    web->carry = (struct carry_reply){.outcome = SM_UNAVAILABLE, .sealed = span_text("?")};
    store_part(web, message, "MA==", 1000);

    assert_int_equal(sealed(web, "send", buffer_span(&frame), "", &sent), 503);

    assert_ok(web_ask(web, "POST /api/v1/uploads",
        web_lines(CAPABILITY_UPLOAD, message,
            "Tus-Resumable: 1.0.0\r\nUpload-Length: 1000\r\nUpload-Metadata: part MQ==\r\n")
            .text,
        NULL, &again));
    assert_int_equal(again.status, 409);
}

static void a_sealed_request_needs_its_type_and_a_readable_head(void **state)
{
    struct web *web = *state;
    struct span junk = span_text("junk");
    struct web_answer plain DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer broken DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer unknown DEFER(web_answer_free) = WEB_ANSWER;
    int carried = atomic_load(&web->carried);

    assert_ok(
        web_ask(web, "POST /api/v1/sealed/hello", "Content-Type: text/plain\r\n", &junk, &plain));
    assert_int_equal(plain.status, 400);
    assert_int_equal(sealed(web, "hello", junk, "", &broken), 400);
    assert_int_equal(sealed(web, "nonsense", junk, "", &unknown), 404);
    assert_int_equal(atomic_load(&web->carried), carried);
}

/* --- drafts that were never sent --- */

static void the_sweep_deletes_drafts_that_crypto_does_not_know(void **state)
{
    struct web *web = *state;
    struct id message = message_of(40);
    uint64_t size = 0;
    struct store_name name = {message, 1};
    store_part(web, message, "MQ==", 1000);
    assert_ok(store_object_stat(web->gateway.store, &name, &size));
    assert_ok(
        database_run(web->database, "UPDATE mail.draft SET expires_ms = 1 WHERE message = '\\xee28"
                                    "0000000000000000000000000000'"));

    assert_ok(web_restart(web)); /* the first round of a projector sweeps */

    enum sm_error error = SM_OK;
    for (int i = 0; i < 100 && error == SM_OK; i++) {
        (void)usleep(50 * 1000);
        error = store_object_stat(web->gateway.store, &name, &size);
    }
    assert_error(error, SM_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_becomes_a_durable_part),
        cmocka_unit_test(an_upload_goes_on_where_it_stopped),
        cmocka_unit_test(a_broken_connection_keeps_what_arrived),
        cmocka_unit_test(only_one_connection_writes_an_upload),
        cmocka_unit_test(one_byte_over_fifty_megabytes_is_refused_with_the_limit_in_words),
        cmocka_unit_test(a_body_over_the_limit_is_refused_before_it_is_sent),
        cmocka_unit_test(an_upload_needs_the_capability_of_its_message),
        cmocka_unit_test(a_stored_part_can_be_taken_back_until_it_is_sent),
        cmocka_unit_test(a_sealed_reply_comes_back_with_its_outcome),
        cmocka_unit_test(a_request_that_was_repeated_on_its_way_has_no_answer),
        cmocka_unit_test(a_send_is_carried_only_when_all_parts_are_durable),
        cmocka_unit_test(a_part_cannot_change_after_a_send_was_carried),
        cmocka_unit_test(a_sealed_request_needs_its_type_and_a_readable_head),
        cmocka_unit_test(the_sweep_deletes_drafts_that_crypto_does_not_know),
    };
    return cmocka_run_group_tests(tests, start_web, stop_web);
}
