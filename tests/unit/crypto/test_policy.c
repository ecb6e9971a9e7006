/* What senders may choose follows from the organisation's row, and only an administrator sets it.
 */
#include "tests/support/office.inc"

#include "services/crypto/policy.h"

/* --- the rules --- */

static struct organisation open_policy(void)
{
    return (struct organisation){.methods = METHODS_ALL, .lifetime_days_max = 30};
}

static void a_floor_hides_the_weaker_methods(void **state)
{
    (void)state;
    struct organisation organisation = open_policy();

    assert_int_equal(policy_methods(&organisation), METHODS_ALL);
    organisation.method_floor = METHOD_CODE;
    assert_int_equal(policy_methods(&organisation), METHODS_ALL);
    organisation.method_floor = METHOD_PASSWORD;
    assert_int_equal(policy_methods(&organisation), METHOD_PASSWORD | METHOD_PASSWORD_AND_CODE);
    organisation.method_floor = METHOD_PASSWORD_AND_CODE;
    assert_int_equal(policy_methods(&organisation), METHOD_PASSWORD_AND_CODE);
    organisation.methods = METHOD_CODE;
    assert_int_equal(policy_methods(&organisation), 0);
    assert_non_null(policy_fault(&organisation));
}

static void lifetimes_are_chosen_one_by_one_or_up_to_a_limit(void **state)
{
    (void)state;
    struct organisation organisation = open_policy();

    organisation.lifetime_days_max = 7;
    assert_int_equal(policy_lifetimes(&organisation), LIFETIME_DAY | LIFETIME_WEEK);
    assert_false(policy_allows_days(&organisation, 30));
    organisation.lifetimes = LIFETIME_MONTH;
    assert_true(policy_allows_days(&organisation, 30));
    assert_false(policy_allows_days(&organisation, 7));
    assert_false(policy_allows_days(&organisation, 2));
    assert_false(policy_allows_days(&organisation, 0));
}

static void a_preset_that_is_not_allowed_is_a_fault_and_can_be_mended(void **state)
{
    (void)state;
    struct organisation organisation = open_policy();
    organisation.default_method = METHOD_CODE;
    organisation.default_lifetime_days = 7;
    assert_null(policy_fault(&organisation));

    organisation.method_floor = METHOD_PASSWORD;
    assert_non_null(policy_fault(&organisation));
    organisation.lifetimes = LIFETIME_DAY;
    policy_mend(&organisation);
    assert_null(policy_fault(&organisation));
    assert_int_equal(organisation.default_method, 0);
    assert_int_equal(organisation.default_lifetime_days, 0);

    organisation.default_method = METHOD_PASSWORD | METHOD_PASSWORD_AND_CODE; /* two are none */
    assert_non_null(policy_fault(&organisation));
}

static void the_log_is_told_what_differs(void **state)
{
    (void)state;
    struct buffer text DEFER(buffer_free) = BUFFER(200);
    struct organisation before = open_policy(), after = open_policy();
    after.methods = METHOD_PASSWORD_AND_CODE;
    after.lifetimes = LIFETIME_DAY;

    assert_ok(policy_changes(&before, &after, &text));

    assert_span(buffer_span(&text), "methods 7 to 4, lifetimes 7 to 1");
}

/* --- the operation --- */

static enum sm_error set_policy(
    struct vault *vault, const struct page *page, struct policy_change_request request)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct ask ask = {.operation = "policy_set", .message = &request};
    request.session = PROOF(*page);
    return ask_crypto(vault, &ask, &answer);
}

static struct policy_change_request strict(void)
{
    return (struct policy_change_request){.methods = METHODS_ALL,
        .method_floor = METHOD_PASSWORD,
        .lifetimes = LIFETIME_DAY | LIFETIME_WEEK,
        .default_method = METHOD_PASSWORD_AND_CODE,
        .default_lifetime_days = 7};
}

static int begin(void **state)
{
    struct policy_change_request all = {.methods = METHODS_ALL, .lifetimes = LIFETIMES_ALL};
    assert_int_equal(office_begin(state), 0);
    struct page admin = office_page(*state, "cees@example.org", "");
    assert_error(set_policy(*state, &admin, all), SM_OK);
    audit_edge_forget();
    return 0;
}

static void an_administrator_sets_it_for_everybody(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page sender = office_page(vault, "anna@example.org", "");

    assert_error(set_policy(vault, &admin, strict()), SM_OK);

    assert_error(office_ask(vault, &sender, "organisation", &answer), SM_OK);
    const struct organisation_reply *reply = answer.reply;
    assert_int_equal(reply->methods, METHODS_ALL);
    assert_int_equal(reply->methods_allowed, METHOD_PASSWORD | METHOD_PASSWORD_AND_CODE);
    assert_int_equal(reply->lifetimes, LIFETIME_DAY | LIFETIME_WEEK);
    assert_int_equal(reply->default_method, METHOD_PASSWORD_AND_CODE);
    assert_int_equal(reply->default_lifetime_days, 7);
    assert_true(id_equal(audit_edge_last(EVENT_POLICY_CHANGED).actor, admin.user));
}

static void others_do_not_set_it(void **state)
{
    struct vault *vault = *state;
    struct page sender = office_page(vault, "anna@example.org", "");
    struct page auditor = office_page(vault, "dora@example.org", "");

    assert_error(set_policy(vault, &sender, strict()), SM_NOT_ALLOWED);
    assert_error(set_policy(vault, &auditor, strict()), SM_NOT_ALLOWED);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_POLICY_CHANGED), 0);
}

static void a_policy_without_a_choice_is_refused(void **state)
{
    struct vault *vault = *state;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct policy_change_request wrong[] = {strict(), strict(), strict(), strict()};
    wrong[0].methods = METHOD_CODE;                        /* below the floor */
    wrong[1].default_lifetime_days = 30;                   /* not allowed */
    wrong[2].default_method = METHOD_CODE;                 /* below the floor */
    wrong[3].method_floor = METHOD_PASSWORD | METHOD_CODE; /* two methods are no level */

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(set_policy(vault, &admin, wrong[i]), SM_BAD_VALUE);
}

static void send_refuses_what_policy_forbids(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page admin = office_page(vault, "cees@example.org", "");
    struct page sender = office_page(vault, "anna@example.org", "");
    const struct recipient by_code[] = {
        {.address = span_text("eva@example.net"), .method = METHOD_CODE}};
    const struct recipient by_password[] = {{.address = span_text("eva@example.net"),
        .method = METHOD_PASSWORD,
        .password = span_text("known to both")}};
    struct sending weak = {.recipients = by_code, .count = 1};
    struct sending longer = {.recipients = by_password, .count = 1, .lifetime_days = 30};
    struct sending good = {.recipients = by_password, .count = 1, .lifetime_days = 7};
    assert_error(set_policy(vault, &admin, strict()), SM_OK);

    assert_error(office_send(vault, &sender, &weak, &answer), SM_NOT_ALLOWED);
    assert_error(office_send(vault, &sender, &longer, &answer), SM_NOT_ALLOWED);
    assert_error(office_send(vault, &sender, &good, &answer), SM_OK);

    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SEND_REFUSED), 2);
}

/* --- an attacker with the database --- */

static void an_edited_policy_decides_nothing(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct organisation organisation;
    static const char *const columns[] = {"lifetimes", "method_floor", "default_method",
        "default_lifetime_days", "lifetimes = 0, method_floor = 0, default_method"};
    struct page admin = office_page(vault, "cees@example.org", "");
    assert_error(set_policy(vault, &admin, strict()), SM_OK);
    assert_error(office_ask(vault, &admin, "organisation", &answer), SM_OK);

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct buffer sql DEFER(buffer_free) = BUFFER(512);
        const char *text;
        assert_ok(
            database_run(vault->database, "CREATE TABLE kept AS SELECT * FROM vault.organisation"));
        assert_ok(buffer_format(&sql, "UPDATE vault.organisation SET %s = 0", columns[i]));
        assert_ok(buffer_text(&sql, &text));
        assert_ok(database_run(vault->database, text));

        assert_error(organisation_load(&vault->worker, &arena, clinic, &organisation), SM_TAMPERED);
        assert_ok(database_run(vault->database,
            "UPDATE vault.organisation SET lifetimes = k.lifetimes, method_floor = k.method_floor,"
            " default_method = k.default_method,"
            " default_lifetime_days = k.default_lifetime_days FROM kept k; DROP TABLE kept"));
        assert_ok(organisation_load(&vault->worker, &arena, clinic, &organisation));
    }
}

/* Puts the row back as it was, with what the edit needed beside it. */
static void restore(struct vault *vault)
{
    assert_ok(database_run(vault->database,
        "DELETE FROM vault.organisation WHERE name = 'Other';"
        " UPDATE vault.organisation SET name = k.name, base_url = k.base_url,"
        " from_address = k.from_address, language = k.language, colour = k.colour,"
        " methods = k.methods, lifetime_days_max = k.lifetime_days_max,"
        " recipients_max = k.recipients_max, attachments_max = k.attachments_max,"
        " total_bytes_max = k.total_bytes_max, from_name = k.from_name, contact = k.contact,"
        " logo_digest = k.logo_digest, lifetimes = k.lifetimes, method_floor = k.method_floor,"
        " default_method = k.default_method, default_lifetime_days = k.default_lifetime_days,"
        " mac = k.mac FROM kept k; DROP TABLE kept"));
}

/* Each column; and the whole row of another organisation, with its good MAC. */
static const char *const organisation_edits[] = {
    "UPDATE vault.organisation SET name = 'Clinic East' WHERE name <> 'Other'",
    "UPDATE vault.organisation SET base_url = 'https://evil.example'",
    "UPDATE vault.organisation SET from_address = 'evil@example.net'",
    "UPDATE vault.organisation SET language = 'xx'",
    "UPDATE vault.organisation SET colour = '#000001'",
    "UPDATE vault.organisation SET methods = methods # 1",
    "UPDATE vault.organisation SET lifetime_days_max = lifetime_days_max + 1",
    "UPDATE vault.organisation SET recipients_max = recipients_max + 1",
    "UPDATE vault.organisation SET attachments_max = attachments_max + 1",
    "UPDATE vault.organisation SET total_bytes_max = total_bytes_max + 1",
    "UPDATE vault.organisation SET from_name = 'Your bank'",
    "UPDATE vault.organisation SET contact = 'Call 0900 1234'",
    "UPDATE vault.organisation SET logo_digest = '\\x01'",
    "UPDATE vault.organisation SET lifetimes = lifetimes # 1",
    "UPDATE vault.organisation SET method_floor = 3",
    "UPDATE vault.organisation SET default_method = 3",
    "UPDATE vault.organisation SET default_lifetime_days = 9",
    "UPDATE vault.organisation SET mac = decode('00', 'hex')",
    ("UPDATE vault.organisation c SET base_url = o.base_url, mac = o.mac FROM"
     " vault.organisation o WHERE o.name = 'Other' AND c.name <> 'Other'"),
};

/* A second organisation like the first, but for its id, its name and where its links lead. */
static void add_other(struct vault *vault, struct arena *arena)
{
    struct organisation other;
    assert_ok(organisation_load(&vault->worker, arena, clinic, &other));
    assert_ok(id_random(&other.organisation));
    other.name = span_text("Other");
    other.base_url = span_text("https://other.example");
    assert_ok(organisation_insert(&vault->worker, &other));
}

static void every_edited_column_of_an_organisation_is_refused_and_reported(void **state)
{
    struct vault *vault = *state;

    for (size_t i = 0; i < sizeof organisation_edits / sizeof organisation_edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct arena arena DEFER(arena_free) = ARENA(65536);
        assert_int_equal(begin(state), 0);
        struct page admin = office_page(vault, "cees@example.org", "");
        audit_edge_settle(vault);
        audit_edge_forget();
        assert_ok(
            database_run(vault->database, "CREATE TABLE kept AS SELECT * FROM vault.organisation"));
        add_other(vault, &arena);
        assert_ok(database_run(vault->database, organisation_edits[i]));

        enum sm_error read = office_ask(vault, &admin, "organisation", &answer);
        enum sm_error changed = set_policy(vault, &admin, strict());

        restore(vault);
        audit_edge_settle(vault);
        if (read != SM_TAMPERED || changed != SM_TAMPERED)
            fail_msg("%s: %s, %s", organisation_edits[i], error_name(read), error_name(changed));
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
        assert_int_equal(audit_edge_count(EVENT_POLICY_CHANGED), 0);
    }
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_floor_hides_the_weaker_methods),
        cmocka_unit_test(lifetimes_are_chosen_one_by_one_or_up_to_a_limit),
        cmocka_unit_test(a_preset_that_is_not_allowed_is_a_fault_and_can_be_mended),
        cmocka_unit_test(the_log_is_told_what_differs),
        TEST(an_administrator_sets_it_for_everybody),
        TEST(others_do_not_set_it),
        TEST(a_policy_without_a_choice_is_refused),
        TEST(send_refuses_what_policy_forbids),
        TEST(an_edited_policy_decides_nothing),
        TEST(every_edited_column_of_an_organisation_is_refused_and_reported),
    };
    return cmocka_run_group_tests(tests, office_open, office_close);
}
