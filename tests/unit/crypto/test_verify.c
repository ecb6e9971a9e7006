/* One attempt, reserved before it is looked at; a proof is used once, and only for a session. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>

#define WRONG "a wrong password"

/* A code that is not `right`. */
static struct code_text other_code(struct code_text right)
{
    right.digits[5] = right.digits[5] == '9' ? '0' : (char)(right.digits[5] + 1);
    return right;
}

static enum sm_error try_password(
    struct clinic *clinic, const struct parcel *parcel, const char *password)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_verify(clinic, parcel, password, "", &answer);
}

static enum sm_error try_code(
    struct clinic *clinic, const struct parcel *parcel, struct code_text code)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_verify(clinic, parcel, "", code.digits, &answer);
}

static int64_t sessions(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.link_session");
}

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.link_session"));
    return clinic_begin(state);
}

/* --- an outage of the log --- */

static void a_code_that_met_an_outage_of_the_log_is_good_afterwards_and_once(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    struct arena arena DEFER(arena_free) = ARENA(65536);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(try_code(clinic, &parcel, code), SM_UNAVAILABLE);
    assert_error(try_code(clinic, &parcel, code), SM_UNAVAILABLE);
    assert_int_equal(sessions(clinic), 0);
    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 0);

    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(try_code(clinic, &parcel, code), SM_OK);
    assert_error(try_code(clinic, &parcel, code), SM_WRONG_SECRET);
    assert_int_equal(sessions(clinic), 1);
}

static void an_outage_of_the_log_leaves_a_password_no_session_and_no_failure(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct arena arena DEFER(arena_free) = ARENA(65536);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_UNAVAILABLE);

    assert_int_equal(sessions(clinic), 0);
    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 0);
    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_OK);
}

struct meanwhile {
    struct clinic replica;
    struct parcel parcel;
};

/* The real call; it does not wait for the log, which waits for this very thread. */
static void revoke_it(void *context)
{
    struct meanwhile *meanwhile = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic *replica = &meanwhile->replica;
    replica->call_ms = 1;
    assert_error(clinic_with_link(replica, "revoke", &replica->anna, &meanwhile->parcel, &answer),
        SM_UNAVAILABLE);
}

static void a_link_that_is_revoked_while_the_log_is_waited_for_gives_no_session(void **state)
{
    struct clinic *clinic = *state;
    struct meanwhile meanwhile = {.replica = clinic_replica(clinic)};
    meanwhile.parcel = clinic_send(clinic, METHOD_PASSWORD);

    audit_edge_meanwhile(EVENT_VERIFIED, revoke_it, &meanwhile);
    assert_error(try_password(clinic, &meanwhile.parcel, CLINIC_PASSWORD), SM_GONE);

    assert_int_equal(sessions(clinic), 0);
    clinic_replica_close(&meanwhile.replica);
}

/* --- guessing --- */

static void five_wrong_passwords_lock_for_fifteen_minutes(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;

    for (uint64_t left = 4; left > 0; left--) {
        assert_error(clinic_verify(clinic, &parcel, WRONG, "", &answer), SM_WRONG_SECRET);
        assert_int_equal(answer.failure.attempts_left, left);
    }
    assert_error(clinic_verify(clinic, &parcel, WRONG, "", &answer), SM_LOCKED);
    assert_true(answer.failure.until_ms > (uint64_t)vault_now_ms(&clinic->vault));
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_LOCKED);

    clinic_wait(clinic, LOCK_S - 60);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_LOCKED);
    clinic_wait(clinic, LOCK_S + 60);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_VERIFICATION_FAILED), 5);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 1);
}

static void twenty_wrong_passwords_freeze_until_the_sender_unlocks(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;

    for (int64_t guess = 0; guess < FAILURES_BEFORE_FREEZE; guess++) {
        if (guess % FAILURES_BEFORE_LOCK == 0)
            clinic_wait(clinic, guess / FAILURES_BEFORE_LOCK * (LOCK_S + 60));
        enum sm_error last = guess == FAILURES_BEFORE_FREEZE - 1 ? SM_FROZEN : SM_LOCKED;
        bool is_closing = guess % FAILURES_BEFORE_LOCK == FAILURES_BEFORE_LOCK - 1;
        assert_error(try_password(clinic, &parcel, WRONG), is_closing ? last : SM_WRONG_SECRET);
    }
    clinic_wait(clinic, 24 * 3600);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_FROZEN);

    assert_error(clinic_with_link(clinic, "unlock", &clinic->anna, &parcel, &answer), SM_OK);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_VERIFICATION_FAILED), 20);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 3);
    assert_int_equal(audit_edge_count(EVENT_FROZEN), 1);
    assert_int_equal(audit_edge_count(EVENT_UNLOCKED), 1);
}

static void a_new_code_does_not_reset_the_failures(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct arena arena DEFER(arena_free) = ARENA(65536);

    for (int64_t i = 0; i < 4; i++) {
        clinic_wait(clinic, i * (CODE_RESEND_AFTER_S + 1));
        struct code_text code = clinic_code(clinic, &parcel);
        assert_error(try_code(clinic, &parcel, other_code(code)), SM_WRONG_SECRET);
    }

    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 4);
}

struct guesser {
    pthread_t thread;
    struct clinic replica;
    const struct parcel *parcel;
    struct code_text code;
    const char *password;
    enum sm_error result;
};

static void *guess(void *context)
{
    struct guesser *guesser = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    guesser->result = clinic_verify(
        &guesser->replica, guesser->parcel, guesser->password, guesser->code.digits, &answer);
    return NULL;
}

enum { GUESSERS = 20 };

static void guess_at_once(struct clinic *clinic, struct guesser *guessers)
{
    for (size_t i = 0; i < GUESSERS; i++)
        guessers[i].replica = clinic_replica(clinic);
    for (size_t i = 0; i < GUESSERS; i++)
        assert_int_equal(pthread_create(&guessers[i].thread, NULL, guess, &guessers[i]), 0);
    for (size_t i = 0; i < GUESSERS; i++) {
        (void)pthread_join(guessers[i].thread, NULL);
        clinic_replica_close(&guessers[i].replica);
    }
}

static size_t count_results(const struct guesser *guessers, enum sm_error result)
{
    size_t count = 0;
    for (size_t i = 0; i < GUESSERS; i++)
        count += guessers[i].result == result;
    return count;
}

static void guesses_at_once_are_five_checked_ones(void **state)
{
    struct clinic *clinic = *state;
    struct guesser guessers[GUESSERS];
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    for (size_t i = 0; i < GUESSERS; i++)
        guessers[i] = (struct guesser){.parcel = &parcel, .password = WRONG};

    guess_at_once(clinic, guessers);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_VERIFICATION_FAILED), 5);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 1);
    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 5);
    assert_int_equal(
        count_results(guessers, SM_WRONG_SECRET) + count_results(guessers, SM_LOCKED), GUESSERS);
}

static void one_code_that_is_typed_at_many_pages_at_once_gives_one_session(void **state)
{
    struct clinic *clinic = *state;
    struct guesser guessers[GUESSERS];
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    for (size_t i = 0; i < GUESSERS; i++)
        guessers[i] = (struct guesser){.parcel = &parcel, .code = code, .password = ""};

    guess_at_once(clinic, guessers);

    assert_int_equal(count_results(guessers, SM_OK), 1);
    assert_int_equal(sessions(clinic), 1);
}

static void a_right_guess_gives_its_reservation_back_and_no_more(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct arena arena DEFER(arena_free) = ARENA(65536);

    for (size_t i = 0; i < 3; i++)
        assert_error(try_password(clinic, &parcel, WRONG), SM_WRONG_SECRET);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_OK);

    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 3);
    assert_error(try_password(clinic, &parcel, WRONG), SM_WRONG_SECRET);
    assert_error(try_password(clinic, &parcel, WRONG), SM_LOCKED);
}

/* --- proofs --- */

static void both_proofs_are_needed_where_both_are_asked(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD_AND_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, "", &answer), SM_BAD_VALUE);
    assert_error(clinic_verify(clinic, &parcel, "", code.digits, &answer), SM_BAD_VALUE);
    assert_error(clinic_verify(clinic, &parcel, WRONG, code.digits, &answer), SM_WRONG_SECRET);
    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, other_code(code).digits, &answer),
        SM_WRONG_SECRET);
    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, code.digits, &answer), SM_OK);
}

static void a_proof_that_does_not_fit_the_method_costs_no_attempt(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(clinic_verify(clinic, &parcel, "password", "", &answer), SM_BAD_VALUE);
    assert_error(clinic_verify(clinic, &parcel, "", "12345a", &answer), SM_BAD_VALUE);
    assert_error(clinic_verify(clinic, &parcel, "", "", &answer), SM_BAD_VALUE);

    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 0);
}

static void a_request_that_is_repeated_gives_no_second_session(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;
    struct verify_request request = {
        .link = {parcel.link, SPAN(parcel.secret)}, .password = span_text(CLINIC_PASSWORD)};
    struct ask ask = {.operation = "verify", .message = &request};
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(&clinic->vault, &ask);

    assert_ok(ask_carry(&clinic->vault.worker, "verify", buffer_span(&sealed.frame), &answer));
    assert_int_equal(answer.effects.outcome, SM_OK);
    assert_ok(ask_carry(&clinic->vault.worker, "verify", buffer_span(&sealed.frame), &answer));
    assert_int_equal(answer.effects.outcome, SM_REPLAYED);

    assert_int_equal(sessions(clinic), 1);
}

/* --- the sender is told --- */

enum { LOCKED_LETTERS_OF_ONE = 1 };

static int64_t letters_that_may_go(struct clinic *clinic)
{
    return clinic_number(clinic,
        "SELECT count(*) FROM vault.mail_job AS waiting WHERE kind = 4 AND NOT EXISTS"
        " (SELECT FROM vault.event WHERE event = waiting.waits_for)");
}

static void the_mail_of_a_lockout_waits_for_its_entry_in_the_log(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.mail_job"));
    audit_edge_settle(&clinic->vault);

    audit_edge_set_down(true);
    for (size_t i = 0; i < 4; i++)
        assert_error(try_password(clinic, &parcel, WRONG), SM_WRONG_SECRET);
    assert_error(try_password(clinic, &parcel, WRONG), SM_LOCKED);
    assert_int_equal(letters_that_may_go(clinic), 0);

    audit_edge_set_down(false);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 1);
    assert_int_equal(letters_that_may_go(clinic), LOCKED_LETTERS_OF_ONE);
}

static void the_sender_is_told_of_the_first_lockout_only(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.mail_job"));

    for (int64_t round = 0; round < 3; round++) {
        clinic_wait(clinic, round * (LOCK_S + 60));
        for (size_t i = 0; i < 5; i++)
            (void)!try_password(clinic, &parcel, WRONG);
    }

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 3);
    assert_int_equal(letters_that_may_go(clinic), LOCKED_LETTERS_OF_ONE);
}

/*
 * A lock that stood on a guess which proved right is lifted in the same epoch: here the right one
 * waits for the log while the others fail and lock, and then gives its reservation back.
 */
struct rival {
    struct clinic replica;
    const struct parcel *parcel;
    size_t wrong;
};

static void guess_wrong(void *context)
{
    struct rival *rival = context;
    for (size_t i = 0; i < rival->wrong; i++)
        (void)!try_password(&rival->replica, rival->parcel, WRONG);
}

static void a_second_lock_of_the_same_epoch_has_an_entry_of_its_own(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct rival rival = {.replica = clinic_replica(clinic), .parcel = &parcel, .wrong = 4};

    audit_edge_meanwhile(EVENT_VERIFIED, guess_wrong, &rival);
    assert_error(try_password(clinic, &parcel, CLINIC_PASSWORD), SM_OK);
    assert_error(try_password(clinic, &parcel, WRONG), SM_LOCKED);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_VERIFICATION_FAILED), 5);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 2);
    clinic_replica_close(&rival.replica);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_code_that_met_an_outage_of_the_log_is_good_afterwards_and_once),
        TEST(an_outage_of_the_log_leaves_a_password_no_session_and_no_failure),
        TEST(a_link_that_is_revoked_while_the_log_is_waited_for_gives_no_session),
        TEST(five_wrong_passwords_lock_for_fifteen_minutes),
        TEST(twenty_wrong_passwords_freeze_until_the_sender_unlocks),
        TEST(a_new_code_does_not_reset_the_failures),
        TEST(guesses_at_once_are_five_checked_ones),
        TEST(one_code_that_is_typed_at_many_pages_at_once_gives_one_session),
        TEST(a_right_guess_gives_its_reservation_back_and_no_more),
        TEST(both_proofs_are_needed_where_both_are_asked),
        TEST(a_proof_that_does_not_fit_the_method_costs_no_attempt),
        TEST(a_request_that_is_repeated_gives_no_second_session),
        TEST(the_mail_of_a_lockout_waits_for_its_entry_in_the_log),
        TEST(the_sender_is_told_of_the_first_lockout_only),
        TEST(a_second_lock_of_the_same_epoch_has_an_entry_of_its_own),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
