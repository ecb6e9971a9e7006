/* After a restore: what the journal names is ended again, once, and mail waits for the operator. */
#include "base/clock.h"
#include "proto/crypto.h"
#include "services/crypto/handlers.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/restored.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.mail_job; DELETE FROM vault.mail_cancel; DELETE FROM vault.feed;"
        "DELETE FROM vault.link; DELETE FROM vault.message; DELETE FROM vault.usage;"
        "DELETE FROM restore.erasure; DELETE FROM restore.run"));
    return clinic_begin(state);
}

/* As deploy/bin/restore does it: a line of the journal, and the restored database made ready. */
static void journal_says(struct clinic *clinic, const char *kind, struct id thing, int64_t ago_ms)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
        "INSERT INTO restore.erasure (at_ms, kind, thing) VALUES (clock.now_ms() - %lld, '%s', '\\x%s')",
        (long long)ago_ms, kind, id_text(thing).text);
    assert_ok(database_run(clinic->vault.database, sql));
}

static void restore(struct clinic *clinic)
{
    assert_ok(database_run(clinic->vault.database,
        "SELECT restore.prepare(substr(sha256(random()::text::bytea), 1, 16),"
        " '\\x000102030405060708090a0b0c0d0e0f', clock.now_ms() - 60000, true)"));
}

static uint64_t replay(struct clinic *clinic)
{
    uint64_t count = 0;
    assert_ok(restored_replay(&clinic->vault.worker, &count));
    audit_edge_settle(&clinic->vault);
    return count;
}

static int64_t state_of(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT state FROM vault.message");
}

static void what_was_deleted_is_destroyed_again(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    journal_says(clinic, "deleted", parcel.message, 0);
    restore(clinic);

    assert_int_equal(replay(clinic), 1);

    assert_int_equal(state_of(clinic), STATE_DELETED);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.message WHERE wrapped IS NOT NULL"), 0);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.link"), 0);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.message WHERE due_ms IS NOT NULL"), 1);
    assert_int_equal(audit_edge_last(EVENT_DELETED).actor_class, ACTOR_SYSTEM);
}

static void what_was_revoked_is_closed_again(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel other = clinic_send(clinic, METHOD_PASSWORD);
    journal_says(clinic, "revoked", parcel.message, 0);
    journal_says(clinic, "link-revoked", other.link, 0);
    restore(clinic);

    assert_int_equal(replay(clinic), 2);

    assert_int_equal(clinic_link(clinic, &parcel, &arena).state, LINK_REVOKED);
    assert_int_equal(clinic_link(clinic, &other, &arena).state, LINK_REVOKED);
    assert_int_equal(audit_edge_count(EVENT_REVOKED), 2);
}

static void the_log_has_once_what_it_had_before_the_backup(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_error(
        clinic_with_message(clinic, "delete", &clinic->anna, parcel.message, &answer), SM_OK);
    journal_says(clinic, "deleted", parcel.message, 0);
    restore(clinic);

    assert_int_equal(replay(clinic), 1);

    assert_int_equal(audit_edge_count(EVENT_DELETED), 1);
}

static void a_line_of_a_message_that_is_not_in_the_backup_ends_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    (void)parcel;
    journal_says(clinic, "deleted", (struct id){{9}}, 0);
    journal_says(clinic, "link-revoked", (struct id){{9}}, 0);
    restore(clinic);

    assert_int_equal(replay(clinic), 2);

    assert_int_equal(state_of(clinic), STATE_LIVE);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM restore.erasure"), 0);
}

static void what_was_ended_long_before_the_backup_is_not_asked_for(void **state)
{
    struct clinic *clinic = *state;
    journal_says(clinic, "deleted", (struct id){{9}}, (int64_t)2 * 3600 * 1000);
    restore(clinic);
    assert_int_equal(replay(clinic), 0);
}

static void an_edited_row_is_not_served(void **state)
{
    struct clinic *clinic = *state;
    uint64_t count;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    journal_says(clinic, "deleted", parcel.message, 0);
    restore(clinic);
    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.message SET expires_ms = expires_ms + 1"));

    assert_error(restored_replay(&clinic->vault.worker, &count), SM_TAMPERED);

    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM restore.erasure"), 1);
}

static void who_was_signed_in_signs_in_anew(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    restore(clinic);
    assert_int_equal(
        clinic_number(clinic,
            "SELECT (SELECT count(*) FROM vault.session) + (SELECT"
            " count(*) FROM vault.link_session) + (SELECT count(*) FROM vault.hpke_key)"),
        0);
    hpke_keys_free(&clinic->vault.crypto.hpke); /* a start after the restore */
    assert_ok(hpke_keys_new(clinic->vault.crypto.keyring, &clinic->vault.crypto.hpke));
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
}

static void mail_that_waited_is_held_until_it_is_released_and_the_log_has_that(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct mail_release_reply reply = {0};
    struct bus_request request = {.worker = &clinic->vault.worker,
        .arena = &arena,
        .header.deadline_ms = clock_wall_ms() + clinic->call_ms};
    restore(clinic);
    assert_int_equal(clinic_number(clinic, "SELECT restore.is_mail_held()::int"), 1);

    assert_ok(on_mail_release(&request, NULL, &reply));

    assert_int_equal(reply.restores, 1);
    assert_int_equal(clinic_number(clinic, "SELECT restore.is_mail_held()::int"), 0);
    assert_string_equal(audit_edge_reason(EVENT_OPERATOR_CALL), "mail_release");
    assert_ok(on_mail_release(&request, NULL, &reply));
    assert_int_equal(reply.restores, 0);
}

static void mail_is_not_released_while_the_log_is_away(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct mail_release_reply reply = {0};
    struct bus_request request = {.worker = &clinic->vault.worker,
        .arena = &arena,
        .header.deadline_ms = clock_wall_ms() + 500};
    restore(clinic);
    audit_edge_set_down(true);
    assert_error(on_mail_release(&request, NULL, &reply), SM_UNAVAILABLE);
    assert_int_equal(clinic_number(clinic, "SELECT restore.is_mail_held()::int"), 1);
    audit_edge_set_down(false);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_deleted_is_destroyed_again),
        TEST(what_was_revoked_is_closed_again),
        TEST(the_log_has_once_what_it_had_before_the_backup),
        TEST(a_line_of_a_message_that_is_not_in_the_backup_ends_nothing),
        TEST(what_was_ended_long_before_the_backup_is_not_asked_for),
        TEST(an_edited_row_is_not_served),
        TEST(mail_that_waited_is_held_until_it_is_released_and_the_log_has_that),
        TEST(mail_is_not_released_while_the_log_is_away),
        TEST(who_was_signed_in_signs_in_anew),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
