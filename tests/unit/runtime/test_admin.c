/*
 * The admin endpoint, spoken to over real sockets: three lines are answered, everything else is
 * turned away, and no peer holds up the next one for longer than the deadline.
 */
#include "tests/support/check.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/admin.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 2000, PATIENCE_S = 20, ANSWER_BYTES_MAX = 80 * 1024, HOUSE = 8 };

struct place {
    struct admin *admin;
    bool is_ready;
};

static bool is_ready(void *context, struct buffer *reasons)
{
    const struct place *place = context;
    if (!place->is_ready)
        assert_ok(buffer_append_text(reasons, "the database does not answer\n"));
    return place->is_ready;
}

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place)
        return -1;
    *state = place;
    const struct admin_options options = {.listen = "127.0.0.1:0",
        .service = "crypto",
        .is_ready = is_ready,
        .context = place,
        .deadline_ms = DEADLINE_MS};
    return admin_start(&options, &place->admin) == SM_OK ? 0 : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    admin_stop(&place->admin);
    free(place);
    return 0;
}

static int dial(const struct place *place)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons(admin_port(place->admin)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(peer, (const struct sockaddr *)&to, sizeof to), 0);
    return peer;
}

static void say(int peer, const char *bytes, size_t size)
{
    ssize_t sent = send(peer, bytes, size, MSG_NOSIGNAL);
    (void)sent; /* it may have hung up on us already: what it says tells */
}

/* All that comes until the end of the stream; false when the connection was reset. */
static bool hear(int peer, char out[static ANSWER_BYTES_MAX])
{
    size_t size = 0;
    ssize_t got;
    while ((got = recv(peer, out + size, ANSWER_BYTES_MAX - 1 - size, 0)) > 0)
        size += (size_t)got;
    out[size] = '\0';
    (void)close(peer);
    return got == 0;
}

static char heard[ANSWER_BYTES_MAX];

static const char *ask(const struct place *place, const char *request)
{
    int peer = dial(place);
    say(peer, request, strlen(request));
    assert_true(hear(peer, heard));
    return heard;
}

#define ASSERT_STATUS(answer, status) assert_int_equal(strncmp((answer), "HTTP/1.1 " status, 12), 0)

static void the_three_lines_are_answered(void **state)
{
    struct place *place = *state;

    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"), "200");
    assert_non_null(strstr(heard, "\r\n\r\nalive\n"));
    ASSERT_STATUS(ask(place, "GET /metrics HTTP/1.0\r\n\r\n"), "200");
    assert_non_null(strstr(heard, "secure_mail_ready"));
    assert_null(strstr(heard, "secure_mail_http"));
    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\n"), "200");
}

static void readiness_is_what_the_service_says(void **state)
{
    struct place *place = *state;

    place->is_ready = true;
    ASSERT_STATUS(ask(place, "GET /readyz HTTP/1.1\r\n\r\n"), "200");
    place->is_ready = false;
    ASSERT_STATUS(ask(place, "GET /readyz HTTP/1.1\r\n\r\n"), "503");
    assert_non_null(strstr(heard, "\r\n\r\nthe database does not answer\n"));
    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\r\n\r\n"), "200");
}

/* An alert reads the metric where an orchestrator asks /readyz: they are the same at any moment. */
static void the_metric_of_readiness_is_what_readyz_says(void **state)
{
    struct place *place = *state;

    place->is_ready = true;
    assert_non_null(strstr(ask(place, "GET /metrics HTTP/1.1\r\n\r\n"), "\nsecure_mail_ready 1\n"));
    place->is_ready = false;
    assert_non_null(strstr(ask(place, "GET /metrics HTTP/1.1\r\n\r\n"), "\nsecure_mail_ready 0\n"));
}

static void everything_else_is_turned_away(void **state)
{
    struct place *place = *state;
    static const char *const other[] = {"GET / HTTP/1.1\r\n\r\n", "POST /livez HTTP/1.1\r\n\r\n",
        "get /livez HTTP/1.1\r\n\r\n", "GET /livez\r\n", "GET /livez HTTP/1.2\r\n\r\n",
        "GET /livez HTTP/1.11\r\n\r\n", "GET  /livez HTTP/1.1\r\n\r\n",
        "GET /livez?x HTTP/1.1\r\n\r\n", "GET /metrics/../livez HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1 \r\n\r\n", "\r\n", "\r\nGET /livez HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\n"};

    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        ASSERT_STATUS(ask(place, other[i]), "404");
}

static void a_line_that_does_not_end_is_cut_off_at_its_limit(void **state)
{
    struct place *place = *state;
    static char long_line[100000];
    memset(long_line, 'a', sizeof long_line);
    int peer = dial(place);

    say(peer, long_line, sizeof long_line);

    (void)hear(peer, heard); /* with so much unread it may be a reset */
    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\r\n\r\n"), "200");
}

static void a_line_may_come_letter_by_letter(void **state)
{
    struct place *place = *state;
    static const char line[] = "GET /livez HTTP/1.1\r\n";
    int peer = dial(place);

    for (size_t i = 0; i < sizeof line - 1; i++)
        say(peer, &line[i], 1);

    assert_true(hear(peer, heard));
    ASSERT_STATUS(heard, "200");
}

static void a_peer_that_says_nothing_is_hung_up_on(void **state)
{
    struct place *place = *state;
    int peer = dial(place);

    (void)hear(peer, heard);

    assert_string_equal(heard, "");
}

/* More idlers than places: the honest one behind them is answered when their deadline is over. */
static void a_full_house_holds_nobody_up_for_long(void **state)
{
    struct place *place = *state;
    int idlers[3 * HOUSE / 2];
    for (size_t i = 0; i < sizeof idlers / sizeof idlers[0]; i++) {
        idlers[i] = dial(place);
        say(idlers[i], "GET /li", 7);
    }

    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\r\n\r\n"), "200");

    for (size_t i = 0; i < sizeof idlers / sizeof idlers[0]; i++)
        (void)close(idlers[i]);
}

/* One that asks and goes, or never takes its answer, costs its place for the deadline at most. */
static void peers_that_go_away_leave_nothing_behind(void **state)
{
    struct place *place = *state;
    const struct linger reset = {.l_onoff = 1};

    for (int i = 0; i < 5 * HOUSE; i++) {
        int peer = dial(place);
        if (i % 2)
            say(peer, "GET /metrics HTTP/1.1\r\n", 23);
        if (i % 3)
            (void)setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        (void)close(peer);
    }

    ASSERT_STATUS(ask(place, "GET /livez HTTP/1.1\r\n\r\n"), "200");
}

static void bytes_behind_the_line_do_not_cost_the_answer(void **state)
{
    struct place *place = *state;
    static char request[600] = "GET /readyz HTTP/1.1\r\n";
    memset(request + strlen(request), 'h', 500);
    int peer = dial(place);
    say(peer, request, strlen(request));
    say(peer, request, strlen(request));

    assert_true(hear(peer, heard));

    ASSERT_STATUS(heard, "503");
}

static void a_wrong_or_taken_address_stops_the_start(void **state)
{
    struct place *place = *state;
    char taken[32];
    struct admin *second = NULL;
    struct admin_options options = {.service = "crypto", .is_ready = is_ready, .context = place};
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", admin_port(place->admin));

    options.listen = taken;
    assert_error(admin_start(&options, &second), SM_CONFIG);
    options.listen = "localhost:1";
    assert_error(admin_start(&options, &second), SM_CONFIG);
    assert_null(second);
}

int main(void)
{
#define ON_AN_ENDPOINT(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        ON_AN_ENDPOINT(the_three_lines_are_answered),
        ON_AN_ENDPOINT(readiness_is_what_the_service_says),
        ON_AN_ENDPOINT(the_metric_of_readiness_is_what_readyz_says),
        ON_AN_ENDPOINT(everything_else_is_turned_away),
        ON_AN_ENDPOINT(a_line_that_does_not_end_is_cut_off_at_its_limit),
        ON_AN_ENDPOINT(a_line_may_come_letter_by_letter),
        ON_AN_ENDPOINT(a_peer_that_says_nothing_is_hung_up_on),
        ON_AN_ENDPOINT(a_full_house_holds_nobody_up_for_long),
        ON_AN_ENDPOINT(peers_that_go_away_leave_nothing_behind),
        ON_AN_ENDPOINT(bytes_behind_the_line_do_not_cost_the_answer),
        ON_AN_ENDPOINT(a_wrong_or_taken_address_stops_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
