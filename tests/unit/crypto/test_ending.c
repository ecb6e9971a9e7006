/* Revoked is closed at once, deleted is destroyed at once, and both are in the log. */
#include "services/crypto/handlers.h"
#include "runtime/journal.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static enum sm_error delete_by(
    struct clinic *clinic, const struct page *page, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_with_message(clinic, "delete", page, parcel->message, &answer);
}

static enum sm_error revoke_by(
    struct clinic *clinic, const struct page *page, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_with_link(clinic, "revoke", page, parcel, &answer);
}

static enum sm_error unlock_by(
    struct clinic *clinic, const struct page *page, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_with_link(clinic, "unlock", page, parcel, &answer);
}

static void assert_link_is_gone(
    struct clinic *clinic, const struct parcel *parcel, const struct page *rosa)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_by_link(clinic, "hello", parcel, &answer), SM_GONE);
    assert_error(clinic_verify(clinic, parcel, CLINIC_PASSWORD, "", &answer), SM_GONE);
    enum sm_error opened = clinic_with_session(clinic, "open", rosa, &answer);
    assert_true(opened == SM_GONE || opened == SM_NOT_SIGNED_IN);
    assert_null(answer.reply);
}

/* The one message of these tests that is not gone from the tables. */
static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.mail_job; DELETE FROM vault.mail_cancel; DELETE FROM vault.feed;"
        "DELETE FROM vault.link; DELETE FROM vault.message; DELETE FROM vault.usage"));
    return clinic_begin(state);
}

/* --- revoke --- */

static void a_revoke_closes_the_link_at_once(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &parcel, &answer), SM_OK);

    assert_true(id_equal(answer.effects.closed_link, parcel.link)); /* downloads stop too */
    assert_true(id_is_none(answer.effects.closed_message));
    assert_link_is_gone(clinic, &parcel, &rosa);
    assert_int_equal(audit_edge_count(EVENT_REVOKED), 1);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.mail_job"), 0);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.mail_cancel"), 1);
}

static void a_message_is_revoked_for_all_its_recipients_and_stays_with_its_sender(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct parcel all = {.message = parcel.message};

    assert_error(revoke_by(clinic, &clinic->anna, &all), SM_OK);

    assert_link_is_gone(clinic, &parcel, &rosa);
    assert_error(
        clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer), SM_OK);
}

static void an_edited_link_does_not_keep_the_others_open(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    struct recipient two[2];
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    two[0] = two[1] = form.recipient;
    two[1].address = span_text("other@example.net");
    form.request.recipients = LIST_OF(two);
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
    assert_ok(database_run(clinic->vault.database,
        "UPDATE vault.link SET name = 'Mallory' WHERE address LIKE 'rosa%'"));

    struct parcel all = {.message = parcel.message};
    assert_error(revoke_by(clinic, &clinic->anna, &all), SM_OK);

    assert_int_equal(clinic_number(clinic, "SELECT state FROM vault.message"), STATE_REVOKED);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.link WHERE state = 2"), 1);
}

static void revoking_again_changes_nothing_and_is_one_entry(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_OK);
    uint64_t version = clinic_link(clinic, &parcel, &arena).version;

    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_OK);

    assert_int_equal(clinic_link(clinic, &parcel, &arena).version, version);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_REVOKED), 1);
}

/* Senders choose the ids of their messages: who takes a link's id for one keeps nothing out of the
 * log. */
static void a_message_with_a_links_id_is_another_fact(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel decoy;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    clinic_fill_send(clinic, &decoy, METHOD_PASSWORD, &form);
    form.request.message = parcel.link;
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);

    struct parcel all = {.message = parcel.link};
    assert_error(revoke_by(clinic, &clinic->anna, &all), SM_OK);
    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_OK);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_REVOKED), 2);
    assert_true(id_equal(audit_edge_last(EVENT_REVOKED).link, parcel.link));
}

static void a_link_of_another_message_is_not_found(void **state)
{
    struct clinic *clinic = *state;
    struct parcel mine = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel other = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel mixed = {.message = mine.message, .link = other.link};

    assert_error(revoke_by(clinic, &clinic->anna, &mixed), SM_NOT_FOUND);
    assert_error(unlock_by(clinic, &clinic->anna, &mixed), SM_NOT_FOUND);
}

/* --- whose it is --- */

static void nobody_ends_what_another_sent_but_an_administrator(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    assert_error(revoke_by(clinic, &clinic->bert, &parcel), SM_NOT_FOUND);
    assert_error(delete_by(clinic, &clinic->bert, &parcel), SM_NOT_FOUND);
    assert_error(unlock_by(clinic, &clinic->bert, &parcel), SM_NOT_FOUND);
    assert_error(unlock_by(clinic, &clinic->carla, &parcel), SM_OK);
    assert_error(revoke_by(clinic, &clinic->carla, &parcel), SM_OK);
    assert_error(delete_by(clinic, &clinic->carla, &parcel), SM_OK);
    assert_true(id_equal(audit_edge_last(EVENT_DELETED).actor, clinic->carla.user));
}

/* --- delete --- */

static void a_delete_destroys_key_verifiers_and_addresses(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD_AND_CODE);
    struct page rosa = clinic_verified(clinic, &parcel);

    assert_error(
        clinic_with_message(clinic, "delete", &clinic->anna, parcel.message, &answer), SM_OK);

    assert_true(id_equal(answer.effects.purge, parcel.message));
    assert_int_equal(
        clinic_number(clinic, "SELECT (SELECT count(*) FROM vault.link)"
                              " + (SELECT count(*) FROM vault.code)"
                              " + (SELECT count(*) FROM vault.link_session)"
                              " + (SELECT count(*) FROM vault.mail_job)"
                              " + (SELECT count(*) FROM vault.message WHERE wrapped IS NOT NULL"
                              " OR subject_sealed IS NOT NULL OR parts IS NOT NULL"
                              " OR digest IS NOT NULL)"),
        0);
    assert_int_equal(clinic_number(clinic, "SELECT sum(bytes)::bigint FROM vault.usage"), 0);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
    assert_error(
        clinic_with_message(clinic, "read", &clinic->anna, parcel.message, &answer), SM_GONE);
    assert_int_equal(audit_edge_count(EVENT_DELETED), 1);
}

static void the_feed_keeps_of_a_deleted_message_that_it_is_deleted_and_nothing_else(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.feed WHERE kind < 4"), 2);

    assert_error(delete_by(clinic, &clinic->anna, &parcel), SM_OK);

    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.feed WHERE kind < 4"), 1);
    assert_int_equal(
        clinic_number(clinic, "SELECT kind FROM vault.feed WHERE kind < 4"), FEED_STATE);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.feed"
                                           " WHERE position('rosa'::bytea IN body) > 0"),
        0);
}

static void a_deleted_name_is_never_taken_again(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
    assert_error(delete_by(clinic, &clinic->anna, &parcel), SM_OK);

    assert_error(clinic_ask_send(clinic, &form, &answer), SM_CONFLICT);
    assert_error(clinic_with_message(clinic, "compose", &clinic->anna, parcel.message, &answer),
        SM_CONFLICT);
}

static void without_the_log_an_end_acts_and_is_confirmed_later(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_UNAVAILABLE);
    assert_link_is_gone(clinic, &parcel, &rosa);

    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_REVOKED), 1);
}

/* --- the journal --- */

static long lines_of(const char *path)
{
    long lines = 0;
    FILE *file = fopen(path, "re");
    for (int letter = 0; file && letter != EOF; letter = fgetc(file))
        lines += letter == '\n';
    if (file)
        (void)fclose(file);
    return lines / 2; /* each brings one in front */
}

static void what_is_ended_is_in_the_journal_before_it_is_answered(void **state)
{
    struct clinic *clinic = *state;
    char folder[] = "/tmp/ending-test-XXXXXX";
    char path[64];
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel all = {.message = parcel.message};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/erasures.journal", folder);
    assert_ok(journal_open(folder, &clinic->vault.crypto.journal));

    assert_error(revoke_by(clinic, &clinic->anna, &parcel), SM_OK);
    assert_int_equal(lines_of(path), 1);
    assert_error(revoke_by(clinic, &clinic->anna, &all), SM_OK);
    assert_int_equal(lines_of(path), 2);
    assert_error(delete_by(clinic, &clinic->anna, &all), SM_OK);
    assert_int_equal(lines_of(path), 3);

    journal_close(&clinic->vault.crypto.journal);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* The limit of a file's size stands for a full disk: PostgreSQL is another process. */
static void without_the_journal_an_end_is_not_answered_and_may_be_asked_for_again(void **state)
{
    struct clinic *clinic = *state;
    char folder[] = "/tmp/ending-test-XXXXXX";
    char path[64];
    struct rlimit before;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/erasures.journal", folder);
    assert_ok(journal_open(folder, &clinic->vault.crypto.journal));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, before.rlim_max}), 0);
    enum sm_error error = delete_by(clinic, &clinic->anna, &parcel);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(error == SM_IO || error == SM_DISK_FULL);
    assert_int_equal(lines_of(path), 0);

    assert_error(delete_by(clinic, &clinic->anna, &parcel), SM_OK);

    assert_int_equal(lines_of(path), 1);
    journal_close(&clinic->vault.crypto.journal);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* --- unlock --- */

static void an_unlock_begins_the_count_anew(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    for (size_t i = 0; i < 5; i++)
        (void)!clinic_verify(clinic, &parcel, "a wrong password", "", &answer);
    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, "", &answer), SM_LOCKED);

    assert_error(unlock_by(clinic, &clinic->anna, &parcel), SM_OK);

    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 0);
    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, "", &answer), SM_OK);
    assert_int_equal(audit_edge_count(EVENT_UNLOCKED), 1);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_revoke_closes_the_link_at_once),
        TEST(a_message_is_revoked_for_all_its_recipients_and_stays_with_its_sender),
        TEST(an_edited_link_does_not_keep_the_others_open),
        TEST(revoking_again_changes_nothing_and_is_one_entry),
        TEST(a_message_with_a_links_id_is_another_fact),
        TEST(a_link_of_another_message_is_not_found),
        TEST(nobody_ends_what_another_sent_but_an_administrator),
        TEST(a_delete_destroys_key_verifiers_and_addresses),
        TEST(the_feed_keeps_of_a_deleted_message_that_it_is_deleted_and_nothing_else),
        TEST(a_deleted_name_is_never_taken_again),
        TEST(without_the_log_an_end_acts_and_is_confirmed_later),
        TEST(what_is_ended_is_in_the_journal_before_it_is_answered),
        TEST(without_the_journal_an_end_is_not_answered_and_may_be_asked_for_again),
        TEST(an_unlock_begins_the_count_anew),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
