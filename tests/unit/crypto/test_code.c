/* A code is mailed when a person asks, is good for ten minutes, once, and for its own link. */
#include "services/crypto/code.h"

#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>
#include <unistd.h>

static enum sm_error try_code(
    struct clinic *clinic, const struct parcel *parcel, struct code_text code)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_verify(clinic, parcel, "", code.digits, &answer);
}

static enum sm_error ask_code(struct clinic *clinic, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_by_link(clinic, "send_code", parcel, &answer);
}

static int64_t code_letters(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.mail_job WHERE kind = 2");
}

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(
        database_run(clinic->vault.database, "DELETE FROM vault.mail_job; DELETE FROM vault.code"));
    return clinic_begin(state);
}

/* --- a moment after the revoke --- */

struct asker {
    struct clinic replica;
    const struct parcel *parcel;
    enum sm_error result;
};

static void *ask(void *context)
{
    struct asker *asker = context;
    asker->result = ask_code(&asker->replica, asker->parcel);
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
    fail_msg("nobody waits for the link's lock");
}

static void a_link_that_is_revoked_while_its_code_is_made_gets_none(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct asker asker = {.replica = clinic_replica(clinic), .parcel = &parcel};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct link link;
    pthread_t thread;

    assert_ok(db_begin(clinic->vault.worker.db, &tx));
    assert_ok(link_lock(&clinic->vault.worker, &arena, parcel.link, &link));
    assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
    wait_for_a_waiter(clinic); /* it has found the link live, and now wants its lock */
    link.state = LINK_REVOKED;
    assert_ok(link_update(&clinic->vault.worker, &link));
    assert_ok(db_commit(&tx));
    (void)pthread_join(thread, NULL);

    assert_error(asker.result, SM_GONE);
    assert_int_equal(code_letters(clinic), 0);
    clinic_replica_close(&asker.replica);
}

static void a_revoke_takes_back_a_code_that_waits(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct answer answer DEFER(answer_free) = ANSWER;
    (void)clinic_code(clinic, &parcel);

    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &parcel, &answer), SM_OK);

    assert_int_equal(code_letters(clinic), 0);
    assert_error(ask_code(clinic, &parcel), SM_GONE);
}

/* --- the life of a code --- */

static void a_code_lives_ten_minutes(void **state)
{
    struct clinic *clinic = *state;
    struct parcel early = clinic_send(clinic, METHOD_CODE);
    struct parcel late = clinic_send(clinic, METHOD_CODE);
    struct code_text first = clinic_code(clinic, &early);
    struct code_text second = clinic_code(clinic, &late);

    clinic_wait(clinic, CODE_LIFETIME_S - 60);
    assert_error(try_code(clinic, &early, first), SM_OK);
    clinic_wait(clinic, CODE_LIFETIME_S + 1);
    assert_error(try_code(clinic, &late, second), SM_WRONG_SECRET);
}

static void a_used_code_is_dead(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);

    assert_error(try_code(clinic, &parcel, code), SM_OK);

    assert_error(try_code(clinic, &parcel, code), SM_WRONG_SECRET);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.code WHERE octet_length(proof) > 0"), 0);
}

static void a_code_is_good_for_its_own_link_only(void **state)
{
    struct clinic *clinic = *state;
    struct parcel mine = clinic_send(clinic, METHOD_CODE);
    struct parcel other = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &mine);

    assert_error(try_code(clinic, &other, code), SM_WRONG_SECRET);
    (void)clinic_code(clinic, &other);
    if (strcmp(clinic_mailed_code(clinic, &other).digits, code.digits) != 0)
        assert_error(try_code(clinic, &other, code), SM_WRONG_SECRET);
    assert_error(try_code(clinic, &mine, code), SM_OK);
}

static void the_last_two_codes_are_good_and_older_ones_are_not(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text codes[3];
    for (int64_t i = 0; i < 3; i++) {
        clinic_wait(clinic, i * (CODE_RESEND_AFTER_S + 1));
        codes[i] = clinic_code(clinic, &parcel);
    }
    bool is_told_apart = strcmp(codes[0].digits, codes[1].digits) != 0 &&
                         strcmp(codes[0].digits, codes[2].digits) != 0;

    if (is_told_apart)
        assert_error(try_code(clinic, &parcel, codes[0]), SM_WRONG_SECRET);
    assert_error(try_code(clinic, &parcel, codes[1]), SM_OK);
    assert_error(try_code(clinic, &parcel, codes[2]), SM_WRONG_SECRET); /* used up with it */
}

/* --- how often --- */

static void another_code_waits_a_minute_and_six_are_enough_for_an_hour(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct answer answer DEFER(answer_free) = ANSWER;

    for (int64_t i = 0; i < CODES_PER_HOUR_MAX; i++) {
        clinic_wait(clinic, i * (CODE_RESEND_AFTER_S + 1));
        assert_error(ask_code(clinic, &parcel), SM_OK);
        assert_error(clinic_by_link(clinic, "send_code", &parcel, &answer), SM_RATE_LIMITED);
        assert_true(answer.failure.retry_after_s > 0);
    }
    clinic_wait(clinic, 3500);
    assert_error(ask_code(clinic, &parcel), SM_RATE_LIMITED);
    assert_int_equal(code_letters(clinic), CODES_PER_HOUR_MAX);
    clinic_wait(clinic, 3700);
    assert_error(ask_code(clinic, &parcel), SM_OK);
}

static void the_wait_for_the_next_code_is_exact(void **state)
{
    const int64_t minute = 60 * 1000;
    struct code_history none = {0};
    struct code_history one = {1, 1000, 1000};
    struct code_history six = {6, minute, 6 * minute};
    (void)state;

    assert_int_equal(code_wait_ms(&none, 0), 0);
    assert_int_equal(code_wait_ms(&one, 1000), minute);
    assert_int_equal(code_wait_ms(&one, 1000 + minute - 1), 1);
    assert_int_equal(code_wait_ms(&one, 1000 + minute), 0);
    assert_int_equal(code_wait_ms(&six, 10 * minute), 51 * minute);
    assert_int_equal(code_wait_ms(&six, 61 * minute), 0);
}

static void a_locked_link_gets_no_code(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text wrong = {"000000"};
    for (size_t i = 0; i < 5; i++) /* none was mailed: nothing can be right */
        (void)!try_code(clinic, &parcel, wrong);

    assert_error(ask_code(clinic, &parcel), SM_LOCKED);
    assert_int_equal(code_letters(clinic), 0);
}

static void a_password_link_gets_no_code(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    assert_error(ask_code(clinic, &parcel), SM_BAD_VALUE);
    assert_int_equal(code_letters(clinic), 0);
}

/* --- mail scanners --- */

static void a_page_that_is_shown_mails_no_code_and_changes_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    uint64_t version = clinic_link(clinic, &parcel, &arena).version;

    for (size_t i = 0; i < 3; i++)
        assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_OK);

    assert_int_equal(code_letters(clinic), 0);
    assert_int_equal(clinic_link(clinic, &parcel, &arena).version, version);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_CODE_SENT), 0);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
    assert_int_equal(audit_edge_count(EVENT_PAGE_SHOWN), 1); /* once an hour */
}

static void the_first_time_that_a_page_was_shown_is_told_once(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct answer answer DEFER(answer_free) = ANSWER;
    static const char times[] = "SELECT at_ms FROM vault.shown";
    static const char places[] = "SELECT id FROM vault.feed WHERE kind = 5";

    assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_OK);
    int64_t first_ms = clinic_number(clinic, times);
    int64_t place = clinic_number(clinic, places);
    clinic_wait(clinic, 2 * 60 * 60);
    assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_OK);

    assert_true(first_ms > 0);
    assert_int_equal(clinic_number(clinic, times), first_ms);
    assert_int_equal(clinic_number(clinic, places), place);
}

/* --- an attacker with the database --- */

static void an_edited_code_proves_nothing(void **state)
{
    struct clinic *clinic = *state;
    const char *const edits[] = {
        "UPDATE vault.code SET expires_ms = expires_ms + 3600000",
        "UPDATE vault.code SET created_ms = created_ms + 1",
        "UPDATE vault.code SET proof = decode(repeat('00', 36), 'hex')",
        "UPDATE vault.code SET proof = decode('00', 'hex')",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct parcel parcel = clinic_send(clinic, METHOD_CODE);
        struct code_text code = clinic_code(clinic, &parcel);
        assert_ok(database_run(clinic->vault.database, edits[i]));
        assert_error(try_code(clinic, &parcel, code), SM_WRONG_SECRET);
    }
}

static void a_code_that_is_moved_to_another_link_proves_nothing_there(void **state)
{
    struct clinic *clinic = *state;
    struct parcel mine = clinic_send(clinic, METHOD_CODE);
    struct parcel victim = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &mine);
    struct db *db DEFER(db_close) = NULL;
    static const struct statement move = {
        "move_code", "UPDATE vault.code SET link = $1 WHERE link = $2"};
    assert_ok(db_open(database_conninfo(clinic->vault.database, "postgres").text, &db));

    assert_ok(DB_RUN(db, &move, NULL, db_id(&victim.link), db_id(&mine.link)));

    assert_error(try_code(clinic, &victim, code), SM_WRONG_SECRET);
}

static void no_code_stands_in_the_database(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    struct db *db DEFER(db_close) = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    static const struct statement find = {"find_code",
        "SELECT (SELECT count(*) FROM vault.code WHERE position($1 IN proof) > 0)"
        " + (SELECT count(*) FROM vault.mail_job WHERE position($1 IN sealed) > 0)"
        " + (SELECT count(*) FROM vault.event WHERE position($1 IN body) > 0)"};
    int64_t found;
    assert_ok(db_open(database_conninfo(clinic->vault.database, "postgres").text, &db));

    assert_ok(DB_RUN(db, &find, &rows, db_bytes(span_text(code.digits))));
    assert_ok(db_read_i64(rows, 0, 0, &found));

    assert_int_equal(found, 0);
}

static void codes_are_six_digits_in_all_their_range(void **state)
{
    bool has_digit[CODE_DIGITS][10] = {{false}};
    (void)state;
    for (size_t i = 0; i < 500; i++) {
        struct code code;
        assert_ok(code_random(&code));
        assert_true(code_is_form(span_text(code.digits)));
        for (size_t place = 0; place < CODE_DIGITS; place++)
            has_digit[place][code.digits[place] - '0'] = true;
    }

    for (size_t place = 0; place < CODE_DIGITS; place++)
        for (size_t digit = 0; digit < 10; digit++)
            assert_true(has_digit[place][digit]);
    assert_false(code_is_form(span_text("12345")));
    assert_false(code_is_form(span_text("1234567")));
    assert_false(code_is_form(span_text("12345 ")));
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_that_is_revoked_while_its_code_is_made_gets_none),
        TEST(a_revoke_takes_back_a_code_that_waits),
        TEST(a_code_lives_ten_minutes),
        TEST(a_used_code_is_dead),
        TEST(a_code_is_good_for_its_own_link_only),
        TEST(the_last_two_codes_are_good_and_older_ones_are_not),
        TEST(another_code_waits_a_minute_and_six_are_enough_for_an_hour),
        TEST(the_wait_for_the_next_code_is_exact),
        TEST(a_locked_link_gets_no_code),
        TEST(a_password_link_gets_no_code),
        TEST(a_page_that_is_shown_mails_no_code_and_changes_nothing),
        TEST(the_first_time_that_a_page_was_shown_is_told_once),
        TEST(an_edited_code_proves_nothing),
        TEST(a_code_that_is_moved_to_another_link_proves_nothing_there),
        TEST(no_code_stands_in_the_database),
        TEST(codes_are_six_digits_in_all_their_range),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
