/* What a configuration may say of where to listen. */
#include "tests/support/check.h"

#include "base/address.h"

static void addresses_of_both_families_are_read(void **state)
{
    (void)state;
    struct address address;

    assert_ok(address_read("127.0.0.1:8480", &address));
    assert_int_equal(address.any.sa_family, AF_INET);
    assert_int_equal(ntohs(address.ip4.sin_port), 8480);
    assert_int_equal(ntohl(address.ip4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_ok(address_read("[::1]:65535", &address));
    assert_int_equal(address.any.sa_family, AF_INET6);
    assert_int_equal(ntohs(address.ip6.sin6_port), 65535);
    assert_int_equal(address.size, sizeof address.ip6);
    assert_ok(address_read("0.0.0.0:0", &address));
}

static void names_and_halves_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "localhost:80",
        "127.0.0.1:65536", "127.0.0.1:99999999999", "127.0.0.1:-1", "127.0.0.1: 80",
        "127.0.0.1:80 ", "127.1:80", "::1:80", "[]:80", "[::1:80", "[127.0.0.1]:80",
        "[fe80::1%lo]:80", "1111111111111111111111111111111111111111111111111111111111111111:80"};
    struct address address;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(address_read(bad[i], &address), SM_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_both_families_are_read),
        cmocka_unit_test(names_and_halves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
