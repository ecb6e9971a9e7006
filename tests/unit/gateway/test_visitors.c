/* Who is counted as whom, and who is shut out: with sockets of the test's own. */
#include "tests/support/check.h"

#include "base/clock.h"
#include "services/gateway/visitors.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static struct visitors *make(const char *proxies)
{
    struct visitors *visitors = NULL;
    const struct visitors_options options = {.trusted_proxies = proxies,
        .connections_max = 3,
        .requests_per_minute = 20,
        .proofs_per_minute = 5};
    assert_ok(visitors_new(&options, &visitors));
    return visitors;
}

static struct sockaddr_in socket_of(const char *text)
{
    struct sockaddr_in socket = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &socket.sin_addr), 1);
    return socket;
}

static struct visit *visit_from(struct visitors *visitors, const char *text)
{
    struct sockaddr_in from = socket_of(text);
    struct visit *visit = visit_begin(visitors, (const struct sockaddr *)&from, -1);
    assert_non_null(visit);
    return visit;
}

/* How many of 100 requests that name `forwarded` are admitted. */
static size_t admitted(
    struct visitors *visitors, const char *from, const char *forwarded, bool is_proof)
{
    size_t count = 0;
    uint64_t wait_s = 0;
    struct visit *visit = visit_from(visitors, from);
    for (size_t i = 0; i < 100; i++)
        count += visit_admit(visit, span_text(forwarded), is_proof, &wait_s) == SM_OK;
    visit_end(&visit);
    return count;
}

static void an_address_has_its_budget_and_proofs_a_smaller_one(void **state)
{
    (void)state;
    struct visitors *visitors = make("");

    assert_int_equal(admitted(visitors, "192.0.2.1", "", false), 20);
    assert_int_equal(admitted(visitors, "192.0.2.2", "", true), 5);
    assert_int_equal(admitted(visitors, "192.0.2.1", "", false), 0);
    visitors_free(&visitors);
}

static void a_name_in_the_header_is_believed_of_a_proxy_only(void **state)
{
    (void)state;
    struct visitors *visitors = make("10.0.0.0/8, 127.0.0.1");

    assert_int_equal(admitted(visitors, "192.0.2.1", "198.51.100.1", false), 20);
    assert_int_equal(admitted(visitors, "192.0.2.1", "198.51.100.2", false), 0); /* the same */
    assert_int_equal(admitted(visitors, "10.0.0.1", "198.51.100.3", false), 20);
    assert_int_equal(
        admitted(visitors, "127.0.0.1", "198.51.100.3", false), 0); /* by two proxies */
    assert_int_equal(admitted(visitors, "10.0.0.1", "198.51.100.4", false), 20);
    visitors_free(&visitors);
}

static void what_a_client_makes_up_stands_left_of_what_the_proxy_saw(void **state)
{
    (void)state;
    struct visitors *visitors = make("10.0.0.0/8");

    assert_int_equal(admitted(visitors, "10.0.0.1", "1.1.1.1, 192.0.2.9", false), 20);
    assert_int_equal(admitted(visitors, "10.0.0.1", "2.2.2.2,192.0.2.9", false), 0);
    assert_int_equal(admitted(visitors, "10.0.0.1", "3.3.3.3, 192.0.2.9, 10.0.0.7", false), 0);
    assert_int_equal(admitted(visitors, "10.0.0.1", "192.0.2.9, junk", false), 100); /* no client */
    visitors_free(&visitors);
}

static void this_machine_and_a_silent_proxy_are_no_client(void **state)
{
    (void)state;
    struct visitors *visitors = make("10.0.0.1");

    assert_int_equal(admitted(visitors, "127.0.0.1", "", true), 100);
    assert_int_equal(admitted(visitors, "10.0.0.1", "", true), 100);
    visitors_free(&visitors);
}

static bool may_connect(struct visitors *visitors, const char *text)
{
    struct sockaddr_in from = socket_of(text);
    return visitors_may_connect(visitors, (const struct sockaddr *)&from);
}

static void an_address_has_so_many_connections_and_no_more(void **state)
{
    (void)state;
    struct visitors *visitors = make("10.0.0.1");
    struct visit *visits[3];
    for (size_t i = 0; i < 3; i++)
        visits[i] = visit_from(visitors, "192.0.2.1");

    assert_false(may_connect(visitors, "192.0.2.1"));
    assert_true(may_connect(visitors, "192.0.2.2"));
    visit_end(&visits[1]);
    assert_true(may_connect(visitors, "192.0.2.1"));
    visit_end(&visits[0]);
    visit_end(&visits[2]);
    visitors_free(&visitors);
}

static void a_proxy_has_as_many_as_there_are(void **state)
{
    (void)state;
    struct visitors *visitors = make("10.0.0.1");
    struct visit *visits[10];
    for (size_t i = 0; i < 10; i++)
        visits[i] = visit_from(visitors, i % 2 ? "10.0.0.1" : "127.0.0.1");

    assert_true(may_connect(visitors, "10.0.0.1"));
    assert_true(may_connect(visitors, "127.0.0.1"));
    for (size_t i = 0; i < 10; i++)
        visit_end(&visits[i]);
    visitors_free(&visitors);
}

static void what_takes_too_long_is_shut_down(void **state)
{
    (void)state;
    int pair[2];
    char byte;
    struct visitors *visitors = make("");
    struct sockaddr_in from = socket_of("192.0.2.1");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct visit *visit = visit_begin(visitors, (const struct sockaddr *)&from, pair[0]);
    int64_t now_ms = clock_monotonic_ms();

    visitors_end_late(visitors, now_ms);
    assert_int_equal(read(pair[1], &byte, 1), -1); /* open */
    visit_until(visit, now_ms + 1000);
    visitors_end_late(visitors, now_ms + 1000);
    assert_int_equal(read(pair[1], &byte, 1), -1);
    visitors_end_late(visitors, now_ms + 1001);
    assert_int_equal(read(pair[1], &byte, 1), 0); /* its end */
    visit_end(&visit);
    (void)close(pair[0]);
    (void)close(pair[1]);
    visitors_free(&visitors);
}

enum { GUESTS = 5, ROOM = 3 };

static bool is_open(int end)
{
    char byte;
    return read(end, &byte, 1) == -1; /* else its end */
}

static void where_it_is_full_the_one_that_says_nothing_for_longest_makes_room(void **state)
{
    (void)state;
    const struct visitors_options options = {
        .trusted_proxies = "", .connections_max = 100, .visits_max = ROOM};
    struct visitors *visitors = NULL;
    struct visit *visits[GUESTS];
    int ours[GUESTS], theirs[GUESTS];
    struct sockaddr_in from = socket_of("192.0.2.1");
    assert_ok(visitors_new(&options, &visitors));
    for (size_t i = 0; i < GUESTS; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
        if (i == ROOM) /* the first has asked, and is answered */
            visit_until(visits[0], clock_monotonic_ms() + 1000);
        visits[i] = visit_begin(visitors, (const struct sockaddr *)&from, ours[i]);
        assert_non_null(visits[i]);
        (void)usleep(2000); /* the clock counts in milliseconds */
        for (size_t each = 0; each <= i; each++)
            assert_int_equal(is_open(theirs[each]), each == 0 || each + ROOM - 1 > i);
        if (i == ROOM)
            visit_listens(visits[0]); /* now it is the youngest */
    }
    for (size_t i = 0; i < GUESTS; i++) {
        visit_end(&visits[i]);
        (void)close(ours[i]);
        (void)close(theirs[i]);
    }
    visitors_free(&visitors);
}

static void patience_grows_with_what_is_carried(void **state)
{
    (void)state;
    assert_int_equal(visit_patience_ms(0), VISIT_GRACE_MS);
    assert_int_equal(visit_patience_ms(VISIT_BYTES_PER_S_MIN * 10), VISIT_GRACE_MS + 10 * 1000);
}

static void a_list_that_is_not_understood_stops_the_program(void **state)
{
    (void)state;
    static const char *const bad[] = {"proxy.example.org", "10.0.0.0/99", "10.0.0.1;10.0.0.2", "*"};
    struct visitors *visitors = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(visitors_new(&(struct visitors_options){.trusted_proxies = bad[i]}, &visitors),
            SM_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_budget_and_proofs_a_smaller_one),
        cmocka_unit_test(a_name_in_the_header_is_believed_of_a_proxy_only),
        cmocka_unit_test(what_a_client_makes_up_stands_left_of_what_the_proxy_saw),
        cmocka_unit_test(this_machine_and_a_silent_proxy_are_no_client),
        cmocka_unit_test(an_address_has_so_many_connections_and_no_more),
        cmocka_unit_test(a_proxy_has_as_many_as_there_are),
        cmocka_unit_test(what_takes_too_long_is_shut_down),
        cmocka_unit_test(where_it_is_full_the_one_that_says_nothing_for_longest_makes_room),
        cmocka_unit_test(patience_grows_with_what_is_carried),
        cmocka_unit_test(a_list_that_is_not_understood_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
