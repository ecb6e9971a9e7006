/*
 * The export's next page is asked for while one is being sent: two pages at most, in their order,
 * none for a client that is gone; and a page that does not come cuts the connection, so that nobody
 * takes the part for the whole.
 */
#include "tests/support/surface.h"
#include "tests/support/web_upload.h"

#include "base/memory.h"
#include "services/gateway/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 400 * 1000,
    LARGE_PAGES = 1000, /* no buffer of the kernel has room for all */
    STEP_MS = 20,
    QUIET_MS = 600,
    PATIENCE_MS = 20 * 1000,
};

/* What the stand-in of audit has: so many pages, from which on it fails, how long it takes. */
struct plot {
    int pages, fails, ms;
    size_t bytes;
};

static void set(struct web *web, struct plot plot)
{
    atomic_store(&web->export_pages, plot.pages);
    atomic_store(&web->export_fails, plot.fails);
    atomic_store(&web->export_ms, plot.ms);
    atomic_store(&web->export_bytes, plot.bytes);
    atomic_store(&web->exported, 0);
}

static void wait_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static struct web_lines head_of(void)
{
    return web_lines(CAPABILITY_AUDIT, (struct id){{0}}, "");
}

static enum sm_error ask(struct web *web, struct web_answer *out)
{
    return web_ask(web, "GET /api/v1/audit/export", head_of().text, NULL, out);
}

/* --- the stream by itself --- */

struct reading {
    struct exchange exchange;
    struct worker worker;
    uint64_t at;
    char text[CAPABILITY_TEXT_BYTES + 1];
};

static struct stream *begin(struct web *web, struct reading *reading)
{
    const struct web_lines head = head_of();
    const char *value = strchr(head.text, ' ') + 1;
    (void)snprintf(reading->text, sizeof reading->text, "%.*s", (int)strcspn(value, "\r"), value);
    exchange_init(&reading->exchange);
    reading->exchange.headers[HEADER_CAPABILITY] = span_text(reading->text);
    reading->worker.gateway = &web->gateway;
    assert_ok(on_audit_export(&reading->worker, &reading->exchange));
    return &reading->exchange.answer.stream;
}

static void end(struct reading *reading)
{
    exchange_clear(&reading->exchange);
    worker_close(&reading->worker);
}

/* So many bytes of the page of that number. */
static void read_page(struct reading *reading, uint64_t number, size_t from, size_t size)
{
    static uint8_t room[PAGE_BYTES];
    static char page[PAGE_BYTES];
    struct stream *stream = &reading->exchange.answer.stream;
    memset(page, '.', sizeof page);
    (void)snprintf(
        page, sizeof page, "{\"a line of the log\":true}\n%llu", (unsigned long long)number);
    size_t got = 0;
    assert_int_equal(stream->read(stream->state, reading->at, room, size, &got), STREAM_DATA);
    assert_int_equal(got, size);
    assert_memory_equal(room, page + from, size);
    reading->at += got;
}

static enum stream_result next_of(struct reading *reading)
{
    uint8_t byte;
    size_t got = 0;
    struct stream *stream = &reading->exchange.answer.stream;
    return stream->read(stream->state, reading->at, &byte, 1, &got);
}

static void the_next_page_comes_while_one_is_read(void **state)
{
    struct web *web = *state;
    struct reading reading = {.at = 0};
    set(web, (struct plot){.pages = 3, .bytes = PAGE_BYTES});
    struct stream *stream = begin(web, &reading);

    for (uint64_t page = 0; page < 3; page++) {
        read_page(&reading, page, 0, PAGE_BYTES / 2);
        bool has_next = page < 2;
        assert_int_equal(stream->is_due(stream->state), has_next);
        if (has_next)
            assert_ok(stream->refill(stream->state, &reading.worker));
        read_page(&reading, page, PAGE_BYTES / 2, PAGE_BYTES / 2);
    }

    assert_int_equal(next_of(&reading), STREAM_END);
    assert_int_equal(atomic_load(&web->exported), 3);
    end(&reading);
}

static void no_page_is_asked_for_twice_nor_a_third_kept(void **state)
{
    struct web *web = *state;
    struct reading reading = {.at = 0};
    set(web, (struct plot){.pages = 9, .bytes = PAGE_BYTES});
    struct stream *stream = begin(web, &reading);
    read_page(&reading, 0, 0, PAGE_BYTES / 2);

    assert_true(stream->is_due(stream->state));
    assert_false(stream->is_due(stream->state));
    for (int i = 0; i < 5; i++)
        assert_ok(stream->refill(stream->state, &reading.worker));
    assert_false(stream->is_due(stream->state));

    assert_int_equal(atomic_load(&web->exported), 2);
    end(&reading);
}

static void a_page_that_failed_ahead_is_asked_for_when_it_is_missed(void **state)
{
    struct web *web = *state;
    struct reading reading = {.at = 0};
    set(web, (struct plot){.pages = 2, .fails = 2, .bytes = PAGE_BYTES});
    struct stream *stream = begin(web, &reading);
    read_page(&reading, 0, 0, 1);
    assert_true(stream->is_due(stream->state));
    assert_int_equal(stream->refill(stream->state, &reading.worker), SM_TAMPERED);
    read_page(&reading, 0, 1, PAGE_BYTES - 1);

    assert_int_equal(next_of(&reading), STREAM_WAIT);
    atomic_store(&web->export_fails, 0);
    assert_ok(stream->refill(stream->state, &reading.worker));

    read_page(&reading, 1, 0, PAGE_BYTES);
    assert_int_equal(next_of(&reading), STREAM_END);
    end(&reading);
}

/* --- over HTTP --- */

static void all_pages_come_in_their_order(void **state)
{
    static const struct plot plots[] = {{.pages = 300, .bytes = 40}, {.pages = 40, .ms = 3},
        {.pages = 60, .bytes = PAGE_BYTES}, {.pages = 20, .bytes = PAGE_BYTES, .ms = 10}};
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
        struct web_answer answer DEFER(web_answer_free) = {0};
        size_t size = plots[i].bytes ? plots[i].bytes : strlen("{\"a line of the log\":true}\n");
        set(*state, plots[i]);

        assert_ok(ask(*state, &answer));

        assert_int_equal(answer.body.size, (size_t)plots[i].pages * size);
        for (size_t page = 0; plots[i].bytes && page < (size_t)plots[i].pages; page++)
            assert_int_equal(
                strtoull((char *)answer.body.bytes + page * size + 27, NULL, 10), page);
    }
}

static void an_export_that_audit_refuses_has_an_answer(void **state)
{
    struct web_answer answer DEFER(web_answer_free) = {0};
    set(*state, (struct plot){.pages = 5, .fails = 1});

    assert_ok(ask(*state, &answer));

    assert_true(answer.status >= 400);
}

static void a_page_that_does_not_come_cuts_the_export(void **state)
{
    static const int fails[] = {2, 3, 10};
    for (size_t i = 0; i < 4 * sizeof fails / sizeof fails[0]; i++) {
        struct web_answer answer DEFER(web_answer_free) = {0};
        set(*state, (struct plot){.pages = 20,
                        .fails = fails[i / 4],
                        .ms = (int)i % 4 * 3,
                        .bytes = i % 2 ? PAGE_BYTES : 0});

        assert_int_equal(ask(*state, &answer), SM_BAD_FORMAT); /* no last chunk */

        assert_int_equal(answer.status, 200);
    }
}

/* How many pages were asked for when no more are. */
static int asked_at_last(struct web *web)
{
    int asked = -1;
    for (int quiet = 0, waited = 0; quiet < QUIET_MS; quiet += STEP_MS, waited += STEP_MS) {
        assert_true(waited < PATIENCE_MS);
        int now = atomic_load(&web->exported);
        quiet = now == asked ? quiet : 0;
        asked = now;
        wait_ms(STEP_MS);
    }
    return asked;
}

static int connect_and_ask(struct web *web)
{
    struct web_lines request;
    int written = snprintf(request.text, sizeof request.text,
        "GET /api/v1/audit/export HTTP/1.1\r\nHost: localhost\r\n%s\r\n", head_of().text);
    int connection = web_connect(web);
    assert_true(connection >= 0 && written < (int)sizeof request.text);
    assert_int_equal(write(connection, request.text, (size_t)written), written);
    return connection;
}

static void nothing_is_asked_for_a_client_that_does_not_read(void **state)
{
    set(*state, (struct plot){.pages = LARGE_PAGES, .bytes = PAGE_BYTES});
    int connection = connect_and_ask(*state);

    assert_in_range(asked_at_last(*state), 2, LARGE_PAGES / 10);

    (void)close(connection);
}

/* At each moment: before the first page, while one is asked for ahead, while one is waited for. */
static void nothing_is_asked_for_a_client_that_is_gone(void **state)
{
    for (int i = 0; i < 8; i++) {
        struct web_answer answer DEFER(web_answer_free) = {0};
        set(*state, (struct plot){.pages = LARGE_PAGES, .ms = 30, .bytes = PAGE_BYTES});
        int connection = connect_and_ask(*state);
        wait_ms(17 * i);

        (void)close(connection);

        assert_in_range(asked_at_last(*state), 0, LARGE_PAGES / 10);
        set(*state, (struct plot){.pages = 2});
        assert_ok(ask(*state, &answer));
        assert_int_equal(answer.status, 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_page_comes_while_one_is_read),
        cmocka_unit_test(no_page_is_asked_for_twice_nor_a_third_kept),
        cmocka_unit_test(a_page_that_failed_ahead_is_asked_for_when_it_is_missed),
        cmocka_unit_test(all_pages_come_in_their_order),
        cmocka_unit_test(an_export_that_audit_refuses_has_an_answer),
        cmocka_unit_test(a_page_that_does_not_come_cuts_the_export),
        cmocka_unit_test(nothing_is_asked_for_a_client_that_does_not_read),
        cmocka_unit_test(nothing_is_asked_for_a_client_that_is_gone),
    };
    return cmocka_run_group_tests_name("exports", tests, start_web, stop_web);
}
