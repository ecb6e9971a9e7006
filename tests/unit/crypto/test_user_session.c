/* Signing in, and what a session may do: real vault, real relay, the dispatcher in front. */
#include "envelope/capability.h"
#include "envelope/ed25519.h"
#include "services/crypto/account.h"
#include "services/crypto/feed.h"
#include "services/crypto/handlers.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "tests/support/ask.h"
#include "tests/support/audit_edge.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* clang-format off */
const struct sealed_handler sealed_handlers[] = {
    {"login",        NEEDS_NOTHING, 0,                         on_login},
    {"renew",        NEEDS_USER,    ROLES_ALL,                 on_renew},
    {"logout",       NEEDS_USER,    ROLES_ALL,                 on_logout},
    {"audit_access", NEEDS_USER,    ROLE_ADMIN | ROLE_AUDITOR, on_audit_access},
};
/* clang-format on */
const size_t sealed_handlers_count = sizeof sealed_handlers / sizeof sealed_handlers[0];

/* --- the neighbours --- */

static struct feed_item last_item;

enum sm_error feed_add(struct db *db, const struct feed_item *item)
{
    (void)db;
    last_item = *item;
    return SM_OK;
}

enum sm_error link_prove(struct sealed_call *call)
{
    (void)call;
    return SM_GONE;
}

void mail_relay_poke(struct mail_relay *relay)
{
    (void)relay;
}

/* The pool: a verifier is the password itself. Counts what it is asked. */
static atomic_int checks;
static atomic_int dummies;
static atomic_bool is_busy;

enum sm_error password_verify(struct password_pool *pool, struct span password, struct span stored)
{
    (void)pool;
    if (is_busy)
        return SM_BUSY;
    checks++;
    return span_equal(password, stored) ? SM_OK : SM_WRONG_SECRET;
}

enum sm_error password_dummy(struct password_pool *pool, struct span password)
{
    (void)pool;
    (void)password;
    if (is_busy)
        return SM_BUSY;
    dummies++;
    return SM_WRONG_SECRET;
}

/* --- fixture --- */

#define RIGHT "correct horse battery"

static struct id organisation;

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK && vault_organisation(&vault, &organisation) == SM_OK &&
                   audit_edge_start(&vault) == SM_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    audit_edge_stop(*state);
    vault_close(*state);
    return 0;
}

static void add_account(const struct vault *vault, const char *email, uint64_t roles)
{
    struct account account = {.organisation = organisation,
        .email = span_text(email),
        .name = span_text("Anna de Vries"),
        .verifier = span_text(RIGHT),
        .roles = roles,
        .state = ACCOUNT_ACTIVE};
    assert_ok(id_random(&account.account));
    assert_ok(account_insert(&vault->worker, &account));
}

/* Each test starts with three accounts and nobody signed in. */
static int begin(void **state)
{
    struct vault *vault = *state;
    audit_edge_set_down(false);
    assert_ok(database_clock_shift(vault->database, 0));
    assert_ok(database_run(vault->database,
        "DELETE FROM vault.session; DELETE FROM vault.account; DELETE FROM vault.stranger"));
    add_account(vault, "anna@example.org", ROLE_SENDER);
    add_account(vault, "bert@example.org", ROLE_ADMIN | ROLE_SENDER);
    add_account(vault, "cees@example.org", ROLE_AUDITOR);
    audit_edge_settle(vault);
    audit_edge_forget();
    is_busy = false;
    checks = 0;
    dummies = 0;
    last_item = (struct feed_item){0};
    return 0;
}

static enum sm_error sign_in(
    struct vault *vault, const char *email, const char *password, struct answer *answer)
{
    struct login_request request = {.email = span_text(email), .password = span_text(password)};
    struct ask ask = {.operation = "login", .message = &request};
    return ask_crypto(vault, &ask, answer);
}

/* What a page keeps: copied out of the answer's arena. */
struct page {
    struct id session;
    uint8_t secret[SESSION_SECRET_BYTES];
};

static struct page sign_in_page(struct vault *vault, const char *email)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page;
    assert_error(sign_in(vault, email, RIGHT, &answer), SM_OK);
    const struct login_reply *reply = answer.reply;
    page.session = reply->session.session;
    memcpy(page.secret, reply->session.secret.at, sizeof page.secret);
    return page;
}

static enum sm_error with_session(
    struct vault *vault, const struct page *page, const char *operation, struct answer *answer)
{
    struct session_request request = {.session = {page->session, SPAN(page->secret)}};
    struct ask ask = {.operation = operation, .message = &request};
    return ask_crypto(vault, &ask, answer);
}

static struct capability verified(
    const struct vault *vault, struct span text, enum capability_kind kind)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    struct capability capability;
    assert_ok(ed25519_public(keyring_key(vault->crypto.keyring, KEY_CAPABILITY), public_key));
    struct capability_demand demand = {public_key, kind, (uint64_t)vault_now_ms(vault)};
    assert_ok(capability_verify(text, &demand, &capability));
    return capability;
}

/* --- signing in --- */

static void the_right_password_signs_in_and_is_in_the_log(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(sign_in(vault, "Anna@Example.ORG", RIGHT, &answer), SM_OK);

    const struct login_reply *reply = answer.reply;
    assert_true(id_equal(reply->organisation, organisation));
    assert_int_equal(reply->roles, ROLE_SENDER);
    assert_true(span_equals_text(reply->name, "Anna de Vries"));
    assert_true(span_equals_text(reply->organisation_name, "Clinic"));
    assert_int_equal(reply->lifetime_days_max, 30);
    struct audit_event event = audit_edge_last(EVENT_SIGNED_IN);
    assert_true(id_equal(event.actor, reply->user));
    assert_true(id_equal(event.organisation, organisation));
}

static void the_cookie_is_a_capability_that_names_the_session(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_OK);

    const struct login_reply *reply = answer.reply;
    struct capability cookie = verified(vault, answer.effects.cookie, CAPABILITY_SESSION);
    assert_true(id_equal(cookie.token, reply->session.session));
    assert_true(id_equal(cookie.subject, reply->user));
    assert_true(id_equal(cookie.organisation, organisation));
    assert_int_equal(cookie.role, ROLE_SENDER);
    assert_true((int64_t)cookie.expires_ms <= vault_now_ms(vault) + COOKIE_S * 1000);
}

static void without_audit_nobody_gets_a_session(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    audit_edge_set_down(true);

    assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_UNAVAILABLE);
    assert_int_equal(answer.effects.cookie.size, 0);
}

/* A stranger cannot tell by it who has a second factor. */
static void a_code_that_nobody_asked_for_changes_nothing(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct login_request request = {.email = span_text("anna@example.org"),
        .password = span_text("wrong"),
        .code = span_text("123456")};
    struct ask ask = {.operation = "login", .message = &request};

    assert_error(ask_crypto(vault, &ask, &answer), SM_WRONG_SECRET);
    request.password = span_text(RIGHT);
    assert_error(ask_crypto(vault, &ask, &answer), SM_OK);
}

/* --- guessing --- */

static void five_wrong_passwords_lock_for_fifteen_minutes(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    for (uint64_t left = 4; left > 0; left--) {
        assert_error(sign_in(vault, "anna@example.org", "wrong", &answer), SM_WRONG_SECRET);
        assert_int_equal(answer.failure.attempts_left, left);
    }
    assert_error(sign_in(vault, "anna@example.org", "wrong", &answer), SM_LOCKED);
    assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_LOCKED);
    assert_int_equal(checks, 5);
    int64_t ends_in_ms = (int64_t)answer.failure.until_ms - vault_now_ms(vault);
    assert_true(ends_in_ms > 890 * 1000 && ends_in_ms <= 900 * 1000);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGN_IN_FAILED), 5);
    assert_int_equal(audit_edge_count(EVENT_LOCKED), 1);

    assert_ok(database_clock_shift(vault->database, LOCK_S + 5));
    assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_OK);
}

static void the_right_password_clears_the_failures(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 4; i++)
            assert_error(sign_in(vault, "anna@example.org", "wrong", &answer), SM_WRONG_SECRET);
        assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_OK);
    }
}

/* An address that nobody has and that is not asked for a code (one in four is: sign_in.h). */
struct stranger {
    char email[64];
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* forms are this file's */
static struct stranger find_stranger(struct vault *vault, const char *form)
{
    struct stranger stranger;
    for (int i = 0; i < 64; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        (void)snprintf(stranger.email, sizeof stranger.email, form, i);
        if (sign_in(vault, stranger.email, "wrong", &answer) == SM_WRONG_SECRET)
            return stranger;
    }
    fail_msg("all addresses are asked for a code");
    return stranger;
}
#pragma GCC diagnostic pop

static void an_address_without_an_account_answers_alike(void **state)
{
    struct vault *vault = *state;
    const char *const forms[] = {"nobody%d@example.org", "not an address %d"};

    for (size_t s = 0; s < 2; s++) {
        struct stranger stranger = find_stranger(vault, forms[s]);
        assert_int_equal(begin(state), 0);
        for (size_t i = 0; i < 7; i++) {
            struct answer known DEFER(answer_free) = ANSWER;
            struct answer unknown DEFER(answer_free) = ANSWER;
            enum sm_error expected = sign_in(vault, "anna@example.org", "wrong", &known);
            assert_error(sign_in(vault, stranger.email, "wrong", &unknown), expected);
            assert_int_equal(unknown.failure.attempts_left, known.failure.attempts_left);
            assert_true(span_equal(unknown.failure.reason, known.failure.reason));
            assert_int_equal(unknown.failure.until_ms == 0, known.failure.until_ms == 0);
            assert_int_equal(unknown.effects.sealed.size - unknown.plaintext.size,
                known.effects.sealed.size - known.plaintext.size);
        }
        assert_int_equal(dummies, checks); /* as many hashes for nobody as for somebody */
    }
}

/* One of many who guess at once. */
struct guesser {
    pthread_t thread;
    struct vault vault;
    const char *email;
    enum sm_error result;
};

static void *guess(void *context)
{
    struct guesser *guesser = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    guesser->result = sign_in(&guesser->vault, guesser->email, "wrong", &answer);
    return NULL;
}

static void guess_forty_times_at_once(struct vault *vault, const char *email)
{
    static struct guesser guessers[40];

    for (size_t i = 0; i < 40; i++) {
        guessers[i] = (struct guesser){.vault = *vault, .email = email};
        guessers[i].vault.worker = (struct worker){.crypto = &vault->crypto};
        assert_ok(db_open(
            database_conninfo(vault->database, "sm_crypto").text, &guessers[i].vault.worker.db));
    }
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(pthread_create(&guessers[i].thread, NULL, guess, &guessers[i]), 0);
    for (size_t i = 0; i < 40; i++) {
        (void)pthread_join(guessers[i].thread, NULL);
        db_close(&guessers[i].vault.worker.db);
        assert_true(guessers[i].result == SM_WRONG_SECRET || guessers[i].result == SM_LOCKED);
    }
}

static void forty_guesses_at_once_are_five_checked_ones(void **state)
{
    struct stranger stranger = find_stranger(*state, "nobody%d@example.org");
    assert_int_equal(begin(state), 0);

    guess_forty_times_at_once(*state, "anna@example.org");
    assert_int_equal(checks, 5);

    guess_forty_times_at_once(*state, stranger.email);
    assert_int_equal(dummies, 5);
}

static void a_busy_pool_gives_the_attempt_back(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    is_busy = true;
    for (size_t i = 0; i < 8; i++) {
        assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_BUSY);
        assert_error(sign_in(vault, "nobody@example.org", RIGHT, &answer), SM_BUSY);
    }
    is_busy = false;

    assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_OK);
}

/* Whoever disables an account ends its sessions in the same transaction; were one left, it would be
 * none. */
static void a_disabled_account_has_no_session(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct page page = sign_in_page(vault, "anna@example.org");
    struct account account;
    assert_ok(account_by_email(&vault->worker, &arena, span_text("anna@example.org"), &account));
    account.state = ACCOUNT_DISABLED;
    assert_ok(account_update(&vault->worker, &account));

    assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);
}

/* --- an attacker with the database --- */

static void an_edited_account_decides_nothing(void **state)
{
    struct vault *vault = *state;
    const char *const edits[] = {
        "UPDATE vault.account SET roles = 7",
        "UPDATE vault.account SET verifier = 'known'",
        "UPDATE vault.account SET failures = 0, locked_until_ms = 1",
        "UPDATE vault.account SET name = 'Somebody Else'",
        "UPDATE vault.account SET state = 2",
        "UPDATE vault.account SET has_totp = true",
        "UPDATE vault.account SET mac = (SELECT mac FROM vault.account WHERE email LIKE 'bert%')",
        "UPDATE vault.account a SET name = b.name, roles = b.roles, verifier = b.verifier,"
        " state = b.state, failures = b.failures, locked_until_ms = b.locked_until_ms,"
        " has_totp = b.has_totp, mac = b.mac FROM vault.account b"
        " WHERE a.email LIKE 'anna%' AND b.email LIKE 'bert%'",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_int_equal(begin(state), 0);
        struct page page = sign_in_page(vault, "anna@example.org");
        assert_ok(database_run(vault->database, edits[i]));

        assert_error(sign_in(vault, "anna@example.org", RIGHT, &answer), SM_TAMPERED);
        assert_error(with_session(vault, &page, "renew", &answer), SM_TAMPERED);
        audit_edge_settle(vault);
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1); /* met twice, said once */
    }
}

static void an_edited_session_is_none(void **state)
{
    struct vault *vault = *state;
    const char *const edits[] = {
        "UPDATE vault.session SET expires_ms = expires_ms + 1",
        "UPDATE vault.session SET account = a.account FROM vault.account a WHERE email > 'b'",
        "UPDATE vault.session SET proof = decode(repeat('00', 36), 'hex')",
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_int_equal(begin(state), 0);
        struct page page = sign_in_page(vault, "anna@example.org");
        assert_error(with_session(vault, &page, "renew", &answer), SM_OK);
        assert_ok(database_run(vault->database, edits[i]));

        assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);
    }
}

static void no_session_secret_stands_in_the_database(void **state)
{
    struct vault *vault = *state;
    struct page page = sign_in_page(vault, "anna@example.org");
    struct database_conninfo superuser = database_conninfo(vault->database, "postgres");
    static const struct statement find = {
        "find_secret", "SELECT count(*) FROM vault.session WHERE position($1 IN proof) > 0"};
    struct db *db DEFER(db_close) = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    int64_t found;

    assert_ok(db_open(superuser.text, &db));
    assert_ok(DB_RUN(db, &find, &rows, db_bytes(SPAN(page.secret))));
    assert_ok(db_read_i64(rows, 0, 0, &found));

    assert_int_equal(found, 0);
}

/* --- with a session --- */

static void renew_gives_a_new_cookie_and_no_longer_session(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = sign_in_page(vault, "anna@example.org");

    assert_ok(database_clock_shift(vault->database, 3600));
    assert_error(with_session(vault, &page, "renew", &answer), SM_OK);

    const struct expires_reply *reply = answer.reply;
    struct capability cookie = verified(vault, answer.effects.cookie, CAPABILITY_SESSION);
    int64_t left_ms = (int64_t)reply->expires_ms - vault_now_ms(vault);
    assert_true(left_ms <= (int64_t)(USER_SESSION_S - 3590) * 1000);
    assert_true((int64_t)cookie.expires_ms > vault_now_ms(vault) + (COOKIE_S - 10) * 1000);
}

static void a_session_ends_by_itself(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = sign_in_page(vault, "anna@example.org");

    assert_ok(database_clock_shift(vault->database, USER_SESSION_S + 5));

    assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);
}

static void a_wrong_session_secret_is_refused(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = sign_in_page(vault, "anna@example.org");

    page.secret[31] ^= 1;
    assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);

    page.secret[31] ^= 1;
    page.session.bytes[0] ^= 1;
    assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);
}

static void logout_ends_the_session_everywhere(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page page = sign_in_page(vault, "anna@example.org");

    assert_error(with_session(vault, &page, "logout", &answer), SM_OK);

    assert_true(span_equals_text(answer.effects.cookie, "-"));
    assert_true(id_equal(last_item.user, page.session));
    assert_int_equal(last_item.kind, FEED_SESSION);
    assert_error(with_session(vault, &page, "renew", &answer), SM_NOT_SIGNED_IN);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
}

static void the_log_is_for_administrators_and_auditors(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page sender = sign_in_page(vault, "anna@example.org");
    struct page admin = sign_in_page(vault, "bert@example.org");
    struct page auditor = sign_in_page(vault, "cees@example.org");

    assert_error(with_session(vault, &sender, "audit_access", &answer), SM_NOT_ALLOWED);
    assert_int_equal(audit_edge_count(EVENT_LOG_ACCESSED), 0);
    assert_error(with_session(vault, &admin, "audit_access", &answer), SM_OK);
    assert_error(with_session(vault, &auditor, "audit_access", &answer), SM_OK);

    const struct access_reply *reply = answer.reply;
    struct capability capability = verified(vault, reply->capability, CAPABILITY_AUDIT);
    assert_true(id_equal(capability.organisation, organisation));
    assert_true(id_equal(capability.message, auditor.session)); /* and ends with it */
    assert_int_equal(audit_edge_count(EVENT_LOG_ACCESSED), 2);
}

static void the_log_opens_to_nobody_while_audit_is_down(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = sign_in_page(vault, "bert@example.org");

    audit_edge_set_down(true);

    assert_error(with_session(vault, &admin, "audit_access", &answer), SM_UNAVAILABLE);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_right_password_signs_in_and_is_in_the_log),
        TEST(the_cookie_is_a_capability_that_names_the_session),
        TEST(without_audit_nobody_gets_a_session),
        TEST(a_code_that_nobody_asked_for_changes_nothing),
        TEST(five_wrong_passwords_lock_for_fifteen_minutes),
        TEST(the_right_password_clears_the_failures),
        TEST(an_address_without_an_account_answers_alike),
        TEST(forty_guesses_at_once_are_five_checked_ones),
        TEST(a_busy_pool_gives_the_attempt_back),
        TEST(a_disabled_account_has_no_session),
        TEST(an_edited_account_decides_nothing),
        TEST(an_edited_session_is_none),
        TEST(no_session_secret_stands_in_the_database),
        TEST(renew_gives_a_new_cookie_and_no_longer_session),
        TEST(a_session_ends_by_itself),
        TEST(a_wrong_session_secret_is_refused),
        TEST(logout_ends_the_session_everywhere),
        TEST(the_log_is_for_administrators_and_auditors),
        TEST(the_log_opens_to_nobody_while_audit_is_down),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
