/* After a restore each log says first that it was restored, once, under a checkpoint. */
#include "services/audit/epoch.h"

#include "services/audit/store.h"
#include "tests/unit/audit/ledger.inc"

enum { MANY_LOGS = 70 };
#define IS_RESTORED " WHERE convert_from(body, 'UTF8') LIKE '%\"kind\":\"log-restored\"%'"

static void restore(struct ledger *ledger)
{
    heads_forget(ledger->heads);
    assert_ok(database_run(ledger->database,
        "SELECT restore.prepare(substr(sha256(random()::text::bytea), 1, 16),"
        " '\\x000102030405060708090a0b0c0d0e0f', 1700000000000, true)"));
}

static enum sm_error begin_to_lead(struct ledger *ledger)
{
    bool is_leader = false;
    struct group_context context = ledger_context(ledger);
    TRY(store_try_lead(ledger->db, &is_leader));
    assert_true(is_leader);
    return epochs_open(&context);
}

static const char restored_entries[] = "SELECT count(*) FROM audit.entry" IS_RESTORED;

static void without_a_restore_nothing_is_logged(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 3);
    assert_ok(begin_to_lead(ledger));
    assert_int_equal(ledger_size(ledger, clinic), 4);
}

static void each_log_tells_of_the_restore_under_a_checkpoint(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 3);
    ledger_fill(ledger, lawyers, 1);
    restore(ledger);

    assert_ok(begin_to_lead(ledger));

    assert_int_equal(ledger_number(ledger, restored_entries), 2);
    assert_int_equal(ledger_number(ledger, "SELECT max(seq) FROM audit.entry" IS_RESTORED), 5);
    assert_int_equal(
        ledger_number(ledger, "SELECT count(*) FROM audit.entry e JOIN audit.checkpoint c"
                              " ON c.organisation = e.organisation AND c.size = e.seq" IS_RESTORED),
        2);
    assert_int_equal(
        ledger_number(ledger, "SELECT count(*) FROM audit.entry" IS_RESTORED " AND"
                              " convert_from(body, 'UTF8') LIKE '%from a backup of 2023-11-14T%'"),
        2);
}

static void a_second_leader_does_not_tell_it_again(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 1);
    restore(ledger);
    assert_ok(begin_to_lead(ledger));
    heads_forget(ledger->heads);
    assert_ok(begin_to_lead(ledger));
    assert_ok(database_run(ledger->database, "DELETE FROM restore.logged")); /* a crash before it */
    assert_ok(begin_to_lead(ledger));
    assert_int_equal(ledger_number(ledger, restored_entries), 1);
    ledger_fill(ledger, clinic, 1); /* and the log goes on */
}

static void a_log_restored_twice_tells_it_twice(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 1);
    restore(ledger);
    assert_ok(begin_to_lead(ledger));
    restore(ledger);
    assert_ok(begin_to_lead(ledger));
    assert_int_equal(ledger_number(ledger, restored_entries), 2);
}

static void more_logs_than_a_commit_takes_all_tell_it(void **state)
{
    struct ledger *ledger = *state;
    for (uint8_t i = 0; i < MANY_LOGS; i++)
        ledger_fill(ledger, (struct id){{0x70, i}}, 1);
    restore(ledger);
    assert_ok(begin_to_lead(ledger));
    assert_int_equal(ledger_number(ledger, restored_entries), MANY_LOGS);
}

static void a_damaged_log_stays_as_it_is_and_holds_up_no_other(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 3);
    ledger_fill(ledger, lawyers, 3);
    restore(ledger);
    ledger_damage(ledger, "DELETE FROM audit.entry WHERE seq = 3 AND organisation = '\\x"
                          "c1110000000000000000000000000000'");
    assert_ok(begin_to_lead(ledger));
    assert_int_equal(ledger_number(ledger, restored_entries), 1);
    assert_int_equal(ledger_size(ledger, lawyers), 5);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_set_up, ledger_tear_down)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_restore_nothing_is_logged),
        TEST(each_log_tells_of_the_restore_under_a_checkpoint),
        TEST(a_second_leader_does_not_tell_it_again),
        TEST(a_log_restored_twice_tells_it_twice),
        TEST(more_logs_than_a_commit_takes_all_tell_it),
        TEST(a_damaged_log_stays_as_it_is_and_holds_up_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
