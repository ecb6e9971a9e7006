/* A reply is a message of its own; the right to it ends with the link. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>
#include <unistd.h>

static struct id fresh_id(void)
{
    struct id id;
    assert_ok(id_random(&id));
    return id;
}

static int64_t replies(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.message WHERE direction = 1");
}

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.mail_job; DELETE FROM vault.message WHERE direction = 1"));
    return clinic_begin(state);
}

/* --- the log --- */

static void the_log_of_a_message_names_its_reply(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id reply = fresh_id();

    assert_error(clinic_reply(clinic, &rosa, reply, &answer), SM_OK);

    struct audit_event event = audit_edge_last(EVENT_REPLIED);
    const char *reason = audit_edge_reason(EVENT_REPLIED);
    assert_true(id_equal(event.message, parcel.message));
    assert_true(id_equal(event.link, parcel.link));
    assert_non_null(strstr(reason, id_text(reply).text));
}

static void without_the_log_a_reply_is_not_confirmed_and_the_same_again_is(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id reply = fresh_id();

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(clinic_reply(clinic, &rosa, reply, &answer), SM_UNAVAILABLE);

    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(clinic_reply(clinic, &rosa, reply, &answer), SM_OK);
    assert_int_equal(replies(clinic), 1);
    assert_int_equal(audit_edge_count(EVENT_REPLIED), 1);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.mail_job WHERE kind = 3"), 1);
}

/* --- the reply --- */

static void a_reply_belongs_to_the_sender_and_lives_as_long_again(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct id reply = fresh_id();
    struct message row;
    clinic_wait(clinic, 3 * 24 * 3600);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(clinic_reply(clinic, &rosa, reply, &answer), SM_OK);

    assert_ok(message_load(&clinic->vault.worker, &arena, reply, &row));
    assert_true(id_equal(row.sender, clinic->anna.user));
    assert_true(id_equal(row.parent, parcel.message));
    assert_true(id_equal(row.from_link, parcel.link));
    assert_int_equal(row.direction, DIRECTION_REPLY);
    assert_int_equal(row.expires_ms - row.created_ms, (int64_t)7 * 24 * 3600 * 1000);
    assert_error(clinic_with_message(clinic, "read", &clinic->anna, reply, &answer), SM_OK);
    assert_error(clinic_with_message(clinic, "read", &clinic->bert, reply, &answer), SM_NOT_FOUND);
}

static void another_reply_under_the_same_name_is_a_conflict(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel first = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel second = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &first);
    struct page other = clinic_verified(clinic, &second);
    struct id reply = fresh_id();
    assert_error(clinic_reply(clinic, &rosa, reply, &answer), SM_OK);

    assert_error(clinic_reply(clinic, &other, reply, &answer), SM_CONFLICT);
    assert_error(clinic_reply(clinic, &other, first.message, &answer), SM_CONFLICT);
    assert_error(clinic_with_message(clinic, "reply_compose", &other, reply, &answer), SM_CONFLICT);

    assert_int_equal(replies(clinic), 1);
}

static void a_message_is_answered_twenty_times_and_no_more(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    for (size_t i = 0; i < REPLIES_PER_LINK_MAX; i++)
        assert_error(clinic_reply(clinic, &rosa, fresh_id(), &answer), SM_OK);

    assert_error(clinic_reply(clinic, &rosa, fresh_id(), &answer), SM_RATE_LIMITED);
    assert_error(
        clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_RATE_LIMITED);
    assert_int_equal(replies(clinic), REPLIES_PER_LINK_MAX);
}

/* --- what is begun and not sent --- */

static int64_t begun(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.begun_answer");
}

static void begin_all(struct clinic *clinic, const struct page *page, struct id *last)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.begun_answer"));
    for (size_t i = 0; i < BEGUN_PER_LINK_MAX; i++) {
        *last = fresh_id();
        assert_error(clinic_with_message(clinic, "reply_compose", page, *last, &answer), SM_OK);
    }
}

static void ten_answers_are_begun_and_no_more(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id last;
    int64_t now_ms = vault_now_ms(&clinic->vault);
    begin_all(clinic, &rosa, &last);

    assert_error(
        clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_RATE_LIMITED);

    assert_int_equal(begun(clinic), BEGUN_PER_LINK_MAX);
    assert_true(answer.failure.until_ms > (uint64_t)now_ms);
    assert_true(answer.failure.retry_after_s <= 2 * UPLOAD_CAPABILITY_S + 3600);
}

static void one_begun_again_under_its_id_counts_once(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id last;
    begin_all(clinic, &rosa, &last);

    assert_error(clinic_with_message(clinic, "reply_compose", &rosa, last, &answer), SM_OK);

    assert_int_equal(begun(clinic), BEGUN_PER_LINK_MAX);
}

static void another_link_begins_its_own_and_not_this_one(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel first = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel second = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &first);
    struct page other = clinic_verified(clinic, &second);
    struct id last;
    begin_all(clinic, &rosa, &last);

    assert_error(clinic_with_message(clinic, "reply_compose", &other, last, &answer), SM_CONFLICT);
    assert_error(clinic_with_message(clinic, "reply_compose", &other, fresh_id(), &answer), SM_OK);
}

static void one_that_is_sent_is_given_back(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id last;
    begin_all(clinic, &rosa, &last);

    assert_error(clinic_reply(clinic, &rosa, last, &answer), SM_OK);

    assert_int_equal(begun(clinic), BEGUN_PER_LINK_MAX - 1);
    assert_error(clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_OK);
}

static void what_is_swept_for_sure_is_given_back(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct id last;
    begin_all(clinic, &rosa, &last);
    clinic_wait(clinic, 2 * UPLOAD_CAPABILITY_S);
    rosa = clinic_verified(clinic, &parcel);
    assert_error(
        clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_RATE_LIMITED);
    clinic_wait(clinic, 2 * UPLOAD_CAPABILITY_S + 2 * 3600);
    rosa = clinic_verified(clinic, &parcel);

    assert_error(clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_OK);
    assert_int_equal(begun(clinic), 1);
}

/* --- the right ends with the link --- */

static void a_revoked_link_replies_no_more(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &parcel, &answer), SM_OK);

    assert_error(clinic_with_message(clinic, "reply_compose", &rosa, fresh_id(), &answer), SM_GONE);
    assert_error(clinic_reply(clinic, &rosa, fresh_id(), &answer), SM_GONE);
    assert_int_equal(replies(clinic), 0);
}

static void a_deleted_message_is_answered_no_more(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(
        clinic_with_message(clinic, "delete", &clinic->anna, parcel.message, &answer), SM_OK);

    assert_error(clinic_reply(clinic, &rosa, fresh_id(), &answer), SM_NOT_SIGNED_IN);
    assert_int_equal(replies(clinic), 0);
}

struct answerer {
    struct clinic replica;
    struct page page;
    enum sm_error result;
};

static void *reply_now(void *context)
{
    struct answerer *answerer = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    answerer->result = clinic_reply(&answerer->replica, &answerer->page, fresh_id(), &answer);
    return NULL;
}

/* Until somebody waits for a row: at most a minute. */
static void wait_for_a_waiter(struct clinic *clinic)
{
    for (int tries = 0; tries < 6000; tries++) {
        if (clinic_number(clinic,
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()") > 0)
            return;
        (void)usleep(10 * 1000);
    }
    fail_msg("nobody waits for the message's lock");
}

static void a_message_that_is_revoked_while_it_is_answered_is_not(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answerer answerer = {
        .page = clinic_verified(clinic, &parcel), .replica = clinic_replica(clinic)};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct db_transaction tx DEFER(db_rollback) = {0};
    const struct worker *worker = &clinic->vault.worker;
    struct message message;
    struct link link;
    pthread_t thread;

    /* Both rows are locked; only the message ends. */
    assert_ok(db_begin(worker->db, &tx));
    assert_ok(message_lock(worker, &arena, parcel.message, &message));
    assert_ok(link_lock(worker, &arena, parcel.link, &link));
    assert_int_equal(pthread_create(&thread, NULL, reply_now, &answerer), 0);
    wait_for_a_waiter(clinic);
    message.state = STATE_REVOKED;
    assert_ok(message_update(worker, &message));
    assert_ok(db_commit(&tx));
    (void)pthread_join(thread, NULL);

    assert_error(answerer.result, SM_GONE);
    assert_int_equal(replies(clinic), 0);
    clinic_replica_close(&answerer.replica);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_log_of_a_message_names_its_reply),
        TEST(without_the_log_a_reply_is_not_confirmed_and_the_same_again_is),
        TEST(a_reply_belongs_to_the_sender_and_lives_as_long_again),
        TEST(another_reply_under_the_same_name_is_a_conflict),
        TEST(a_message_is_answered_twenty_times_and_no_more),
        TEST(ten_answers_are_begun_and_no_more),
        TEST(one_begun_again_under_its_id_counts_once),
        TEST(another_link_begins_its_own_and_not_this_one),
        TEST(one_that_is_sent_is_given_back),
        TEST(what_is_swept_for_sure_is_given_back),
        TEST(a_revoked_link_replies_no_more),
        TEST(a_deleted_message_is_answered_no_more),
        TEST(a_message_that_is_revoked_while_it_is_answered_is_not),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
