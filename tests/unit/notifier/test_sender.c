/*
 * The sending threads on a real PostgreSQL and a real SMTP server: what is enqueued arrives,
 * whatever the relay does meanwhile, and what became of it is recorded once.
 */
#include "services/notifier/sender.h"

#include "base/clock.h"
#include "envelope/box.h"
#include "proto/limits.h"
#include "services/notifier/jobs.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/relay.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct place {
    struct database *database;
    struct database_conninfo conninfo;
    struct db *db;
    struct test_relay *relay;
    struct p256_key *key;
    struct senders *senders;
    atomic_int settled;
    int64_t now_ms;
    uint8_t next_job;
};

enum { WAIT_MS = 30000, DAY_MS = 24 * 60 * 60 * 1000 };

static void count_settled(void *context)
{
    struct place *place = context;
    atomic_fetch_add(&place->settled, 1);
}

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place || smtp_library_start() != SM_OK || database_new(&place->database) != SM_OK)
        return -1;
    *state = place;
    place->conninfo = database_conninfo(place->database, "sm_notifier");
    bool is_ready = test_relay_start(&place->relay) == SM_OK &&
                    db_open(place->conninfo.text, &place->db) == SM_OK &&
                    p256_generate(&place->key) == SM_OK;
    return is_ready ? 0 : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    p256_free(&place->key);
    db_close(&place->db);
    test_relay_stop(&place->relay);
    database_free(&place->database);
    smtp_library_stop();
    free(place);
    return 0;
}

static int start_senders(void **state)
{
    struct place *place = *state;
    struct senders_options options = {.conninfo = place->conninfo.text,
        .smtp = {.url = test_relay_url(place->relay),
            .is_tls_required = true,
            .ca_file = test_relay_ca_file(place->relay),
            .user = test_relay_user(),
            .password = test_relay_password(place->relay),
            .timeout_ms = 2000},
        .letter_key = place->key,
        .from_address = "secure-mail@relay.example",
        .on_settled = count_settled,
        .context = place,
        .threads = 3};
    bool is_ready = database_run(place->database, "DELETE FROM outbox.job;"
                                                  "DELETE FROM outbox.delivery;"
                                                  "DELETE FROM outbox.event;") == SM_OK &&
                    test_relay_behave(place->relay, "accept") == SM_OK &&
                    db_now_ms(place->db, &place->now_ms) == SM_OK &&
                    senders_start(&options, &place->senders) == SM_OK;
    return is_ready ? 0 : -1;
}

static int stop_senders(void **state)
{
    senders_stop(&((struct place *)*state)->senders);
    return 0;
}

static int64_t number(struct place *place, const char *sql)
{
    int64_t value;
    assert_ok(database_number(place->database, sql, &value));
    return value;
}

static void assert_becomes(struct place *place, const char *sql, int64_t expected)
{
    int64_t end = clock_monotonic_ms() + WAIT_MS;
    while (number(place, sql) != expected) {
        assert_true(clock_monotonic_ms() < end);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

/* The sender tells it after it is recorded. */
static void assert_settled(struct place *place)
{
    int64_t end = clock_monotonic_ms() + WAIT_MS;
    while (atomic_load(&place->settled) == 0) {
        assert_true(clock_monotonic_ms() < end);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static struct letter notice_to(const char *address)
{
    return (struct letter){.kind = LETTER_NOTICE,
        .language = span_text("nl"),
        .to_address = span_text(address),
        .organisation_name = span_text("Kliniek West"),
        .sender_name = span_text("Dr. Ada"),
        .link = span_text("https://mail.clinic.example/m#1.ab.cd.ef"),
        .expires_ms = 1796112780000};
}

static struct mail_job enqueue(struct place *place, const struct letter *facts)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct buffer sealed DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct mail_job job = {.job = {{++place->next_job}},
        .organisation = {{1}},
        .message = {{2}},
        .link = {{3}},
        .kind = facts->kind,
        .not_before_ms = (uint64_t)place->now_ms,
        .not_after_ms = (uint64_t)(place->now_ms + DAY_MS)};
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job.job)};
    struct list jobs = {&job, 1};
    bool is_due;
    assert_ok(fields_encode(&letter, facts, &plaintext));
    assert_ok(box_seal(span_of(p256_public(place->key), P256_PUBLIC_BYTES), &label,
        buffer_span(&plaintext), &sealed));
    job.sealed = buffer_span(&sealed);
    assert_ok(jobs_enqueue(place->db, &jobs, &is_due));
    senders_poke(place->senders);
    return job;
}

static void assert_mail_to(struct place *place, const char *address, struct id job)
{
    char expected[80];
    const char *line;
    (void)snprintf(expected, sizeof expected, "<%s@relay.example>", id_text(job).text);
    assert_ok(test_relay_next_mail(place->relay, WAIT_MS, &line));
    assert_true(span_equals_text(test_relay_member(line, "to"), address));
    assert_true(span_equals_text(test_relay_member(line, "messageId"), expected));
    assert_true(span_equals_text(
        test_relay_member(line, "link"), "https://mail.clinic.example/m#1.ab.cd.ef"));
}

static const char accepted[] = "SELECT count(*) FROM outbox.delivery WHERE result = 1";
static const char bounced[] = "SELECT count(*) FROM outbox.delivery WHERE result = 2";

static void what_is_enqueued_arrives_and_is_recorded(void **state)
{
    struct place *place = *state;
    struct letter facts = notice_to("ann@recipient.example");

    struct mail_job job = enqueue(place, &facts);

    assert_mail_to(place, "ann@recipient.example", job.job);
    assert_becomes(place, accepted, 1);
    assert_becomes(place, "SELECT count(*) FROM outbox.job WHERE sealed IS NOT NULL", 0);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.event"), 2);
    assert_settled(place);
}

static void a_relay_in_trouble_gets_it_later(void **state)
{
    static const char *const troubles[] = {"refuse-4xx", "drop", "away"};
    struct place *place = *state;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        struct letter facts = notice_to("bea@recipient.example");
        assert_ok(test_relay_behave(place->relay, troubles[i]));
        struct mail_job job = enqueue(place, &facts);
        assert_becomes(place,
            "SELECT count(*) FROM outbox.job WHERE state = 1 AND attempts > 0"
            " AND lease_until_ms = 0",
            1);
        assert_ok(test_relay_behave(place->relay, "accept"));
        assert_mail_to(place, "bea@recipient.example", job.job);
        assert_becomes(place, accepted, (int64_t)i + 1);
    }
    assert_int_equal(number(place, bounced), 0);
}

static void an_unknown_outcome_is_sent_again_with_the_same_message_id(void **state)
{
    struct place *place = *state;
    struct letter facts = notice_to("cas@recipient.example");
    assert_ok(test_relay_behave(place->relay, "hang-after-data"));

    struct mail_job job = enqueue(place, &facts);

    assert_mail_to(place, "cas@recipient.example", job.job);
    assert_ok(test_relay_behave(place->relay, "accept"));
    assert_mail_to(place, "cas@recipient.example", job.job);
    assert_becomes(place, accepted, 1);
}

/* While a mail is at the relay the database ends all connections, and with them all leases. */
static void a_mail_under_way_is_not_sent_again_because_the_database_was_away(void **state)
{
    enum { LOOK_MS = 2500 }; /* the attempt and its first pause take longer */
    struct place *place = *state;
    struct letter facts = notice_to("fay@recipient.example");
    int64_t begun_ms = clock_monotonic_ms();
    assert_ok(test_relay_behave(place->relay, "hang-at-recipient"));
    (void)enqueue(place, &facts);
    assert_becomes(place, "SELECT attempts FROM outbox.job", 1);

    assert_ok(database_run(place->database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'sm_notifier' AND datname = current_database()"));
    for (;;) {
        senders_poke(place->senders);
        int64_t attempts = number(place, "SELECT attempts FROM outbox.job");
        if (clock_monotonic_ms() >= begun_ms + LOOK_MS)
            break; /* what a look says that came too late is of no meaning */
        assert_int_equal(attempts, 1);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static void a_refusal_for_good_is_undeliverable_at_once(void **state)
{
    struct place *place = *state;
    struct letter facts = notice_to("nobody@recipient.example");
    assert_ok(test_relay_behave(place->relay, "refuse-5xx"));

    (void)enqueue(place, &facts);

    assert_becomes(place, bounced, 1);
    assert_int_equal(number(place, "SELECT attempts FROM outbox.job"), 1);
}

static void a_letter_that_cannot_be_read_is_undeliverable(void **state)
{
    struct place *place = *state;
    struct letter facts = notice_to("dirk@recipient.example");
    struct mail_job job = {.job = {{200}},
        .organisation = {{1}},
        .message = {{2}},
        .kind = LETTER_NOTICE,
        .not_after_ms = (uint64_t)(place->now_ms + DAY_MS),
        .sealed = span_text("no box at all")};
    struct list jobs = {&job, 1};
    bool is_due;

    assert_ok(jobs_enqueue(place->db, &jobs, &is_due));
    senders_poke(place->senders);

    assert_becomes(place, bounced, 1);
    struct mail_job next = enqueue(place, &facts); /* and it holds nobody up */
    assert_mail_to(place, "dirk@recipient.example", next.job);
}

/* The two other threads hang; the one for codes does not. */
static void a_code_does_not_wait_behind_hanging_notices(void **state)
{
    struct place *place = *state;
    struct letter notice = notice_to("eva@recipient.example"), code = notice;
    code.kind = LETTER_CODE;
    code.code = span_text("042195");
    code.link = span_text("");
    const char *line;
    assert_ok(test_relay_behave(place->relay, "hang-at-recipient"));
    (void)enqueue(place, &notice);
    (void)enqueue(place, &notice);
    assert_becomes(place, "SELECT count(*) FROM outbox.job WHERE attempts = 1", 2);

    (void)enqueue(place, &code);

    assert_becomes(place, "SELECT count(*) FROM outbox.job WHERE kind = 2 AND attempts = 1", 1);
    assert_ok(test_relay_behave(place->relay, "accept"));
    assert_ok(test_relay_next_mail(place->relay, WAIT_MS, &line));
    assert_becomes(place, accepted, 3);
}

static void stopping_does_not_wait_for_a_relay_that_hangs(void **state)
{
    struct place *place = *state;
    struct letter facts = notice_to("fred@recipient.example");
    assert_ok(test_relay_behave(place->relay, "hang-at-recipient"));
    (void)enqueue(place, &facts);
    assert_becomes(place, "SELECT count(*) FROM outbox.job WHERE attempts = 1", 1);

    int64_t begun = clock_monotonic_ms();
    senders_stop(&place->senders);

    assert_true(clock_monotonic_ms() - begun < 6000);
    assert_int_equal(number(place, "SELECT count(*) FROM outbox.job WHERE state = 1"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_senders, stop_senders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_enqueued_arrives_and_is_recorded),
        TEST(a_relay_in_trouble_gets_it_later),
        TEST(an_unknown_outcome_is_sent_again_with_the_same_message_id),
        TEST(a_mail_under_way_is_not_sent_again_because_the_database_was_away),
        TEST(a_refusal_for_good_is_undeliverable_at_once),
        TEST(a_letter_that_cannot_be_read_is_undeliverable),
        TEST(a_code_does_not_wait_behind_hanging_notices),
        TEST(stopping_does_not_wait_for_a_relay_that_hangs),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
