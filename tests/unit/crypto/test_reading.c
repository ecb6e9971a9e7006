/* A sender reads what is his, after the log has it, and only while it is there. */
#include "envelope/subject.h"
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

static enum sm_error ask_subjects(
    struct clinic *clinic, const struct page *page, const struct list *names, struct answer *answer)
{
    struct subjects_request request = {
        .session = {page->session, SPAN(page->secret)}, .messages = *names};
    struct ask ask = {.operation = "subjects", .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

/* --- what happens while the log is waited for --- */

struct meanwhile {
    struct clinic replica;
    struct parcel parcel;
};

/* The real call; it does not wait for the log, which waits for this very thread. */
static void delete_it(void *context)
{
    struct meanwhile *meanwhile = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic *replica = &meanwhile->replica;
    replica->call_ms = 1;
    assert_error(
        clinic_with_message(replica, "delete", &replica->anna, meanwhile->parcel.message, &answer),
        SM_UNAVAILABLE);
}

static void a_message_that_is_deleted_while_the_log_is_waited_for_is_not_read(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct meanwhile meanwhile = {.replica = clinic_replica(clinic)};
    meanwhile.parcel = clinic_send(clinic, METHOD_PASSWORD);

    audit_edge_meanwhile(EVENT_READ_BY_SENDER, delete_it, &meanwhile);
    assert_error(
        clinic_with_message(clinic, "read", &clinic->anna, meanwhile.parcel.message, &answer),
        SM_GONE);

    assert_null(answer.reply);
    clinic_replica_close(&meanwhile.replica);
}

static void a_subject_that_is_deleted_while_the_log_is_waited_for_is_left_out(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct meanwhile meanwhile = {.replica = clinic_replica(clinic)};
    meanwhile.parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel stays = clinic_send(clinic, METHOD_PASSWORD);
    struct message_name names[] = {{meanwhile.parcel.message}, {stays.message}};

    audit_edge_meanwhile(EVENT_SUBJECTS_READ, delete_it, &meanwhile);
    assert_error(ask_subjects(clinic, &clinic->anna, &(struct list){names, 2}, &answer), SM_OK);

    const struct subjects_reply *reply = answer.reply;
    assert_int_equal(reply->subjects.count, 1);
    assert_true(id_equal(LIST_AT(struct subject_key, reply->subjects, 0)->message, stays.message));
    clinic_replica_close(&meanwhile.replica);
}

static void sign_out(void *context)
{
    struct clinic *replica = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_with_session(replica, "logout", &replica->anna, &answer), SM_OK);
}

/* An administrator who disables an account, or takes a right away, ends its sessions the same way.
 */
static void who_signs_out_while_the_log_is_waited_for_is_given_no_key(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic replica = clinic_replica(clinic);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    audit_edge_meanwhile(EVENT_READ_BY_SENDER, sign_out, &replica);
    assert_error(clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer),
        SM_NOT_SIGNED_IN);

    assert_null(answer.reply);
    clinic_replica_close(&replica);
}

static void who_signs_out_while_the_log_is_waited_for_is_given_no_subjects(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic replica = clinic_replica(clinic);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct message_name names[] = {{parcel.message}};

    audit_edge_meanwhile(EVENT_SUBJECTS_READ, sign_out, &replica);
    assert_error(
        ask_subjects(clinic, &clinic->anna, &(struct list){names, 1}, &answer), SM_NOT_SIGNED_IN);

    assert_null(answer.reply);
    clinic_replica_close(&replica);
}

static void who_signs_out_while_the_log_is_waited_for_may_not_read_the_log(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic replica = clinic_replica(clinic);
    replica.anna = clinic->carla;

    audit_edge_meanwhile(EVENT_LOG_ACCESSED, sign_out, &replica);
    assert_error(
        clinic_with_session(clinic, "audit_access", &clinic->carla, &answer), SM_NOT_SIGNED_IN);

    assert_null(answer.reply);
    clinic_replica_close(&replica);
}

/* --- reading --- */

static void a_sender_reads_his_message_and_the_log_says_so(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);

    assert_error(
        clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer), SM_OK);

    const struct content_reply *content = answer.reply;
    assert_memory_equal(content->key.at, parcel.key, KEY_BYTES);
    assert_int_equal(audit_edge_count(EVENT_READ_BY_SENDER), 1);
    assert_true(id_equal(audit_edge_last(EVENT_READ_BY_SENDER).message, parcel.message));
}

static void nobody_reads_what_another_sent(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct message_name names[] = {{parcel.message}};
    struct id unknown;
    assert_ok(id_random(&unknown));

    assert_error(
        clinic_with_message(clinic, "read", &clinic->bert, parcel.message, &answer), SM_NOT_FOUND);
    assert_error(
        clinic_with_message(clinic, "read", &clinic->bert, unknown, &answer), SM_NOT_FOUND);
    assert_error(clinic_with_message(clinic, "read", &clinic->carla, parcel.message, &answer),
        SM_NOT_ALLOWED); /* an administrator ends messages; he does not read them */
    assert_error(ask_subjects(clinic, &clinic->bert, &(struct list){names, 1}, &answer), SM_OK);
    assert_int_equal(((const struct subjects_reply *)answer.reply)->subjects.count, 0);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_READ_BY_SENDER), 0);
    assert_int_equal(audit_edge_count(EVENT_SUBJECTS_READ), 0);
}

static void without_the_log_nothing_is_read(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct message_name names[] = {{parcel.message}};

    audit_edge_set_down(true);
    clinic->call_ms = 600;

    assert_error(clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer),
        SM_UNAVAILABLE);
    assert_error(
        ask_subjects(clinic, &clinic->anna, &(struct list){names, 1}, &answer), SM_UNAVAILABLE);
    assert_null(answer.reply);
}

static void an_expired_message_is_gone_for_its_sender_too(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);

    clinic_wait(clinic, 7 * 24 * 3600 + 1);

    assert_error(
        clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer), SM_GONE);
}

/* --- subjects --- */

static void a_page_of_subjects_is_one_entry_in_the_log(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel first = clinic_send(clinic, METHOD_CODE);
    struct parcel second = clinic_send(clinic, METHOD_PASSWORD);
    struct message_name names[] = {{first.message}, {second.message}};
    struct secret *expected DEFER(secret_free) = NULL;

    assert_error(ask_subjects(clinic, &clinic->anna, &(struct list){names, 2}, &answer), SM_OK);

    const struct subjects_reply *reply = answer.reply;
    const struct subject_key *last = LIST_AT(struct subject_key, reply->subjects, 1);
    assert_int_equal(reply->subjects.count, 2);
    assert_ok(subject_key_of(SPAN(second.key), &expected));
    assert_true(span_equal(last->key, secret_span(expected)));
    assert_int_equal(audit_edge_count(EVENT_SUBJECTS_READ), 1);
    assert_string_equal(audit_edge_reason(EVENT_SUBJECTS_READ), "2 subjects");
}

/* --- an attacker with the database --- */

static void an_edited_message_is_not_read_and_the_log_names_it(void **state)
{
    struct clinic *clinic = *state;
    const char *const edits[] = {
        "UPDATE vault.message SET sender = account FROM vault.account WHERE email LIKE 'bert%'",
        "UPDATE vault.message SET expires_ms = expires_ms + 1",
        "UPDATE vault.message SET state = 2",
        "UPDATE vault.message SET version = version + 1",
        "UPDATE vault.message SET mac = decode(repeat('00', 36), 'hex')",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_int_equal(clinic_begin(state), 0);
        struct parcel parcel = clinic_send(clinic, METHOD_CODE);
        assert_ok(database_run(clinic->vault.database, edits[i]));

        assert_error(clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer),
            SM_TAMPERED);
        assert_error(clinic_with_message(clinic, "read", &clinic->bert, parcel.message, &answer),
            SM_TAMPERED);

        audit_edge_settle(&clinic->vault);
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
        assert_int_equal(audit_edge_count(EVENT_READ_BY_SENDER), 0);
    }
}

static void keys_that_are_exchanged_in_the_database_open_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel first = clinic_send(clinic, METHOD_CODE);
    struct parcel second = clinic_send(clinic, METHOD_CODE);
    struct secret *key DEFER(secret_free) = NULL;
    struct message one;
    struct message other;
    assert_ok(message_load(&clinic->vault.worker, &arena, first.message, &one));
    assert_ok(message_load(&clinic->vault.worker, &arena, second.message, &other));

    one.wrapped = other.wrapped; /* even with a MAC that fits */

    assert_error(message_key(&clinic->vault.worker, &one, &key), SM_TAMPERED);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, clinic_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_that_is_deleted_while_the_log_is_waited_for_is_not_read),
        TEST(a_subject_that_is_deleted_while_the_log_is_waited_for_is_left_out),
        TEST(who_signs_out_while_the_log_is_waited_for_is_given_no_key),
        TEST(who_signs_out_while_the_log_is_waited_for_is_given_no_subjects),
        TEST(who_signs_out_while_the_log_is_waited_for_may_not_read_the_log),
        TEST(a_sender_reads_his_message_and_the_log_says_so),
        TEST(nobody_reads_what_another_sent),
        TEST(without_the_log_nothing_is_read),
        TEST(an_expired_message_is_gone_for_its_sender_too),
        TEST(a_page_of_subjects_is_one_entry_in_the_log),
        TEST(an_edited_message_is_not_read_and_the_log_names_it),
        TEST(keys_that_are_exchanged_in_the_database_open_nothing),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
