/* What the operator is told of the suite is what its processes said last. */
#include "base/clock.h"
#include "proto/crypto.h"
#include "services/crypto/handlers.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    vault_close(*state);
    return 0;
}

static struct suite_status_reply ask(struct vault *vault, struct arena *arena)
{
    struct suite_status_reply reply = {0};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + 2000, .worker = &vault->worker, .arena = arena};
    assert_ok(on_suite_status(&request, NULL, &reply));
    return reply;
}

static void what_processes_said_is_told_and_what_is_a_day_old_is_not(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct buffer packed DEFER(buffer_free) = BUFFER(65536);
    assert_ok(database_run(vault->database,
        "INSERT INTO status.report VALUES"
        " ('notifier', decode(repeat('01', 16), 'hex'), 'host-1', '0.1.0', 5, clock.now_ms(), false,"
        "  E'audit does not answer\\n', 'n', E'secure_mail_mail_waiting 3\\n'),"
        " ('audit', decode(repeat('02', 16), 'hex'), '', '', 5, clock.now_ms() - 90000000, true, '', '', '')"));

    struct suite_status_reply reply = ask(vault, &arena);

    assert_int_equal(reply.reports.count, 1);
    const struct suite_report *report = LIST_AT(struct suite_report, reply.reports, 0);
    assert_span(report->service, "notifier");
    assert_span(report->host, "host-1");
    assert_false(report->is_ready);
    assert_span(report->missing, "audit does not answer\n");
    assert_span(report->metrics, "secure_mail_mail_waiting 3\n");
    assert_int_equal(reply.restored_ms, 0);
    assert_true(reply.keys.size > 0);
    assert_ok(fields_encode(&suite_status_reply, &reply, &packed)); /* it fits its table */
}

static void a_restore_and_its_held_mail_are_told(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    assert_ok(database_run(vault->database,
        "SELECT restore.prepare('\\x000102030405060708090a0b0c0d0e0f',"
        " '\\x000102030405060708090a0b0c0d0e0f', 1700000000000, true)"));

    struct suite_status_reply reply = ask(vault, &arena);

    assert_int_equal(reply.backup_ms, 1700000000000);
    assert_true(reply.restored_ms > reply.backup_ms);
    assert_true(reply.is_mail_held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_processes_said_is_told_and_what_is_a_day_old_is_not),
        cmocka_unit_test(a_restore_and_its_held_mail_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
