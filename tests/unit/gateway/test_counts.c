/*
 * The counts beside a message are those of the rows, in whatever order the feeds say it, however
 * often, and with retention and another gateway at work beside.
 */
#include "services/gateway/counts.h"

#include "proto/sealed.h"
#include "services/gateway/projection.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct place {
    struct database *database;
    struct db *db; /* as the gateway */
    uint64_t next; /* of the feeds' places and versions */
};

static const struct id sent_one = {{0x11}};
static const struct id answer_to_it = {{0x22}};
static const struct id anna = {{0xa1}};
static const struct id bo = {{0xb1}};

static int start(void **state)
{
    static struct place place;
    assert_ok(database_new(&place.database));
    assert_ok(db_open(database_conninfo(place.database, "sm_gateway").text, &place.db));
    *state = &place;
    return 0;
}

static int stop(void **state)
{
    struct place *place = *state;
    db_close(&place->db);
    database_free(&place->database);
    return 0;
}

static int clean(void **state)
{
    struct place *place = *state;
    assert_ok(database_run(place->database,
        "TRUNCATE mail.message, mail.recipient, mail.delivery, mail.closed;"
        "UPDATE mail.cursor SET tx = 0, id = 0"));
    place->next = 0;
    return 0;
}

/* --- what the feeds say --- */

static struct feed_item message_item(struct id message)
{
    return (struct feed_item){.kind = FEED_MESSAGE,
        .message = message,
        .user = {{1}},
        .state = STATE_LIVE,
        .parts = 1,
        .created_ms = 1000,
        .expires_ms = 4102444800000,
        .name = span_text("Sanne"),
        .subject_sealed = span_text("sealed")};
}

static struct feed_item answer_item(void)
{
    struct feed_item item = message_item(answer_to_it);
    item.parent = sent_one;
    item.link = anna;
    item.direction = DIRECTION_REPLY;
    return item;
}

static struct feed_item link_item(struct id link, uint64_t opened_ms, uint64_t replied_ms)
{
    return (struct feed_item){.kind = FEED_LINK,
        .message = sent_one,
        .link = link,
        .state = STATE_LIVE,
        .method = METHOD_CODE,
        .address = span_text("cas@recipient.example"),
        .expires_ms = 4102444800000,
        .opened_ms = opened_ms,
        .replied_ms = replied_ms};
}

static void crypto_says(struct place *place, struct feed_item *items, size_t count)
{
    struct feed_cursor from;
    for (size_t i = 0; i < count; i++) {
        items[i].tx = 1;
        items[i].id = items[i].version = ++place->next;
        items[i].organisation = (struct id){{7}};
    }
    const struct feed_reply page = {.items = {items, count}};
    assert_ok(projection_cursor(place->db, "crypto", &from));
    assert_ok(projection_apply_feed(place->db, &from, &page));
}

static enum sm_error notifier_says(struct db *db, uint64_t id, struct id link, uint64_t result)
{
    struct delivery delivery = {.tx = 1,
        .id = id,
        .message = sent_one,
        .link = link,
        .kind = LETTER_NOTICE,
        .result = result,
        .at_ms = 5};
    const struct delivery_feed_reply page = {.deliveries = {&delivery, 1}};
    struct feed_cursor from;
    TRY(projection_cursor(db, "notifier", &from));
    return projection_apply_deliveries(db, &from, &page);
}

/* --- what is counted --- */

/* recipients, opened, replied, delivered, undeliverable, replies, as the digits of one number. */
static void assert_counts(const struct place *place, int64_t expected)
{
    int64_t number = -1;
    assert_ok(database_number(place->database,
        "SELECT ((((recipients * 10 + opened) * 10 + replied) * 10 + delivered) * 10 +"
        " undeliverable) * 10 + replies FROM mail.message WHERE get_byte(message, 0) = 17",
        &number));
    assert_int_equal(number, expected);
}

static int64_t number_of(const struct place *place, const char *sql)
{
    int64_t number = -1;
    assert_ok(database_number(place->database, sql, &number));
    return number;
}

static void a_message_is_counted_as_it_goes_its_way(void **state)
{
    struct place *place = *state;
    struct feed_item sent[] = {message_item(sent_one), link_item(anna, 0, 0), link_item(bo, 0, 0)};
    struct feed_item opened[] = {link_item(anna, 2000, 0)};
    struct feed_item replied[] = {link_item(anna, 2000, 3000), answer_item()};

    crypto_says(place, sent, 3);
    assert_counts(place, 200000);
    assert_ok(notifier_says(place->db, 1, anna, DELIVERY_ACCEPTED));
    assert_ok(notifier_says(place->db, 2, bo, DELIVERY_UNDELIVERABLE));
    assert_counts(place, 200110);
    crypto_says(place, opened, 1);
    assert_counts(place, 210110);
    crypto_says(place, replied, 2);
    assert_counts(place, 211111);
}

static void what_is_said_twice_writes_nothing(void **state)
{
    struct place *place = *state;
    struct feed_item sent[] = {message_item(sent_one), link_item(anna, 2000, 3000), answer_item()};
    const struct feed_reply again = {.items = {sent, 3}};
    const struct feed_cursor from_the_start = {0, 0};
    static const char written_by[] = "SELECT sum(xmin::text::bigint)::bigint FROM mail.message";
    crypto_says(place, sent, 3);
    int64_t before = number_of(place, written_by);

    assert_ok(database_run(place->database, "UPDATE mail.cursor SET tx = 0, id = 0"));
    assert_ok(projection_apply_feed(place->db, &from_the_start, &again));

    assert_counts(place, 111001);
    assert_int_equal(number_of(place, written_by), before);
}

static void the_order_does_not_matter(void **state)
{
    struct place *place = *state;
    struct feed_item reply[] = {answer_item()};
    struct feed_item link[] = {link_item(anna, 2000, 3000)};
    struct feed_item message[] = {message_item(sent_one)};

    assert_ok(notifier_says(place->db, 1, anna, DELIVERY_ACCEPTED));
    crypto_says(place, reply, 1);
    crypto_says(place, link, 1);
    crypto_says(place, message, 1);

    assert_counts(place, 111101);
}

static void an_older_item_takes_nothing_back(void **state)
{
    struct place *place = *state;
    struct feed_item sent[] = {message_item(sent_one), link_item(anna, 2000, 0)};
    crypto_says(place, sent, 2);
    struct feed_item old = link_item(anna, 0, 0);
    const struct feed_reply late = {.items = {&old, 1}};
    struct feed_cursor from;
    old.tx = 2;
    old.id = ++place->next;
    old.version = 1;

    assert_ok(projection_cursor(place->db, "crypto", &from));
    assert_ok(projection_apply_feed(place->db, &from, &late));

    assert_counts(place, 110000);
}

/* Retention deletes a row by the message alone; that it was an answer to another, the feed says. */
static void a_deleted_answer_is_counted_no_more(void **state)
{
    struct place *place = *state;
    struct feed_item sent[] = {message_item(sent_one), link_item(anna, 2000, 3000), answer_item()};
    struct feed_item deleted[] = {{.kind = FEED_STATE,
        .message = answer_to_it,
        .parent = sent_one,
        .direction = DIRECTION_REPLY,
        .state = STATE_DELETED}};
    crypto_says(place, sent, 3);
    assert_counts(place, 111001);

    assert_ok(
        database_run(place->database, "DELETE FROM mail.message WHERE get_byte(message, 0) = 34"));
    crypto_says(place, deleted, 1);

    assert_counts(place, 111000);
}

/* --- two gateways --- */

struct other {
    const struct place *place;
    atomic_bool is_done;
    enum sm_error error;
};

static void *project_delivery(void *context)
{
    struct other *other = context;
    struct db *db DEFER(db_close) = NULL;
    other->error = db_open(database_conninfo(other->place->database, "sm_gateway").text, &db);
    if (other->error == SM_OK)
        other->error = notifier_says(db, 1, anna, DELIVERY_ACCEPTED);
    atomic_store(&other->is_done, true);
    return NULL;
}

static void who_projects_waits_for_who_projects(void **state)
{
    struct place *place = *state;
    struct other other = {.place = place};
    struct feed_item sent[] = {message_item(sent_one), link_item(anna, 0, 0)};
    struct db_transaction tx DEFER(db_rollback) = {0};
    pthread_t thread;
    int64_t now_ms;
    crypto_says(place, sent, 2);
    assert_ok(db_begin(place->db, &tx));
    assert_ok(counts_take_turn(place->db));
    assert_ok(db_now_ms(place->db, &now_ms)); /* what was posted has run */

    assert_int_equal(pthread_create(&thread, NULL, project_delivery, &other), 0);
    (void)usleep(300 * 1000);
    assert_false(atomic_load(&other.is_done));
    assert_ok(db_commit(&tx));
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_ok(other.error);
    assert_counts(place, 100100);
}

/* --- rows that were there before --- */

static void the_migration_counts_what_is_there(void **state)
{
    struct place *place = *state;
    struct feed_item sent[] = {
        message_item(sent_one), link_item(anna, 2000, 3000), link_item(bo, 0, 0), answer_item()};
    static char sql[8192];
    crypto_says(place, sent, 4);
    assert_ok(notifier_says(place->db, 1, anna, DELIVERY_ACCEPTED));
    assert_ok(notifier_says(place->db, 2, bo, DELIVERY_UNDELIVERABLE));
    FILE *file = fopen("db/migrations/0115_counts.sql", "re");
    assert_non_null(file);
    size_t size = fread(sql, 1, sizeof sql - 1, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 0 && size < sizeof sql - 1);

    assert_ok(database_run(place->database,
        "ALTER TABLE mail.message DROP COLUMN recipients, DROP COLUMN opened,"
        " DROP COLUMN replied, DROP COLUMN delivered, DROP COLUMN undeliverable,"
        " DROP COLUMN replies"));
    assert_ok(database_run(place->database, sql));

    assert_counts(place, 211111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_message_is_counted_as_it_goes_its_way, clean),
        cmocka_unit_test_setup(what_is_said_twice_writes_nothing, clean),
        cmocka_unit_test_setup(the_order_does_not_matter, clean),
        cmocka_unit_test_setup(an_older_item_takes_nothing_back, clean),
        cmocka_unit_test_setup(a_deleted_answer_is_counted_no_more, clean),
        cmocka_unit_test_setup(who_projects_waits_for_who_projects, clean),
        cmocka_unit_test_setup(the_migration_counts_what_is_there, clean),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
