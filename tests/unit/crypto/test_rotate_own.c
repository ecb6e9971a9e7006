/* An administrator replaces the key of his organisation: once for what he saw, and nobody else. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <string.h>

static enum sm_error ask_begin(
    struct clinic *clinic, const struct page *page, uint64_t version, struct answer *answer)
{
    struct rotation_begin_request request = {
        .version = version, .session = {.session = page->session, .secret = SPAN(page->secret)}};
    struct ask ask = {
        .operation = "rotation_begin", .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

static struct rotation_state begun(struct clinic *clinic, uint64_t version)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(ask_begin(clinic, &clinic->carla, version, &answer), SM_OK);
    return *(const struct rotation_state *)answer.reply;
}

static struct rotation_step_reply step(struct clinic *clinic)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_with_session(clinic, "rotation_step", &clinic->carla, &answer), SM_OK);
    return *(const struct rotation_step_reply *)answer.reply;
}

static struct rotation_state told(struct clinic *clinic)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_with_session(clinic, "status", &clinic->carla, &answer), SM_OK);
    return ((const struct status_reply *)answer.reply)->rotation;
}

static uint64_t newest(struct clinic *clinic)
{
    return (uint64_t)clinic_number(clinic, "SELECT max(version) FROM vault.organisation_key");
}

static int64_t versions(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.organisation_key");
}

/* Nothing under way, no message: what earlier tests left is gone. */
static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_int_equal(clinic_begin(state), 0);
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.code; DELETE FROM vault.link_session; DELETE FROM vault.link;"
        "DELETE FROM vault.message; DELETE FROM vault.totp;"));
    while (step(clinic).state.is_under_way)
        ;
    return clinic_begin(state);
}

static void it_is_told_begun_and_brought_to_its_end(void **state)
{
    struct clinic *clinic = *state;
    uint64_t before = newest(clinic);
    (void)clinic_send(clinic, METHOD_CODE);
    (void)clinic_send(clinic, METHOD_CODE);

    struct rotation_state first = told(clinic);
    struct rotation_state second = begun(clinic, before);
    struct rotation_state third = told(clinic);
    struct rotation_step_reply last = step(clinic);

    assert_true(first.version == before && first.rows == 2 && !first.is_under_way);
    assert_true(second.version == before + 1 && second.behind == 2 && second.is_under_way);
    assert_memory_equal(&second, &third, sizeof second);
    assert_true(last.rewrapped == 2 && last.refused == 0);
    assert_true(last.state.behind == 0 && last.state.rows == 2 && !last.state.is_under_way);
    assert_int_equal(versions(clinic), 1);
}

static void the_log_names_who_began_and_who_ended_it(void **state)
{
    struct clinic *clinic = *state;

    (void)begun(clinic, newest(clinic));
    (void)step(clinic);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_KEY_ROTATED), 2);
    struct audit_event event = audit_edge_last(EVENT_KEY_ROTATED);
    assert_true(id_equal(event.organisation, clinic->organisation));
    assert_int_equal(event.actor_class, ACTOR_USER);
    assert_true(id_equal(event.actor, clinic->carla.user));
    assert_non_null(strstr(audit_edge_reason(EVENT_KEY_ROTATED), "is destroyed; all is under"));
}

static void asked_twice_for_one_version_it_is_replaced_once(void **state)
{
    struct clinic *clinic = *state;
    uint64_t before = newest(clinic);

    struct rotation_state first = begun(clinic, before);
    struct rotation_state again = begun(clinic, before);
    (void)step(clinic);
    struct rotation_state later = begun(clinic, before);

    assert_int_equal(first.version, before + 1);
    assert_int_equal(again.version, before + 1);
    assert_int_equal(later.version, before + 1);
    assert_false(later.is_under_way);
    assert_int_equal(newest(clinic), before + 1);
}

static void a_second_one_is_not_begun_while_one_is_under_way(void **state)
{
    struct clinic *clinic = *state;
    struct rotation_state first = begun(clinic, newest(clinic));

    struct rotation_state again = begun(clinic, first.version);

    assert_int_equal(again.version, first.version);
    assert_int_equal(versions(clinic), 2);
}

static void a_version_that_never_was_is_refused(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(ask_begin(clinic, &clinic->carla, newest(clinic) + 1, &answer), SM_BAD_VALUE);
    assert_int_equal(versions(clinic), 1);
}

static void a_sender_can_neither_begin_nor_go_on(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    uint64_t before = newest(clinic);

    assert_error(ask_begin(clinic, &clinic->anna, before, &answer), SM_NOT_ALLOWED);
    (void)begun(clinic, before);
    assert_error(
        clinic_with_session(clinic, "rotation_step", &clinic->anna, &answer), SM_NOT_ALLOWED);
    assert_int_equal(versions(clinic), 2);
}

static void a_step_beside_another_is_told_to_wait(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    (void)begun(clinic, newest(clinic));

    assert_false(atomic_flag_test_and_set(&clinic->vault.crypto.rotation_turn));
    assert_error(clinic_with_session(clinic, "rotation_step", &clinic->carla, &answer), SM_BUSY);
    atomic_flag_clear(&clinic->vault.crypto.rotation_turn);

    assert_false(step(clinic).state.is_under_way);
}

static void an_edited_row_is_counted_and_keeps_the_old_key(void **state)
{
    struct clinic *clinic = *state;
    (void)clinic_send(clinic, METHOD_CODE);
    (void)begun(clinic, newest(clinic));
    assert_ok(database_run(clinic->vault.database, "UPDATE vault.message SET lifetime_ms = 1"));

    struct rotation_step_reply last = step(clinic);

    assert_true(last.refused == 1 && last.rewrapped == 0);
    assert_true(last.state.behind == 1 && last.state.is_under_way);
}

static void with_the_log_away_it_is_begun_and_gone_on_with_later(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    uint64_t before = newest(clinic);
    clinic->call_ms = 300;
    audit_edge_set_down(true);

    assert_error(ask_begin(clinic, &clinic->carla, before, &answer), SM_UNAVAILABLE);
    audit_edge_set_down(false);

    assert_int_equal(begun(clinic, before).version, before + 1);
    assert_false(step(clinic).state.is_under_way);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_begun_and_brought_to_its_end),
        TEST(the_log_names_who_began_and_who_ended_it),
        TEST(asked_twice_for_one_version_it_is_replaced_once),
        TEST(a_second_one_is_not_begun_while_one_is_under_way),
        TEST(a_version_that_never_was_is_refused),
        TEST(a_sender_can_neither_begin_nor_go_on),
        TEST(a_step_beside_another_is_told_to_wait),
        TEST(an_edited_row_is_counted_and_keeps_the_old_key),
        TEST(with_the_log_away_it_is_begun_and_gone_on_with_later),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
