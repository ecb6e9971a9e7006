/* What is due ends: keys first; what is not due stays, whoever asks. */
#include "base/clock.h"
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#define SEVEN_DAYS_S ((int64_t)7 * 24 * 3600)

static enum sm_error call(
    struct clinic *clinic, bus_handler_fn *handler, const void *message, void *reply)
{
    static struct arena arena; /* what the reply points to; freed by the next call */
    arena_free(&arena);
    arena = ARENA(1 << 20);
    struct bus_request request = {.caller = PEER_RETENTION,
        .header.deadline_ms = clock_wall_ms() + 60000,
        .worker = &clinic->vault.worker,
        .arena = &arena};
    return handler(&request, message, reply);
}

/* The item of `message` among what is due; NULL: it is not. */
static const struct due_item *due_item_of(struct clinic *clinic, struct id message)
{
    static struct due_reply reply;
    struct due_request request = {.rows_max = PAGE_ROWS_MAX};
    reply = (struct due_reply){0};
    assert_ok(call(clinic, on_due, &request, &reply));
    for (size_t i = 0; i < reply.messages.count; i++)
        if (id_equal(LIST_AT(struct due_item, reply.messages, i)->message, message))
            return LIST_AT(struct due_item, reply.messages, i);
    return NULL;
}

static bool destroy(struct clinic *clinic, struct id message)
{
    struct destroy_request request = {message};
    struct destroy_reply reply = {0};
    assert_ok(call(clinic, on_destroy, &request, &reply));
    return reply.is_due;
}

static enum sm_error purged(struct clinic *clinic, struct id message)
{
    struct purged_request request = {message};
    return call(clinic, on_purged, &request, NULL);
}

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.message SET due_ms = NULL; DELETE FROM vault.code"));
    return clinic_begin(state);
}

static int64_t keys_left(struct clinic *clinic)
{
    return clinic_number(clinic,
        "SELECT count(*) FROM vault.message WHERE due_ms IS NOT NULL AND wrapped IS NOT NULL");
}

/* --- purged --- */

static void a_live_message_cannot_be_said_to_be_purged(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    assert_error(purged(clinic, parcel.message), SM_CONFLICT);

    clinic_wait(clinic, SEVEN_DAYS_S + 1); /* it still becomes due, and its key still goes */
    assert_non_null(due_item_of(clinic, parcel.message));
}

static void an_expired_message_is_not_purged_before_its_key_is_destroyed(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    clinic_wait(clinic, SEVEN_DAYS_S + 1);

    assert_error(purged(clinic, parcel.message), SM_CONFLICT);
    assert_true(destroy(clinic, parcel.message));
    assert_ok(purged(clinic, parcel.message));

    assert_null(due_item_of(clinic, parcel.message));
    assert_ok(purged(clinic, parcel.message)); /* repeatable */
}

static void a_deleted_message_is_due_until_it_is_purged(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(
        clinic_with_message(clinic, "delete", &clinic->anna, parcel.message, &answer), SM_OK);

    const struct due_item *item = due_item_of(clinic, parcel.message);
    assert_non_null(item);
    assert_false(item->is_expiry);
    assert_true(destroy(clinic, parcel.message));
    assert_ok(purged(clinic, parcel.message));
    assert_null(due_item_of(clinic, parcel.message));
}

/* Pages of one: each begins behind the one before, also among those of one moment. */
static void what_is_due_is_told_page_by_page_and_each_message_once(void **state)
{
    enum { MESSAGES = 3 };
    struct clinic *clinic = *state;
    struct due_request request = {.rows_max = 1};
    for (size_t i = 0; i < MESSAGES; i++)
        (void)clinic_send(clinic, METHOD_PASSWORD);
    clinic_wait(clinic, SEVEN_DAYS_S + 1);
    assert_ok(database_run(clinic->vault.database,
        "UPDATE vault.message SET due_ms = 1000 + (message = (SELECT message FROM vault.message"
        " WHERE due_ms IS NOT NULL ORDER BY message LIMIT 1))::int WHERE due_ms IS NOT NULL"));

    struct id told[MESSAGES + 1] = {{{0}}};
    for (size_t i = 0; i <= MESSAGES; i++) {
        struct due_reply reply = {0};
        assert_ok(call(clinic, on_due, &request, &reply));
        assert_int_equal(reply.messages.count, i < MESSAGES ? 1 : 0);
        if (reply.messages.count == 0)
            continue;
        const struct due_item *item = LIST_AT(struct due_item, reply.messages, 0);
        for (size_t k = 0; k < i; k++)
            assert_false(id_equal(told[k], item->message));
        told[i] = request.after = item->message;
        request.after_ms = item->due_ms;
    }
}

static void an_edited_message_is_neither_destroyed_nor_purged(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct destroy_request request = {parcel.message};
    struct destroy_reply reply = {0};
    assert_ok(database_run(clinic->vault.database,
        "UPDATE vault.message SET expires_ms = 1, due_ms = 1 WHERE due_ms IS NOT NULL"));

    assert_error(call(clinic, on_destroy, &request, &reply), SM_TAMPERED);
    assert_error(purged(clinic, parcel.message), SM_TAMPERED);

    assert_int_equal(keys_left(clinic), 1);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
}

/* --- due and destroyed --- */

static void an_edited_link_does_not_keep_the_key_of_its_message(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.link SET expires_ms = expires_ms + 86400000"));

    clinic_wait(clinic, SEVEN_DAYS_S + 1);
    assert_true(destroy(clinic, parcel.message));

    assert_int_equal(keys_left(clinic), 0);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.link JOIN vault.message USING (message)"
                              " WHERE due_ms IS NOT NULL AND verifier IS NOT NULL"),
        0);
    assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_TAMPERED);
}

static void a_message_is_due_when_it_expires_and_not_before(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    clinic_wait(clinic, SEVEN_DAYS_S - 60);
    assert_null(due_item_of(clinic, parcel.message));
    assert_false(destroy(clinic, parcel.message));
    assert_int_equal(keys_left(clinic), 1);

    clinic_wait(clinic, SEVEN_DAYS_S + 1);
    const struct due_item *item = due_item_of(clinic, parcel.message);
    assert_non_null(item);
    assert_true(item->is_expiry);
    assert_true(destroy(clinic, parcel.message));
    assert_int_equal(keys_left(clinic), 0);
}

static void a_clock_column_that_is_edited_makes_nothing_due(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.message SET due_ms = 1 WHERE due_ms IS NOT NULL"));

    assert_non_null(due_item_of(clinic, parcel.message)); /* a reminder, no more */
    assert_false(destroy(clinic, parcel.message));
    assert_int_equal(keys_left(clinic), 1);
}

static void verifiers_codes_sessions_and_waiting_mail_go_with_the_key(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD_AND_CODE);
    (void)clinic_verified(clinic, &parcel);
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.mail_cancel"));

    clinic_wait(clinic, SEVEN_DAYS_S + 1);
    assert_true(destroy(clinic, parcel.message));
    assert_true(destroy(clinic, parcel.message)); /* repeatable */

    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.link JOIN vault.message USING (message)"
                              " WHERE due_ms IS NOT NULL AND verifier IS NOT NULL"),
        0);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.code"), 0);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(*) FROM vault.link_session JOIN vault.link USING (link)"
                              " JOIN vault.message USING (message) WHERE due_ms IS NOT NULL"),
        0);
    assert_int_equal(clinic_number(clinic,
                         "SELECT count(*) FROM vault.mail_job JOIN vault.message USING (message)"
                         " WHERE due_ms IS NOT NULL"),
        0);
    assert_int_equal(clinic_number(clinic, "SELECT count(*) FROM vault.mail_cancel"), 1);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_EXPIRED), 1);
}

static void an_expired_link_refuses_without_retention(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &parcel);
    struct answer answer DEFER(answer_free) = ANSWER;

    clinic_wait(clinic, SEVEN_DAYS_S + 1); /* nothing was swept */

    assert_int_equal(keys_left(clinic), 1);
    assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_GONE);
    assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, "", &answer), SM_GONE);
    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_NOT_SIGNED_IN);
}

static void a_revoked_message_stays_revoked_when_its_key_goes(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel all = {.message = parcel.message};
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &all, &answer), SM_OK);
    assert_false(destroy(clinic, parcel.message)); /* its sender may still read it */

    clinic_wait(clinic, SEVEN_DAYS_S + 1);
    assert_true(destroy(clinic, parcel.message));

    assert_int_equal(keys_left(clinic), 0);
    assert_int_equal(
        clinic_number(clinic, "SELECT state FROM vault.message WHERE due_ms IS NOT NULL"),
        STATE_REVOKED);
}

static void a_message_that_is_not_known_is_not_ours_to_destroy(void **state)
{
    struct clinic *clinic = *state;
    struct id unknown;
    assert_ok(id_random(&unknown));

    assert_false(destroy(clinic, unknown));
    assert_ok(purged(clinic, unknown));
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_live_message_cannot_be_said_to_be_purged),
        TEST(an_expired_message_is_not_purged_before_its_key_is_destroyed),
        TEST(a_deleted_message_is_due_until_it_is_purged),
        TEST(what_is_due_is_told_page_by_page_and_each_message_once),
        TEST(an_edited_message_is_neither_destroyed_nor_purged),
        TEST(an_edited_link_does_not_keep_the_key_of_its_message),
        TEST(a_message_is_due_when_it_expires_and_not_before),
        TEST(a_clock_column_that_is_edited_makes_nothing_due),
        TEST(verifiers_codes_sessions_and_waiting_mail_go_with_the_key),
        TEST(an_expired_link_refuses_without_retention),
        TEST(a_revoked_message_stays_revoked_when_its_key_goes),
        TEST(a_message_that_is_not_known_is_not_ours_to_destroy),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
