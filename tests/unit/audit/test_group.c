/*
 * A commit of the log on a real PostgreSQL: once each, chained, organisation by organisation; and a
 * log that somebody damaged is not continued, and holds up no other.
 */
#include "tests/unit/audit/ledger.inc"

#define CLINIC "organisation = '\\xc1110000000000000000000000000000'"

/* --- appending --- */

static void the_first_event_opens_the_log(void **state)
{
    struct ledger *ledger = *state;
    ledger_fill(ledger, clinic, 1);

    assert_int_equal(ledger_size(ledger, clinic), 2);
    int64_t started = 0;
    assert_ok(database_number(ledger->database,
        "SELECT count(*) FROM audit.entry WHERE seq = 1 AND kind = 0 AND "
        "convert_from(body, 'UTF8') LIKE '{\"kind\":\"log-started\",%'",
        &started));
    assert_int_equal(started, 1);
}

static void an_event_is_logged_once_in_a_group_and_ever_after(void **state)
{
    struct ledger *ledger = *state;
    struct audit_event events[] = {opened(clinic, event_id(1)), opened(clinic, event_id(1))};
    struct append_job first = job_of(events, 2);
    struct append_job second = job_of(events, 1);
    assert_ok(ledger_commit(ledger, &first));
    heads_forget(ledger->heads);
    assert_ok(ledger_commit(ledger, &second));

    assert_int_equal(first.appended, 1);
    assert_int_equal(first.repeated, 1);
    assert_int_equal(second.appended, 0);
    assert_int_equal(second.repeated, 1);
    assert_int_equal(ledger_size(ledger, clinic), 2);
}

static void each_organisation_has_a_chain_of_its_own(void **state)
{
    struct ledger *ledger = *state;
    struct audit_event events[] = {
        opened(clinic, event_id(1)), opened(lawyers, event_id(2)), opened(clinic, event_id(3))};
    struct append_job job = job_of(events, 3);
    assert_ok(ledger_commit(ledger, &job));

    int64_t chained = 0;
    assert_int_equal(job.appended, 3);
    assert_int_equal(ledger_size(ledger, clinic), 3);
    assert_int_equal(ledger_size(ledger, lawyers), 2);
    assert_ok(database_number(ledger->database,
        "SELECT count(*) FROM audit.entry e JOIN audit.entry p ON p.organisation = e.organisation "
        "AND p.seq = e.seq - 1 WHERE convert_from(e.body, 'UTF8')::json ->> 'prev' = "
        "encode(p.hash, 'hex')",
        &chained));
    assert_int_equal(chained, 3);
}

static void jobs_of_a_group_commit_together(void **state)
{
    struct ledger *ledger = *state;
    struct audit_event one = opened(clinic, event_id(1));
    struct audit_event two = opened(clinic, event_id(2));
    struct append_job first = job_of(&one, 1);
    struct append_job second = job_of(&two, 1);
    struct group_context context = ledger_context(ledger);
    int64_t transactions = 0;
    assert_ok(group_commit(&context, (struct append_job *[]){&first, &second}, 2));

    assert_int_equal(first.appended + second.appended, 2);
    assert_ok(database_number(
        ledger->database, "SELECT count(DISTINCT xmin::text) FROM audit.entry", &transactions));
    assert_int_equal(transactions, 1);
}

static void an_erasable_value_stands_apart_from_its_commitment(void **state)
{
    struct ledger *ledger = *state;
    const struct personal_field who[] = {{span_text("recipient"), span_text("ada@clinic.example")}};
    struct audit_event event = opened(clinic, event_id(1));
    event.personal = LIST_OF(who);
    struct append_job job = job_of(&event, 1);
    assert_ok(ledger_commit(ledger, &job));

    int64_t named = -1;
    int64_t disclosed = -1;
    assert_ok(database_number(ledger->database,
        "SELECT count(*) FROM audit.entry WHERE position('ada@'::bytea IN body) > 0", &named));
    assert_ok(database_number(ledger->database,
        "SELECT count(*) FROM audit.disclosure WHERE value = 'ada@clinic.example' AND seq = 2",
        &disclosed));
    assert_int_equal(named, 0);
    assert_int_equal(disclosed, 1);
}

static void a_job_with_too_many_events_is_refused(void **state)
{
    static struct audit_event events[AUDIT_BATCH_MAX + 1];
    struct ledger *ledger = *state;
    for (size_t i = 0; i < AUDIT_BATCH_MAX + 1; i++)
        events[i] = opened(clinic, (struct id){{1, (uint8_t)i, (uint8_t)(i >> 8)}});
    struct append_job job = job_of(events, AUDIT_BATCH_MAX + 1);

    assert_error(ledger_commit(ledger, &job), SM_TOO_LARGE);
    assert_int_equal(ledger_size(ledger, clinic), 0);
}

/* --- signing --- */

static void a_log_is_signed_when_somebody_asks(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job = {.sign_organisation = clinic};
    ledger_fill(ledger, clinic, 2);
    assert_ok(ledger_commit(ledger, &job));

    assert_ok(job.error);
    assert_int_equal(job.size, 3);
    assert_true(strncmp(job.note, "securemail/c1110000", 19) == 0);
}

static void a_log_that_is_not_there_is_not_signed(void **state)
{
    struct append_job job = {.sign_organisation = clinic};
    assert_ok(ledger_commit(*state, &job));
    assert_error(job.error, SM_NOT_FOUND);
}

static void every_log_that_grew_is_signed_at_the_interval(void **state)
{
    struct ledger *ledger = *state;
    struct group_context context = ledger_context(ledger);
    int64_t signed_logs = 0;
    ledger_fill(ledger, clinic, 1);
    ledger_fill(ledger, lawyers, 1);
    assert_ok(group_sign_all(&context));
    assert_ok(group_sign_all(&context)); /* nothing new: nothing to sign */

    assert_ok(database_number(
        ledger->database, "SELECT count(*) FROM audit.checkpoint WHERE size = 2", &signed_logs));
    assert_int_equal(signed_logs, 2);
}

/* --- damage --- */

static const struct damage {
    const char *what, *sql;
} damages[] = {
    {"an edited entry", "UPDATE audit.entry SET body = overlay(body PLACING '\\x58'::bytea FROM 20 "
                        "FOR 1) WHERE seq = 3 AND " CLINIC},
    {"a gap", "DELETE FROM audit.entry WHERE seq = 3 AND " CLINIC},
    {"no first entry", "DELETE FROM audit.entry WHERE seq = 1 AND " CLINIC},
    {"a duplicate", "INSERT INTO audit.entry (organisation, seq, event, kind, recorded_ms, body, "
                    "hash) SELECT organisation, 5, decode(md5('x'), 'hex'), kind, recorded_ms, "
                    "body, hash FROM audit.entry WHERE seq = 4 AND " CLINIC},
    {"a wrong hash", "UPDATE audit.entry SET hash = sha256('x') WHERE seq = 2 AND " CLINIC},
    {"a row that is no entry",
        "ALTER TABLE audit.entry DROP CONSTRAINT entry_body_check; UPDATE audit.entry SET body = "
        "decode(repeat('20', 5000), 'hex') WHERE seq = 4 AND " CLINIC},
    {"a checkpoint of somebody else",
        "INSERT INTO audit.checkpoint VALUES ('\\xc1110000000000000000000000000000', 4, 'note', "
        "decode(repeat('00', 32), 'hex'))"},
    {"a checkpoint that is none",
        "INSERT INTO audit.checkpoint VALUES ('\\xc1110000000000000000000000000000', 4, "
        "repeat('x', 5000), '')"},
    {"a checkpoint of entries that are gone",
        "INSERT INTO audit.checkpoint VALUES ('\\xc1110000000000000000000000000000', 9, 'note', "
        "decode(repeat('00', 64), 'hex'))"},
    {"a disclosure of an entry that is gone",
        "INSERT INTO audit.disclosure VALUES ('\\xc1110000000000000000000000000000', 5, 0, "
        "'recipient', 'x', sha256('x'))"},
};

static void a_damaged_log_holds_its_own_events_and_no_others(void **state)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct ledger *ledger = *state;
        struct audit_event events[] = {opened(lawyers, event_id(101)),
            opened(clinic, event_id(102)), opened(lawyers, event_id(103))};
        struct append_job job = job_of(events, 3);
        ledger_fill(ledger, clinic, 3);
        ledger_damage(ledger, damages[i].sql);
        assert_ok(ledger_commit(ledger, &job));

        assert_ok(job.error);
        assert_int_equal(job.appended, 2);
        assert_int_equal(job.held, 1);
        assert_false(job.is_held[0]);
        assert_true(job.is_held[1]);
        assert_false(job.is_held[2]);
        assert_int_equal(ledger_size(ledger, lawyers), 3);
        (void)ledger_tear_down(state);
        (void)ledger_set_up(state);
    }
}

static void what_was_held_is_logged_once_the_log_is_mended(void **state)
{
    struct ledger *ledger = *state;
    struct audit_event event = opened(clinic, event_id(102));
    struct append_job held = job_of(&event, 1);
    struct append_job again = job_of(&event, 1);
    ledger_fill(ledger, clinic, 3);
    ledger_damage(ledger, "UPDATE audit.entry SET seq = 30 WHERE seq = 3");
    assert_ok(ledger_commit(ledger, &held));
    assert_int_equal(held.held, 1);
    assert_ok(database_run(ledger->database, "UPDATE audit.entry SET seq = 3 WHERE seq = 30"));

    assert_ok(ledger_commit(ledger, &again));
    assert_int_equal(again.held, 0);
    assert_int_equal(again.appended, 1);
    assert_int_equal(ledger_size(ledger, clinic), 5);
}

static void a_damaged_log_is_not_signed(void **state)
{
    struct ledger *ledger = *state;
    struct append_job job = {.sign_organisation = clinic};
    ledger_fill(ledger, clinic, 3);
    ledger_damage(ledger, damages[0].sql);
    assert_ok(ledger_commit(ledger, &job));
    assert_error(job.error, SM_TAMPERED);
    assert_int_equal(job.note_bytes, 0);
}

static void a_log_of_another_signing_key_is_not_continued(void **state)
{
    static const uint8_t other_seed[32] = {8};
    struct ledger *ledger = *state;
    struct signing_key *other DEFER(signing_key_free) = NULL;
    struct heads *heads DEFER(heads_free) = NULL;
    struct head head;
    ledger_fill(ledger, clinic, 1);
    assert_ok(signing_key_new(SPAN(other_seed), &other));
    assert_ok(heads_new(other, &heads));

    assert_error(heads_get(heads, ledger->db, &clinic, &head), SM_TAMPERED);
}

static void a_head_read_from_its_checkpoint_is_the_one_in_memory(void **state)
{
    struct ledger *ledger = *state;
    struct append_job sign = {.sign_organisation = clinic};
    struct head kept;
    struct head read;
    ledger_fill(ledger, clinic, 2);
    assert_ok(ledger_commit(ledger, &sign));
    ledger_fill(ledger, clinic, 3);
    assert_ok(heads_get(ledger->heads, ledger->db, &clinic, &kept));
    heads_forget(ledger->heads);
    assert_ok(heads_get(ledger->heads, ledger->db, &clinic, &read));

    assert_int_equal(read.tree.size, 6);
    assert_int_equal(read.checkpoint_size, 3);
    assert_true(hash_equal(&read.last, &kept.last));
    assert_true(span_equal(tree_peaks(&read.tree), tree_peaks(&kept.tree)));
}

static void who_does_not_lead_writes_nothing(void **state)
{
    struct ledger *ledger = *state;
    struct db *leader DEFER(db_close) = NULL;
    struct audit_event event = opened(clinic, event_id(1));
    struct append_job job = job_of(&event, 1);
    bool leads = false;
    assert_ok(db_open(database_conninfo(ledger->database, "sm_audit").text, &leader));
    assert_ok(store_try_lead(leader, &leads));
    assert_true(leads);

    assert_error(ledger_commit(ledger, &job), SM_NOT_ACTIVE);
    assert_int_equal(ledger_size(ledger, clinic), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_set_up, ledger_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_event_opens_the_log),
        TEST(an_event_is_logged_once_in_a_group_and_ever_after),
        TEST(each_organisation_has_a_chain_of_its_own),
        TEST(jobs_of_a_group_commit_together),
        TEST(an_erasable_value_stands_apart_from_its_commitment),
        TEST(a_job_with_too_many_events_is_refused),
        TEST(a_log_is_signed_when_somebody_asks),
        TEST(a_log_that_is_not_there_is_not_signed),
        TEST(every_log_that_grew_is_signed_at_the_interval),
        TEST(a_damaged_log_holds_its_own_events_and_no_others),
        TEST(what_was_held_is_logged_once_the_log_is_mended),
        TEST(a_damaged_log_is_not_signed),
        TEST(a_log_of_another_signing_key_is_not_continued),
        TEST(a_head_read_from_its_checkpoint_is_the_one_in_memory),
        TEST(who_does_not_lead_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
