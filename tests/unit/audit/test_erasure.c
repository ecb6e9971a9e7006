/* Personal values are erased by an entry that names them, and the log verifies as before. */
#include "services/audit/replay.h"

#include "services/audit/store.h"
#include "tests/unit/audit/ledger.inc"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define VALUES "SELECT count(*) FROM audit.disclosure WHERE value = "
#define TELLS                                                                               \
    "SELECT count(*) FROM audit.entry WHERE convert_from(body, 'UTF8')::json ->> 'kind' = " \
    "'personal-erased'"

/* An entry that names a sender and a recipient. */
static void log_names(struct ledger *ledger, struct id organisation, uint8_t event)
{
    struct personal_field names[] = {{span_text("sender"), span_text("bo@clinic.example")},
        {span_text("recipient"), span_text("ada@home.example")}};
    struct audit_event happened = opened(organisation, event_id(event));
    happened.personal = (struct list){names, 2};
    struct append_job job = job_of(&happened, 1);
    assert_ok(ledger_commit(ledger, &job));
    assert_int_equal(job.appended, 1);
}

static struct erase_order order_of(const char *person, uint64_t seq)
{
    return (struct erase_order){.organisation = clinic,
        .person = span_text(person),
        .seq = seq,
        .by = span_text("Cor, privacy officer"),
        .reason = span_text("request 2026-14")};
}

static enum sm_error erase(
    struct ledger *ledger, const struct erase_order *order, struct append_job *job)
{
    *job = (struct append_job){.source = PEER_AUDIT, .erase = order};
    TRY(ledger_commit(ledger, job));
    return job->error;
}

static void a_person_is_erased_wherever_he_stands_and_an_entry_tells_it(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job;
    log_names(ledger, clinic, 1);
    log_names(ledger, clinic, 2);
    log_names(ledger, lawyers, 3);
    const struct erase_order order = order_of("ada@home.example", 0);

    assert_ok(erase(ledger, &order, &job));

    assert_int_equal(job.erasure.count, 2);
    assert_int_equal(job.erased_seq, 4);
    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 1); /* the lawyers' */
    assert_int_equal(ledger_number(ledger, VALUES "'bo@clinic.example'"), 3);
    assert_int_equal(ledger_number(ledger, VALUES "'Cor, privacy officer'"), 1);
    assert_int_equal(ledger_number(ledger,
                         TELLS " AND convert_from(body, 'UTF8') LIKE "
                               "'%\"erased\":[{\"place\":1,\"seq\":2},{\"place\":1,\"seq\":3}]%'"
                               " AND convert_from(body, 'UTF8') NOT LIKE '%ada@%'"),
        1);
}

static void asked_again_there_is_nothing_to_erase_and_nothing_to_tell(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job;
    log_names(ledger, clinic, 1);
    const struct erase_order order = order_of("ada@home.example", 0);
    assert_ok(erase(ledger, &order, &job));

    assert_ok(erase(ledger, &order, &job));

    assert_int_equal(job.erasure.count, 0);
    assert_int_equal(job.erased_seq, 0);
    assert_int_equal(ledger_number(ledger, TELLS), 1);
}

static void of_one_entry_all_values_or_one_person_s_are_erased(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job;
    log_names(ledger, clinic, 1);
    log_names(ledger, clinic, 2);
    struct erase_order order = order_of("bo@clinic.example", 3);
    assert_ok(erase(ledger, &order, &job));
    assert_int_equal(job.erasure.count, 1);

    order = order_of("", 2);
    assert_ok(erase(ledger, &order, &job));

    assert_int_equal(job.erasure.count, 2);
    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 1);
    assert_int_equal(ledger_number(ledger, VALUES "'bo@clinic.example'"), 0);
}

static void more_than_one_entry_can_name_is_told_to_go_on(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job;
    for (uint8_t i = 0; i < AUDIT_ERASED_MAX + 1; i++)
        log_names(ledger, clinic, i);
    const struct erase_order order = order_of("ada@home.example", 0);

    assert_ok(erase(ledger, &order, &job));
    assert_int_equal(job.erasure.count, AUDIT_ERASED_MAX);
    assert_true(job.erasure.has_more);

    assert_ok(erase(ledger, &order, &job));
    assert_int_equal(job.erasure.count, 1);
    assert_false(job.erasure.has_more);
    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 0);
}

static void a_reason_may_not_name_the_value_that_it_erases(void **state)
{
    static const char *const reasons[] = {"ada@home.example asked", "asked: ADA@Home.example"};
    struct ledger *ledger = *state;
    struct append_job job;
    log_names(ledger, clinic, 1);
    for (size_t i = 0; i < 2; i++) {
        struct erase_order by_person = order_of("ada@home.example", 0);
        struct erase_order by_entry = order_of("", 2);
        by_person.reason = by_entry.reason = span_text(reasons[i]);
        assert_error(erase(ledger, &by_person, &job), SM_BAD_VALUE);
        assert_error(erase(ledger, &by_entry, &job), SM_BAD_VALUE);
    }
    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 1);
}

static void an_order_that_names_nothing_is_refused(void **state)
{
    struct append_job job;
    const struct erase_order order = order_of("", 0);
    assert_error(erase(*state, &order, &job), SM_BAD_VALUE);
}

static void nothing_is_erased_from_a_damaged_log(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job;
    log_names(ledger, clinic, 1);
    ledger_damage(ledger, "UPDATE audit.entry SET hash = sha256('x') WHERE seq = 2");
    const struct erase_order order = order_of("ada@home.example", 0);

    assert_error(erase(ledger, &order, &job), SM_TAMPERED);
    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 1);
}

/* Whoever has audit's role can delete no value that no entry names. */
static void the_role_of_audit_deletes_nothing_by_itself(void **state)
{
    static const struct statement deletes = {
        "test_delete", "DELETE FROM audit.disclosure WHERE seq = 2"};
    static const struct statement calls = {
        "test_erase", "SELECT audit.erase(organisation, seq) FROM audit.entry"};
    struct ledger *ledger = *state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    log_names(ledger, clinic, 1);
    assert_error(DB_RUN0(ledger->db, &deletes, NULL), SM_DATABASE);
    assert_ok(DB_RUN0(ledger->db, &calls, &rows));
    assert_int_equal(ledger_number(ledger, "SELECT count(*) FROM audit.disclosure"), 2);
}

/* --- after a restore --- */

static enum sm_error replay(struct ledger *ledger)
{
    bool is_leader = false;
    struct group_context context = ledger_context(ledger);
    TRY(store_try_lead(ledger->db, &is_leader));
    assert_true(is_leader);
    return replay_erasures(&context);
}

static void journal_says(struct ledger *ledger, const char *kind, uint8_t event)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
        "INSERT INTO restore.erasure (at_ms, kind, thing) VALUES (clock.now_ms(), '%s', '\\x%s')",
        kind, id_text(event_id(event)).text);
    assert_ok(database_run(ledger->database, sql));
}

static void what_the_journal_names_is_erased_again_once(void **state)
{
    struct ledger *ledger = *state;
    log_names(ledger, clinic, 1);
    log_names(ledger, clinic, 2);
    log_names(ledger, lawyers, 3);
    journal_says(ledger, "value-1", 1);
    journal_says(ledger, "value-1", 1); /* the same twice is the same */
    journal_says(ledger, "value-0", 3);
    journal_says(ledger, "value-0", 99); /* logged after the backup */
    journal_says(ledger, "deleted", 1);  /* crypto's */

    assert_ok(replay(ledger));
    assert_ok(replay(ledger));

    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 2);
    assert_int_equal(ledger_number(ledger, VALUES "'bo@clinic.example'"), 2);
    assert_int_equal(ledger_number(ledger, TELLS), 2);
    assert_int_equal(ledger_number(ledger, "SELECT count(*) FROM restore.erasure"), 1);
}

static void a_damaged_log_s_values_wait_and_hold_up_no_other(void **state)
{
    struct ledger *ledger = *state;
    log_names(ledger, clinic, 1);
    log_names(ledger, lawyers, 2);
    journal_says(ledger, "value-1", 1);
    journal_says(ledger, "value-1", 2);
    ledger_damage(ledger, "UPDATE audit.entry SET hash = sha256('x') WHERE seq = 2 AND "
                          "organisation = '\\x1a220000000000000000000000000000'");

    assert_ok(replay(ledger));

    assert_int_equal(ledger_number(ledger, VALUES "'ada@home.example'"), 1);
    assert_int_equal(ledger_number(ledger, "SELECT count(*) FROM restore.erasure"), 1);
}

/* For a restore of an older backup. */
static void what_is_erased_is_noted_outside_of_the_database(void **state)
{
    char folder[] = "/tmp/erasure-test-XXXXXX";
    char path[64];
    char line[256] = "";
    struct ledger *ledger = *state;
    struct journal *journal DEFER(journal_close) = NULL;
    struct group_context context = ledger_context(ledger);
    const struct erase_order order = order_of("ada@home.example", 0);
    struct append_job job = {.source = PEER_AUDIT, .erase = &order};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/erasures.journal", folder);
    assert_ok(journal_open(folder, &journal));
    log_names(ledger, clinic, 1);
    context.journal = journal;

    assert_ok(group_commit(&context, (struct append_job *[]){&job}, 1));

    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read(file, line, sizeof line - 1) > 0);
    assert_int_equal(close(file), 0);
    assert_non_null(strstr(line, " value-1 ee010100000000000000000000000000 "));
    assert_int_equal(unlink(path) | rmdir(folder), 0);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_set_up, ledger_tear_down)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_person_is_erased_wherever_he_stands_and_an_entry_tells_it),
        TEST(asked_again_there_is_nothing_to_erase_and_nothing_to_tell),
        TEST(of_one_entry_all_values_or_one_person_s_are_erased),
        TEST(more_than_one_entry_can_name_is_told_to_go_on),
        TEST(a_reason_may_not_name_the_value_that_it_erases),
        TEST(an_order_that_names_nothing_is_refused),
        TEST(nothing_is_erased_from_a_damaged_log),
        TEST(the_role_of_audit_deletes_nothing_by_itself),
        TEST(what_the_journal_names_is_erased_again_once),
        TEST(a_damaged_log_s_values_wait_and_hold_up_no_other),
        TEST(what_is_erased_is_noted_outside_of_the_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
