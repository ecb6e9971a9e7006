/* The first page of a list is answered from memory while nothing has changed, and never longer. */
#include "services/gateway/kept_lists.h"

#include "tests/support/surface.h"

#include "services/gateway/tagged.h"

#include <pthread.h>
#include <unistd.h>

/* --- what is kept --- */

static const struct list_name anna = {{{0x0a}}, {{0x5e}}, 50};
static const struct id word = {{0x77}};

static struct list_page page_of(struct span body)
{
    return (struct list_page){.word = word,
        .since_ms = 1000,
        .until_ms = 2000,
        .tag = span_text("\"tag\""),
        .body = body};
}

static enum sm_error recall(
    struct kept_lists *lists, const struct list_name *name, struct id of_word, int64_t now_ms)
{
    struct buffer body DEFER(buffer_free) = BUFFER(KEPT_LIST_BYTES_MAX);
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    const struct list_demand demand = {.word = of_word, .now_ms = now_ms};
    enum sm_error error = kept_lists_recall(lists, name, &demand, &body, &tag);
    if (error == SM_OK) {
        assert_true(span_equals_text(buffer_span(&body), "{"));
        assert_true(span_equals_text(buffer_span(&tag), "\"tag\""));
    } else {
        assert_int_equal(body.size + tag.size, 0);
    }
    return error;
}

static void a_page_is_recalled_by_its_name_word_and_time(void **state)
{
    struct kept_lists *lists DEFER(kept_lists_free) = NULL;
    const struct list_page page = page_of(span_text("{"));
    const struct id other = {{0x78}};
    const struct list_name names[] = {{anna.organisation, anna.sender, 51},
        {anna.organisation, {{0x5f}}, 50}, {{{0x0b}}, anna.sender, 50}};
    (void)state;
    assert_ok(kept_lists_new(&lists));
    assert_true(id_is_none(kept_lists_word(lists, &anna)));
    kept_lists_keep(lists, &anna, &page);

    assert_true(id_equal(kept_lists_word(lists, &anna), word));
    assert_ok(recall(lists, &anna, word, 1000));
    assert_ok(recall(lists, &anna, word, 1999));
    assert_error(recall(lists, &anna, word, 999), SM_NOT_FOUND);
    assert_error(recall(lists, &anna, word, 2000), SM_NOT_FOUND);
    assert_error(recall(lists, &anna, other, 1000), SM_NOT_FOUND);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(id_is_none(kept_lists_word(lists, &names[i])));
        assert_error(recall(lists, &names[i], word, 1000), SM_NOT_FOUND);
    }
}

static void a_body_that_is_known_is_not_copied(void **state)
{
    struct kept_lists *lists DEFER(kept_lists_free) = NULL;
    struct buffer body DEFER(buffer_free) = BUFFER(KEPT_LIST_BYTES_MAX);
    struct buffer tag DEFER(buffer_free) = BUFFER(TAG_BYTES_MAX);
    const struct list_page page = page_of(span_text("{"));
    const struct list_demand demand = {word, 1000, span_text("\"tag\"")};
    (void)state;
    assert_ok(kept_lists_new(&lists));
    kept_lists_keep(lists, &anna, &page);
    assert_ok(kept_lists_recall(lists, &anna, &demand, &body, &tag));
    assert_int_equal(body.size, 0);
    assert_true(span_equals_text(buffer_span(&tag), "\"tag\""));
}

static void what_is_too_large_or_has_no_word_is_not_kept(void **state)
{
    struct kept_lists *lists DEFER(kept_lists_free) = NULL;
    struct buffer large DEFER(buffer_free) = pattern(KEPT_LIST_BYTES_MAX + 1);
    struct list_page page = page_of(span_text("{"));
    (void)state;
    assert_ok(kept_lists_new(&lists));
    kept_lists_keep(lists, &anna, &page);
    page.body = buffer_span(&large);
    const struct list_name in_the_same_place = {{{0x0b}}, anna.sender, anna.rows};
    kept_lists_keep(lists, &in_the_same_place, &page);
    assert_ok(recall(lists, &anna, word, 1000));
    kept_lists_keep(lists, &anna, &page); /* nor what was there before */
    assert_true(id_is_none(kept_lists_word(lists, &anna)));

    page = page_of(span_text("{"));
    page.word = (struct id){{0}};
    kept_lists_keep(lists, &anna, &page);
    assert_error(recall(lists, &anna, page.word, 1000), SM_NOT_FOUND);
}

static void what_nobody_asked_for_is_wiped(void **state)
{
    struct kept_lists *lists DEFER(kept_lists_free) = NULL;
    const struct list_page page = page_of(span_text("{"));
    (void)state;
    assert_ok(kept_lists_new(&lists));
    kept_lists_keep(lists, &anna, &page);
    kept_lists_tidy(lists);
    assert_ok(recall(lists, &anna, word, 1000));
    kept_lists_tidy_of(lists, 0);
    assert_true(id_is_none(kept_lists_word(lists, &anna)));
}

/* --- over HTTP --- */

#define MESSAGE "'\\xee400000000000000000000000000000'"
#define REPLY "'\\xee410000000000000000000000000000'"
#define LINK "'\\xa1000000000000000000000000000000'"
#define SENDER "'\\x5e000000000000000000000000000000'"
#define UNSEEN "SET session_replication_role = replica;" /* by triggers */
#define SEEN ";SET session_replication_role = DEFAULT"

static const char a_message_and_its_reply[] =
    "DELETE FROM mail.message; DELETE FROM mail.recipient;"
    "INSERT INTO mail.message (message, version, organisation, sender, parent, link, direction,"
    " state, parts, created_ms, expires_ms, name, subject_sealed)"
    " SELECT m, 1, '\\x0a000000000000000000000000000000', " SENDER ", p, l, d, 1, 1, 1000,"
    " clock.now_ms() + 100000, n, 'sealed' FROM (VALUES (" MESSAGE "::bytea, NULL::bytea,"
    " NULL::bytea, 0, 'Sanne'), (" REPLY ", " MESSAGE ", " LINK ", 1, 'Cas')) AS v (m, p, l, d, n);"
    "INSERT INTO mail.recipient VALUES (" LINK ", 1, " MESSAGE ", 1, 2, 'cas@recipient.example',"
    " 'Cas', clock.now_ms() + 3600000, 0, 0, 0, false)";

struct look {
    struct web_answer answer;
    const char *text;
};

static void look_free(struct look *look)
{
    web_answer_free(&look->answer);
}

static struct look look_at(const struct web *web, const char *line)
{
    struct look look = {.answer = WEB_ANSWER};
    assert_ok(
        web_ask(web, line, with_cookie("Secure-Mail-Request: 1\r\n").text, NULL, &look.answer));
    assert_int_equal(look.answer.status, 200);
    assert_ok(buffer_text(&look.answer.body, &look.text));
    return look;
}

static bool shows(const struct web *web, const char *wanted)
{
    struct look look DEFER(look_free) = look_at(web, "GET /api/v1/messages");
    return strstr(look.text, wanted) != NULL;
}

static void begin(const struct web *web)
{
    assert_ok(database_clock_shift(web->database, 0));
    assert_ok(database_run(web->database, a_message_and_its_reply));
}

static void a_page_is_read_once_while_its_word_stands(void **state)
{
    struct web *web = *state;
    begin(web);
    assert_true(shows(web, "\"Sanne\""));

    assert_ok(database_run(web->database, UNSEEN "UPDATE mail.message SET name = 'Tess'" SEEN));
    assert_true(shows(web, "\"Sanne\""));
    struct look other DEFER(look_free) = look_at(web, "GET /api/v1/messages?rows=10");
    assert_non_null(strstr(other.text, "\"Tess\"")); /* it is another page */

    assert_ok(database_run(web->database, "UPDATE mail.message SET version = 2"));
    assert_true(shows(web, "\"Tess\""));
}

/* Tag and time as of a page that was read. */
static void a_kept_page_is_the_same_but_for_its_time(void **state)
{
    struct web *web = *state;
    begin(web);
    struct look first DEFER(look_free) = look_at(web, "GET /api/v1/messages");
    assert_ok(database_clock_shift(web->database, 7));
    struct look second DEFER(look_free) = look_at(web, "GET /api/v1/messages");
    struct web_lines known;
    const struct span tag = web_header(&second.answer, "ETag");

    assert_true(tag.size > 0 && span_equal(web_header(&first.answer, "ETag"), tag));
    const char *time = strstr(first.text, "\"now_ms\":");
    assert_non_null(time);
    const size_t size = (size_t)(time - first.text);
    assert_memory_equal(first.text, second.text, size);
    assert_true(strtoll(second.text + size + 9, NULL, 10) >= strtoll(time + 9, NULL, 10) + 6000);

    (void)snprintf(known.text, sizeof known.text,
        "Secure-Mail-Request: 1\r\nIf-None-Match: %.*s\r\n", (int)tag.size, (const char *)tag.at);
    assert_int_equal(status_of(web, "GET /api/v1/messages", with_cookie(known.text).text), 304);
}

static void a_message_expires_in_a_page_that_is_kept(void **state)
{
    struct web *web = *state;
    begin(web);
    assert_true(shows(web, "\"status\":\"sent\""));
    assert_ok(database_clock_shift(web->database, 95));
    assert_ok(database_run(web->database, UNSEEN "UPDATE mail.message SET name = 'Tess'" SEEN));
    assert_true(shows(web, "\"Sanne\"")); /* not yet */
    assert_ok(database_clock_shift(web->database, 101));
    assert_true(shows(web, "\"status\":\"expired\""));
    assert_false(shows(web, "\"status\":\"sent\""));
    assert_ok(database_clock_shift(web->database, 0)); /* and a clock that goes back */
    assert_false(shows(web, "\"status\":\"expired\""));
}

static void whatever_changes_a_row_is_seen(void **state)
{
    static const struct {
        const char *sql, *shown;
    } changes[] = {
        {"UPDATE mail.message SET opened = 1, recipients = 1 WHERE link IS NULL", "\"opened\":1"},
        {"UPDATE mail.recipient SET address = 'cas@new.example'", "cas@new.example"},
        {"UPDATE mail.message SET sender = " SENDER ", name = 'Uma' WHERE link IS NULL", "\"Uma\""},
        {"BEGIN; SET LOCAL ROLE sm_retention; DELETE FROM mail.message WHERE message = " REPLY
         "; SET CONSTRAINTS ALL IMMEDIATE; COMMIT",
            "\"messages\":[{\"message\":\"ee40"},
        {"UPDATE mail.message SET sender = '\\x77'", "\"messages\":[]"},
        {"UPDATE mail.message SET sender = " SENDER, "\"Uma\""},
        {"DELETE FROM mail.message", "\"messages\":[]"},
    };
    struct web *web = *state;
    begin(web);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        assert_false(shows(web, changes[i].shown));
        assert_ok(database_run(web->database, changes[i].sql));
        assert_true(shows(web, changes[i].shown));
        assert_true(shows(web, changes[i].shown));
    }
}

/* Nobody sees it before its COMMIT, and everybody after it. */
static void a_change_is_seen_when_it_is_committed(void **state)
{
    static const struct statement rename = {"test_rename", "UPDATE mail.message SET name = 'Tess'"};
    struct web *web = *state;
    struct db_transaction tx DEFER(db_rollback) = {0};
    begin(web);
    assert_true(shows(web, "\"Sanne\""));
    assert_ok(db_begin(web->db, &tx));
    assert_ok(DB_RUN0(web->db, &rename, NULL));
    assert_true(shows(web, "\"Sanne\""));
    assert_ok(db_commit(&tx));
    assert_false(shows(web, "\"Sanne\""));
    assert_true(shows(web, "\"Tess\""));
}

static atomic_bool has_looked;

static void *wipe_all_the_time(void *context)
{
    struct web *web = context;
    while (!atomic_load(&has_looked)) {
        kept_lists_tidy_of(web->gateway.lists, 0);
        (void)usleep(100);
    }
    return NULL;
}

/* What was kept when the database was asked, and is no more, is read after all. */
static void a_page_that_is_kept_no_more_is_read(void **state)
{
    struct web *web = *state;
    pthread_t wiper;
    begin(web);
    assert_int_equal(pthread_create(&wiper, NULL, wipe_all_the_time, web), 0);
    for (int i = 0; i < 300; i++)
        assert_true(shows(web, "\"Sanne\""));
    atomic_store(&has_looked, true);
    assert_int_equal(pthread_join(wiper, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_recalled_by_its_name_word_and_time),
        cmocka_unit_test(a_body_that_is_known_is_not_copied),
        cmocka_unit_test(what_is_too_large_or_has_no_word_is_not_kept),
        cmocka_unit_test(what_nobody_asked_for_is_wiped),
        cmocka_unit_test(a_page_is_read_once_while_its_word_stands),
        cmocka_unit_test(a_kept_page_is_the_same_but_for_its_time),
        cmocka_unit_test(a_message_expires_in_a_page_that_is_kept),
        cmocka_unit_test(whatever_changes_a_row_is_seen),
        cmocka_unit_test(a_change_is_seen_when_it_is_committed),
        cmocka_unit_test(a_page_that_is_kept_no_more_is_read),
    };
    return cmocka_run_group_tests(tests, start_web, stop_web);
}
