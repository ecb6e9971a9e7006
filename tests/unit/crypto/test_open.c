/* A key goes out to a verified recipient, after the log has it, and only while the link lives. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

/* --- what happens while the log is waited for --- */

static void an_end_before_the_acknowledgement(struct clinic *clinic, const char *operation)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic_ending meanwhile = {.replica = clinic_replica(clinic), .operation = operation};
    meanwhile.parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &meanwhile.parcel);

    audit_edge_meanwhile(EVENT_OPENED, clinic_end, &meanwhile);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_GONE);

    assert_null(answer.reply);
    clinic_replica_close(&meanwhile.replica);
}

static void a_link_that_is_revoked_while_the_log_is_waited_for_releases_nothing(void **state)
{
    an_end_before_the_acknowledgement(*state, "revoke");
}

static void a_message_that_is_deleted_while_the_log_is_waited_for_releases_nothing(void **state)
{
    an_end_before_the_acknowledgement(*state, "delete");
}

static void expire_it(void *context)
{
    const struct clinic_ending *meanwhile = context;
    static const struct statement shift = {"shift",
        "CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS"
        " 'SELECT clock_timestamp() + make_interval(days => 8)'"};
    struct db *db DEFER(db_close) = NULL;
    assert_ok(db_open(database_conninfo(meanwhile->replica.vault.database, "postgres").text, &db));
    assert_ok(DB_RUN0(db, &shift, NULL));
}

static void a_link_that_expires_while_the_log_is_waited_for_releases_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic_ending meanwhile = {.replica = *clinic};
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    audit_edge_meanwhile(EVENT_OPENED, expire_it, &meanwhile);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_GONE);
}

/* --- the release --- */

static void a_verified_recipient_gets_the_key_after_the_log_has_it(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);

    const struct content_reply *content = answer.reply;
    assert_int_equal(content->key.size, KEY_BYTES);
    assert_memory_equal(content->key.at, parcel.key, KEY_BYTES);
    assert_int_equal(content->parts.count, CLINIC_PARTS);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1);
    assert_int_equal(audit_edge_count(EVENT_DOWNLOAD_GRANTED), 1);
    assert_true(id_equal(audit_edge_last(EVENT_OPENED).link, parcel.link));
}

static void without_the_log_no_key_goes_out_and_afterwards_it_is_logged_once(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_UNAVAILABLE);
    assert_null(answer.reply);

    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1);
}

static void a_session_that_is_not_proven_opens_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct page staff = clinic->anna;

    rosa.secret[0] ^= 1;
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
    rosa.secret[0] ^= 1;
    rosa.session.bytes[0] ^= 1;
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
    assert_error(clinic_with_session(clinic, "open", &staff, &answer), SM_NOT_SIGNED_IN);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
}

static void a_session_ends_after_half_an_hour(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    clinic_wait(clinic, VERIFIED_SESSION_S - 60);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    clinic_wait(clinic, VERIFIED_SESSION_S + 1);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
}

static void who_signs_out_opens_nothing_more_and_may_prove_himself_again(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct page other_tab = clinic_verified(clinic, &parcel);

    assert_error(clinic_with_session(clinic, "leave", &rosa, &answer), SM_OK);

    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
    assert_error(clinic_with_session(clinic, "leave", &rosa, &answer), SM_NOT_SIGNED_IN);
    assert_error(clinic_with_session(clinic, "open", &other_tab, &answer), SM_OK);
    rosa = clinic_verified(clinic, &parcel);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
    assert_true(id_equal(audit_edge_last(EVENT_SIGNED_OUT).link, parcel.link));
}

static void nobody_signs_another_out(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct page thief = rosa;
    thief.secret[0] ^= 1;

    assert_error(clinic_with_session(clinic, "leave", &thief, &answer), SM_NOT_SIGNED_IN);
    assert_error(clinic_with_session(clinic, "leave", &clinic->anna, &answer), SM_NOT_SIGNED_IN);

    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 0);
}

static void a_session_that_is_edited_in_the_database_opens_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.link_session SET expires_ms = expires_ms + 1"));

    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, clinic_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_that_is_revoked_while_the_log_is_waited_for_releases_nothing),
        TEST(a_message_that_is_deleted_while_the_log_is_waited_for_releases_nothing),
        TEST(a_link_that_expires_while_the_log_is_waited_for_releases_nothing),
        TEST(a_verified_recipient_gets_the_key_after_the_log_has_it),
        TEST(without_the_log_no_key_goes_out_and_afterwards_it_is_logged_once),
        TEST(a_session_that_is_not_proven_opens_nothing),
        TEST(a_session_ends_after_half_an_hour),
        TEST(who_signs_out_opens_nothing_more_and_may_prove_himself_again),
        TEST(nobody_signs_another_out),
        TEST(a_session_that_is_edited_in_the_database_opens_nothing),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
