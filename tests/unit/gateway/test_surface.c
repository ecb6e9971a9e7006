/* The HTTP surface on real sockets, real PostgreSQL and a real object store; peers are stand-ins.
 */
#include "tests/support/check.h"
#include "tests/support/pages.h"
#include "tests/support/web_upload.h"

#include "base/encode.h"
#include "base/memory.h"
#include "proto/limits.h"
#include "proto/sealed.h"
#include "services/gateway/pages.h"
#include "services/gateway/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each test has its own message. */
static struct id message_of(uint8_t number)
{
    return (struct id){{0xee, number}};
}

static int start(void **state)
{
    struct web *web = calloc(1, sizeof *web);
    *state = web;
    return web_start(web) == SM_OK ? 0 : -1;
}

static int stop(void **state)
{
    web_stop(*state);
    free(*state);
    return 0;
}

static unsigned status_of(const struct web *web, const char *line, const char *headers)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    assert_ok(web_ask(web, line, headers, NULL, &answer));
    return answer.status;
}

/* --- what everybody gets --- */

static void every_answer_has_the_security_headers(void **state)
{
    static const char *const lines[] = {"GET /livez", "GET /m", "GET /nothing", "POST /m",
        "GET /api/v1/messages", "GET /api/v1/keys", "GET /api/v1/limits"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;

        assert_ok(web_ask(*state, lines[i], "", NULL, &answer));

        assert_true(web_header(&answer, "Content-Security-Policy").size > 20);
        assert_span(web_header(&answer, "X-Content-Type-Options"), "nosniff");
        assert_span(web_header(&answer, "Referrer-Policy"), "no-referrer");
        assert_span(web_header(&answer, "Cache-Control"), "no-store");
        assert_span(web_header(&answer, "Cross-Origin-Opener-Policy"), "same-origin");
    }
}

static void unknown_paths_and_methods_are_refused(void **state)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    assert_int_equal(status_of(*state, "GET /api/v1/nothing", ""), 404);
    assert_int_equal(status_of(*state, "GET /m/", ""), 404);

    assert_ok(web_ask(*state, "DELETE /m", "", NULL, &answer));

    assert_int_equal(answer.status, 405);
    assert_span(web_header(&answer, "Allow"), "GET");
}

static void a_body_of_unclear_length_is_refused(void **state)
{
    static const char both[] = "POST /api/v1/sealed/hello HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    static const char twice[] = "POST /api/v1/sealed/hello HTTP/1.1\r\nHost: localhost\r\n"
                                "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!";
    const struct span raws[] = {span_text(both), span_text(twice)};
    for (size_t i = 0; i < 2; i++) {
        struct buffer answer DEFER(buffer_free) = BUFFER(100000);

        assert_ok(web_raw(*state, raws[i], &answer));

        assert_true(answer.size > 12);
        assert_memory_equal(answer.bytes, "HTTP/1.1 400", 12);
    }
}

static void a_gateway_that_is_not_enabled_says_so(void **state)
{
    struct web *web = *state;
    web->gateway.is_enabled = false;

    unsigned page = status_of(web, "GET /m", "");
    unsigned health = status_of(web, "GET /livez", "");

    web->gateway.is_enabled = true;
    assert_int_equal(page, 503);
    assert_int_equal(health, 200);
}

static void a_head_answers_without_a_body(void **state)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;

    assert_ok(web_ask(*state, "HEAD /m", "", NULL, &answer));

    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, 0);
}

/* --- pages --- */

static const struct pages_row page_rows[] = {
    {.path = "/m",
        .file = "m.html",
        .type = "text/html; charset=utf-8",
        .policy = "default-src 'none'; script-src 'self'",
        .has_br = true,
        .has_gzip = true,
        .content = "<p>page"},
    {.path = "/assets/m-1.js",
        .file = "assets/m-1.js",
        .type = "text/javascript",
        .policy = "",
        .is_immutable = true,
        .has_br = true,
        .has_gzip = true,
        .content = "script"},
};

static enum sm_error install_pages(struct web *web)
{
    struct pages_folder folder DEFER(pages_folder_remove) = {{0}};
    TRY(pages_folder_make(page_rows, 2, &folder));
    return pages_load(folder.path, &web->gateway.pages);
}

static void a_page_has_its_own_policy_and_is_never_stored(void **state)
{
    struct web *web = *state;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    assert_ok(install_pages(web));

    enum sm_error error = web_ask(web, "GET /m", "Accept-Encoding: gzip, br\r\n", NULL, &answer);

    pages_free(&web->gateway.pages);
    assert_ok(error);
    assert_int_equal(answer.status, 200);
    assert_span(buffer_span(&answer.body), "br:<p>page");
    assert_span(web_header(&answer, "Content-Encoding"), "br");
    assert_span(web_header(&answer, "Vary"), "Accept-Encoding");
    assert_span(web_header(&answer, "Content-Type"), "text/html; charset=utf-8");
    assert_span(web_header(&answer, "Content-Security-Policy"), page_rows[0].policy);
    assert_span(web_header(&answer, "Cache-Control"), "no-store");
    assert_span(web_header(&answer, "X-Content-Type-Options"), "nosniff");
    assert_int_equal(web_header(&answer, "ETag").size, 0);
}

static void a_hashed_file_may_be_kept_for_ever(void **state)
{
    struct web *web = *state;
    struct web_answer first DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer again DEFER(web_answer_free) = WEB_ANSWER;
    struct web_answer head DEFER(web_answer_free) = WEB_ANSWER;
    char known[200];
    assert_ok(install_pages(web));

    enum sm_error error = web_ask(web, "GET /assets/m-1.js", "", NULL, &first);
    struct span tag = web_header(&first, "ETag");
    (void)snprintf(known, sizeof known, "If-None-Match: %.*s\r\n", SPAN_PRINT(tag));
    if (error == SM_OK)
        error = web_ask(web, "GET /assets/m-1.js", known, NULL, &again);
    if (error == SM_OK)
        error = web_ask(web, "HEAD /assets/m-1.js", "", NULL, &head);
    unsigned unknown = status_of(web, "GET /assets/m-2.js", "");

    pages_free(&web->gateway.pages);
    assert_ok(error);
    assert_int_equal(first.status, 200);
    assert_span(buffer_span(&first.body), "script");
    assert_span(web_header(&first, "Cache-Control"), "public, max-age=31536000, immutable");
    assert_true(web_header(&first, "Content-Security-Policy").size > 20);
    assert_int_equal(web_header(&first, "Content-Encoding").size, 0);
    assert_true(tag.size > 20);
    assert_int_equal(again.status, 304);
    assert_int_equal(again.body.size, 0);
    assert_true(span_equal(web_header(&again, "ETag"), tag));
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body.size, 0);
    assert_int_equal(unknown, 404);
}

static void without_pages_a_plain_one_says_what_this_is(void **state)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;

    assert_ok(web_ask(*state, "GET /", "Accept-Encoding: br\r\n", NULL, &answer));

    assert_int_equal(answer.status, 200);
    assert_true(answer.body.size > 500);
    assert_int_equal(web_header(&answer, "Content-Encoding").size, 0);
    assert_int_equal(status_of(*state, "GET /assets/m-1.js", ""), 404);
    assert_int_equal(status_of(*state, "GET /assets/", ""), 404);
    assert_int_equal(status_of(*state, "GET /assets/a/b", ""), 404);
}

static void one_connection_serves_several_requests(void **state)
{
    static const char two[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "GET /m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct buffer answers DEFER(buffer_free) = BUFFER(100000);
    const char *text = NULL;

    assert_ok(web_raw(*state, span_text(two), &answers));

    assert_ok(buffer_text(&answers, &text));
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++)
        count++;
    assert_int_equal(count, 3);
}

static void keys_come_from_crypto(void **state)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    const char *text = NULL;

    assert_ok(web_ask(*state, "GET /api/v1/keys", "", NULL, &answer));

    assert_int_equal(answer.status, 200);
    assert_ok(buffer_text(&answer.body, &text));
    assert_non_null(strstr(text, "\"identity_public\":\""));
    assert_non_null(strstr(text, "\"time_token\":\""));
}

/* --- uploads --- */

static struct buffer pattern(size_t size)
{
    struct buffer bytes = BUFFER(size);
    uint8_t *at = NULL;
    assert_ok(buffer_extend(&bytes, size, &at));
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(i * 31 + i / 251);
    return bytes;
}

static void store_part(const struct web *web, struct id message, const char *part, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = pattern(size);
    struct web_lines path = web_upload_create(web, message, part, size);
    assert_int_equal(web_upload_patch(web, message, path, 0, buffer_span(&bytes)), 204);
}

static int64_t count_of(const struct web *web, const char *sql)
{
    int64_t number = -1;
    assert_ok(database_number(web->database, sql, &number));
    return number;
}

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
    (void)usleep(200 * 1000);
    (void)close(connection);

    size_t offset = SIZE_MAX;
    for (int i = 0; i < 50 && offset != 400000; i++) {
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

static struct buffer sealed_frame(struct id message, uint64_t parts)
{
    struct buffer frame = BUFFER(4096);
    struct buffer clear DEFER(buffer_free) = BUFFER(1024);
    uint8_t *room = NULL;
    struct sealed_aad facts = {message, parts};
    assert_ok(fields_encode(&sealed_aad, &facts, &clear));
    assert_ok(buffer_append_u8(&frame, 1));
    assert_ok(buffer_extend(&frame, 8, &room));
    memset(room, 1, 8);
    assert_ok(buffer_append_be(&frame, clear.size, 2));
    assert_ok(buffer_append(&frame, buffer_span(&clear)));
    assert_ok(buffer_extend(&frame, 65 + 16 + 20, &room));
    memset(room, 4, 65 + 16 + 20);
    return frame;
}

static unsigned sealed(struct web *web, const char *operation, struct span frame,
    const char *headers, struct web_answer *answer)
{
    struct web_lines line;
    struct web_lines more;
    (void)snprintf(line.text, sizeof line.text, "POST /api/v1/sealed/%s", operation);
    (void)snprintf(
        more.text, sizeof more.text, "Content-Type: application/octet-stream\r\n%.200s", headers);
    assert_ok(web_ask(web, line.text, more.text, &frame, answer));
    return answer->status;
}

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

    web->carry = (struct carry_reply){.closed = message, .sealed = span_text("revoked")};
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

    web->carry = (struct carry_reply){.closed = message, .sealed = span_text("revoked")};
    assert_int_equal(sealed(web, "revoke", buffer_span(&frame), "", &revoked), 200);
    assert_int_equal(download_as(web, message, 0), 410);
    assert_int_equal(download_as(web, message, ROLE_SENDER), 200);

    web->carry.purge = message;
    assert_int_equal(sealed(web, "delete", buffer_span(&frame), "", &deleted), 200);
    assert_int_equal(download_as(web, message, ROLE_SENDER), 410);
    assert_int_equal(atomic_load(&web->purged), purged + 1);
    web->carry = (struct carry_reply){0};
}

/* --- the list --- */

static struct web_lines with_cookie(const char *more)
{
    struct web_lines lines;
    struct capability wanted = {.kind = CAPABILITY_SESSION,
        .organisation = web_organisation,
        .subject = web_sender,
        .role = ROLE_SENDER,
        .token = {{0x5e, 0x55}}};
    (void)snprintf(lines.text, sizeof lines.text, "Cookie: a=b; securemail-session=%s\r\n%s",
        web_capability(&wanted).text, more);
    return lines;
}

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

static void an_ended_session_is_refused(void **state)
{
    struct web *web = *state;
    feed(web, (struct feed_item){.kind = FEED_SESSION, .user = {{0x5e, 0x55}}});

    assert_true(shows(web, "GET /api/v1/messages", "not-signed-in"));

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
        cmocka_unit_test(every_answer_has_the_security_headers),
        cmocka_unit_test(unknown_paths_and_methods_are_refused),
        cmocka_unit_test(a_body_of_unclear_length_is_refused),
        cmocka_unit_test(a_gateway_that_is_not_enabled_says_so),
        cmocka_unit_test(a_head_answers_without_a_body),
        cmocka_unit_test(a_page_has_its_own_policy_and_is_never_stored),
        cmocka_unit_test(a_hashed_file_may_be_kept_for_ever),
        cmocka_unit_test(without_pages_a_plain_one_says_what_this_is),
        cmocka_unit_test(one_connection_serves_several_requests),
        cmocka_unit_test(keys_come_from_crypto),
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
        cmocka_unit_test(a_download_gives_the_whole_or_a_range),
        cmocka_unit_test(a_download_needs_the_capability_of_its_message),
        cmocka_unit_test(revoking_stops_a_download_under_way),
        cmocka_unit_test(a_sender_reads_what_he_revoked_until_it_is_deleted),
        cmocka_unit_test(a_list_needs_cookie_and_our_own_page),
        cmocka_unit_test(the_list_shows_what_the_feeds_say),
        cmocka_unit_test(an_ended_session_is_refused),
        cmocka_unit_test(an_export_streams_page_by_page),
        cmocka_unit_test(the_state_of_the_system_is_for_who_may_read_the_log),
        cmocka_unit_test(the_sweep_deletes_drafts_that_crypto_does_not_know),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
