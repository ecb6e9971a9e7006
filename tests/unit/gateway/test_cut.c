/*
 * Connections that are cut in the middle of an upload, or die without a word. Whatever the moment,
 * the upload is free long before the idle timeout of the connection, and what arrived is kept.
 */
#include "tests/support/check.h"
#include "tests/support/web_upload.h"

#include "base/clock.h"
#include "base/memory.h"
#include "services/gateway/http.h"
#include "services/gateway/wanted.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    UPLOAD_BYTES = 1000 * 1000,
    TIMES = 4, /* of each case: whether it hits depends on how the bytes fall together */
    PATIENCE_MS = 20 * 1000, /* a third of the idle timeout, which would free it too */
    LOOK_MS = 20,
};
static_assert(PATIENCE_MS * 2 < HTTP_IDLE_TIMEOUT_S * 1000, "not freed by the idle timeout");

static const uint8_t zeros[UPLOAD_BYTES];

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

static void wait_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* An upload of its own each time. */
struct attempt {
    struct web *web;
    struct id message;
    struct web_lines path;
    int connection;
};

static struct attempt attempt_of(struct web *web)
{
    static uint8_t count;
    struct attempt attempt = {.web = web, .message = {{0xcc, ++count}}};
    attempt.path = web_upload_create(web, attempt.message, "MQ==", UPLOAD_BYTES);
    attempt.connection = web_connect(web);
    assert_true(attempt.connection >= 0);
    return attempt;
}

static void send_text(const struct attempt *attempt, const char *text, size_t size)
{
    assert_int_equal(write(attempt->connection, text, size), size);
}

/* Head and body together: what of it the gateway has read when is chance. */
static struct attempt begin(struct web *web, size_t bytes)
{
    struct attempt attempt = attempt_of(web);
    struct web_lines head = web_upload_patch_head(attempt.message, attempt.path, UPLOAD_BYTES);
    send_text(&attempt, head.text, strlen(head.text));
    assert_int_equal(write(attempt.connection, zeros, bytes), bytes);
    return attempt;
}

/* Has the lock for certain: "100 Continue" is said after it was taken. Then sends the bytes. */
static struct attempt begin_with_lock(struct web *web, size_t bytes)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char answer[sizeof go_on - 1];
    struct attempt attempt = attempt_of(web);
    struct web_lines head = web_upload_patch_head(attempt.message, attempt.path, UPLOAD_BYTES);
    send_text(&attempt, head.text, strlen(head.text) - 2);
    send_text(&attempt, "Expect: 100-continue\r\n\r\n", 24);
    assert_int_equal(recv(attempt.connection, answer, sizeof answer, MSG_WAITALL), sizeof answer);
    assert_memory_equal(answer, go_on, sizeof answer);
    assert_int_equal(write(attempt.connection, zeros, bytes), bytes);
    web_await_arrival(attempt.connection);
    return attempt;
}

static bool is_locked(const struct attempt *attempt)
{
    struct store_upload *file DEFER(store_upload_close) = NULL;
    const struct store_upload_name name = web_upload_name(attempt->path);
    enum sm_error error = store_upload_open(attempt->web->gateway.store, &name, &file);
    assert_true(error == SM_OK || error == SM_BUSY);
    return error == SM_BUSY;
}

/* Whoever looks from another gateway. */
static bool becomes_free(const struct attempt *attempt)
{
    int waited = 0;
    for (; is_locked(attempt) && waited < PATIENCE_MS; waited += LOOK_MS)
        wait_ms(LOOK_MS);
    return waited < PATIENCE_MS;
}

/* The client comes back and asks, and asks again. */
static size_t offset_at_last(const struct attempt *attempt)
{
    unsigned status = 423;
    size_t offset = SIZE_MAX;
    for (int waited = 0; status == 423 && waited < PATIENCE_MS; waited += LOOK_MS) {
        offset = web_upload_offset(attempt->web, attempt->message, attempt->path, &status);
        wait_ms(LOOK_MS);
    }
    return offset;
}

/* As tus wants it: 409 when the cut connection wrote between question and going on. */
static unsigned goes_on(const struct attempt *attempt)
{
    unsigned status = 423;
    for (int waited = 0; (status == 423 || status == 409) && waited < PATIENCE_MS;
         waited += LOOK_MS) {
        size_t offset = offset_at_last(attempt);
        assert_true(offset < UPLOAD_BYTES);
        status = web_upload_patch(attempt->web, attempt->message, attempt->path, offset,
            span_of(zeros + offset, UPLOAD_BYTES - offset));
    }
    return status;
}

/* --- cut --- */

static void cut(struct attempt *attempt, bool is_reset)
{
    const struct linger at_once = {.l_onoff = 1};
    if (is_reset)
        assert_int_equal(
            setsockopt(attempt->connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(attempt->connection);
}

/* More than one read of libmicrohttpd, less than one block of ours: its bytes and its end are there
 * together when it is read on. */
static const size_t sizes[] = {0, 1000, 70 * 1000, 130 * 1000, 200 * 1000};

static void an_upload_that_is_cut_at_once_is_free_by_itself(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] * TIMES; i++) {
        struct attempt attempt = begin(*state, sizes[i / TIMES]);

        cut(&attempt, i % 4 == 3);

        wait_ms((long)(1 + i % TIMES) * LOOK_MS); /* looking takes the lock itself: not too early */
        assert_true(becomes_free(&attempt));
    }
}

static void a_client_that_comes_back_after_a_cut_goes_on(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] * TIMES; i++) {
        struct attempt attempt = begin(*state, sizes[i / TIMES]);

        cut(&attempt, false);

        assert_int_equal(goes_on(&attempt), 204);
    }
}

/* --- dead without a word --- */

static void a_silent_connection_makes_room_and_keeps_what_arrived(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct attempt attempt = begin_with_lock(*state, sizes[i]);

        size_t offset = offset_at_last(&attempt);

        assert_int_equal(offset, sizes[i]);
        (void)close(attempt.connection);
    }
}

static void a_connection_that_made_room_writes_no_more(void **state)
{
    struct attempt attempt = begin_with_lock(*state, 1000);
    assert_int_equal(offset_at_last(&attempt), 1000);

    (void)send(attempt.connection, zeros, 70 * 1000, MSG_NOSIGNAL);

    wait_ms(10 * LOOK_MS);
    assert_int_equal(offset_at_last(&attempt), 1000);
    (void)close(attempt.connection);
}

static void a_request_that_may_not_write_displaces_nobody(void **state)
{
    struct attempt attempt = begin_with_lock(*state, 1000);
    struct attempt stranger = attempt;
    stranger.message = (struct id){{0xbb}};
    unsigned status = 0;

    (void)web_upload_offset(*state, stranger.message, attempt.path, &status);

    assert_int_equal(status, 404);
    wait_ms(10 * LOOK_MS);
    assert_true(is_locked(&attempt));
    (void)close(attempt.connection);
    assert_true(becomes_free(&attempt));
}

/* --- wanted at another gateway --- */

static void an_upload_that_another_gateway_wants_is_free_by_itself(void **state)
{
    struct web *web = *state;
    struct worker other = {.gateway = &web->gateway};
    struct attempt attempt = begin_with_lock(web, 130 * 1000);
    assert_true(is_locked(&attempt));

    for (int waited = 0; is_locked(&attempt) && waited < PATIENCE_MS; waited += 10 * LOOK_MS) {
        wanted_tell(&other, web_upload_name(attempt.path).id); /* its client asks again and again */
        wait_ms(10 * LOOK_MS);
    }

    assert_true(becomes_free(&attempt));
    assert_int_equal(offset_at_last(&attempt), 130 * 1000);
    (void)close(attempt.connection);
    worker_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_that_is_cut_at_once_is_free_by_itself),
        cmocka_unit_test(a_client_that_comes_back_after_a_cut_goes_on),
        cmocka_unit_test(a_silent_connection_makes_room_and_keeps_what_arrived),
        cmocka_unit_test(a_connection_that_made_room_writes_no_more),
        cmocka_unit_test(a_request_that_may_not_write_displaces_nobody),
        cmocka_unit_test(an_upload_that_another_gateway_wants_is_free_by_itself),
    };
    return cmocka_run_group_tests_name("cut", tests, start, stop);
}
