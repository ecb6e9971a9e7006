/* Mail jobs on a real PostgreSQL, as role sm_notifier: nothing twice, nothing lost, nothing kept.
 */
#include "services/notifier/jobs.h"

#include "tests/support/check.h"
#include "tests/support/database.h"

#include <stdlib.h>
#include <time.h>

struct place {
    struct database *database;
    struct db *db;
    int64_t now_ms;
};

static const struct id organisation = {{1}}, message = {{2}}, other_message = {{3}}, link_a = {{4}},
                       link_b = {{5}};
enum { LEASE_MS = 60000, DAY_MS = 24 * 60 * 60 * 1000 };

static const struct claim any = {JOB_ANY, LEASE_MS, NULL, 0};

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place || database_new(&place->database) != SM_OK)
        return -1;
    *state = place;
    return db_open(database_conninfo(place->database, "sm_notifier").text, &place->db) == SM_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    db_close(&place->db);
    database_free(&place->database);
    free(place);
    return 0;
}

static int be_empty(void **state)
{
    struct place *place = *state;
    bool is_empty =
        database_run(place->database, "DELETE FROM outbox.job; DELETE FROM outbox.delivery;"
                                      "DELETE FROM outbox.event;") == SM_OK &&
        database_clock_shift(place->database, 0) == SM_OK &&
        db_now_ms(place->db, &place->now_ms) == SM_OK;
    return is_empty ? 0 : -1;
}

static int64_t number(struct place *place, const char *sql)
{
    int64_t value;
    assert_ok(database_number(place->database, sql, &value));
    return value;
}

static struct mail_job job_of(const struct place *place, uint8_t id, uint64_t kind)
{
    return (struct mail_job){.job = {{id}},
        .organisation = organisation,
        .message = message,
        .link = link_a,
        .kind = kind,
        .not_before_ms = (uint64_t)place->now_ms,
        .not_after_ms = (uint64_t)(place->now_ms + DAY_MS),
        .sealed = span_text("sealed letter")};
}

static void enqueue(struct place *place, const struct mail_job *job)
{
    struct list jobs = {job, 1};
    bool is_due;
    assert_ok(jobs_enqueue(place->db, &jobs, &is_due));
}

static struct list pull(struct place *place, uint64_t tx, uint64_t id, struct arena *arena)
{
    struct delivery_feed_request request = {tx, id, 100};
    struct list deliveries;
    assert_ok(jobs_deliveries(place->db, &request, arena, &deliveries));
    return deliveries;
}

/* The feed stops below the oldest transaction of the whole cluster, and other tests have some too.
 */
static struct list pull_all(struct place *place, size_t expected, struct arena *arena)
{
    struct list deliveries = pull(place, 0, 0, arena);
    for (int i = 0; deliveries.count < expected && i < 1000; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        arena_free(arena);
        deliveries = pull(place, 0, 0, arena);
    }
    assert_int_equal(deliveries.count, expected);
    return deliveries;
}

static struct claimed_job claim(struct place *place, enum job_rank rank)
{
    struct claimed_job claimed;
    assert_ok(jobs_claim(place->db, &(struct claim){rank, LEASE_MS, NULL, 0}, &claimed));
    return claimed;
}

static void assert_nothing_due(struct place *place, struct db *db)
{
    struct claimed_job claimed;
    (void)place;
    assert_error(jobs_claim(db, &any, &claimed), SM_NOT_FOUND);
}

/* --- taking --- */

static void a_job_told_twice_is_taken_once(void **state)
{
    struct place *place = *state;
    struct mail_job jobs[] = {job_of(place, 1, LETTER_NOTICE), job_of(place, 2, LETTER_NOTICE)};
    struct list both = LIST_OF(jobs);
    bool is_due;

    jobs[1].not_before_ms += DAY_MS;
    assert_ok(jobs_enqueue(place->db, &both, &is_due));
    assert_true(is_due); /* the one of them */
    assert_ok(jobs_enqueue(place->db, &both, &is_due));
    assert_false(is_due); /* nothing of it is new */

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job"), 2);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 2);
}

static void a_settled_job_told_again_stays_settled(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));

    enqueue(place, &job);

    assert_nothing_due(place, place->db);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 1);
}

/* --- claiming --- */

static void a_job_is_claimed_by_one(void **state)
{
    struct place *place = *state;
    struct db *other DEFER(db_close) = NULL;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    assert_ok(db_open(database_conninfo(place->database, "sm_notifier").text, &other));
    enqueue(place, &job);

    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_true(id_equal(claimed.job, job.job));
    assert_true(id_equal(claimed.organisation, organisation));
    assert_true(id_equal(claimed.message, message));
    assert_true(id_equal(claimed.link, link_a));
    assert_true(span_equals_text(claimed.sealed, "sealed letter"));
    assert_int_equal(claimed.attempt, 1);
    assert_false(claimed.is_over);
    assert_nothing_due(place, other);
}

static void a_lease_ends_at_its_time(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job first DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_nothing_due(place, place->db);

    assert_ok(database_clock_shift(place->database, LEASE_MS / 1000 + 1));

    struct claimed_job second DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_int_equal(second.attempt, 2);
}

static void a_lease_ends_with_its_holders_connection(void **state)
{
    struct place *place = *state;
    struct db *killed = NULL;
    struct claimed_job claimed, again;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    assert_ok(db_open(database_conninfo(place->database, "sm_notifier").text, &killed));
    assert_ok(jobs_claim(killed, &any, &claimed));
    claimed_job_free(&claimed);
    assert_nothing_due(place, place->db);

    db_close(&killed);

    enum sm_error error = SM_NOT_FOUND;
    for (int i = 0; i < 100000 && error == SM_NOT_FOUND; i++)
        error = jobs_claim(place->db, &any, &again);
    assert_ok(error);
    claimed_job_free(&again);
}

/* The database was away: its leases are gone, and the process that sends it is not. */
static void what_a_process_has_in_hand_it_does_not_claim_again(void **state)
{
    struct place *place = *state;
    struct db *lost = NULL;
    struct claimed_job claimed;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    const struct claim with_it_in_hand = {JOB_ANY, LEASE_MS, &job.job, 1};
    enqueue(place, &job);
    assert_ok(db_open(database_conninfo(place->database, "sm_notifier").text, &lost));
    assert_ok(jobs_claim(lost, &any, &claimed));
    claimed_job_free(&claimed);
    db_close(&lost);
    assert_ok(database_run(place->database, "UPDATE outbox.job SET holder_pid = NULL"));

    assert_error(jobs_claim(place->db, &with_it_in_hand, &claimed), SM_NOT_FOUND);
    assert_ok(jobs_claim(place->db, &any, &claimed));
    claimed_job_free(&claimed);
}

static void codes_go_first_and_have_a_claimer_of_their_own(void **state)
{
    struct place *place = *state;
    struct claimed_job none;
    struct mail_job notice = job_of(place, 1, LETTER_NOTICE), code = job_of(place, 2, LETTER_CODE);
    enqueue(place, &notice);
    assert_error(
        jobs_claim(place->db, &(struct claim){JOB_URGENT, LEASE_MS, NULL, 0}, &none), SM_NOT_FOUND);
    enqueue(place, &code);

    struct claimed_job first DEFER(claimed_job_free) = claim(place, JOB_ANY);
    struct claimed_job second DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_int_equal(first.kind, LETTER_CODE);
    assert_int_equal(second.kind, LETTER_NOTICE);
}

static void a_job_waits_for_its_time(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    job.not_before_ms += 30000;
    enqueue(place, &job);
    assert_nothing_due(place, place->db);

    assert_ok(database_clock_shift(place->database, 31));

    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_int_equal(claimed.attempt, 1);
}

/* --- settling --- */

static void acceptance_wipes_the_letter_and_tells_log_and_feed(void **state)
{
    struct place *place = *state;
    struct arena arena DEFER(arena_free) = ARENA(1024 * 1024);
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job WHERE sealed IS NULL"
                                   " AND message IS NULL AND link IS NULL AND state = 2"),
        1);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 2);
    struct list feed = pull_all(place, 1, &arena);
    const struct delivery *delivery = LIST_AT(struct delivery, feed, 0);
    assert_int_equal(delivery->result, DELIVERY_ACCEPTED);
    assert_true(id_equal(delivery->link, link_a));
    assert_true(id_equal(delivery->job, job.job));
    assert_int_equal(pull(place, delivery->tx, delivery->id, &arena).count, 0);
}

static void a_job_is_settled_once(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));
    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_UNDELIVERABLE, "late"));
    assert_ok(jobs_postpone(place->db, &claimed, 0));

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 1);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 2);
    assert_nothing_due(place, place->db);
}

static void an_acceptance_counts_although_the_lease_was_lost(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job first DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(database_clock_shift(place->database, LEASE_MS / 1000 + 1));
    struct claimed_job second DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_ok(jobs_postpone(place->db, &first, 3600000)); /* no longer his to postpone */
    assert_ok(jobs_settle(place->db, &first, DELIVERY_ACCEPTED, NULL));
    assert_ok(jobs_settle(place->db, &second, DELIVERY_ACCEPTED, NULL));

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 1);
}

static void a_postponed_job_comes_back_at_its_time(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    enqueue(place, &job);
    struct claimed_job first DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_postpone(place->db, &first, 5000));
    assert_nothing_due(place, place->db);

    assert_ok(database_clock_shift(place->database, 6));

    struct claimed_job second DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_int_equal(second.attempt, 2);
}

static void a_job_whose_time_is_over_is_said_to_be(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_CODE);
    job.not_after_ms = job.not_before_ms + 600000;
    enqueue(place, &job);
    struct claimed_job first DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_postpone(place->db, &first, (int64_t)DAY_MS * 30));

    assert_ok(database_clock_shift(place->database, 601));

    struct claimed_job second DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_true(second.is_over);
    assert_ok(jobs_settle(place->db, &second, DELIVERY_UNDELIVERABLE, "given up"));
    assert_int_equal(number(place, "SELECT result FROM outbox.delivery"), DELIVERY_UNDELIVERABLE);
}

/* --- cancelling --- */

static void cancelling_a_link_leaves_the_others(void **state)
{
    struct place *place = *state;
    struct mail_job a = job_of(place, 1, LETTER_NOTICE), b = job_of(place, 2, LETTER_NOTICE);
    uint64_t cancelled;
    b.link = link_b;
    enqueue(place, &a);
    enqueue(place, &b);

    assert_ok(jobs_cancel(place->db, message, link_a, &cancelled));

    assert_int_equal(cancelled, 1);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_true(id_equal(claimed.link, link_b));
    assert_nothing_due(place, place->db);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 3);
}

static void cancelling_a_message_leaves_nothing_that_names_it(void **state)
{
    struct place *place = *state;
    struct mail_job sent = job_of(place, 1, LETTER_NOTICE), waiting = job_of(place, 2, LETTER_CODE),
                    other = job_of(place, 3, LETTER_NOTICE);
    uint64_t cancelled;
    other.message = other_message;
    enqueue(place, &sent);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));
    enqueue(place, &waiting);
    enqueue(place, &other);

    assert_ok(jobs_cancel(place->db, message, (struct id){{0}}, &cancelled));
    assert_int_equal(cancelled, 1);
    assert_ok(jobs_cancel(place->db, message, (struct id){{0}}, &cancelled));
    assert_int_equal(cancelled, 0);

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job WHERE message IS NOT NULL"), 1);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 0);
}

static void what_is_being_sent_when_cancelled_is_not_tried_again(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    uint64_t cancelled;
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);

    assert_ok(jobs_cancel(place->db, message, (struct id){{0}}, &cancelled));
    assert_int_equal(cancelled, 0);
    assert_ok(jobs_postpone(place->db, &claimed, 0));

    assert_nothing_due(place, place->db);
    assert_int_equal(number(place, "SELECT state FROM outbox.job"), 4);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 0);
}

static void what_is_accepted_after_it_was_cancelled_is_in_the_log_alone(void **state)
{
    struct place *place = *state;
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    uint64_t cancelled;
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_cancel(place->db, message, (struct id){{0}}, &cancelled));

    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 0);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 2);
}

/* --- the feed --- */

/* A transaction that began before and commits after must not be skipped. */
static void the_feed_waits_for_what_commits_late(void **state)
{
    struct place *place = *state;
    struct arena arena DEFER(arena_free) = ARENA(1024 * 1024);
    struct db *late DEFER(db_close) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    static const struct statement write_late = {"test_write_late",
        "INSERT INTO outbox.delivery (job, organisation, message, kind, result, at_ms,"
        " keep_until_ms) VALUES ($1, $1, $1, 1, 1, 1, 1)"};
    struct id late_id = {{9}};
    struct mail_job job = job_of(place, 1, LETTER_NOTICE);
    assert_ok(db_open(database_conninfo(place->database, "sm_notifier").text, &late));
    assert_ok(db_begin(late, &tx));
    assert_ok(DB_RUN(late, &write_late, NULL, db_id(&late_id)));
    enqueue(place, &job);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));

    assert_int_equal(pull(place, 0, 0, &arena).count, 0);
    assert_ok(db_commit(&tx));

    struct list feed = pull_all(place, 2, &arena);
    assert_true(id_equal(LIST_AT(struct delivery, feed, 0)->job, late_id));
}

static void what_nobody_can_need_is_forgotten(void **state)
{
    struct place *place = *state;
    struct mail_job done = job_of(place, 1, LETTER_NOTICE), waiting = job_of(place, 2, LETTER_CODE);
    enqueue(place, &done);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_ok(jobs_settle(place->db, &claimed, DELIVERY_ACCEPTED, NULL));
    enqueue(place, &waiting);

    assert_ok(jobs_forget(place->db));
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job"), 2);
    assert_ok(database_clock_shift(place->database, 9 * 24 * 60 * 60));
    assert_ok(jobs_forget(place->db));

    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job"), 1);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.delivery"), 0);
}

static void the_role_reaches_nothing_else(void **state)
{
    struct place *place = *state;
    assert_int_equal(
        number(place, "SELECT count(*) FROM pg_tables WHERE schemaname IN ('vault', 'mail',"
                      " 'audit', 'retention') AND (has_table_privilege('sm_notifier',"
                      " quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT') OR"
                      " has_table_privilege('sm_notifier', quote_ident(schemaname) || '.' ||"
                      " quote_ident(tablename), 'INSERT'))"),
        0);
    assert_int_equal(
        number(
            place, "SELECT has_table_privilege('sm_notifier', 'outbox.delivery', 'UPDATE')::int"),
        0);
}

/* --- after a restore --- */

static void what_waited_in_a_backup_is_held_and_new_mail_is_not(void **state)
{
    struct place *place = *state;
    struct mail_job old = job_of(place, 1, LETTER_NOTICE);
    struct mail_job fresh = job_of(place, 2, LETTER_NOTICE);
    enqueue(place, &old);
    struct claimed_job sending DEFER(claimed_job_free) = claim(place, JOB_ANY); /* at the backup */
    assert_ok(database_run(place->database,
        "SELECT restore.prepare('\\x000102030405060708090a0b0c0d0e0f',"
        " '\\x000102030405060708090a0b0c0d0e0f', 1700000000000, true)"));
    assert_nothing_due(place, place->db);
    enqueue(place, &fresh);
    struct claimed_job claimed DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_true(id_equal(claimed.job, fresh.job));
    enqueue(place, &old); /* told again by crypto: it stays held */
    assert_nothing_due(place, place->db);

    assert_ok(database_run(place->database, "UPDATE restore.run SET mail_released_ms = 1"));

    struct claimed_job released DEFER(claimed_job_free) = claim(place, JOB_ANY);
    assert_true(id_equal(released.job, old.job));
}

#define TEST(name) cmocka_unit_test_setup(name, be_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_told_twice_is_taken_once),
        TEST(a_settled_job_told_again_stays_settled),
        TEST(a_job_is_claimed_by_one),
        TEST(a_lease_ends_at_its_time),
        TEST(a_lease_ends_with_its_holders_connection),
        TEST(what_a_process_has_in_hand_it_does_not_claim_again),
        TEST(codes_go_first_and_have_a_claimer_of_their_own),
        TEST(a_job_waits_for_its_time),
        TEST(acceptance_wipes_the_letter_and_tells_log_and_feed),
        TEST(a_job_is_settled_once),
        TEST(an_acceptance_counts_although_the_lease_was_lost),
        TEST(a_postponed_job_comes_back_at_its_time),
        TEST(a_job_whose_time_is_over_is_said_to_be),
        TEST(cancelling_a_link_leaves_the_others),
        TEST(cancelling_a_message_leaves_nothing_that_names_it),
        TEST(what_is_being_sent_when_cancelled_is_not_tried_again),
        TEST(what_is_accepted_after_it_was_cancelled_is_in_the_log_alone),
        TEST(the_feed_waits_for_what_commits_late),
        TEST(what_nobody_can_need_is_forgotten),
        TEST(what_waited_in_a_backup_is_held_and_new_mail_is_not),
        TEST(the_role_reaches_nothing_else),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
