/* One spelling of a server's address, and which addresses are connected to. */
#include "cli/address.h"
#include "cli/http.h"
#include "tests/support/check.h"

static void an_address_has_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *canonical;
    } rows[] = {{"https://mail.example.org", "https://mail.example.org"},
        {"https://mail.example.org/", "https://mail.example.org"},
        {"https://mail.example.org//", "https://mail.example.org"},
        {"HTTPS://Mail.Example.ORG", "https://mail.example.org"},
        {"https://mail.example.org:443", "https://mail.example.org"},
        {"https://mail.example.org:0443/", "https://mail.example.org"},
        {"https://mail.example.org.", "https://mail.example.org"},
        {"https://mail.example.org:8443", "https://mail.example.org:8443"},
        {"https://mail.example.org/Secure/", "https://mail.example.org/Secure"},
        {"http://LocalHost:80", "http://localhost"},
        {"http://127.0.0.1:8480", "http://127.0.0.1:8480"}, {"http://[::1]:80", "http://[::1]"},
        {"https://[2001:DB8::1]:443/", "https://[2001:db8::1]"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char canonical[LINK_BASE_BYTES_MAX + 1];
        assert_ok(address_canonical(rows[i].typed, canonical));
        assert_string_equal(canonical, rows[i].canonical);
    }
}

static const char *const bad[] = {"", "mail.example.org", "ftp://mail.example.org", "https://",
    "http://mail.example.org", "http://localhost:x@elsewhere.example", "http://127.0.0.1@elsewhere",
    "http://localhost:80@elsewhere.example/", "https://user@mail.example.org",
    "https://user:password@mail.example.org", "http://localhost.elsewhere.example",
    "http://127.0.0.1.elsewhere.example", "https://mail.example.org?query",
    "https://mail.example.org#fragment", "https://mail.example.org:", "https://mail.example.org:x",
    "https://mail.example.org:443:443", "https://mail example.org", "http://[::1", "http://[::1]x",
    "https://mail.example.org\\@elsewhere.example", "https://mail.example.org\r\nHost: x"};

static void a_strange_address_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char canonical[LINK_BASE_BYTES_MAX + 1];
        assert_error(address_canonical(bad[i], canonical), SM_BAD_VALUE);
    }
}

/* With one dot taken away it would be another spelling, and another with the next. */
static void a_host_that_ends_in_two_dots_is_none(void **state)
{
    char canonical[LINK_BASE_BYTES_MAX + 1];
    (void)state;
    assert_error(address_canonical("https://mail.example.org..", canonical), SM_BAD_VALUE);
    assert_error(address_canonical("https://mail.example.org..:0443//", canonical), SM_BAD_VALUE);
}

static void a_strange_address_is_not_connected_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http *http = NULL;
        assert_error(http_open(bad[i], &http), SM_BAD_VALUE);
        assert_null(http);
    }
}

static void a_good_address_opens(void **state)
{
    (void)state;
    static const char *const good[] = {"https://mail.example.org",
        "https://mail.example.org:8443/m/", "http://localhost:8480", "http://127.0.0.1",
        "http://[::1]:8480/"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct http *http = NULL;
        assert_ok(http_open(good[i], &http));
        http_close(&http);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_spelling),
        cmocka_unit_test(a_strange_address_is_refused),
        cmocka_unit_test(a_host_that_ends_in_two_dots_is_none),
        cmocka_unit_test(a_strange_address_is_not_connected_to),
        cmocka_unit_test(a_good_address_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
