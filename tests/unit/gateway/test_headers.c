/* Headers as a hostile client writes them: Range, tus, numbers, cookies, the head as a whole. */
#include "services/gateway/access.h"
#include "services/gateway/range.h"
#include "services/gateway/request.h"
#include "services/gateway/tus_headers.h"

#include "base/memory.h"
#include "proto/limits.h"
#include "tests/support/check.h"

/* --- Range --- */

struct range_case {
    const char *header;
    uint64_t whole;
    enum sm_error error;
    bool is_part;
    uint64_t from, size;
};

static void a_range_is_served_ignored_or_not_satisfiable(void **state)
{
    static const struct range_case cases[] = {
        {"", 100, SM_OK, false, 0, 0},
        {"bytes=0-0", 100, SM_OK, true, 0, 1},
        {"bytes=0-99", 100, SM_OK, true, 0, 100},
        {"bytes=0-1000", 100, SM_OK, true, 0, 100},
        {"bytes=99-", 100, SM_OK, true, 99, 1},
        {"bytes=100-", 100, SM_BAD_VALUE, false, 0, 0},
        {"bytes=100-200", 100, SM_BAD_VALUE, false, 0, 0},
        {"bytes=-1", 100, SM_OK, true, 99, 1},
        {"bytes=-1000", 100, SM_OK, true, 0, 100},
        {"bytes=-0", 100, SM_BAD_VALUE, false, 0, 0},
        {"bytes=0-", 0, SM_BAD_VALUE, false, 0, 0},
        /* not understood: the whole, as the standard asks */
        {"bytes=2-1", 100, SM_OK, false, 0, 0},
        {"bytes=0-0,5-6", 100, SM_OK, false, 0, 0},
        {"bytes=", 100, SM_OK, false, 0, 0},
        {"bytes=-", 100, SM_OK, false, 0, 0},
        {"bytes=--1", 100, SM_OK, false, 0, 0},
        {"bytes=+1-2", 100, SM_OK, false, 0, 0},
        {"bytes= 1-2", 100, SM_OK, false, 0, 0},
        {"bytes=1-2 ", 100, SM_OK, false, 0, 0},
        {"items=1-2", 100, SM_OK, false, 0, 0},
        {"bytes=18446744073709551616-", 100, SM_OK, false, 0, 0},
        {"bytes=999999999999999999-", 100, SM_BAD_VALUE, false, 0, 0},
        {"bytes=0-18446744073709551616", 100, SM_OK, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct range_case *each = &cases[i];
        struct range range = {0};
        bool is_part = true;
        assert_error(
            range_read(span_text(each->header), each->whole, &is_part, &range), each->error);
        assert_int_equal(is_part, each->is_part);
        assert_int_equal(range.from, each->from);
        assert_int_equal(range.size, each->size);
    }
}

/* --- numbers and tus --- */

static void a_number_is_digits_and_nothing_else(void **state)
{
    static const char *const wrong[] = {
        "", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "1234567890123456789"};
    uint64_t number = 7;
    (void)state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(request_number(span_text(wrong[i]), &number), SM_BAD_FORMAT);

    assert_int_equal(number, 7);
    assert_ok(request_number(span_text("999999999999999999"), &number));
    assert_int_equal(number, 999999999999999999);
}

static void metadata_holds_the_part_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        enum sm_error error;
        uint64_t part;
    } cases[] = {
        {"part MA==", SM_OK, 0},
        {"part MQ==", SM_OK, 1},
        {"part MTAw", SM_OK, 100},
        {"part MTAx", SM_BAD_VALUE, 0},   /* 101 */
        {"part MDE=", SM_BAD_FORMAT, 0},  /* 01 */
        {"part MQ", SM_BAD_FORMAT, 0},    /* no padding */
        {"part MR==", SM_BAD_FORMAT, 0},  /* stray bits */
        {"part LTE=", SM_BAD_FORMAT, 0},  /* -1 */
        {"part  MQ==", SM_BAD_FORMAT, 0}, /* two blanks */
        {"part", SM_NOT_ALLOWED, 0},
        {"", SM_BAD_FORMAT, 0},
        {"filename c2NhbiBvZiBKYW5zZW4ucGRm", SM_NOT_ALLOWED, 0},
        {"part MQ==,filename c2Nhbi5wZGY=", SM_NOT_ALLOWED, 0},
        {"Part MQ==", SM_NOT_ALLOWED, 0},
        {"part MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", SM_TOO_LARGE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t part = 0;
        assert_error(tus_part(span_text(cases[i].text), &part), cases[i].error);
        assert_int_equal(part, cases[i].part);
    }
}

/* --- cookies --- */

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    static const struct {
        const char *header, *value;
    } cases[] = {
        {"name=v", "v"},
        {"a=b; name=v", "v"},
        {"name=v; a=b", "v"},
        {"a=b;name=v", "v"},
        {"name=a=b", "a=b"},
        {"xname=v", ""},
        {"namex=v", ""},
        {"name", ""},
        {"name=", ""},
        {"name=v; name=w", ""}, /* two: whose word counts is not for us to guess */
        {"", ""},
        {";;; ;", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_span(cookie_value(span_text(cases[i].header), "name"), cases[i].value);
}

static void only_a_local_host_over_plain_http_has_the_plain_cookie(void **state)
{
    static const struct {
        const char *host;
        bool is_local;
    } cases[] = {{"localhost", true}, {"localhost:8480", true}, {"127.0.0.1:8480", true},
        {"[::1]:80", true}, {"localhost.evil.example", false}, {"127.0.0.1.evil", false},
        {"mail.example.org", false}, {"", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exchange exchange = {0};
        exchange.headers[HEADER_HOST] = span_text(cases[i].host);
        assert_int_equal(cookie_is_local(&exchange, false), cases[i].is_local);
        assert_false(cookie_is_local(&exchange, true));
    }
}

/* nginx names the address that it asks, unless it is told to pass the browser's word. */
static void a_page_of_https_has_the_secure_cookie_whatever_a_proxy_says_of_the_host(void **state)
{
    static const struct {
        const char *origin;
        bool is_local;
    } cases[] = {{"https://mail.example.org", false}, {"https://localhost", false},
        {"http://127.0.0.1:8480", true}, {"null", true}, {"", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exchange exchange = {0};
        exchange.headers[HEADER_HOST] = span_text("127.0.0.1:8480");
        exchange.headers[HEADER_ORIGIN] = span_text(cases[i].origin);
        assert_int_equal(cookie_is_local(&exchange, false), cases[i].is_local);
    }
}

static void a_cookie_is_set_for_our_host_alone(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    (void)state;
    exchange_init(&exchange);
    exchange.headers[HEADER_HOST] = span_text("mail.example.org");

    assert_ok(cookie_set(&exchange, false, span_text("v1.x.y")));
    assert_ok(cookie_set(&exchange, false, span_text("-")));

    assert_string_equal(exchange.answer.headers[0].value,
        "__Host-securemail=v1.x.y; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=900");
    assert_string_equal(exchange.answer.headers[1].value,
        "__Host-securemail=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
    assert_error(cookie_set(&exchange, false, span_text("a\r\nSet-Cookie: b")), SM_BAD_VALUE);
}

/* --- the head --- */

static enum sm_error admit(
    struct exchange *exchange, const char *method, const char *path, const char *const *headers)
{
    const struct gateway gateway = {.is_enabled = true};
    struct request_gather gather = {.exchange = exchange};
    exchange_init(exchange);
    TRY(request_gather_path(&gather, path));
    for (; *headers; headers += 2)
        if (!request_gather_header(&gather, span_text(headers[0]), span_text(headers[1])))
            break;
    return request_admit(&gather, method, &gateway);
}

static void a_head_that_can_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const heads[][5] = {
        {"Content-Length", "5", "content-length", "5", NULL},
        {"Content-Length", "5", "Transfer-Encoding", "chunked", NULL},
        {"Transfer-Encoding", "identity", NULL},
        {"Content-Length", "+5", NULL},
        {"Content-Length", "5,5", NULL},
        {"Content-Length ", "5", NULL},
        {"Content\tLength", "5", NULL},
        {"Content-Encoding", "gzip", "Content-Length", "5", NULL},
        {"Secure-Mail-Capability", "a", "SECURE-MAIL-CAPABILITY", "b", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct exchange exchange DEFER(exchange_clear) = {0};
        assert_error(admit(&exchange, "POST", "/api/v1/sealed/hello", heads[i]), SM_BAD_FORMAT);
        assert_true(exchange.is_body_coming);
    }
}

static void a_body_is_held_to_the_limit_of_its_route(void **state)
{
    static const char *const at[] = {"Content-Length", "262144", NULL};
    static const char *const over[] = {"Content-Length", "262145", NULL};
    static const char *const any[] = {"Content-Length", "1", NULL};
    struct exchange exchange DEFER(exchange_clear) = {0};
    struct exchange larger DEFER(exchange_clear) = {0};
    struct exchange page DEFER(exchange_clear) = {0};
    (void)state;

    assert_ok(admit(&exchange, "POST", "/api/v1/sealed/hello", at));
    assert_error(admit(&larger, "POST", "/api/v1/sealed/hello", over), SM_TOO_LARGE);
    assert_non_null(strstr(larger.explanation, "262144"));
    assert_error(admit(&page, "GET", "/m", any), SM_BAD_FORMAT);
}

static void what_a_route_needs_is_missed_before_a_body_is_read(void **state)
{
    static const char *const none[] = {NULL};
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        struct exchange exchange DEFER(exchange_clear) = {0};
        if (routes[i].needs == NEEDS_NOTHING || strchr(routes[i].path, '{'))
            continue;
        enum sm_error error = admit(&exchange, routes[i].method, routes[i].path, none);
        assert_error(error, routes[i].needs == NEEDS_COOKIE ? SM_NOT_ALLOWED : SM_NOT_SIGNED_IN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_served_ignored_or_not_satisfiable),
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(metadata_holds_the_part_and_nothing_else),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
        cmocka_unit_test(only_a_local_host_over_plain_http_has_the_plain_cookie),
        cmocka_unit_test(a_page_of_https_has_the_secure_cookie_whatever_a_proxy_says_of_the_host),
        cmocka_unit_test(a_cookie_is_set_for_our_host_alone),
        cmocka_unit_test(a_head_that_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_body_is_held_to_the_limit_of_its_route),
        cmocka_unit_test(what_a_route_needs_is_missed_before_a_body_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
