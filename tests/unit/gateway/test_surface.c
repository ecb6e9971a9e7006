/* What everybody gets over HTTP: headers, refusals, pages, keys. */
#include "tests/support/pages.h"
#include "tests/support/surface.h"

#include "services/gateway/pages.h"
#include "services/gateway/routes.h"

#include <stdio.h>

/* --- what everybody gets --- */

static void every_answer_has_the_security_headers(void **state)
{
    static const char *const lines[] = {"GET /livez", "GET /m", "GET /nothing", "POST /m",
        "GET /api/v1/messages", "GET /api/v1/keys", "GET /api/v1/limits"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;

        assert_ok(web_ask(*state, lines[i], "", NULL, &answer));

        assert_span(web_header(&answer, "Content-Security-Policy"),
            "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'");
        assert_span(web_header(&answer, "X-Content-Type-Options"), "nosniff");
        assert_span(web_header(&answer, "Referrer-Policy"), "no-referrer");
        assert_span(web_header(&answer, "Cache-Control"), "no-store");
        assert_span(web_header(&answer, "Cross-Origin-Opener-Policy"), "same-origin");
        assert_span(web_header(&answer, "Cross-Origin-Resource-Policy"), "same-origin");
        assert_span(web_header(&answer, "Permissions-Policy"),
            "accelerometer=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()");
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
    };
    return cmocka_run_group_tests(tests, start_web, stop_web);
}
