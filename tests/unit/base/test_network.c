/* Addresses of clients, and the networks that a configuration trusts. */
#include "tests/support/check.h"

#include "base/network.h"

#include <string.h>

static bool is_in(const char *network_text, const char *ip_text)
{
    struct network network;
    struct ip ip;
    assert_ok(network_read(span_text(network_text), &network));
    assert_ok(ip_read(span_text(ip_text), &ip));
    return network_has(&network, &ip);
}

static void addresses_are_read_with_and_without_a_port(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"192.0.2.1", "192.0.2.1:8080"},
        {"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "[2001:db8::1]:443"},
        {"2001:db8::1", "[2001:db8::1]"}, {"::1", "0:0:0:0:0:0:0:1"}};
    struct ip a, b;

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_ok(ip_read(span_text(same[i][0]), &a));
        assert_ok(ip_read(span_text(same[i][1]), &b));
        assert_memory_equal(&a, &b, sizeof a);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " ", "unknown", "_hidden", "192.0.2", "192.0.2.256",
        "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:99999", "192.0.2.1 ", "[2001:db8::1", "[]",
        "[2001:db8::1]x", "[2001:db8::1]:", "2001:db8::1::2", "fe80::1%lo", "localhost", "1:2"};
    struct ip ip;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(ip_read(span_text(bad[i]), &ip), SM_BAD_FORMAT);
    assert_error(ip_read(span_of("192.0.2.1\0x", 11), &ip), SM_BAD_FORMAT);
}

static void networks_have_what_lies_in_them(void **state)
{
    (void)state;
    assert_true(is_in("10.0.0.0/8", "10.255.1.2"));
    assert_false(is_in("10.0.0.0/8", "11.0.0.0"));
    assert_true(is_in("192.0.2.7", "192.0.2.7"));
    assert_false(is_in("192.0.2.7", "192.0.2.6"));
    assert_true(is_in("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(is_in("2001:db8::/32", "2001:db9::1"));
    assert_true(is_in("0.0.0.0/0", "192.0.2.7"));
    assert_false(is_in("0.0.0.0/0", "2001:db8::1"));
    assert_true(is_in("::/0", "192.0.2.7"));
}

static void networks_with_a_wrong_mask_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
        "10.0.0.0/08", "2001:db8::/129", "2001:db8::1/64", "/8", "10.0.0.0/8/8"};
    struct network network;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(network_read(span_text(bad[i]), &network), SM_BAD_FORMAT);
}

static void one_household_is_one_client(void **state)
{
    (void)state;
    struct ip a, b, c;
    char text[IP_TEXT_BYTES];
    assert_ok(ip_read(span_text("2001:db8:1:2:3:4:5:6"), &a));
    assert_ok(ip_read(span_text("2001:db8:1:2::9"), &b));
    assert_ok(ip_read(span_text("192.0.2.1"), &c));

    a = ip_of_client(a);
    b = ip_of_client(b);
    assert_memory_equal(&a, &b, sizeof a);
    ip_write(&a, text);
    assert_string_equal(text, "2001:db8:1:2::");
    c = ip_of_client(c);
    ip_write(&c, text);
    assert_string_equal(text, "192.0.2.1");
}

static void this_machine_is_known(void **state)
{
    (void)state;
    static const char *const own[] = {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"};
    static const char *const others[] = {"128.0.0.1", "::2", "::127.0.0.1", "10.0.0.1"};
    struct ip ip;

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_ok(ip_read(span_text(own[i]), &ip));
        assert_true(ip_is_loopback(&ip));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_ok(ip_read(span_text(others[i]), &ip));
        assert_false(ip_is_loopback(&ip));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_and_without_a_port),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(networks_have_what_lies_in_them),
        cmocka_unit_test(networks_with_a_wrong_mask_are_refused),
        cmocka_unit_test(one_household_is_one_client),
        cmocka_unit_test(this_machine_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
