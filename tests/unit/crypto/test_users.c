/* An administrator and the people of his organisation; passwords, and the links to set them. */
#include "tests/support/office.inc"

#include "envelope/box.h"
#include "services/crypto/reset.h"

/* --- asking --- */

static enum sm_error list_users(
    struct vault *vault, const struct page *page, const char *after, struct answer *answer)
{
    struct users_request request = {.session = PROOF(*page), .after = span_text(after)};
    struct ask ask = {.operation = "users", .message = &request};
    return ask_crypto(vault, &ask, answer);
}

static struct user_add_request eva(void)
{
    return (struct user_add_request){
        .email = span_text("Eva@Example.org"), .name = span_text("Eva Smit"), .roles = ROLE_SENDER};
}

static enum sm_error add_user(struct vault *vault, const struct page *page,
    struct user_add_request request, struct answer *answer)
{
    struct ask ask = {.operation = "user_create", .message = &request};
    request.session = PROOF(*page);
    return ask_crypto(vault, &ask, answer);
}

static struct user_change_request change_of(struct id user, uint64_t roles)
{
    return (struct user_change_request){
        .user = user, .name = span_text("Anna de Vries"), .roles = roles};
}

static enum sm_error change_user(
    struct vault *vault, const struct page *page, struct user_change_request request)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct ask ask = {.operation = "user_change", .message = &request};
    request.session = PROOF(*page);
    return ask_crypto(vault, &ask, &answer);
}

static enum sm_error change_password(
    struct vault *vault, const struct page *page, const char *old, const char *fresh)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct password_change_request request = {
        .session = PROOF(*page), .old_password = span_text(old), .new_password = span_text(fresh)};
    struct ask ask = {.operation = "password_change", .message = &request};
    return ask_crypto(vault, &ask, &answer);
}

static enum sm_error issue(struct vault *vault, const struct page *page, struct id user,
    bool is_mailed, struct answer *answer)
{
    struct reset_issue_request request = {
        .session = PROOF(*page), .user = user, .is_mailed = is_mailed};
    struct ask ask = {.operation = "reset_issue", .message = &request};
    return ask_crypto(vault, &ask, answer);
}

/* What the page of a link reads from its fragment. */
static struct link_parts parts_of(struct span text)
{
    struct link_parts parts;
    const uint8_t *hash = memchr(text.at, '#', text.size);
    assert_non_null(hash);
    assert_ok(link_parse(span_slice(text, (size_t)(hash - text.at), text.size), &parts, NULL));
    return parts;
}

static enum sm_error set_password(
    struct vault *vault, const struct link_parts *parts, const char *password)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct password_reset_request request = {
        .reset = parts->id, .secret = SPAN(parts->secret), .password = span_text(password)};
    struct ask ask = {.operation = "password_reset", .message = &request};
    return ask_crypto(vault, &ask, &answer);
}

static struct link_parts link_for(struct vault *vault, const struct page *admin, struct id user)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(issue(vault, admin, user, false, &answer), SM_OK);
    return parts_of(((const struct reset_issue_reply *)answer.reply)->link);
}

static enum sm_error sign_in(struct vault *vault, const char *email, const char *password)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return office_sign_in(vault, email, password, "", &answer);
}

static enum sm_error renew(struct vault *vault, const struct page *page)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return office_ask(vault, page, "renew", &answer);
}

/* --- the list --- */

static void an_administrator_sees_who_has_an_account(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");

    assert_error(list_users(vault, &admin, "", &answer), SM_OK);

    const struct users_reply *reply = answer.reply;
    assert_int_equal(reply->users.count, 4);
    const struct user_item *anna = LIST_AT(struct user_item, reply->users, 0);
    const struct user_item *cees = LIST_AT(struct user_item, reply->users, 2);
    assert_span(anna->email, "anna@example.org");
    assert_int_equal(anna->roles, ROLE_SENDER);
    assert_int_equal(anna->last_sign_in_ms, 0);
    assert_true(cees->last_sign_in_ms > 0);
    assert_false(cees->has_totp || cees->is_disabled || cees->is_altered);

    assert_error(list_users(vault, &admin, "bert@example.org", &answer), SM_OK);
    reply = answer.reply;
    assert_int_equal(reply->users.count, 2);
}

static void an_edited_account_is_shown_as_such(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    assert_ok(database_run(
        vault->database, "UPDATE vault.account SET roles = 7 WHERE email LIKE 'anna%'"));

    assert_error(list_users(vault, &admin, "", &answer), SM_OK);

    const struct users_reply *reply = answer.reply;
    assert_true(LIST_AT(struct user_item, reply->users, 0)->is_altered);
    assert_false(LIST_AT(struct user_item, reply->users, 1)->is_altered);
}

static void it_is_all_for_administrators(void **state)
{
    struct vault *vault = *state;
    const char *const others[] = {"anna@example.org", "dora@example.org"};

    for (size_t i = 0; i < 2; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct page page = office_page(vault, others[i], "");
        assert_error(list_users(vault, &page, "", &answer), SM_NOT_ALLOWED);
        assert_error(add_user(vault, &page, eva(), &answer), SM_NOT_ALLOWED);
        assert_error(change_user(vault, &page, change_of(page.user, 7)), SM_NOT_ALLOWED);
        assert_error(issue(vault, &page, page.user, false, &answer), SM_NOT_ALLOWED);
    }
}

/* --- making --- */

static void a_new_user_sets_the_password_with_a_link(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");

    assert_error(add_user(vault, &admin, eva(), &answer), SM_OK);

    const struct user_made_reply *reply = answer.reply;
    assert_memory_equal(reply->link.at, "https://mail.example.org/reset#1.", 33);
    struct link_parts parts = parts_of(reply->link);
    assert_error(set_password(vault, &parts, "chosen by eva"), SM_OK);
    assert_error(sign_in(vault, "eva@example.org", "chosen by eva"), SM_OK);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
    assert_int_equal(audit_edge_count(EVENT_RESET_ISSUED), 1);
    assert_int_equal(audit_edge_count(EVENT_PASSWORD_RESET), 1);
}

static void a_new_user_may_be_given_a_password(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct user_add_request request = eva();

    request.password = span_text("short");
    assert_error(add_user(vault, &admin, request, &answer), SM_BAD_VALUE);
    request.password = span_text("long enough");
    assert_error(add_user(vault, &admin, request, &answer), SM_OK);

    assert_int_equal(((const struct user_made_reply *)answer.reply)->link.size, 0);
    assert_error(sign_in(vault, "eva@example.org", "long enough"), SM_OK);
}

static void an_address_has_one_account(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct user_add_request request = eva();

    request.email = span_text("ANNA@example.org");
    assert_error(add_user(vault, &admin, request, &answer), SM_CONFLICT);
    request.email = span_text("anna at example");
    assert_error(add_user(vault, &admin, request, &answer), SM_BAD_VALUE);
}

/* --- changing --- */

static void disabling_ends_the_sessions_at_once(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct user_change_request request = change_of(anna.user, ROLE_SENDER);

    request.is_disabled = true;
    assert_error(change_user(vault, &admin, request), SM_OK);
    assert_error(renew(vault, &anna), SM_NOT_SIGNED_IN);
    assert_error(sign_in(vault, "anna@example.org", RIGHT), SM_WRONG_SECRET);

    request.is_disabled = false;
    assert_error(change_user(vault, &admin, request), SM_OK);
    assert_error(sign_in(vault, "anna@example.org", RIGHT), SM_OK);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_DISABLED), 1);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_ENABLED), 1);
}

static void roles_act_at_once_and_losing_one_ends_sessions(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");

    assert_error(change_user(vault, &admin, change_of(anna.user, ROLE_SENDER | ROLE_ADMIN)), SM_OK);
    assert_error(list_users(vault, &anna, "", &answer), SM_OK);
    assert_error(change_user(vault, &admin, change_of(anna.user, ROLE_SENDER)), SM_OK);
    assert_error(renew(vault, &anna), SM_NOT_SIGNED_IN);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ROLE_CHANGED), 2);
}

static void what_is_as_it_was_is_no_event(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    audit_edge_settle(vault);
    audit_edge_forget();

    assert_error(change_user(vault, &admin, change_of(anna.user, ROLE_SENDER)), SM_OK);

    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_NONE), 0);
    assert_error(renew(vault, &anna), SM_OK);
}

static void the_last_administrator_stays(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct user_change_request closing = change_of(admin.user, ROLE_ADMIN | ROLE_SENDER);
    closing.is_disabled = true;

    assert_error(change_user(vault, &admin, change_of(admin.user, ROLE_SENDER)), SM_CONFLICT);
    assert_error(change_user(vault, &admin, closing), SM_CONFLICT);

    assert_error(change_user(vault, &admin, change_of(anna.user, ROLE_ADMIN)), SM_OK);
    assert_error(change_user(vault, &admin, closing), SM_OK);
}

static void a_user_of_another_organisation_is_not_found(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct id here = clinic;
    struct id stranger;
    struct organisation other = {.name = span_text("Other"),
        .language = span_text("en"),
        .methods = METHODS_ALL,
        .lifetime_days_max = 30};
    assert_ok(id_random(&other.organisation));
    assert_ok(organisation_insert(&vault->worker, &other));
    clinic = other.organisation;
    stranger = office_add(vault, "zoe@other.example", ROLE_SENDER);
    clinic = here;

    assert_error(change_user(vault, &admin, change_of(stranger, 7)), SM_NOT_FOUND);
    assert_error(issue(vault, &admin, stranger, false, &answer), SM_NOT_FOUND);
    assert_error(list_users(vault, &admin, "", &answer), SM_OK);
    assert_int_equal(((const struct users_reply *)answer.reply)->users.count, 4);
    assert_ok(database_run(vault->database, "DELETE FROM vault.account WHERE email LIKE 'zoe%';"
                                            "DELETE FROM vault.organisation WHERE name = 'Other'"));
}

/* --- an own password --- */

static void a_new_password_ends_the_other_sessions_only(void **state)
{
    struct vault *vault = *state;
    struct page here = office_page(vault, "anna@example.org", "");
    struct page elsewhere = office_page(vault, "anna@example.org", "");

    assert_error(change_password(vault, &here, RIGHT, "a better one"), SM_OK);

    assert_error(renew(vault, &here), SM_OK);
    assert_error(renew(vault, &elsewhere), SM_NOT_SIGNED_IN);
    assert_error(sign_in(vault, "anna@example.org", RIGHT), SM_WRONG_SECRET);
    assert_error(sign_in(vault, "anna@example.org", "a better one"), SM_OK);
    assert_int_equal(audit_edge_count(EVENT_PASSWORD_CHANGED), 1);
}

static void a_stolen_session_has_five_guesses_at_the_password(void **state)
{
    struct vault *vault = *state;
    struct page page = office_page(vault, "anna@example.org", "");

    for (int i = 0; i < 4; i++)
        assert_error(change_password(vault, &page, "guess", "a better one"), SM_WRONG_SECRET);
    assert_error(change_password(vault, &page, "guess", "a better one"), SM_LOCKED);

    assert_error(change_password(vault, &page, RIGHT, "a better one"), SM_LOCKED);
    assert_error(sign_in(vault, "anna@example.org", RIGHT), SM_LOCKED);
}

/* --- links --- */

static void a_link_works_once_and_ends_all_sessions(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct link_parts parts = link_for(vault, &admin, anna.user);

    assert_error(renew(vault, &anna), SM_OK); /* issuing changes nothing */
    assert_error(set_password(vault, &parts, "chosen again"), SM_OK);

    assert_error(renew(vault, &anna), SM_NOT_SIGNED_IN);
    assert_error(sign_in(vault, "anna@example.org", "chosen again"), SM_OK);
    assert_error(set_password(vault, &parts, "once more now"), SM_GONE);
}

static void a_link_lives_for_a_day(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct link_parts parts = link_for(vault, &admin, anna.user);

    assert_ok(database_clock_shift(vault->database, RESET_LINK_S + 5));

    assert_error(set_password(vault, &parts, "chosen again"), SM_GONE);
}

static void a_link_ends_with_the_next_link_and_with_another_password(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct link_parts first = link_for(vault, &admin, anna.user);
    struct link_parts second = link_for(vault, &admin, anna.user);

    assert_error(set_password(vault, &first, "chosen again"), SM_GONE);
    assert_error(change_password(vault, &anna, RIGHT, "a better one"), SM_OK);
    assert_error(set_password(vault, &second, "chosen again"), SM_GONE);
}

static void a_wrong_link_and_an_unknown_one_answer_alike(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct link_parts wrong = link_for(vault, &admin, anna.user);
    struct link_parts unknown = wrong;

    wrong.secret[31] ^= 1;
    unknown.id.bytes[0] ^= 1;
    assert_error(set_password(vault, &wrong, "chosen again"), SM_GONE);
    assert_error(set_password(vault, &unknown, "chosen again"), SM_GONE);
    wrong.secret[31] ^= 1;
    assert_error(set_password(vault, &wrong, "chosen again"), SM_OK);
}

static void an_edited_link_proves_nothing(void **state)
{
    struct vault *vault = *state;
    static const char *const edits[] = {
        "UPDATE vault.password_reset SET expires_ms = expires_ms + 1",
        ("UPDATE vault.password_reset SET account = a.account FROM vault.account a"
         " WHERE a.email LIKE 'cees%'"),
        "UPDATE vault.password_reset SET proof = decode(repeat('00', 36), 'hex')",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        assert_int_equal(office_begin(state), 0);
        struct page admin = office_page(vault, "cees@example.org", "");
        struct page anna = office_page(vault, "anna@example.org", "");
        struct link_parts parts = link_for(vault, &admin, anna.user);
        assert_ok(database_run(vault->database, edits[i]));

        assert_error(set_password(vault, &parts, "chosen again"), SM_GONE);
    }
}

static void a_link_of_a_disabled_account_is_gone(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct link_parts parts = link_for(vault, &admin, anna.user);
    struct user_change_request request = change_of(anna.user, ROLE_SENDER);
    request.is_disabled = true;
    assert_error(change_user(vault, &admin, request), SM_OK);

    assert_error(set_password(vault, &parts, "chosen again"), SM_GONE);
    assert_error(issue(vault, &admin, anna.user, false, &answer), SM_CONFLICT);
}

/* The letter opens with the notifier's key, and holds the link and no password. */
static void a_link_is_mailed_when_asked(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    static const struct statement jobs = {"jobs", "SELECT job, sealed FROM vault.mail_job"};
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page anna = office_page(vault, "anna@example.org", "");
    struct letter opened;
    struct id job;
    struct span sealed;

    assert_error(issue(vault, &admin, anna.user, true, &answer), SM_OK);

    assert_ok(DB_RUN0(vault->worker.db, &jobs, &rows));
    assert_int_equal(db_rows_count(rows), 1);
    assert_ok(db_read_id(rows, 0, 0, &job));
    assert_ok(db_read_bytes(rows, 0, 1, MAIL_JOB_BYTES_MAX, &sealed));
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    assert_ok(box_open(letter_key, &label, sealed, &plain));
    assert_ok(fields_decode(&letter, buffer_span(&plain), &arena, &opened));
    assert_int_equal(opened.kind, LETTER_RESET);
    assert_span(opened.to_address, "anna@example.org");
    assert_true(span_equal(opened.link, ((const struct reset_issue_reply *)answer.reply)->link));
    assert_int_equal(opened.code.size, 0);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, office_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_administrator_sees_who_has_an_account),
        TEST(an_edited_account_is_shown_as_such),
        TEST(it_is_all_for_administrators),
        TEST(a_new_user_sets_the_password_with_a_link),
        TEST(a_new_user_may_be_given_a_password),
        TEST(an_address_has_one_account),
        TEST(disabling_ends_the_sessions_at_once),
        TEST(roles_act_at_once_and_losing_one_ends_sessions),
        TEST(what_is_as_it_was_is_no_event),
        TEST(the_last_administrator_stays),
        TEST(a_user_of_another_organisation_is_not_found),
        TEST(a_new_password_ends_the_other_sessions_only),
        TEST(a_stolen_session_has_five_guesses_at_the_password),
        TEST(a_link_works_once_and_ends_all_sessions),
        TEST(a_link_lives_for_a_day),
        TEST(a_link_ends_with_the_next_link_and_with_another_password),
        TEST(a_wrong_link_and_an_unknown_one_answer_alike),
        TEST(an_edited_link_proves_nothing),
        TEST(a_link_of_a_disabled_account_is_gone),
        TEST(a_link_is_mailed_when_asked),
    };
    return cmocka_run_group_tests(tests, office_open, office_close);
}
