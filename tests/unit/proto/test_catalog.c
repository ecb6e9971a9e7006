/* What must hold of the catalogue and the header whatever is added to them. */
#include "tests/support/check.h"

#include "base/memory.h"
#include "proto/audit.h"
#include "proto/catalog.h"
#include "proto/header.h"
#include "proto/limits.h"
#include "proto/sealed.h"

static void numbers_are_even_and_each_stands_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalog_count; i++) {
        assert_int_equal(catalog[i].number % 2, 0);
        assert_ptr_equal(catalog_find((uint16_t)catalog[i].number), &catalog[i]);
    }
    assert_null(catalog_find(1));
    assert_null(catalog_find(0xfffe));
}

static void every_operation_has_a_server_callers_a_limit_and_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalog_count; i++) {
        assert_true(
            catalog[i].servers && catalog[i].callers && catalog[i].request && catalog[i].reply);
        assert_true(catalog[i].bytes_max > 0 && catalog[i].bytes_max < BUS_MESSAGE_BYTES_MAX);
        assert_true(strlen(catalog[i].sentence) > 10);
    }
}

/* Asked twice, acted on once: there is no operation for which nothing says by what. */
static void every_operation_says_what_makes_a_repeat_harmless(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalog_count; i++)
        assert_string_not_equal(repeat_name(catalog[i].repeat), "unknown");
    assert_string_equal(repeat_name((enum repeat)0), "unknown");
    assert_string_equal(repeat_name((enum repeat)99), "unknown");
}

static void only_the_operator_s_operations_are_open_to_the_operator(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalog_count; i++)
        if (catalog[i].callers & PEER_OPERATOR && catalog[i].number != OP_PING)
            assert_int_equal(catalog[i].callers, PEER_OPERATOR);
}

static void the_gateway_reports_no_event(void **state)
{
    (void)state;
    for (size_t kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        assert_non_null(event_rules[kind].name);
        assert_true(event_rules[kind].reporters != 0);
        assert_int_equal(event_rules[kind].reporters & (PEER_GATEWAY | PEER_OPERATOR), 0);
    }
    assert_int_equal(catalog_find(OP_APPEND)->callers & PEER_GATEWAY, 0);
}

static void sealed_operations_are_found_by_their_whole_name_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sealed_operations_count; i++)
        assert_ptr_equal(
            sealed_operation_find(span_text(sealed_operations[i].name)), &sealed_operations[i]);
    assert_null(sealed_operation_find(span_text("ope")));
    assert_null(sealed_operation_find(span_text("opens")));
    assert_null(sealed_operation_find(span_text("")));
}

static void a_header_comes_back_as_it_was(void **state)
{
    (void)state;
    struct header sent = {.is_reply = true,
        .operation = OP_CARRY + 1,
        .error = SM_BUSY,
        .request = {{1}},
        .idempotency = {{2}},
        .deadline_ms = 1795507980123,
        .trace = UINT64_MAX};
    struct header got;
    uint8_t bytes[HEADER_BYTES];
    header_write(&sent, bytes);

    assert_ok(header_read(SPAN(bytes), &got));
    assert_true(got.is_reply && got.operation == OP_CARRY + 1 && got.error == SM_BUSY);
    assert_true(id_equal(got.request, sent.request) && id_equal(got.idempotency, sent.idempotency));
    assert_true(got.deadline_ms == sent.deadline_ms && got.trace == UINT64_MAX);
}

static void a_header_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    struct header sent = {.operation = OP_PING};
    struct header got;
    uint8_t bytes[HEADER_BYTES + 1] = {0};
    /* place, value: version, kind, odd request, error in a request, reserved bytes */
    static const uint8_t faults[][2] = {
        {0, 2}, {0, 0}, {1, 2}, {3, 3}, {5, 1}, {4, 1}, {6, 1}, {7, 1}};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        header_write(&sent, bytes);
        bytes[faults[i][0]] = faults[i][1];
        assert_error(header_read(span_of(bytes, HEADER_BYTES), &got), SM_BAD_FORMAT);
    }
    header_write(&sent, bytes);
    assert_error(header_read(span_of(bytes, HEADER_BYTES - 1), &got), SM_BAD_FORMAT);
    assert_error(header_read(span_of(bytes, HEADER_BYTES + 1), &got), SM_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_even_and_each_stands_once),
        cmocka_unit_test(every_operation_has_a_server_callers_a_limit_and_a_sentence),
        cmocka_unit_test(every_operation_says_what_makes_a_repeat_harmless),
        cmocka_unit_test(only_the_operator_s_operations_are_open_to_the_operator),
        cmocka_unit_test(the_gateway_reports_no_event),
        cmocka_unit_test(sealed_operations_are_found_by_their_whole_name_only),
        cmocka_unit_test(a_header_comes_back_as_it_was),
        cmocka_unit_test(a_header_that_is_not_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
