/* Letters go out after their entry in the log, in order, and are here until the notifier has them.
 */
#include "services/crypto/mail.h"

#include "bus/client.h"
#include "envelope/box.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#include <pthread.h>
#include <unistd.h>

/* --- the notifier, at the edge: takes jobs by their id, as the real one does --- */

enum { JOBS_MAX = 512, CANCELS_MAX = 64 };

static struct {
    pthread_mutex_t lock;
    enum sm_error error; /* what it answers */
    bool is_answer_lost; /* it takes them, and its answer does not arrive */
    struct id jobs[JOBS_MAX];
    struct id cancelled[CANCELS_MAX];
    size_t jobs_count, cancels_count, calls;
} notifier = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct bus_client {
    char none;
};

enum sm_error bus_client_open(
    const struct bus_keys *keys, enum peer server, const char *endpoints, struct bus_client **out)
{
    static struct bus_client client;
    (void)keys;
    (void)server;
    (void)endpoints;
    *out = &client;
    return SM_OK;
}

void bus_client_close(struct bus_client **client)
{
    *client = NULL;
}

static void take_jobs(const struct enqueue_request *request)
{
    for (size_t i = 0; i < request->jobs.count; i++) {
        struct id job = LIST_AT(struct mail_job, request->jobs, i)->job;
        bool is_known = false;
        for (size_t j = 0; j < notifier.jobs_count; j++)
            is_known |= id_equal(notifier.jobs[j], job);
        if (!is_known && notifier.jobs_count < JOBS_MAX)
            notifier.jobs[notifier.jobs_count++] = job;
    }
}

enum sm_error bus_client_call(struct bus_client *client, const struct bus_call *call,
    const void *message, struct arena *arena, void *reply)
{
    (void)client;
    (void)arena;
    (void)reply;
    (void)pthread_mutex_lock(&notifier.lock);
    enum sm_error error = notifier.error;
    notifier.calls++;
    if (error == SM_OK && call->operation == OP_ENQUEUE)
        take_jobs(message);
    if (error == SM_OK && call->operation == OP_CANCEL && notifier.cancels_count < CANCELS_MAX)
        notifier.cancelled[notifier.cancels_count++] =
            ((const struct cancel_request *)message)->message;
    if (error == SM_OK && notifier.is_answer_lost)
        error = SM_TIMEOUT;
    (void)pthread_mutex_unlock(&notifier.lock);
    return error;
}

static void notifier_answers(enum sm_error error, bool is_answer_lost)
{
    (void)pthread_mutex_lock(&notifier.lock);
    notifier.error = error;
    notifier.is_answer_lost = is_answer_lost;
    (void)pthread_mutex_unlock(&notifier.lock);
}

static size_t read_count(const size_t *count)
{
    (void)pthread_mutex_lock(&notifier.lock);
    size_t now = *count;
    (void)pthread_mutex_unlock(&notifier.lock);
    return now;
}

/* --- fixture --- */

struct fixture {
    struct vault vault;
    struct database_conninfo conninfo;
    struct p256_key *key;
    struct id organisation;
    struct mail_relay *relay;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    assert_ok(vault_open(&fixture.vault));
    assert_ok(vault_organisation(&fixture.vault, &fixture.organisation));
    assert_ok(p256_generate(&fixture.key));
    memcpy(fixture.vault.crypto.letter_public, p256_public(fixture.key),
        sizeof fixture.vault.crypto.letter_public);
    fixture.conninfo = database_conninfo(fixture.vault.database, "sm_crypto");
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    p256_free(&fixture->key);
    vault_close(&fixture->vault);
    return 0;
}

static void start(struct fixture *fixture, struct mail_relay **out)
{
    const struct mail_relay_options options = {
        .conninfo = fixture->conninfo.text, .notifier_endpoints = ""};
    assert_ok(mail_relay_start(&options, out));
}

static int begin(void **state)
{
    struct fixture *fixture = *state;
    notifier_answers(SM_OK, false);
    notifier.jobs_count = notifier.cancels_count = notifier.calls = 0;
    assert_ok(database_run(fixture->vault.database,
        "DELETE FROM vault.mail_job; DELETE FROM vault.mail_cancel; DELETE FROM vault.event"));
    start(fixture, &fixture->relay);
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    mail_relay_stop(&fixture->relay);
    return 0;
}

static int64_t number(struct fixture *fixture, const char *sql)
{
    int64_t value;
    assert_ok(database_number(fixture->vault.database, sql, &value));
    return value;
}

/* Until a query gives `wanted`; at most a minute. */
static void wait_for(struct fixture *fixture, const char *sql, int64_t wanted)
{
    for (int tries = 0; tries < 6000; tries++) {
        if (number(fixture, sql) == wanted)
            return;
        mail_relay_poke(fixture->relay);
        (void)usleep(10 * 1000);
    }
    fail_msg("%s does not become %lld", sql, (long long)wanted);
}

/* Until the relay has asked the notifier `more` times. */
static void wait_for_calls(struct fixture *fixture, size_t more)
{
    size_t wanted = read_count(&notifier.calls) + more;
    for (int tries = 0; tries < 6000 && read_count(&notifier.calls) < wanted; tries++) {
        mail_relay_poke(fixture->relay);
        (void)usleep(10 * 1000);
    }
    assert_true(read_count(&notifier.calls) >= wanted);
}

static const char jobs_here[] = "SELECT count(*) FROM vault.mail_job";

static struct id fresh_id(void)
{
    struct id id;
    assert_ok(id_random(&id));
    return id;
}

static void order(struct fixture *fixture, struct id message, struct id event)
{
    struct mail_order notice = {.letter = {.kind = LETTER_NOTICE,
                                    .language = span_text("en"),
                                    .to_address = span_text("rosa@example.net"),
                                    .organisation_name = span_text("Clinic"),
                                    .sender_name = span_text("Anna de Vries"),
                                    .link = span_text("https://mail.example.org/m#link"),
                                    .expires_ms = 2000},
        .organisation = fixture->organisation,
        .message = message,
        .link = message,
        .event = event,
        .not_before_ms = 1000,
        .not_after_ms = 2000};
    assert_ok(mail_add(&fixture->vault.worker, &notice));
}

static void pend_event(struct fixture *fixture, struct id event)
{
    struct audit_event pending = {
        .event = event, .organisation = fixture->organisation, .kind = EVENT_SENT};
    assert_ok(outbox_add(fixture->vault.worker.db, &vault_outbox, &pending));
}

/* --- what goes, and when --- */

static void a_letter_goes_to_the_notifier_and_then_from_here(void **state)
{
    struct fixture *fixture = *state;

    order(fixture, fresh_id(), (struct id){{0}});

    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 1);
}

static void a_letter_waits_until_the_log_has_its_event(void **state)
{
    struct fixture *fixture = *state;
    struct id event = fresh_id();
    pend_event(fixture, event);

    order(fixture, fresh_id(), event);            /* waits */
    order(fixture, fresh_id(), (struct id){{0}}); /* does not */
    wait_for(fixture, jobs_here, 1);
    assert_int_equal(read_count(&notifier.jobs_count), 1);

    assert_ok(database_run(fixture->vault.database, "DELETE FROM vault.event"));
    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 2);
}

static void a_letter_stays_while_the_notifier_is_away(void **state)
{
    struct fixture *fixture = *state;
    notifier_answers(SM_UNAVAILABLE, false);

    order(fixture, fresh_id(), (struct id){{0}});
    wait_for_calls(fixture, 2);
    assert_int_equal(number(fixture, jobs_here), 1);

    notifier_answers(SM_OK, false);
    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 1);
}

static void a_letter_whose_answer_was_lost_goes_again_under_the_same_name(void **state)
{
    struct fixture *fixture = *state;
    notifier_answers(SM_OK, true);

    order(fixture, fresh_id(), (struct id){{0}});
    wait_for_calls(fixture, 2);
    assert_int_equal(number(fixture, jobs_here), 1);

    notifier_answers(SM_OK, false);
    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 1);
}

static void more_letters_than_a_page_all_go(void **state)
{
    enum { LETTERS = PAGE_ROWS_MAX + 20 };
    struct fixture *fixture = *state;
    struct db *db = fixture->vault.worker.db;
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(db, &tx));
    for (size_t i = 0; i < LETTERS; i++)
        order(fixture, fresh_id(), (struct id){{0}});
    assert_ok(db_commit(&tx));

    wait_for(fixture, jobs_here, 0);

    assert_int_equal(read_count(&notifier.jobs_count), LETTERS);
}

static void a_letter_of_a_transaction_that_is_undone_never_goes(void **state)
{
    struct fixture *fixture = *state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(fixture->vault.worker.db, &tx));
    order(fixture, fresh_id(), (struct id){{0}});
    db_rollback(&tx);

    order(fixture, fresh_id(), (struct id){{0}});

    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 1);
}

/* --- cancels --- */

static void a_cancel_takes_back_what_waits_here_and_tells_the_notifier(void **state)
{
    struct fixture *fixture = *state;
    struct id event = fresh_id();
    struct id message = fresh_id();
    struct id other = fresh_id();
    pend_event(fixture, event);
    order(fixture, message, event);
    order(fixture, other, event);

    assert_ok(mail_cancel(fixture->vault.worker.db, message, (struct id){{0}}));

    assert_int_equal(number(fixture, jobs_here), 1);
    wait_for(fixture, "SELECT count(*) FROM vault.mail_cancel", 0);
    assert_int_equal(read_count(&notifier.cancels_count), 1);
    assert_true(id_equal(notifier.cancelled[0], message));
    assert_int_equal(read_count(&notifier.jobs_count), 0);
}

static void a_cancel_of_one_link_leaves_the_letters_of_others(void **state)
{
    struct fixture *fixture = *state;
    struct id event = fresh_id();
    struct id link = fresh_id();
    pend_event(fixture, event);
    order(fixture, link, event); /* its link has the same id */

    assert_ok(mail_cancel(fixture->vault.worker.db, link, fresh_id()));
    assert_int_equal(number(fixture, jobs_here), 1);
    assert_ok(mail_cancel(fixture->vault.worker.db, link, link));
    assert_int_equal(number(fixture, jobs_here), 0);
}

static void a_cancel_stays_while_the_notifier_is_away(void **state)
{
    struct fixture *fixture = *state;
    notifier_answers(SM_UNAVAILABLE, false);

    assert_ok(mail_cancel(fixture->vault.worker.db, fresh_id(), (struct id){{0}}));
    wait_for_calls(fixture, 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM vault.mail_cancel"), 1);

    notifier_answers(SM_OK, false);
    wait_for(fixture, "SELECT count(*) FROM vault.mail_cancel", 0);
}

/* --- replicas --- */

static void one_replica_relays_and_another_takes_over(void **state)
{
    struct fixture *fixture = *state;
    struct mail_relay *standby DEFER(mail_relay_stop) = NULL;
    start(fixture, &standby);
    order(fixture, fresh_id(), (struct id){{0}});
    wait_for(fixture, jobs_here, 0);

    mail_relay_stop(&fixture->relay);
    order(fixture, fresh_id(), (struct id){{0}});
    fixture->relay = standby;
    standby = NULL;
    wait_for(fixture, jobs_here, 0);

    assert_int_equal(read_count(&notifier.jobs_count), 2);
}

/* --- letters --- */

static void a_letter_lies_sealed_to_the_notifier_and_bound_to_its_job(void **state)
{
    static const struct statement one = {"one_job", "SELECT job, sealed FROM vault.mail_job"};
    struct fixture *fixture = *state;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct id event = fresh_id();
    struct span sealed;
    struct id job;
    pend_event(fixture, event);
    order(fixture, fresh_id(), event);
    assert_ok(DB_RUN0(fixture->vault.worker.db, &one, &rows));
    assert_ok(db_read_id(rows, 0, 0, &job));
    assert_ok(db_read_bytes(rows, 0, 1, MAIL_JOB_BYTES_MAX, &sealed));
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};

    assert_int_equal(number(fixture, "SELECT count(*) FROM vault.mail_job"
                                     " WHERE position('mail.example.org'::bytea IN sealed) > 0"),
        0);
    assert_ok(box_open(fixture->key, &label, sealed, &plain));
    job.bytes[3] ^= 1;
    buffer_clear(&plain);
    assert_error(box_open(fixture->key, &label, sealed, &plain), SM_TAMPERED);
}

static void a_letter_from_a_backup_stays_until_mail_is_released(void **state)
{
    struct fixture *fixture = *state;
    mail_relay_stop(&fixture->relay);
    order(fixture, fresh_id(), fresh_id());
    assert_ok(database_run(fixture->vault.database,
        "SELECT restore.prepare('\\x000102030405060708090a0b0c0d0e0f',"
        " '\\x000102030405060708090a0b0c0d0e0f', 1700000000000, true)"));
    order(fixture, fresh_id(), fresh_id());
    start(fixture, &fixture->relay);

    wait_for(fixture, jobs_here, 1);
    wait_for(fixture, "SELECT count(*) FROM vault.mail_job WHERE is_from_backup", 1);
    assert_ok(database_run(fixture->vault.database, "UPDATE restore.run SET mail_released_ms = 1"));

    wait_for(fixture, jobs_here, 0);
    assert_int_equal(read_count(&notifier.jobs_count), 2);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_letter_goes_to_the_notifier_and_then_from_here),
        TEST(a_letter_waits_until_the_log_has_its_event),
        TEST(a_letter_stays_while_the_notifier_is_away),
        TEST(a_letter_whose_answer_was_lost_goes_again_under_the_same_name),
        TEST(more_letters_than_a_page_all_go),
        TEST(a_letter_of_a_transaction_that_is_undone_never_goes),
        TEST(a_cancel_takes_back_what_waits_here_and_tells_the_notifier),
        TEST(a_cancel_of_one_link_leaves_the_letters_of_others),
        TEST(a_cancel_stays_while_the_notifier_is_away),
        TEST(one_replica_relays_and_another_takes_over),
        TEST(a_letter_from_a_backup_stays_until_mail_is_released),
        TEST(a_letter_lies_sealed_to_the_notifier_and_bound_to_its_job),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
