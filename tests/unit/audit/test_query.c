/* Reading a log page by page, on a real PostgreSQL: filters, bounds, and whose log it is. */
#include "services/audit/query.h"

#include "tests/unit/audit/ledger.inc"

static const struct id message = {{0x33}};
static const struct id link = {{0x44}};

struct shelf {
    struct ledger ledger;
    struct arena arena;
    struct query_reply reply;
};

/* Entries 2 to 7 of the clinic; entry 4 is of a message and a link, 5 of a person named twice. */
static void fill(struct shelf *shelf)
{
    const struct personal_field who[] = {{span_text("user"), span_text("ada@clinic.example")},
        {span_text("recipient"), span_text("ada@clinic.example")}};
    struct audit_event events[6];
    for (uint8_t i = 0; i < 6; i++)
        events[i] = opened(clinic, event_id(i));
    events[2].message = message;
    events[2].link = link;
    events[2].kind = EVENT_REVOKED;
    events[3].personal = LIST_OF(who);
    for (size_t i = 0; i < 6; i++) {
        struct append_job job = job_of(&events[i], 1);
        assert_ok(database_clock_shift(shelf->ledger.database, 1000 * (int64_t)i));
        assert_ok(ledger_commit(&shelf->ledger, &job));
    }
    shelf->ledger.next_event = 100;
    ledger_fill(&shelf->ledger, lawyers, 3);
}

static int open_shelf(void **state)
{
    static struct shelf shelf;
    shelf = (struct shelf){.arena = ARENA(BUS_MESSAGE_BYTES_MAX)};
    ledger_open(&shelf.ledger);
    fill(&shelf);
    *state = &shelf;
    return 0;
}

static int close_shelf(void **state)
{
    struct shelf *shelf = *state;
    arena_free(&shelf->arena);
    ledger_close(&shelf->ledger);
    return 0;
}

static void ask(struct shelf *shelf, struct query_request request)
{
    if (request.rows_max == 0)
        request.rows_max = PAGE_ROWS_MAX;
    shelf->reply = (struct query_reply){0};
    assert_ok(query_run(shelf->ledger.db, &clinic, &request, &shelf->arena, &shelf->reply));
}

/* The numbers of the entries that were found, as a text like "7 6 5". */
static void assert_found(const struct shelf *shelf, const char *expected)
{
    char found[256] = "";
    for (size_t i = 0; i < shelf->reply.entries.count; i++)
        (void)snprintf(found + strlen(found), 24, "%s%llu", i ? " " : "",
            (unsigned long long)LIST_AT(struct log_entry, shelf->reply.entries, i)->seq);
    assert_string_equal(found, expected);
}

static void the_newest_come_first_and_only_of_one_organisation(void **state)
{
    struct shelf *shelf = *state;
    ask(shelf, (struct query_request){0});
    assert_found(shelf, "7 6 5 4 3 2 1");
    assert_int_equal(shelf->reply.size, 7);
}

static void a_page_has_as_many_rows_as_asked_and_the_next_goes_on(void **state)
{
    struct shelf *shelf = *state;
    ask(shelf, (struct query_request){.rows_max = 3});
    assert_found(shelf, "7 6 5");
    ask(shelf, (struct query_request){.rows_max = 3, .before_seq = 5});
    assert_found(shelf, "4 3 2");
    ask(shelf, (struct query_request){.rows_max = 3, .before_seq = 2});
    assert_found(shelf, "1");
    ask(shelf, (struct query_request){.rows_max = 3, .before_seq = 1});
    assert_found(shelf, "");
    ask(shelf, (struct query_request){.before_seq = INT64_MAX});
    assert_found(shelf, "7 6 5 4 3 2 1");
}

static void each_filter_finds_its_own(void **state)
{
    struct shelf *shelf = *state;
    ask(shelf, (struct query_request){.message = message});
    assert_found(shelf, "4");
    ask(shelf, (struct query_request){.link = link});
    assert_found(shelf, "4");
    ask(shelf, (struct query_request){.kind = EVENT_REVOKED});
    assert_found(shelf, "4");
    ask(shelf, (struct query_request){.kind = EVENT_OPENED});
    assert_found(shelf, "7 6 5 3 2");
    ask(shelf, (struct query_request){.kind = EVENT_OPENED, .message = message});
    assert_found(shelf, "");
    ask(shelf, (struct query_request){.link = link, .kind = EVENT_REVOKED, .message = message});
    assert_found(shelf, "4");
    ask(shelf, (struct query_request){.message = {{0x34}}});
    assert_found(shelf, "");
}

static void a_person_who_is_named_twice_is_found_once(void **state)
{
    struct shelf *shelf = *state;
    ask(shelf, (struct query_request){.person = span_text("ada@clinic.example")});
    assert_found(shelf, "5");
    const struct log_entry *entry = LIST_AT(struct log_entry, shelf->reply.entries, 0);
    assert_int_equal(entry->disclosures.count, 2);
    assert_span(LIST_AT(struct disclosure, entry->disclosures, 0)->name, "user");
    ask(shelf, (struct query_request){.person = span_text("' OR true --")});
    assert_found(shelf, "");
}

static void times_are_those_of_recording(void **state)
{
    struct shelf *shelf = *state;
    int64_t third = 0;
    assert_ok(database_number(shelf->ledger.database,
        "SELECT recorded_ms FROM audit.entry WHERE seq = 4 AND organisation = "
        "'\\xc1110000000000000000000000000000'",
        &third));
    ask(shelf, (struct query_request){.since_ms = (uint64_t)third});
    assert_found(shelf, "7 6 5 4");
    ask(shelf, (struct query_request){.until_ms = (uint64_t)third});
    assert_found(shelf, "3 2 1");
    ask(shelf,
        (struct query_request){.since_ms = (uint64_t)third, .until_ms = (uint64_t)third + 1});
    assert_found(shelf, "4");
    ask(shelf, (struct query_request){.since_ms = INT64_MAX});
    assert_found(shelf, "");
    ask(shelf, (struct query_request){.until_ms = 1});
    assert_found(shelf, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shelf, close_shelf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_come_first_and_only_of_one_organisation),
        TEST(a_page_has_as_many_rows_as_asked_and_the_next_goes_on),
        TEST(each_filter_finds_its_own),
        TEST(a_person_who_is_named_twice_is_found_once),
        TEST(times_are_those_of_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
