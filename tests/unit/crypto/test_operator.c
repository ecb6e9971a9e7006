/* What the operator does is checked, is in the log before it is answered, and acts at once. */
#include "base/clock.h"
#include "services/crypto/account.h"
#include "services/crypto/feed.h"
#include "services/crypto/handlers.h"
#include "services/crypto/organisation.h"
#include "tests/support/audit_edge.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"

/* --- the neighbours --- */

static size_t items;

enum sm_error feed_add(struct db *db, const struct feed_item *item)
{
    (void)db;
    items += item->kind == FEED_SESSION;
    return SM_OK;
}

enum sm_error password_hash(struct password_pool *pool, struct span password, struct buffer *out)
{
    (void)pool;
    TRY(buffer_append_text(out, "hash of "));
    return buffer_append(out, password);
}

enum sm_error password_verify(struct password_pool *pool, struct span password, struct span stored)
{
    struct buffer expected DEFER(buffer_free) = BUFFER(256);
    TRY(password_hash(pool, password, &expected));
    return span_equal(buffer_span(&expected), stored) ? SM_OK : SM_WRONG_SECRET;
}

/* --- fixture --- */

static struct id clinic;

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK && vault_organisation(&vault, &clinic) == SM_OK &&
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

static int begin(void **state)
{
    struct vault *vault = *state;
    audit_edge_set_down(false);
    assert_ok(database_run(vault->database,
        "DELETE FROM vault.session; DELETE FROM vault.account;"
        "DELETE FROM vault.organisation_key WHERE organisation IN (SELECT organisation"
        " FROM vault.organisation WHERE name <> 'Clinic');"
        "DELETE FROM vault.organisation WHERE name <> 'Clinic'"));
    audit_edge_settle(vault);
    audit_edge_forget();
    items = 0;
    return 0;
}

/* Under an idempotency key of the test's choice. */
static enum sm_error call_by_key(
    struct vault *vault, struct id key, bus_handler_fn *handler, const void *message, void *reply)
{
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct bus_request request = {.caller = PEER_OPERATOR,
        .header = {.deadline_ms = clock_wall_ms() + 2000, .idempotency = key},
        .worker = &vault->worker,
        .arena = &arena};
    return handler(&request, message, reply);
}

static enum sm_error call(
    struct vault *vault, bus_handler_fn *handler, const void *message, void *reply)
{
    struct id key;
    TRY(id_random(&key));
    return call_by_key(vault, key, handler, message, reply);
}

static struct org_create_request practice(void)
{
    return (struct org_create_request){.name = span_text("Practice"),
        .base_url = span_text("https://mail.practice.example"),
        .from_address = span_text("no-reply@practice.example"),
        .language = span_text("nl"),
        .colour = span_text("#00aaff")};
}

static struct user_create_request anna(void)
{
    return (struct user_create_request){.organisation = clinic,
        .email = span_text("Anna@Example.org"),
        .name = span_text("Anna de Vries"),
        .roles = ROLE_SENDER,
        .password = span_text("correct horse")};
}

static enum sm_error create_anna(struct vault *vault)
{
    struct user_create_request request = anna();
    struct user_create_reply reply = {0};
    return call(vault, on_user_create, &request, &reply);
}

static enum sm_error load_anna(struct vault *vault, struct arena *arena, struct account *out)
{
    return account_by_email(&vault->worker, arena, span_text("anna@example.org"), out);
}

/* --- organisations --- */

static void an_organisation_is_made_with_its_key_and_its_log(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct org_create_request request = practice();
    struct org_create_reply reply = {0};
    struct organisation organisation;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(256);

    assert_ok(call(vault, on_org_create, &request, &reply));

    assert_ok(organisation_load(&vault->worker, &arena, reply.organisation, &organisation));
    assert_true(span_equals_text(organisation.base_url, "https://mail.practice.example"));
    assert_int_equal(organisation.methods, METHODS_ALL);
    assert_ok(keyring_wrap(vault->crypto.keyring, vault->worker.db, reply.organisation, "test",
        clinic, span_text("x"), &wrapped));
    struct audit_event event = audit_edge_last(EVENT_ORGANISATION_CREATED);
    assert_true(id_equal(event.organisation, reply.organisation));
    assert_int_equal(event.actor_class, ACTOR_OPERATOR);
}

static void a_name_is_taken_once(void **state)
{
    struct org_create_request request = practice();
    struct org_create_reply reply = {0};

    assert_ok(call(*state, on_org_create, &request, &reply));
    request.colour = span_text("#ff0000");
    assert_error(call(*state, on_org_create, &request, &reply), SM_CONFLICT);
}

static void an_organisation_that_met_an_outage_of_the_log_is_confirmed_when_asked_again(
    void **state)
{
    struct vault *vault = *state;
    struct org_create_request request = practice();
    struct org_create_reply reply = {0};

    audit_edge_set_down(true);
    assert_error(call(vault, on_org_create, &request, &reply), SM_UNAVAILABLE);

    audit_edge_set_down(false);
    assert_ok(call(vault, on_org_create, &request, &reply));
    assert_false(id_is_none(reply.organisation));
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ORGANISATION_CREATED), 1);
    assert_true(
        id_equal(audit_edge_last(EVENT_ORGANISATION_CREATED).organisation, reply.organisation));
}

static void values_that_would_mislead_recipients_are_refused(void **state)
{
    struct org_create_reply reply = {0};
    struct org_create_request wrong[] = {
        practice(), practice(), practice(), practice(), practice(), practice()};
    wrong[0].base_url = span_text("http://mail.practice.example");
    wrong[1].base_url = span_text("https://mail.practice.example/#x");
    wrong[2].from_address = span_text("no-reply@practice.example\r\nBcc: x@y.example");
    wrong[3].language = span_text("xx");
    wrong[4].colour = span_text("red;}");
    wrong[5].colour = span_text("#00AAFG");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(call(*state, on_org_create, &wrong[i], &reply), SM_BAD_VALUE);
}

static void the_list_has_all_and_is_in_each_log(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct org_create_request request = practice();
    struct org_create_reply made = {0};
    struct org_list_reply reply = {0};
    struct bus_request listing = {
        .header.deadline_ms = clock_wall_ms() + 2000, .worker = &vault->worker, .arena = &arena};
    assert_ok(call(vault, on_org_create, &request, &made));

    assert_ok(on_org_list(&listing, NULL, &reply));

    assert_int_equal(reply.organisations.count, 2);
    const struct org_item *first = LIST_AT(struct org_item, reply.organisations, 0);
    assert_true(span_equals_text(first->name, "Clinic"));
    assert_true(span_equals_text(first->base_url, "https://mail.example.org")); /* configured */
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_OPERATOR_CALL), 2);
}

static void an_edited_organisation_is_refused(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct organisation organisation;

    assert_ok(database_run(vault->database,
        "UPDATE vault.organisation SET base_url = 'https://evil.example' WHERE name = 'Clinic'"));
    assert_error(organisation_load(&vault->worker, &arena, clinic, &organisation), SM_TAMPERED);
    assert_error(create_anna(vault), SM_TAMPERED);

    assert_ok(database_run(
        vault->database, "UPDATE vault.organisation SET base_url = '' WHERE name = 'Clinic'"));
    assert_ok(organisation_load(&vault->worker, &arena, clinic, &organisation));
}

static void a_policy_is_set_and_logged(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct organisation organisation;
    struct policy_set_request policy = {clinic, METHOD_PASSWORD, 7, 10, 5, 1000000};

    assert_ok(call(vault, on_policy_set, &policy, NULL));

    assert_ok(organisation_load(&vault->worker, &arena, clinic, &organisation));
    assert_int_equal(organisation.methods, METHOD_PASSWORD);
    assert_int_equal(organisation.lifetime_days_max, 7);
    assert_int_equal(organisation.recipients_max, 10);
    assert_int_equal(organisation.attachments_max, 5);
    assert_int_equal(organisation.total_bytes_max, 1000000);
    assert_int_equal(audit_edge_count(EVENT_POLICY_CHANGED), 1);
}

/* --- accounts --- */

static void an_account_is_made_once_per_address(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct account account;

    assert_ok(create_anna(vault));
    assert_ok(load_anna(vault, &arena, &account));
    assert_true(span_equals_text(account.verifier, "hash of correct horse"));
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);

    for (size_t i = 0; i < 3; i++) {
        struct user_create_request other = anna();
        struct user_create_reply reply = {0};
        other.name = span_text(i == 0 ? "Anna Jansen" : "Anna de Vries");
        other.roles = i == 1 ? ROLE_ADMIN : ROLE_SENDER;
        other.password = span_text(i == 2 ? "another password" : "correct horse");
        audit_edge_forget();
        assert_error(call(vault, on_user_create, &other, &reply), SM_CONFLICT);
        assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 0);
        assert_int_equal(audit_edge_last(EVENT_OPERATOR_CALL).result, RESULT_REFUSED);
    }
}

static struct id account_id(struct vault *vault)
{
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct account account;
    assert_ok(load_anna(vault, &arena, &account));
    return account.account;
}

static void an_account_that_met_an_outage_of_the_log_is_confirmed_when_asked_again(void **state)
{
    struct vault *vault = *state;
    struct user_create_request request = anna();
    struct user_create_reply reply = {0};

    audit_edge_set_down(true);
    assert_error(create_anna(vault), SM_UNAVAILABLE);
    assert_error(create_anna(vault), SM_UNAVAILABLE); /* still not in the log */

    audit_edge_set_down(false);
    assert_ok(call(vault, on_user_create, &request, &reply));
    assert_true(id_equal(reply.user, account_id(vault)));
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
}

static void the_same_account_asked_for_again_is_answered_alike_and_is_in_the_log(void **state)
{
    struct vault *vault = *state;
    struct user_create_request request = anna();
    struct user_create_reply first = {0};
    struct user_create_reply again = {0};

    assert_ok(call(vault, on_user_create, &request, &first));
    assert_ok(call(vault, on_user_create, &request, &again));

    assert_true(id_equal(first.user, again.user));
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
    assert_int_equal(audit_edge_last(EVENT_OPERATOR_CALL).result, RESULT_OK);
}

static void a_disabled_account_is_not_made_again(void **state)
{
    struct vault *vault = *state;
    struct user_request request = {clinic, span_text("anna@example.org")};
    assert_ok(create_anna(vault));
    assert_ok(call(vault, on_user_disable, &request, NULL));

    assert_error(create_anna(vault), SM_CONFLICT);
}

static void an_account_needs_an_address_and_an_organisation(void **state)
{
    struct user_create_request nowhere = anna();
    struct user_create_request nobody = anna();
    struct user_create_reply reply = {0};
    assert_ok(id_random(&nowhere.organisation));
    nobody.email = span_text("anna at example");

    assert_error(call(*state, on_user_create, &nowhere, &reply), SM_NOT_FOUND);
    assert_error(call(*state, on_user_create, &nobody, &reply), SM_BAD_VALUE);
    audit_edge_settle(*state);
    assert_int_equal(audit_edge_count(EVENT_OPERATOR_CALL), 1); /* nowhere has no log */
}

static void the_last_administrator_is_not_disabled(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct account account;
    struct user_create_request user = anna();
    struct user_create_reply reply = {0};
    struct user_request request = {clinic, span_text("anna@example.org")};
    user.roles = ROLE_SENDER | ROLE_ADMIN;
    assert_ok(call(vault, on_user_create, &user, &reply));

    assert_error(call(vault, on_user_disable, &request, NULL), SM_CONFLICT);
    assert_ok(load_anna(vault, &arena, &account));
    assert_int_equal(account.state, ACCOUNT_ACTIVE);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_last(EVENT_OPERATOR_CALL).result, RESULT_REFUSED);

    user.email = span_text("boss@example.org");
    assert_ok(call(vault, on_user_create, &user, &reply));
    assert_ok(call(vault, on_user_disable, &request, NULL));
    request.email = user.email;
    assert_error(call(vault, on_user_disable, &request, NULL), SM_CONFLICT);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_DISABLED), 1);
}

static void add_sessions(struct vault *vault)
{
    assert_ok(database_run(vault->database,
        "INSERT INTO vault.session SELECT decode(repeat('0' || i, 16), 'hex'), account, 1, '\\x00'"
        " FROM vault.account, generate_series(1, 3) AS i"));
}

static void disabling_takes_the_link_to_set_a_password_back(void **state)
{
    struct vault *vault = *state;
    struct user_request request = {clinic, span_text("anna@example.org")};
    struct user_reset_reply link = {0};
    int64_t links;
    assert_ok(create_anna(vault));
    assert_ok(call(vault, on_user_reset, &request, &link));

    assert_ok(call(vault, on_user_disable, &request, NULL));

    assert_ok(
        database_number(vault->database, "SELECT count(*) FROM vault.password_reset", &links));
    assert_int_equal(links, 0);
}

static void disabling_ends_all_sessions_and_tells_the_gateway(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct account account;
    struct user_request request = {clinic, span_text("ANNA@example.org")};
    int64_t sessions;
    assert_ok(create_anna(vault));
    add_sessions(vault);

    assert_ok(call(vault, on_user_disable, &request, NULL));

    assert_ok(load_anna(vault, &arena, &account));
    assert_int_equal(account.state, ACCOUNT_DISABLED);
    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.session", &sessions));
    assert_int_equal(sessions, 0);
    assert_int_equal(items, 3);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_DISABLED), 1);
}

static void a_new_password_replaces_the_old_and_ends_sessions(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct account account;
    struct user_password_request request = {
        clinic, span_text("anna@example.org"), span_text("another one")};
    assert_ok(create_anna(vault));
    add_sessions(vault);

    assert_ok(call(vault, on_user_password, &request, NULL));

    assert_ok(load_anna(vault, &arena, &account));
    assert_true(span_equals_text(account.verifier, "hash of another one"));
    assert_int_equal(items, 3);
    assert_int_equal(audit_edge_count(EVENT_PASSWORD_RESET), 1);
}

static void an_account_of_another_organisation_is_not_found(void **state)
{
    struct user_request request = {.email = span_text("anna@example.org")};
    assert_ok(id_random(&request.organisation));
    assert_ok(create_anna(*state));

    assert_error(call(*state, on_user_disable, &request, NULL), SM_NOT_FOUND);
}

static void without_audit_nothing_is_confirmed(void **state)
{
    struct vault *vault = *state;
    audit_edge_set_down(true);

    assert_error(create_anna(vault), SM_UNAVAILABLE);

    audit_edge_set_down(false);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
}

/* --- asked twice --- */

static void what_is_made_twice_under_one_key_is_made_once_with_one_answer(void **state)
{
    struct vault *vault = *state;
    struct id keys[2];
    struct org_create_request organisation = practice();
    struct user_create_request user = anna();
    struct org_create_reply organisations[2] = {0};
    struct user_create_reply users[2] = {0};
    assert_ok(id_random(&keys[0]));
    assert_ok(id_random(&keys[1]));

    for (size_t i = 0; i < 2; i++) {
        assert_ok(call_by_key(vault, keys[0], on_org_create, &organisation, &organisations[i]));
        assert_ok(call_by_key(vault, keys[1], on_user_create, &user, &users[i]));
    }

    assert_true(id_equal(organisations[0].organisation, organisations[1].organisation));
    assert_true(id_equal(users[0].user, users[1].user));
    assert_int_equal(audit_edge_count(EVENT_ORGANISATION_CREATED), 1);
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
    assert_int_equal(audit_edge_count(EVENT_OPERATOR_CALL), 0); /* a repeat is no refusal */
}

static void a_repeated_change_does_not_end_sessions_again(void **state)
{
    struct vault *vault = *state;
    struct id key;
    int64_t sessions;
    struct user_password_request request = {
        clinic, span_text("anna@example.org"), span_text("another one")};
    assert_ok(create_anna(vault));
    assert_ok(id_random(&key));
    assert_ok(call_by_key(vault, key, on_user_password, &request, NULL));
    add_sessions(vault);

    assert_ok(call_by_key(vault, key, on_user_password, &request, NULL));

    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.session", &sessions));
    assert_int_equal(sessions, 3);
    assert_int_equal(audit_edge_count(EVENT_PASSWORD_RESET), 1);
}

static void a_repeat_waits_for_the_log_as_the_first_call_did(void **state)
{
    struct vault *vault = *state;
    struct id key;
    struct user_create_request user = anna();
    struct user_create_reply reply = {0};
    assert_ok(id_random(&key));
    audit_edge_set_down(true);

    assert_error(call_by_key(vault, key, on_user_create, &user, &reply), SM_UNAVAILABLE);
    assert_error(call_by_key(vault, key, on_user_create, &user, &reply), SM_UNAVAILABLE);
    audit_edge_set_down(false);
    assert_ok(call_by_key(vault, key, on_user_create, &user, &reply));
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_CREATED), 1);
}

/* A key may be another call's, or an id that the log has: it names no event by itself. */
static void a_key_is_that_of_one_operation(void **state)
{
    struct vault *vault = *state;
    struct id key;
    struct user_create_request user = anna();
    struct user_create_reply reply = {0};
    struct user_request request = {clinic, span_text("anna@example.org")};
    assert_ok(id_random(&key));
    assert_ok(call_by_key(vault, key, on_user_create, &user, &reply));

    assert_ok(call_by_key(vault, key, on_user_disable, &request, NULL));
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_DISABLED), 1);
    struct id logged = audit_edge_last(EVENT_ACCOUNT_DISABLED).event;
    assert_false(id_equal(logged, key));
    assert_false(id_equal(logged, reply.user));
}

static void a_refused_call_leaves_its_key_free(void **state)
{
    struct vault *vault = *state;
    struct id key;
    struct user_request request = {clinic, span_text("anna@example.org")};
    assert_ok(id_random(&key));

    assert_error(call_by_key(vault, key, on_user_disable, &request, NULL), SM_NOT_FOUND);
    assert_ok(create_anna(vault));
    assert_ok(call_by_key(vault, key, on_user_disable, &request, NULL));
    assert_int_equal(audit_edge_count(EVENT_ACCOUNT_DISABLED), 1);
}

static void key_status_tells_versions_and_the_pin(void **state)
{
    struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct key_status_reply reply = {0};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + 2000, .worker = &vault->worker, .arena = &arena};

    assert_ok(on_key_status(&request, NULL, &reply));

    assert_int_equal(reply.keys.count, KEY_COUNT + 2); /* and master, organisation */
    assert_int_equal(reply.pin.size, 22);
    assert_int_equal(audit_edge_count(EVENT_OPERATOR_CALL), 1);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_organisation_is_made_with_its_key_and_its_log),
        TEST(a_name_is_taken_once),
        TEST(an_organisation_that_met_an_outage_of_the_log_is_confirmed_when_asked_again),
        TEST(values_that_would_mislead_recipients_are_refused),
        TEST(the_list_has_all_and_is_in_each_log),
        TEST(an_edited_organisation_is_refused),
        TEST(a_policy_is_set_and_logged),
        TEST(an_account_is_made_once_per_address),
        TEST(an_account_that_met_an_outage_of_the_log_is_confirmed_when_asked_again),
        TEST(the_same_account_asked_for_again_is_answered_alike_and_is_in_the_log),
        TEST(a_disabled_account_is_not_made_again),
        TEST(an_account_needs_an_address_and_an_organisation),
        TEST(the_last_administrator_is_not_disabled),
        TEST(disabling_takes_the_link_to_set_a_password_back),
        TEST(disabling_ends_all_sessions_and_tells_the_gateway),
        TEST(a_new_password_replaces_the_old_and_ends_sessions),
        TEST(an_account_of_another_organisation_is_not_found),
        TEST(without_audit_nothing_is_confirmed),
        TEST(what_is_made_twice_under_one_key_is_made_once_with_one_answer),
        TEST(a_repeated_change_does_not_end_sessions_again),
        TEST(a_repeat_waits_for_the_log_as_the_first_call_did),
        TEST(a_key_is_that_of_one_operation),
        TEST(a_refused_call_leaves_its_key_free),
        TEST(key_status_tells_versions_and_the_pin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
