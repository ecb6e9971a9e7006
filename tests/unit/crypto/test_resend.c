/* A notification is mailed again, with the same link, within bounds; and a send waits for its undo.
 */
#include "envelope/box.h"
#include "services/crypto/handlers.h"
#include "services/crypto/mail.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

/* Nothing takes letters away here: they wait in vault.mail_job. */
static int64_t notices(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.mail_job WHERE kind = 1");
}

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_int_equal(clinic_begin(state), 0);
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.mail_job"));
    return 0;
}

static enum sm_error resend(struct clinic *clinic, const struct page *page,
    const struct parcel *parcel, struct answer *answer)
{
    return clinic_with_link(clinic, "resend", page, parcel, answer);
}

static struct letter letter_at(
    struct clinic *clinic, int64_t place, struct buffer *plain, struct arena *arena)
{
    static const struct statement one = {
        "letter_at", "SELECT job, sealed FROM vault.mail_job ORDER BY id LIMIT 1 OFFSET $1"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct letter content;
    struct id job;
    struct span sealed;
    assert_ok(DB_RUN(clinic->vault.worker.db, &one, &rows, db_i64(place)));
    assert_ok(db_read_id(rows, 0, 0, &job));
    assert_ok(db_read_bytes(rows, 0, 1, MAIL_JOB_BYTES_MAX, &sealed));
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    assert_ok(box_open(clinic->letter_key, &label, sealed, plain));
    assert_ok(fields_decode(&letter, buffer_span(plain), arena, &content));
    return content;
}

static void the_same_link_is_mailed_again_after_five_minutes(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct buffer first DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct buffer second DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);

    assert_error(resend(clinic, &clinic->anna, &parcel, &answer), SM_RATE_LIMITED);
    assert_in_range(answer.failure.retry_after_s, 280, RESEND_AFTER_S);
    clinic_wait(clinic, RESEND_AFTER_S + 5);
    assert_error(resend(clinic, &clinic->anna, &parcel, &answer), SM_OK);

    assert_int_equal(notices(clinic), 2);
    struct letter one = letter_at(clinic, 0, &first, &arena);
    struct letter two = letter_at(clinic, 1, &second, &arena);
    assert_true(span_equal(one.link, two.link));
    assert_true(span_equal(one.to_address, two.to_address));
    assert_true(span_equal(one.sender_name, two.sender_name));
    struct audit_event event = audit_edge_last(EVENT_NOTIFICATION_RESENT);
    assert_true(id_equal(event.link, parcel.link));
}

static void five_times_are_enough(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);

    for (int64_t i = 1; i <= RESENDS_PER_LINK_MAX; i++) {
        clinic_wait(clinic, i * (RESEND_AFTER_S + 5));
        assert_error(resend(clinic, &clinic->anna, &parcel, &answer), SM_OK);
        assert_error(resend(clinic, &clinic->anna, &parcel, &answer), SM_RATE_LIMITED);
    }
    clinic_wait(clinic, 24 * 3600);
    assert_error(resend(clinic, &clinic->anna, &parcel, &answer), SM_RATE_LIMITED);
    assert_int_equal(notices(clinic), 1 + RESENDS_PER_LINK_MAX);
}

static void a_link_that_has_ended_is_not_mailed(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel revoked = clinic_send(clinic, METHOD_CODE);
    struct parcel expired = clinic_send(clinic, METHOD_CODE);
    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &revoked, &answer), SM_OK);

    clinic_wait(clinic, RESEND_AFTER_S + 5);
    assert_error(resend(clinic, &clinic->anna, &revoked, &answer), SM_GONE);
    clinic_wait(clinic, 8 * 24 * 3600);
    assert_error(resend(clinic, &clinic->anna, &expired, &answer), SM_GONE);
}

static void only_its_sender_and_administrators_resend(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct parcel other = clinic_send(clinic, METHOD_CODE);
    struct parcel mixed = {.message = parcel.message, .link = other.link};
    clinic_wait(clinic, RESEND_AFTER_S + 5);

    assert_error(resend(clinic, &clinic->bert, &parcel, &answer), SM_NOT_FOUND);
    assert_error(resend(clinic, &clinic->anna, &mixed, &answer), SM_NOT_FOUND);
    assert_error(resend(clinic, &clinic->carla, &parcel, &answer), SM_OK);
}

static void a_notification_waits_for_the_undo_and_a_revoke_takes_it_back(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_CODE, &form);
    form.request.undo_s = UNDO_S_MAX;

    int64_t before_ms = vault_now_ms(&clinic->vault);
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
    int64_t waits_ms =
        clinic_number(clinic, "SELECT not_before_ms FROM vault.mail_job") - before_ms;
    assert_in_range(waits_ms, 60 * 1000, 75 * 1000);

    assert_error(
        clinic_with_message(clinic, "delete", &clinic->anna, parcel.message, &answer), SM_OK);
    assert_int_equal(notices(clinic), 0);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_link_is_mailed_again_after_five_minutes),
        TEST(five_times_are_enough),
        TEST(a_link_that_has_ended_is_not_mailed),
        TEST(only_its_sender_and_administrators_resend),
        TEST(a_notification_waits_for_the_undo_and_a_revoke_takes_it_back),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
