/* The second factor: switched on with a code, asked for at sign-in, used once, switched off. */
#include "tests/support/office.inc"

#include "envelope/totp.h"
#include "services/crypto/totp.h"

#include <stdio.h>

/* --- an authenticator app --- */

struct app {
    uint8_t secret[TOTP_SECRET_BYTES];
    char codes[RECOVERY_CODES][RECOVERY_CODE_BYTES + 1];
};

/* What a person types into the app: 32 letters of base32. */
static void app_read(struct app *app, struct span text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t bits = 0;
    assert_int_equal(text.size, 32);
    for (size_t i = 0; i < text.size; i++) {
        const char *found = memchr(alphabet, text.at[i], 32);
        assert_non_null(found);
        bits = bits << 5 | (uint64_t)(found - alphabet);
        if (i % 8 == 7)
            for (size_t b = 0; b < 5; b++)
                app->secret[i / 8 * 5 + b] = (uint8_t)(bits >> (32 - 8 * b));
    }
}

/* The code `steps` steps from now. */
static struct totp_code app_code(const struct vault *vault, const struct app *app, int steps)
{
    struct totp_code code;
    int64_t step = vault_now_ms(vault) / (TOTP_STEP_S * 1000) + steps;
    assert_ok(totp_code(SPAN(app->secret), (uint64_t)step, TOTP_DIGITS, &code));
    return code;
}

static struct app begin_app(struct vault *vault, const struct page *page)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct app app = {0};
    assert_error(office_ask(vault, page, "totp_begin", &answer), SM_OK);
    const struct totp_begin_reply *reply = answer.reply;
    app_read(&app, reply->secret);
    return app;
}

static enum sm_error confirm(
    struct vault *vault, const struct page *page, const char *code, struct answer *answer)
{
    struct totp_confirm_request request = {.session = PROOF(*page), .code = span_text(code)};
    struct ask ask = {.operation = "totp_confirm", .message = &request};
    return ask_crypto(vault, &ask, answer);
}

static enum sm_error remove_app(struct vault *vault, const struct page *page, const char *password,
    const char *code, struct answer *answer)
{
    struct totp_remove_request request = {
        .session = PROOF(*page), .password = span_text(password), .code = span_text(code)};
    struct ask ask = {.operation = "totp_remove", .message = &request};
    return ask_crypto(vault, &ask, answer);
}

/* anna has an app from now on; the time is one step later, so that a fresh code is there. */
static struct app enrol(struct vault *vault, struct page *page)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    *page = office_page(vault, "anna@example.org", "");
    struct app app = begin_app(vault, page);
    assert_error(confirm(vault, page, app_code(vault, &app, 0).digits, &answer), SM_OK);
    const struct recovery_codes_reply *reply = answer.reply;
    assert_int_equal(reply->codes.count, RECOVERY_CODES);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        memcpy(app.codes[i], LIST_AT(struct recovery_code, reply->codes, i)->code.at,
            RECOVERY_CODE_BYTES);
    assert_ok(database_clock_shift(vault->database, 2 * TOTP_STEP_S));
    return app;
}

static enum sm_error anna(
    struct vault *vault, const char *password, const char *code, struct answer *answer)
{
    return office_sign_in(vault, "anna@example.org", password, code, answer);
}

/* --- enrolling --- */

static void the_uri_says_what_an_app_needs(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = office_page(vault, "anna@example.org", "");
    char expected[256];

    assert_error(office_ask(vault, &page, "totp_begin", &answer), SM_OK);

    const struct totp_begin_reply *reply = answer.reply;
    (void)snprintf(expected, sizeof expected,
        "otpauth://totp/Clinic:anna%%40example.org?secret=%.*s&issuer=Clinic&algorithm=SHA1"
        "&digits=6&period=30",
        SPAN_PRINT(reply->secret));
    assert_span(reply->uri, expected);
}

static void what_was_only_begun_is_not_asked_for(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = office_page(vault, "anna@example.org", "");

    (void)begin_app(vault, &page);

    assert_error(anna(vault, RIGHT, "", &answer), SM_OK);
    const struct login_reply *reply = answer.reply;
    assert_false(reply->has_totp);
}

static void the_first_code_switches_it_on_and_is_logged(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;

    struct app app = enrol(vault, &page);

    assert_true(id_equal(audit_edge_last(EVENT_SECOND_FACTOR_ON).actor, page.user));
    assert_error(anna(vault, RIGHT, "", &answer), SM_CODE_NEEDED);
    assert_error(anna(vault, RIGHT, app_code(vault, &app, 0).digits, &answer), SM_OK);
    const struct login_reply *reply = answer.reply;
    assert_true(reply->has_totp);
}

static void a_second_app_is_refused_until_the_first_is_gone(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);

    assert_error(office_ask(vault, &page, "totp_begin", &answer), SM_CONFLICT);
    assert_error(confirm(vault, &page, app_code(vault, &app, 0).digits, &answer), SM_CONFLICT);
}

static void wrong_first_codes_lock_the_sign_in(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = office_page(vault, "anna@example.org", "");
    struct app app = begin_app(vault, &page);
    struct totp_code wrong = app_code(vault, &app, 10);

    for (int i = 0; i < 4; i++)
        assert_error(confirm(vault, &page, wrong.digits, &answer), SM_WRONG_SECRET);
    assert_error(confirm(vault, &page, wrong.digits, &answer), SM_LOCKED);

    assert_error(confirm(vault, &page, app_code(vault, &app, 0).digits, &answer), SM_LOCKED);
    assert_error(anna(vault, RIGHT, "", &answer), SM_LOCKED);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGN_IN_FAILED), 5);
    assert_int_equal(audit_edge_count(EVENT_SECOND_FACTOR_ON), 0);
}

/* --- signing in --- */

static void the_question_for_a_code_does_not_tell_whether_the_password_is_right(void **state)
{
    struct vault *vault = *state;
    struct answer right DEFER(answer_free) = ANSWER;
    struct answer wrong DEFER(answer_free) = ANSWER;
    struct page page;
    (void)enrol(vault, &page);
    office_checks = office_dummies = 0;

    assert_error(anna(vault, RIGHT, "", &right), SM_CODE_NEEDED);
    assert_error(anna(vault, "wrong", "", &wrong), SM_CODE_NEEDED);

    assert_int_equal(right.effects.sealed.size, wrong.effects.sealed.size);
    assert_true(span_equal(right.failure.reason, wrong.failure.reason));
    assert_int_equal(right.failure.attempts_left, wrong.failure.attempts_left);
    assert_int_equal(office_checks, 0);  /* neither was looked at, */
    assert_int_equal(office_dummies, 2); /* both cost a hash */
}

/* Neither does it count: it gave nothing away. */
static void the_question_may_be_asked_often(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);

    for (int i = 0; i < 8; i++)
        assert_error(anna(vault, "wrong", "", &answer), SM_CODE_NEEDED);
    assert_error(anna(vault, RIGHT, app_code(vault, &app, 0).digits, &answer), SM_OK);
}

static void some_strangers_are_asked_too_and_always_the_same(void **state)
{
    struct vault *vault = *state;
    int asked = 0;

    for (int i = 0; i < 64; i++) {
        struct answer first DEFER(answer_free) = ANSWER;
        struct answer again DEFER(answer_free) = ANSWER;
        char address[32];
        (void)snprintf(address, sizeof address, "nobody%d@example.org", i);
        enum sm_error error = office_sign_in(vault, address, RIGHT, "", &first);
        assert_true(error == SM_CODE_NEEDED || error == SM_WRONG_SECRET);
        assert_error(office_sign_in(vault, address, "other", "", &again), error);
        assert_error(office_sign_in(vault, address, RIGHT, "123456", &again), SM_WRONG_SECRET);
        asked += error == SM_CODE_NEEDED;
    }
    assert_in_range(asked, 1, 63);
}

static void a_wrong_code_and_a_wrong_password_answer_alike(void **state)
{
    struct vault *vault = *state;
    struct answer code DEFER(answer_free) = ANSWER;
    struct answer password DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);
    struct totp_code wrong = app_code(vault, &app, 10);
    struct totp_code good = app_code(vault, &app, 0);

    assert_error(anna(vault, RIGHT, wrong.digits, &code), SM_WRONG_SECRET);
    assert_error(anna(vault, "wrong", good.digits, &password), SM_WRONG_SECRET);

    assert_true(span_equal(code.failure.reason, password.failure.reason));
    assert_int_equal(code.failure.attempts_left, 4);
    assert_int_equal(password.failure.attempts_left, 3);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGN_IN_FAILED), 2);
}

static void wrong_codes_count_towards_the_lock(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);
    struct totp_code wrong = app_code(vault, &app, 10);

    for (int i = 0; i < 4; i++)
        assert_error(anna(vault, RIGHT, wrong.digits, &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, wrong.digits, &answer), SM_LOCKED);

    assert_error(anna(vault, RIGHT, app_code(vault, &app, 0).digits, &answer), SM_LOCKED);
    assert_error(anna(vault, RIGHT, "", &answer), SM_LOCKED);
}

static void a_code_is_good_once_and_none_before_it_afterwards(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);
    struct totp_code earlier = app_code(vault, &app, -1);
    struct totp_code now = app_code(vault, &app, 0);

    assert_error(anna(vault, RIGHT, now.digits, &answer), SM_OK);

    assert_error(anna(vault, RIGHT, now.digits, &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, earlier.digits, &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, app_code(vault, &app, 1).digits, &answer), SM_OK);
}

static void one_step_of_drift_is_forgiven_and_no_more(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);

    assert_ok(database_clock_shift(vault->database, 600));
    assert_error(anna(vault, RIGHT, app_code(vault, &app, -3).digits, &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, app_code(vault, &app, 3).digits, &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, app_code(vault, &app, 1).digits, &answer), SM_OK);
}

static void a_recovery_code_is_good_once_however_it_is_written(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);
    char small[RECOVERY_CODE_BYTES + 1] = {0};
    for (size_t i = 0, to = 0; i < RECOVERY_CODE_BYTES; i++) {
        char one = app.codes[1][i];
        if (one != '-')
            small[to++] = (char)(one >= 'A' && one <= 'Z' ? one + 'a' - 'A' : one);
    }

    assert_error(anna(vault, RIGHT, app.codes[0], &answer), SM_OK);
    assert_error(anna(vault, RIGHT, app.codes[0], &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, small, &answer), SM_OK);
    assert_error(anna(vault, RIGHT, app.codes[1], &answer), SM_WRONG_SECRET);

    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_RECOVERY_CODE_USED), 2);
}

static void neither_secret_nor_recovery_code_stands_in_the_database(void **state)
{
    struct vault *vault = *state;
    struct page page;
    struct app app = enrol(vault, &page);
    struct database_conninfo superuser = database_conninfo(vault->database, "postgres");
    static const struct statement find = {"find_totp",
        "SELECT count(*) FROM vault.totp WHERE position($1 IN wrapped) > 0"
        " OR position($2 IN recovery) > 0"};
    struct db *db DEFER(db_close) = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    int64_t found;

    assert_ok(db_open(superuser.text, &db));
    assert_ok(DB_RUN(db, &find, &rows, db_bytes(SPAN(app.secret)),
        db_bytes(span_of(app.codes[0], RECOVERY_CODE_BYTES))));
    assert_ok(db_read_i64(rows, 0, 0, &found));

    assert_int_equal(found, 0);
}

/* --- switching off --- */

static void it_goes_with_password_and_code_only(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    struct app app = enrol(vault, &page);
    struct totp_code code = app_code(vault, &app, 0);

    assert_error(remove_app(vault, &page, "wrong", code.digits, &answer), SM_WRONG_SECRET);
    assert_error(remove_app(vault, &page, RIGHT, "000000", &answer), SM_WRONG_SECRET);
    assert_error(anna(vault, RIGHT, "", &answer), SM_CODE_NEEDED);

    assert_error(remove_app(vault, &page, RIGHT, code.digits, &answer), SM_OK);
    assert_error(anna(vault, RIGHT, "", &answer), SM_OK);
    assert_int_equal(audit_edge_count(EVENT_SECOND_FACTOR_OFF), 1);
    assert_error(remove_app(vault, &page, RIGHT, code.digits, &answer), SM_CONFLICT);
}

/* --- an attacker with the database --- */

static void an_edited_factor_closes_the_account(void **state)
{
    struct vault *vault = *state;
    const char *const edits[] = {
        "DELETE FROM vault.totp",
        "UPDATE vault.account SET has_totp = false",
        "UPDATE vault.totp SET last_step = 0",
        "UPDATE vault.totp SET state = 1",
        "UPDATE vault.totp SET recovery = substring(recovery FOR 324) || decode(repeat('00', 36), 'hex')",
        "UPDATE vault.totp SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct page page;
        assert_int_equal(office_begin(state), 0);
        struct app app = enrol(vault, &page);
        audit_edge_settle(vault);
        audit_edge_forget();
        assert_ok(database_run(vault->database, edits[i]));

        assert_error(anna(vault, RIGHT, app_code(vault, &app, 0).digits, &answer), SM_TAMPERED);
        audit_edge_settle(vault);
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
    }
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, office_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_uri_says_what_an_app_needs),
        TEST(what_was_only_begun_is_not_asked_for),
        TEST(the_first_code_switches_it_on_and_is_logged),
        TEST(a_second_app_is_refused_until_the_first_is_gone),
        TEST(wrong_first_codes_lock_the_sign_in),
        TEST(the_question_for_a_code_does_not_tell_whether_the_password_is_right),
        TEST(the_question_may_be_asked_often),
        TEST(some_strangers_are_asked_too_and_always_the_same),
        TEST(a_wrong_code_and_a_wrong_password_answer_alike),
        TEST(wrong_codes_count_towards_the_lock),
        TEST(a_code_is_good_once_and_none_before_it_afterwards),
        TEST(one_step_of_drift_is_forgiven_and_no_more),
        TEST(a_recovery_code_is_good_once_however_it_is_written),
        TEST(neither_secret_nor_recovery_code_stands_in_the_database),
        TEST(it_goes_with_password_and_code_only),
        TEST(an_edited_factor_closes_the_account),
    };
    return cmocka_run_group_tests(tests, office_open, office_close);
}
