/* docs/api/openapi.json describes the routes as they are: method, path, need and size of the body.
 */
#include "services/gateway/routes.h"
#include "tests/support/check.h"

#include <inttypes.h>
#include <stdio.h>

static const char checker[] = "node tests/support/api-matches.mjs docs/api/openapi.json";
static const char quiet_checker[] =
    "node tests/support/api-matches.mjs docs/api/openapi.json 2>/dev/null";

/* Tells the checker the table, with one change, and gives its exit status. */
static int status_with(const char *command, void (*change)(size_t row, struct route *route))
{
    FILE *out = popen(command, "w");
    assert_non_null(out);
    for (size_t i = 0; i < routes_count; i++) {
        struct route route = routes[i];
        if (change)
            change(i, &route);
        if (route.method)
            (void)fprintf(out, "%s %s %s %" PRIu64 "\n", route.method, route.path,
                route_needs_name(route.needs), route.body_bytes_max);
    }
    return pclose(out);
}

static void the_document_describes_the_routes(void **state)
{
    (void)state;
    assert_int_equal(status_with(checker, NULL), 0);
}

static void without_row(size_t row, struct route *route)
{
    if (row == 5)
        route->method = NULL;
}
static void other_method(size_t row, struct route *route)
{
    if (row == 5)
        route->method = "PUT";
}
static void other_need(size_t row, struct route *route)
{
    (void)row;
    if (route->needs == NEEDS_DOWNLOAD)
        route->needs = NEEDS_NOTHING;
}
static void other_size(size_t row, struct route *route)
{
    if (route->body == BODY_WHOLE && row > 0)
        route->body_bytes_max++;
}

static void a_difference_is_found(void **state)
{
    (void)state;
    assert_int_not_equal(status_with(quiet_checker, without_row), 0);
    assert_int_not_equal(status_with(quiet_checker, other_method), 0);
    assert_int_not_equal(status_with(quiet_checker, other_need), 0);
    assert_int_not_equal(status_with(quiet_checker, other_size), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_describes_the_routes),
        cmocka_unit_test(a_difference_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
