/*
 * The export, page by page, on a real PostgreSQL with the real writer, read by the verifier, which
 * shares no code with it: what is whole verifies, and what is damaged comes out all the same and is
 * named.
 */
#include "services/audit/export.h"

#include "cli/verify/log.h"
#include "tests/unit/audit/ledger.inc"

#define CLINIC "organisation = '\\xc1110000000000000000000000000000'"

enum { TEXT_BYTES_MAX = 8 * 1024 * 1024, TIMEOUT_MS = 60000 };

struct desk {
    struct ledger ledger;
    struct database_conninfo conninfo;
    struct writer *writer;
    struct buffer text;
    size_t pages;
    struct log_verdict verdict;
};

static int open_desk(void **state)
{
    static struct desk desk;
    desk = (struct desk){.text = BUFFER(TEXT_BYTES_MAX)};
    ledger_open(&desk.ledger);
    *state = &desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    writer_stop(&desk->writer);
    buffer_free(&desk->text);
    ledger_close(&desk->ledger);
    return 0;
}

/* From here on the log has its one writer. */
static void start_writer(struct desk *desk)
{
    desk->conninfo = database_conninfo(desk->ledger.database, "sm_audit");
    const struct writer_options options = {.conninfo = desk->conninfo.text,
        .key = desk->ledger.key,
        .checkpoint_interval_ms = 3600 * 1000};
    assert_ok(writer_start(&options, &desk->writer));
    assert_true(writer_is_active(desk->writer));
}

static struct export_order user_order(void)
{
    return (struct export_order){
        .organisation = clinic, .export = {{0x99}}, .actor_class = ACTOR_USER, .actor = {{0x77}}};
}

static struct export_order operator_order(struct id organisation)
{
    return (struct export_order){
        .organisation = organisation, .export = {{0x98}}, .actor_class = ACTOR_OPERATOR};
}

static enum sm_error page(struct desk *desk, const struct export_order *order, struct arena *arena,
    struct export_reply *reply)
{
    const struct export_context context = {.db = desk->ledger.db,
        .writer = desk->writer,
        .key = desk->ledger.key,
        .timeout_ms = TIMEOUT_MS};
    return export_page(&context, order, arena, reply);
}

/* All pages, as the gateway and securemail-admin ask for them. */
static enum sm_error export_all(struct desk *desk, struct export_order order)
{
    struct export_reply reply = {0};
    buffer_clear(&desk->text);
    desk->pages = 0;
    while (!reply.is_last) {
        struct arena arena DEFER(arena_free) = ARENA(BUS_MESSAGE_BYTES_MAX);
        TRY(page(desk, &order, &arena, &reply));
        assert_ok(buffer_append(&desk->text, reply.lines));
        assert_true(reply.is_last || reply.next_seq > order.from_seq);
        order.from_seq = reply.next_seq;
        order.to_seq = reply.to_seq;
        desk->pages++;
    }
    return SM_OK;
}

static void verify(struct desk *desk)
{
    struct log_options options = {0};
    FILE *file = fmemopen(desk->text.bytes, desk->text.size, "r");
    assert_non_null(file);
    log_verify(file, &options, &desk->verdict);
    (void)fclose(file);
}

static void assert_verified(struct desk *desk)
{
    verify(desk);
    assert_string_equal(desk->verdict.is_good ? "" : desk->verdict.reason, "");
}

/* --- a whole log --- */

static void an_export_verifies_and_ends_with_its_own_entry(void **state)
{
    struct desk *desk = *state;
    ledger_fill(&desk->ledger, clinic, 3);
    ledger_fill(&desk->ledger, lawyers, 2);
    start_writer(desk);
    assert_ok(export_all(desk, user_order()));

    assert_verified(desk);
    assert_int_equal(desk->verdict.entries, 5); /* opened, three events, this export */
    assert_string_equal(desk->verdict.organisation, id_text(clinic).text);
    const char *text;
    assert_ok(buffer_text(&desk->text, &text));
    assert_non_null(strstr(text, "\"kind\":\"log-exported\""));
}

static void names_that_are_not_erased_are_disclosed(void **state)
{
    struct desk *desk = *state;
    const struct personal_field who[] = {{span_text("recipient"), span_text("ada@clinic.example")},
        {span_text("user"), span_text("\"q\\uo\te\" \xc3\xa9")}};
    struct audit_event event = opened(clinic, event_id(1));
    event.personal = LIST_OF(who);
    struct append_job job = job_of(&event, 1);
    assert_ok(ledger_commit(&desk->ledger, &job));
    assert_ok(database_run(
        desk->ledger.database, "DELETE FROM audit.disclosure WHERE name = 'recipient'"));
    start_writer(desk);
    assert_ok(export_all(desk, user_order()));

    assert_verified(desk);
    assert_int_equal(desk->verdict.disclosed, 1);
    assert_int_equal(desk->verdict.erased, 1);
}

/* Entries of full size, so that they do not fit one page. */
static void a_long_log_comes_in_pages(void **state)
{
    struct desk *desk = *state;
    static char reason[REASON_BYTES_MAX + 1];
    static struct audit_event events[AUDIT_BATCH_MAX];
    memset(reason, 'r', REASON_BYTES_MAX);
    for (uint8_t batch = 0; batch < 6; batch++) {
        for (size_t i = 0; i < AUDIT_BATCH_MAX; i++) {
            events[i] = opened(clinic, (struct id){{batch + 1, (uint8_t)i, (uint8_t)(i >> 8), 5}});
            events[i].reason = span_text(reason);
        }
        struct append_job job = job_of(events, AUDIT_BATCH_MAX);
        assert_ok(ledger_commit(&desk->ledger, &job));
    }
    start_writer(desk);
    assert_ok(export_all(desk, user_order()));

    assert_true(desk->pages >= 3);
    assert_verified(desk);
    assert_int_equal(desk->verdict.entries, 6 * AUDIT_BATCH_MAX + 2);
}

static void a_page_of_an_export_that_was_not_begun_is_refused(void **state)
{
    struct desk *desk = *state;
    struct arena arena DEFER(arena_free) = ARENA(BUS_MESSAGE_BYTES_MAX);
    struct export_order order = user_order();
    struct export_reply reply;
    ledger_fill(&desk->ledger, clinic, 3);
    start_writer(desk);
    order.from_seq = 2;
    order.to_seq = 3;
    assert_error(page(desk, &order, &arena, &reply), SM_NOT_FOUND);

    assert_ok(export_all(desk, user_order()));
    order.to_seq = 5;
    order.actor = (struct id){{0x78}}; /* another user with the same export's id */
    assert_error(page(desk, &order, &arena, &reply), SM_NOT_FOUND);
}

static void a_page_outside_the_export_is_refused(void **state)
{
    struct desk *desk = *state;
    struct arena arena DEFER(arena_free) = ARENA(BUS_MESSAGE_BYTES_MAX);
    struct export_order order = user_order();
    struct export_reply reply;
    ledger_fill(&desk->ledger, clinic, 3);
    start_writer(desk);
    assert_ok(export_all(desk, user_order()));

    order.from_seq = 2;
    order.to_seq = 4;
    assert_error(page(desk, &order, &arena, &reply), SM_BAD_VALUE);
    order.from_seq = 6;
    order.to_seq = 5;
    assert_error(page(desk, &order, &arena, &reply), SM_BAD_VALUE);
}

static void the_operator_gets_no_whole_log_but_his_own(void **state)
{
    struct desk *desk = *state;
    ledger_fill(&desk->ledger, clinic, 3);
    start_writer(desk);

    assert_error(export_all(desk, operator_order(clinic)), SM_NOT_ALLOWED);
    assert_error(export_all(desk, operator_order(lawyers)), SM_NOT_FOUND);
    assert_ok(export_all(desk, operator_order(operators_log)));
    assert_verified(desk);
    assert_int_equal(desk->verdict.entries, 2);
}

/* --- a damaged log --- */

static const struct {
    const char *sql, *words;
} damages[] = {
    {"UPDATE audit.entry SET body = overlay(body PLACING '\\x58'::bytea FROM 20 FOR 1) WHERE seq = 3 "
     "AND " CLINIC,
        "edited"},
    {"UPDATE audit.entry SET body = 'not JSON, \"\n' WHERE seq = 3 AND " CLINIC, "overwritten"},
    {"DELETE FROM audit.entry WHERE seq = 1 AND " CLINIC, "first entry was deleted"},
    {"DELETE FROM audit.entry WHERE seq = 3 AND " CLINIC, "entry 3 is missing"},
    {"ALTER TABLE audit.entry DROP CONSTRAINT entry_body_check; UPDATE audit.entry SET body = "
     "decode(repeat('20', 5000), 'hex') WHERE seq = 3 AND " CLINIC,
        "overwritten"},
    {"INSERT INTO audit.entry (organisation, seq, event, kind, recorded_ms, body, hash) SELECT "
     "organisation, 9000000000000000000, decode(md5('x'), 'hex'), kind, recorded_ms, body, hash "
     "FROM audit.entry WHERE seq = 4 AND " CLINIC,
        "without its footer|not signed"},
    {"INSERT INTO audit.checkpoint VALUES ('\\xc1110000000000000000000000000000', 4, repeat('x', "
     "5000), '')",
        "not signed"},
    {"INSERT INTO audit.checkpoint SELECT '\\xc1110000000000000000000000000000', n, repeat('x', "
     "500), '' FROM generate_series(4, 600) n",
        "not signed"},
    {"UPDATE audit.entry SET seq = 700 WHERE seq = 4 AND " CLINIC
     "; INSERT INTO audit.checkpoint SELECT '\\xc1110000000000000000000000000000', n, repeat('x', "
     "500), '' FROM generate_series(4, 699) n",
        "it was moved"},
    {"ALTER TABLE audit.disclosure DROP CONSTRAINT disclosure_place_check; INSERT INTO "
     "audit.disclosure SELECT '\\xc1110000000000000000000000000000', 3, n, 'recipient', repeat('x', "
     "n), sha256('x') FROM generate_series(1, 900) n; DELETE FROM audit.entry WHERE seq = 4 "
     "AND " CLINIC
     "; INSERT INTO audit.checkpoint VALUES ('\\xc1110000000000000000000000000000', 4, "
     "'x', '')",
        "disclosed"},
};

static bool is_one_of(const char *reason, const char *words)
{
    char copy[128];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
        if (strstr(reason, word))
            return true;
    return false;
}

static void a_damaged_log_is_exported_and_the_verifier_names_the_damage(void **state)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct desk *desk = *state;
        ledger_fill(&desk->ledger, clinic, 3);
        ledger_damage(&desk->ledger, damages[i].sql);
        start_writer(desk);
        assert_ok(export_all(desk, operator_order(clinic)));

        verify(desk);
        assert_false(desk->verdict.is_good);
        if (!is_one_of(desk->verdict.reason, damages[i].words))
            assert_string_equal(desk->verdict.reason, damages[i].words);
        assert_ok(export_all(desk, user_order())); /* with an earlier right to read */
        (void)close_desk(state);
        (void)open_desk(state);
    }
}

static void the_export_of_a_damaged_log_stands_in_the_operator_s_log(void **state)
{
    struct desk *desk = *state;
    const char *text;
    ledger_fill(&desk->ledger, clinic, 3);
    ledger_damage(&desk->ledger, damages[0].sql);
    start_writer(desk);
    assert_ok(export_all(desk, operator_order(clinic)));
    assert_ok(export_all(desk, operator_order(operators_log)));

    assert_verified(desk);
    assert_int_equal(desk->verdict.entries, 3);
    assert_ok(buffer_text(&desk->text, &text));
    assert_non_null(strstr(text, "\"reason\":\"damaged log c1110000000000000000000000000000\""));
    assert_int_equal(ledger_size(&desk->ledger, clinic), 4); /* nothing is added to the evidence */
}

static void a_later_page_of_evidence_needs_the_first(void **state)
{
    struct desk *desk = *state;
    struct arena arena DEFER(arena_free) = ARENA(BUS_MESSAGE_BYTES_MAX);
    struct export_order order = operator_order(clinic);
    struct export_reply reply;
    ledger_fill(&desk->ledger, clinic, 3);
    ledger_damage(&desk->ledger, damages[0].sql);
    start_writer(desk);
    order.from_seq = 2;
    order.to_seq = 4;

    assert_error(page(desk, &order, &arena, &reply), SM_NOT_FOUND);
    assert_ok(export_all(desk, operator_order(clinic)));
    assert_ok(page(desk, &order, &arena, &reply));
}

static void with_the_operator_s_log_damaged_too_the_evidence_still_comes_out(void **state)
{
    struct desk *desk = *state;
    ledger_fill(&desk->ledger, clinic, 3);
    start_writer(desk);
    assert_ok(export_all(desk, operator_order(operators_log)));
    writer_stop(&desk->writer);
    ledger_damage(&desk->ledger, "UPDATE audit.entry SET hash = sha256('x') WHERE seq = 2");
    start_writer(desk);

    assert_ok(export_all(desk, operator_order(clinic)));
    verify(desk);
    assert_false(desk->verdict.is_good);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_export_verifies_and_ends_with_its_own_entry),
        TEST(names_that_are_not_erased_are_disclosed),
        TEST(a_long_log_comes_in_pages),
        TEST(a_page_of_an_export_that_was_not_begun_is_refused),
        TEST(a_page_outside_the_export_is_refused),
        TEST(the_operator_gets_no_whole_log_but_his_own),
        TEST(a_damaged_log_is_exported_and_the_verifier_names_the_damage),
        TEST(the_export_of_a_damaged_log_stands_in_the_operator_s_log),
        TEST(a_later_page_of_evidence_needs_the_first),
        TEST(with_the_operator_s_log_damaged_too_the_evidence_still_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
