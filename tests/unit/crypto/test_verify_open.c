/* One attempt that opens at once: what holds for verify and for open holds for both in one. */
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>
#include <string.h>

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

static void assert_untouched(struct clinic *clinic, const struct parcel *parcel)
{
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct link link = clinic_link(clinic, parcel, &arena);
    assert_int_equal(sessions(clinic), 0);
    assert_int_equal(link.opened_ms, 0);
    assert_int_equal(link.lockout.total_failures, 0);
}

/* --- the release --- */

static void a_right_code_gives_session_and_key_and_is_logged_once(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct answer again DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);

    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_OK);

    const struct verify_open_reply *both = answer.reply;
    assert_int_equal(both->content.key.size, KEY_BYTES);
    assert_memory_equal(both->content.key.at, parcel.key, KEY_BYTES);
    assert_int_equal(both->content.parts.count, CLINIC_PARTS);
    assert_true(clinic_link(clinic, &parcel, &arena).opened_ms > 0);
    assert_int_equal(audit_edge_count(EVENT_VERIFIED), 1);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1);
    assert_int_equal(audit_edge_count(EVENT_DOWNLOAD_GRANTED), 1);

    struct page rosa = clinic_page_of(&answer);
    assert_error(clinic_with_session(clinic, "open", &rosa, &again), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1);
}

static void a_wrong_guess_opens_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);

    assert_error(clinic_verify_open(clinic, &parcel, "another", "", &answer), SM_WRONG_SECRET);

    assert_null(answer.reply);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
    assert_int_equal(audit_edge_count(EVENT_VERIFICATION_FAILED), 1);
    assert_int_equal(clinic_link(clinic, &parcel, &arena).lockout.total_failures, 1);
    assert_int_equal(sessions(clinic), 0);
}

/* --- the log --- */

static void without_the_log_nothing_goes_out_and_the_code_is_good_afterwards_and_once(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_UNAVAILABLE);
    assert_null(answer.reply);
    assert_untouched(clinic, &parcel);

    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_OK);
    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_WRONG_SECRET);
    assert_int_equal(sessions(clinic), 1);
}

/* --- what happens while the log is waited for --- */

static void what_ends_while_the_log_is_waited_for_releases_nothing(void **state)
{
    static const char *const endings[] = {"revoke", "delete"};
    struct clinic *clinic = *state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct clinic_ending meanwhile = {
            .replica = clinic_replica(clinic), .operation = endings[i]};
        meanwhile.parcel = clinic_send(clinic, METHOD_PASSWORD);

        audit_edge_meanwhile(EVENT_OPENED, clinic_end, &meanwhile);
        assert_error(
            clinic_verify_open(clinic, &meanwhile.parcel, CLINIC_PASSWORD, "", &answer), SM_GONE);

        assert_null(answer.reply);
        assert_int_equal(sessions(clinic), 0);
        clinic_replica_close(&meanwhile.replica);
    }
}

/* --- at once --- */

enum { PAGES = 12 };
struct other_page {
    struct clinic replica;
    const struct parcel *parcel;
    struct code_text code;
    enum sm_error result;
    pthread_t thread;
};

static void *type_the_code(void *context)
{
    struct other_page *page = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    page->result = clinic_verify_open(&page->replica, page->parcel, "", page->code.digits, &answer);
    return NULL;
}

static void one_code_that_is_typed_at_many_pages_at_once_releases_one_key(void **state)
{
    struct clinic *clinic = *state;
    struct other_page pages[PAGES];
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    size_t released = 0;
    for (size_t i = 0; i < PAGES; i++)
        pages[i] =
            (struct other_page){.replica = clinic_replica(clinic), .parcel = &parcel, .code = code};
    for (size_t i = 0; i < PAGES; i++)
        assert_int_equal(pthread_create(&pages[i].thread, NULL, type_the_code, &pages[i]), 0);
    for (size_t i = 0; i < PAGES; i++) {
        (void)pthread_join(pages[i].thread, NULL);
        released += pages[i].result == SM_OK;
        clinic_replica_close(&pages[i].replica);
    }

    assert_int_equal(released, 1);
    assert_int_equal(sessions(clinic), 1);
}

/* --- a key that does not come out --- */

static void a_key_that_was_edited_costs_the_recipient_neither_code_nor_attempt(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct code_text code = clinic_code(clinic, &parcel);
    static const char flip[] = "UPDATE vault.organisation_key SET wrapped ="
                               " set_byte(wrapped, 40, get_byte(wrapped, 40) # 1)";

    assert_ok(database_run(clinic->vault.database, flip));
    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_TAMPERED);
    assert_null(answer.reply);
    assert_untouched(clinic, &parcel);

    assert_ok(database_run(clinic->vault.database, flip));
    assert_error(clinic_verify_open(clinic, &parcel, "", code.digits, &answer), SM_OK);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_code_gives_session_and_key_and_is_logged_once),
        TEST(a_wrong_guess_opens_nothing),
        TEST(without_the_log_nothing_goes_out_and_the_code_is_good_afterwards_and_once),
        TEST(what_ends_while_the_log_is_waited_for_releases_nothing),
        TEST(one_code_that_is_typed_at_many_pages_at_once_releases_one_key),
        TEST(a_key_that_was_edited_costs_the_recipient_neither_code_nor_attempt),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
