/* What an administrator is told of crypto's state, and who else is not. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

static const struct key_row *key_of(const struct status_reply *reply, const char *purpose)
{
    for (size_t i = 0; i < reply->keys.count; i++)
        if (span_equals_text(LIST_AT(struct key_row, reply->keys, i)->purpose, purpose))
            return LIST_AT(struct key_row, reply->keys, i);
    return NULL;
}

static void an_administrator_reads_versions_and_ages(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(clinic_with_session(clinic, "status", &clinic->carla, &answer), SM_OK);

    const struct status_reply *reply = answer.reply;
    static const char *const purposes[] = {"master", "organisation", "hpke", "identity", "row"};
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        const struct key_row *key = key_of(reply, purposes[i]);
        assert_true(key && key->version == 1);
        assert_true(key && key->created_ms > 0 && key->created_ms <= reply->now_ms);
    }
}

static void a_sender_is_not_told(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(clinic_with_session(clinic, "status", &clinic->anna, &answer), SM_NOT_ALLOWED);
}

static void what_waits_is_counted_with_its_age(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.mail_job"));
    assert_error(clinic_with_session(clinic, "status", &clinic->carla, &answer), SM_OK);
    assert_int_equal(((const struct status_reply *)answer.reply)->mails_waiting, 0);
    assert_int_equal(((const struct status_reply *)answer.reply)->events_waiting, 0);

    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    clinic->call_ms = 300;
    audit_edge_set_down(true);
    assert_error(
        clinic_with_link(clinic, "revoke", &clinic->carla, &parcel, &answer), SM_UNAVAILABLE);
    assert_error(clinic_with_session(clinic, "status", &clinic->carla, &answer), SM_OK);
    audit_edge_set_down(false);

    const struct status_reply *reply = answer.reply;
    assert_int_equal(reply->events_waiting, 1);
    assert_true(reply->oldest_event_ms > 0 && reply->oldest_event_ms <= reply->now_ms);
    assert_int_equal(reply->mails_waiting, 0); /* the revoke took the notice back */
    assert_int_equal(reply->oldest_mail_ms, 0);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, clinic_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_administrator_reads_versions_and_ages),
        TEST(a_sender_is_not_told),
        TEST(what_waits_is_counted_with_its_age),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
