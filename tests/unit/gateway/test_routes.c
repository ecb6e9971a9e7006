/* The table of routes: what matches, what does not, and that every row is fit to be served. */
#include "services/gateway/routes.h"

#include "base/memory.h"
#include "envelope/chunked.h"
#include "proto/limits.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

static enum sm_error match(const char *method, const char *path, struct exchange *out)
{
    char allow[ALLOW_BYTES_MAX];
    return routes_match(out, method, path, allow);
}

static void every_row_matches_its_own_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        struct exchange exchange DEFER(exchange_clear) = {0};
        char path[256] = "";
        for (const char *at = routes[i].path; *at; at++) {
            size_t used = strlen(path);
            if (*at != '{') {
                path[used] = *at;
                continue;
            }
            const char *value = "0123456789abcdef0123456789abcdef";
            if (strncmp(at, "{part}", 6) == 0)
                value = "7";
            (void)snprintf(path + used, sizeof path - used, "%s", value);
            at = strchr(at, '}');
        }
        assert_ok(match(routes[i].method, path, &exchange));
        assert_ptr_equal(exchange.route, &routes[i]);
    }
}

static void every_row_is_fit_to_be_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        assert_non_null(routes[i].run);
        assert_true(strlen(routes[i].sentence) > 10);
        assert_true((routes[i].body == BODY_NONE) == (routes[i].body_bytes_max == 0));
        /* A proof needs a worker; what is collected in memory fits there. */
        assert_true(routes[i].needs == NEEDS_NOTHING || routes[i].lane != LANE_EVENT);
        assert_true(routes[i].body != BODY_WHOLE ||
                    routes[i].body_bytes_max <= (uint64_t)TRANSFER_BLOCK_BYTES);
        assert_true(routes[i].body != BODY_STREAMED || routes[i].lane != LANE_EVENT);
    }
}

static void nothing_that_reads_changes_state_by_a_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++)
        if (strcmp(routes[i].method, "GET") == 0 || strcmp(routes[i].method, "HEAD") == 0)
            assert_int_equal(routes[i].body, BODY_NONE);
}

static void ids_and_numbers_of_a_path_are_strict(void **state)
{
    static const char *const wrong[] = {"", "//", "m", "/m/", "//m", "/m//", "/api", "/api/v1",
        "/api/v1/uploads/", "/api/v1/uploads/0123456789ABCDEF0123456789abcdef",
        "/api/v1/uploads/0123456789abcdef0123456789abcde",
        "/api/v1/uploads/0123456789abcdef0123456789abcdef0",
        "/api/v1/uploads/../../../../../../etc/passwd/000",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/01",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/-1",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/1000",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/1/",
        "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/1 ", "/API/v1/keys",
        "/api/v1/keys?", "/api/v1/keys#"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct exchange exchange DEFER(exchange_clear) = {0};
        assert_error(match("GET", wrong[i], &exchange), SM_NOT_FOUND);
        assert_null(exchange.route);
    }
}

static void a_path_gives_its_parts(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    (void)state;

    assert_ok(
        match("GET", "/api/v1/messages/0123456789abcdef0123456789abcdef/parts/100", &exchange));

    assert_string_equal(id_text(exchange.id).text, "0123456789abcdef0123456789abcdef");
    assert_int_equal(exchange.number, 100);
    assert_ok(match("POST", "/api/v1/sealed/send_code", &exchange));
    assert_span(exchange.word, "send_code");
}

static void another_method_is_told_which_there_are(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    char allow[ALLOW_BYTES_MAX];
    (void)state;

    assert_error(
        routes_match(&exchange, "PUT", "/api/v1/uploads/0123456789abcdef0123456789abcdef", allow),
        SM_NOT_ALLOWED);

    assert_string_equal(allow, "HEAD, PATCH, DELETE");
    assert_error(routes_match(&exchange, "get", "/m", allow), SM_NOT_ALLOWED);
}

static void a_head_runs_the_get(void **state)
{
    struct exchange exchange DEFER(exchange_clear) = {0};
    (void)state;

    assert_ok(match("HEAD", "/m", &exchange));

    assert_true(exchange.is_head);
    assert_string_equal(exchange.route->method, "GET");
}

static void sizes_of_parts_are_those_of_the_envelope(void **state)
{
    (void)state;
    assert_int_equal(part_bytes_max(1), chunked_ciphertext_size(ATTACHMENT_BYTES_MAX));
    assert_int_equal(part_bytes_max(0), chunked_ciphertext_size(HEADER_PART_BYTES_MAX));
    for (uint64_t size = 0; size < 100000; size += 4096)
        assert_int_equal(CIPHERTEXT_BYTES(size), chunked_ciphertext_size(size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_matches_its_own_path),
        cmocka_unit_test(every_row_is_fit_to_be_served),
        cmocka_unit_test(nothing_that_reads_changes_state_by_a_body),
        cmocka_unit_test(ids_and_numbers_of_a_path_are_strict),
        cmocka_unit_test(a_path_gives_its_parts),
        cmocka_unit_test(another_method_is_told_which_there_are),
        cmocka_unit_test(a_head_runs_the_get),
        cmocka_unit_test(sizes_of_parts_are_those_of_the_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
