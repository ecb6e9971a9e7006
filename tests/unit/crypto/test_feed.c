/* The feed says all, in order, once; what commits late is not passed over. */
#include "services/crypto/feed.h"

#include "proto/limits.h"
#include "services/crypto/handlers.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#include <unistd.h>

static struct id organisation;

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    assert_ok(vault_open(&vault));
    assert_ok(vault_organisation(&vault, &organisation));
    return 0;
}

static int tear_down(void **state)
{
    vault_close(*state);
    return 0;
}

static int begin(void **state)
{
    struct vault *vault = *state;
    assert_ok(database_clock_shift(vault->database, 0));
    assert_ok(database_run(vault->database, "DELETE FROM vault.feed"));
    return 0;
}

/* --- reading as the gateway does --- */

struct reader {
    struct arena arena;
    uint64_t tx, id;
    struct feed_reply reply;
};
#define READER ((struct reader){.arena = ARENA(1 << 20)})
static void reader_free(struct reader *reader)
{
    arena_free(&reader->arena);
}

/* The next page; moves the cursor. */
static size_t pull(const struct vault *vault, struct reader *reader, uint64_t rows_max)
{
    struct worker worker = vault->worker;
    struct feed_request request = {reader->tx, reader->id, rows_max};
    struct bus_request bus = {.caller = PEER_GATEWAY, .worker = &worker, .arena = &reader->arena};
    reader->reply = (struct feed_reply){0};
    assert_ok(on_feed(&bus, &request, &reader->reply));
    size_t count = reader->reply.items.count;
    if (count > 0) {
        const struct feed_item *last = LIST_AT(struct feed_item, reader->reply.items, count - 1);
        reader->tx = last->tx;
        reader->id = last->id;
    }
    return count;
}

static const struct feed_item *item_at(const struct reader *reader, size_t i)
{
    return LIST_AT(struct feed_item, reader->reply.items, i);
}

/*
 * The gateway reads below the oldest transaction of the whole cluster, which other tests share: so
 * what was committed is waited for, at most a minute.
 */
static void pull_some(const struct vault *vault, struct reader *reader, size_t wanted)
{
    for (int tries = 0; tries < 6000; tries++) {
        size_t count = pull(vault, reader, PAGE_ROWS_MAX);
        if (count >= wanted)
            return;
        if (count > 0)
            reader->tx = reader->id = 0; /* from the start: all in one page */
        (void)usleep(10 * 1000);
    }
    fail_msg("the feed does not show what was committed");
}

static struct feed_item link_item(struct id link, uint64_t version)
{
    return (struct feed_item){.kind = FEED_LINK,
        .version = version,
        .organisation = organisation,
        .message = link,
        .link = link,
        .state = STATE_LIVE,
        .method = 1,
        .address = span_text("rosa@example.net"),
        .name = span_text("Rosa")};
}

static struct id fresh_id(void)
{
    struct id id;
    assert_ok(id_random(&id));
    return id;
}

static void add(struct db *db, const struct feed_item *item)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(db, &tx));
    assert_ok(feed_add(db, item));
    assert_ok(db_commit(&tx));
}

/* --- order and place --- */

static void what_was_committed_comes_out_as_it_went_in(void **state)
{
    const struct vault *vault = *state;
    struct reader reader DEFER(reader_free) = READER;
    struct feed_item item = link_item(fresh_id(), 3);
    item.locked_until_ms = 12345;
    item.is_frozen = true;

    add(vault->worker.db, &item);
    pull_some(vault, &reader, 1);

    const struct feed_item *out = item_at(&reader, 0);
    assert_true(id_equal(out->link, item.link));
    assert_int_equal(out->version, 3);
    assert_int_equal(out->locked_until_ms, 12345);
    assert_true(out->is_frozen);
    assert_true(span_equals_text(out->address, "rosa@example.net"));
    assert_int_equal(pull(vault, &reader, PAGE_ROWS_MAX), 0); /* once */
}

static void an_item_that_commits_late_is_not_passed_over(void **state)
{
    const struct vault *vault = *state;
    struct reader reader DEFER(reader_free) = READER;
    struct db *slow DEFER(db_close) = NULL;
    struct db_transaction late DEFER(db_rollback) = {0};
    struct feed_item first = link_item(fresh_id(), 1);
    struct feed_item second = link_item(fresh_id(), 1);
    int64_t now_ms;
    assert_ok(db_open(database_conninfo(vault->database, "sm_crypto").text, &slow));

    assert_ok(db_begin(slow, &late));
    assert_ok(feed_add(slow, &first)); /* begun first, */
    assert_ok(db_now_ms(slow, &now_ms));
    add(vault->worker.db, &second);                           /* committed last */
    assert_int_equal(pull(vault, &reader, PAGE_ROWS_MAX), 0); /* nothing yet: it could pass one */
    assert_ok(db_commit(&late));
    pull_some(vault, &reader, 2);

    assert_true(id_equal(item_at(&reader, 0)->link, first.link));
    assert_true(id_equal(item_at(&reader, 1)->link, second.link));
}

static void what_is_rolled_back_never_comes(void **state)
{
    const struct vault *vault = *state;
    struct reader reader DEFER(reader_free) = READER;
    struct feed_item ghost = link_item(fresh_id(), 1);
    struct feed_item real = link_item(fresh_id(), 1);
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(vault->worker.db, &tx));
    assert_ok(feed_add(vault->worker.db, &ghost));
    db_rollback(&tx);

    add(vault->worker.db, &real);
    pull_some(vault, &reader, 1);

    assert_int_equal(reader.reply.items.count, 1);
    assert_true(id_equal(item_at(&reader, 0)->link, real.link));
}

static void pages_join_without_a_gap_or_a_repeat(void **state)
{
    enum { ITEMS = 10 };
    const struct vault *vault = *state;
    struct reader all DEFER(reader_free) = READER;
    struct reader paged DEFER(reader_free) = READER;
    struct db_transaction tx DEFER(db_rollback) = {0};
    assert_ok(db_begin(vault->worker.db, &tx)); /* half of them of one transaction */
    for (size_t i = 0; i < ITEMS / 2; i++) {
        struct feed_item item = link_item(fresh_id(), 1);
        assert_ok(feed_add(vault->worker.db, &item));
    }
    assert_ok(db_commit(&tx));
    for (size_t i = 0; i < ITEMS / 2; i++) {
        struct feed_item item = link_item(fresh_id(), 1);
        add(vault->worker.db, &item);
    }
    pull_some(vault, &all, ITEMS);

    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(pull(vault, &paged, 1), 1);
        assert_true(id_equal(item_at(&paged, 0)->link, item_at(&all, i)->link));
    }
    assert_int_equal(pull(vault, &paged, 1), 0);
}

/* --- one row for each thing --- */

static void a_newer_item_of_the_same_thing_replaces_the_older(void **state)
{
    const struct vault *vault = *state;
    struct reader reader DEFER(reader_free) = READER;
    struct id link = fresh_id();
    struct feed_item old = link_item(link, 1);
    struct feed_item new = link_item(link, 2);

    add(vault->worker.db, &old);
    add(vault->worker.db, &new);
    pull_some(vault, &reader, 1);

    assert_int_equal(reader.reply.items.count, 1);
    assert_int_equal(item_at(&reader, 0)->version, 2);
}

static void a_forgotten_message_leaves_nothing(void **state)
{
    const struct vault *vault = *state;
    struct db *db = vault->worker.db;
    struct feed_item item = link_item(fresh_id(), 1);
    struct feed_item other = link_item(fresh_id(), 1);
    struct db_transaction tx DEFER(db_rollback) = {0};
    int64_t rows;
    add(db, &item);
    add(db, &other);

    assert_ok(db_begin(db, &tx));
    assert_ok(feed_forget(db, item.message));
    assert_ok(db_commit(&tx));

    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.feed", &rows));
    assert_int_equal(rows, 1);
}

static void ended_sessions_are_forgotten_when_no_cookie_can_be_good(void **state)
{
    const struct vault *vault = *state;
    struct feed_item session = {
        .kind = FEED_SESSION, .organisation = organisation, .user = fresh_id()};
    struct feed_item later = {
        .kind = FEED_SESSION, .organisation = organisation, .user = fresh_id()};
    int64_t rows;
    add(vault->worker.db, &session);

    assert_ok(database_clock_shift(vault->database, COOKIE_S + 1));
    add(vault->worker.db, &later);
    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.feed", &rows));
    assert_int_equal(rows, 2); /* its cookie could just be good */

    assert_ok(database_clock_shift(vault->database, 2 * COOKIE_S + 1));
    add(vault->worker.db, &later);
    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.feed", &rows));
    assert_int_equal(rows, 1);
}

/* --- what came from the database is not trusted --- */

static void a_row_that_is_no_item_is_refused(void **state)
{
    const struct vault *vault = *state;
    struct reader reader DEFER(reader_free) = READER;
    struct feed_item item = link_item(fresh_id(), 1);
    struct worker worker = vault->worker;
    struct feed_request request = {0, 0, PAGE_ROWS_MAX};
    struct bus_request bus = {.caller = PEER_GATEWAY, .worker = &worker, .arena = &reader.arena};
    add(vault->worker.db, &item);
    pull_some(vault, &reader, 1); /* it is below the oldest transaction now */

    assert_ok(
        database_run(vault->database, "UPDATE vault.feed SET body = decode('dfffffffff', 'hex')"));

    assert_error(on_feed(&bus, &request, &reader.reply), SM_BAD_FORMAT);
}

/* --- known --- */

static void a_message_is_known_until_its_ciphertext_is_gone(void **state)
{
    const struct vault *vault = *state;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct worker worker = vault->worker;
    struct message_name names[2] = {{fresh_id()}, {{{0}}}};
    struct known_request request = {LIST_OF(names)};
    struct known_reply reply = {0};
    struct bus_request bus = {.caller = PEER_GATEWAY, .worker = &worker, .arena = &arena};
    assert_ok(database_run(vault->database,
        "INSERT INTO vault.account SELECT decode(repeat('0a', 16), 'hex'), organisation, 'x@y.z',"
        " 'X', 1, '', 1, 0, 0, 0, '' FROM vault.organisation ON CONFLICT DO NOTHING;"
        "INSERT INTO vault.message (message, organisation, sender, direction, state, created_ms,"
        " expires_ms, lifetime_ms, language, version, mac, due_ms) SELECT"
        " decode(repeat('0b', 16), 'hex'), organisation, decode(repeat('0a', 16), 'hex'),"
        " 0, 1, 0, 0, 0, 'en', 1, '', 1 FROM vault.organisation ON CONFLICT DO NOTHING"));
    memset(names[1].message.bytes, 0x0b, ID_BYTES);

    assert_ok(on_known(&bus, &request, &reply));
    assert_false(LIST_AT(struct known_item, reply.messages, 0)->is_known);
    assert_true(LIST_AT(struct known_item, reply.messages, 1)->is_known);

    assert_ok(database_run(vault->database, "UPDATE vault.message SET due_ms = NULL"));
    assert_ok(on_known(&bus, &request, &reply));
    assert_false(LIST_AT(struct known_item, reply.messages, 1)->is_known);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_comes_out_as_it_went_in),
        TEST(an_item_that_commits_late_is_not_passed_over),
        TEST(what_is_rolled_back_never_comes),
        TEST(pages_join_without_a_gap_or_a_repeat),
        TEST(a_newer_item_of_the_same_thing_replaces_the_older),
        TEST(a_forgotten_message_leaves_nothing),
        TEST(ended_sessions_are_forgotten_when_no_cookie_can_be_good),
        TEST(a_row_that_is_no_item_is_refused),
        TEST(a_message_is_known_until_its_ciphertext_is_gone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
