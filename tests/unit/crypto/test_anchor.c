/* Whose turn it is to have the log's checkpoint mailed, who gets it, and what the log says of it.
 */
#include "services/crypto/anchor.h"

#include "envelope/box.h"
#include "envelope/ed25519.h"
#include "envelope/capability.h"
#include "tests/support/office.inc"

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)
#define DAY_MS ((int64_t)DAY_S * 1000)
static const char note[] = "securemail/8504a8e4202f5b8ba3c4ec53a07129bf\n15\n"
                           "9h0PFLVYtaZccPK+CFjM2FNy6fCasCyUKw8tto8jpdU=\n\n\xe2\x80\x94 a b\n";

static size_t turns(struct vault *vault, int64_t interval_ms)
{
    struct anchor_turn turn;
    assert_ok(anchor_due(&vault->worker, interval_ms, &turn));
    for (size_t i = 0; i < turn.count; i++)
        assert_true(id_equal(turn.organisations[i], clinic));
    return turn.count;
}

static int begin(void **state)
{
    struct vault *vault = *state;
    assert_ok(database_run(vault->database, "DELETE FROM vault.anchor"));
    return office_begin(state);
}

/* --- whose turn it is --- */

static void an_organisation_has_its_turn_once_in_an_interval(void **state)
{
    struct vault *vault = *state;

    assert_ok(anchor_plan(&vault->worker, DAY_MS));
    assert_int_equal(turns(vault, DAY_MS), 0);
    assert_ok(database_clock_shift(vault->database, DAY_S + HOUR_S));
    assert_int_equal(turns(vault, DAY_MS), 1);
    assert_ok(anchor_plan(&vault->worker, DAY_MS)); /* nobody loses a turn by it */
    assert_int_equal(turns(vault, DAY_MS), 1);
    assert_ok(anchor_mail(&vault->worker, clinic, span_text(note), DAY_MS));
    assert_int_equal(turns(vault, DAY_MS), 0);
    assert_ok(database_clock_shift(vault->database, 2 * DAY_S + 2 * HOUR_S));
    assert_int_equal(turns(vault, DAY_MS), 1);
    assert_int_equal(turns(vault, 365 * DAY_MS), 1); /* the longest one */
}

static void without_an_interval_only_who_asks_has_a_turn(void **state)
{
    struct vault *vault = *state;

    assert_ok(anchor_plan(&vault->worker, 0));
    assert_ok(database_clock_shift(vault->database, 400 * DAY_S));
    assert_int_equal(turns(vault, 0), 0);
    assert_ok(anchor_ask(&vault->worker, clinic));
    assert_int_equal(turns(vault, 0), 1);
    assert_ok(anchor_mail(&vault->worker, clinic, span_text(note), 0));
    assert_ok(database_clock_shift(vault->database, 800 * DAY_S));
    assert_int_equal(turns(vault, 0), 0);
}

static void a_turn_that_was_moved_far_off_is_now(void **state)
{
    struct vault *vault = *state;
    assert_ok(anchor_plan(&vault->worker, DAY_MS));

    assert_ok(database_run(vault->database, "UPDATE vault.anchor SET due_ms = 9000000000000000"));

    assert_int_equal(turns(vault, DAY_MS), 1);
}

static void what_did_not_work_out_is_tried_again_later(void **state)
{
    struct vault *vault = *state;
    assert_ok(anchor_ask(&vault->worker, clinic));

    assert_ok(anchor_put_off(&vault->worker, clinic));

    assert_int_equal(turns(vault, DAY_MS), 0);
    assert_ok(database_clock_shift(vault->database, 120));
    assert_int_equal(turns(vault, DAY_MS), 1);
}

/* --- the letters --- */

/* The letters that wait, opened with the notifier's key; fails unless there are `count`. */
static void open_letters(struct vault *vault, size_t count, struct arena *arena, struct letter *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    static const struct statement jobs = {
        "letters", "SELECT job, sealed FROM vault.mail_job ORDER BY id"};
    assert_ok(DB_RUN0(vault->worker.db, &jobs, &rows));
    assert_int_equal(db_rows_count(rows), count);
    for (size_t i = 0; i < count; i++) {
        struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
        struct id job;
        struct span sealed;
        struct span kept;
        assert_ok(db_read_id(rows, i, 0, &job));
        assert_ok(db_read_bytes(rows, i, 1, MAIL_JOB_BYTES_MAX, &sealed));
        struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
        assert_ok(box_open(letter_key, &label, sealed, &plain));
        assert_ok(keep_span(arena, buffer_span(&plain), &kept));
        assert_ok(fields_decode(&letter, kept, arena, &out[i]));
    }
}

static void administrators_and_auditors_get_the_note(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct letter letters[2];
    assert_ok(anchor_ask(&vault->worker, clinic));

    assert_ok(anchor_mail(&vault->worker, clinic, span_text(note), DAY_MS));

    open_letters(vault, 2, &arena, letters);
    bool is_cees_first = span_equals_text(letters[0].to_address, "cees@example.org");
    assert_span(letters[is_cees_first ? 1 : 0].to_address, "dora@example.org");
    assert_span(letters[is_cees_first ? 0 : 1].to_address, "cees@example.org");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(letters[i].kind, LETTER_CHECKPOINT);
        assert_span(letters[i].note, note);
        assert_int_equal(letters[i].link.size + letters[i].code.size, 0);
    }
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_CHECKPOINT_MAILED), 1);
    assert_string_equal(audit_edge_reason(EVENT_CHECKPOINT_MAILED), "to 2 people");
}

static void an_edited_or_disabled_account_gets_none(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct letter letters[1];
    assert_ok(anchor_ask(&vault->worker, clinic));
    assert_ok(database_run(vault->database,
        "UPDATE vault.account SET email = 'stranger@evil.example' WHERE email = 'dora@example.org';"
        "UPDATE vault.account SET roles = 2 WHERE email = 'anna@example.org'"));

    assert_ok(anchor_mail(&vault->worker, clinic, span_text(note), DAY_MS));

    open_letters(vault, 1, &arena, letters);
    assert_span(letters[0].to_address, "cees@example.org");
}

/* --- asking --- */

static void who_reads_the_log_may_ask_and_nobody_else(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page cees = office_page(vault, "cees@example.org", "");
    struct page dora = office_page(vault, "dora@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");

    assert_error(office_ask(vault, &anna, "checkpoint_mail", &answer), SM_NOT_ALLOWED);
    assert_int_equal(turns(vault, DAY_MS), 0);
    assert_error(office_ask(vault, &cees, "checkpoint_mail", &answer), SM_OK);
    assert_error(office_ask(vault, &dora, "checkpoint_mail", &answer), SM_OK);

    assert_int_equal(turns(vault, DAY_MS), 1);
    assert_int_equal(audit_edge_count(EVENT_CHECKPOINT_ASKED), 2);
}

static void audit_takes_the_word_of_crypto(void **state)
{
    struct vault *vault = *state;
    struct buffer text DEFER(buffer_free) = BUFFER(512);
    uint8_t public_key[32];
    struct capability read;
    assert_ok(anchor_access(&vault->worker, clinic, &text));

    assert_ok(ed25519_public(keyring_key(vault->crypto.keyring, KEY_CAPABILITY), public_key));
    struct capability_demand demand = {public_key, CAPABILITY_AUDIT, (uint64_t)vault_now_ms(vault)};
    assert_ok(capability_verify(buffer_span(&text), &demand, &read));
    assert_true(id_equal(read.organisation, clinic));
    assert_int_equal(read.role, ROLE_AUDITOR);
    demand.now_ms += 2 * 60 * 1000;
    assert_error(capability_verify(buffer_span(&text), &demand, &read), SM_NOT_SIGNED_IN);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_organisation_has_its_turn_once_in_an_interval),
        TEST(without_an_interval_only_who_asks_has_a_turn),
        TEST(a_turn_that_was_moved_far_off_is_now),
        TEST(what_did_not_work_out_is_tried_again_later),
        TEST(administrators_and_auditors_get_the_note),
        TEST(an_edited_or_disabled_account_gets_none),
        TEST(who_reads_the_log_may_ask_and_nobody_else),
        TEST(audit_takes_the_word_of_crypto),
    };
    return cmocka_run_group_tests(tests, office_open, office_close);
}
