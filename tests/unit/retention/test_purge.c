/*
 * The end of a message on a real PostgreSQL and a real object store: everything goes that must, in
 * an order that a crash at any step only makes repeat. Crypto and audit are the two edges that the
 * tests play themselves.
 */
#include "services/retention/sweep.h"

#include "proto/limits.h"
#include "store/store_files.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES_MAX = 300 };

/* Crypto and audit, as far as retention sees them. */
struct world {
    struct due_item due[MESSAGES_MAX];
    bool is_over[MESSAGES_MAX]; /* purged was told */
    size_t count;
    size_t destroyed, finished, waited_in_vain;
    const char *fails;    /* the call that fails */
    struct id failing;    /* only for this message, or none: for all */
    size_t failing_below; /* only for so many of the first; 0: for all */
    bool is_not_due;
};

struct place {
    struct database *database;
    char root[64];
    struct world world;
    struct purger purger;
};

static const struct id organisation = {{0x11}};

static struct id message_id(size_t number)
{
    return (struct id){{0x22, (uint8_t)(number >> 8), (uint8_t)number}};
}

/* --- the edges --- */

static bool is_among_first(const struct world *world, struct id message)
{
    size_t number = (size_t)message.bytes[1] << 8 | message.bytes[2];
    return world->failing_below == 0 || number < world->failing_below;
}

static bool fails(const struct world *world, const char *call, struct id message)
{
    bool is_call = world->fails && strcmp(world->fails, call) == 0;
    return is_call && (id_is_none(world->failing) || id_equal(world->failing, message)) &&
           is_among_first(world, message);
}

static bool is_behind(const struct due_request *asked, const struct due_item *item)
{
    if (item->due_ms != asked->after_ms)
        return item->due_ms > asked->after_ms;
    return memcmp(item->message.bytes, asked->after.bytes, ID_BYTES) > 0;
}

static enum sm_error due(
    void *context, const struct due_request *asked, struct arena *arena, struct list *out)
{
    const struct world *world = context;
    void *items;
    size_t count = 0;
    if (fails(world, "due", (struct id){{0}}))
        return SM_UNAVAILABLE;
    TRY(arena_take(arena, asked->rows_max, sizeof(struct due_item), &items));
    for (size_t i = 0; i < world->count && count < asked->rows_max; i++)
        if (!world->is_over[i] && is_behind(asked, &world->due[i]))
            ((struct due_item *)items)[count++] = world->due[i];
    *out = (struct list){items, count};
    return SM_OK;
}

static enum sm_error destroy(void *context, struct id message, bool *is_due)
{
    struct world *world = context;
    if (fails(world, "destroy", message))
        return SM_UNAVAILABLE;
    world->destroyed++;
    *is_due = !world->is_not_due;
    return SM_OK;
}

/* The message whose event it is; none when there is none. */
static struct id message_of(const struct world *world, struct id event)
{
    struct id message = {{0}};
    for (size_t i = 0; i < world->count; i++) {
        struct id its;
        assert_ok(purge_event_id(world->due[i].message, &its));
        if (id_equal(its, event))
            message = world->due[i].message;
    }
    return message;
}

static enum sm_error wait_logged(void *context, struct db *db, struct id event, int64_t timeout_ms)
{
    struct world *world = context;
    (void)db;
    if (!fails(world, "wait_logged", message_of(world, event)))
        return SM_OK;
    world->waited_in_vain += timeout_ms > 0;
    return SM_UNAVAILABLE;
}

static enum sm_error purged(void *context, struct id message)
{
    struct world *world = context;
    if (fails(world, "purged", message))
        return SM_TIMEOUT;
    world->finished++;
    for (size_t i = 0; i < world->count; i++)
        if (id_equal(world->due[i].message, message))
            world->is_over[i] = true;
    return SM_OK;
}

/* --- the place --- */

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place || database_new(&place->database) != SM_OK)
        return -1;
    *state = place;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_retention");
    return db_open(conninfo.text, &place->purger.db) == SM_OK ? 0 : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    db_close(&place->purger.db);
    database_free(&place->database);
    free(place);
    return 0;
}

static int be_empty(void **state)
{
    struct place *place = *state;
    (void)snprintf(place->root, sizeof place->root, "/tmp/purge-test-XXXXXX");
    place->world = (struct world){0};
    place->purger.peers = (struct purge_peers){&place->world, due, destroy, wait_logged, purged};
    bool is_ready =
        mkdtemp(place->root) && store_files_open(place->root, &place->purger.store) == SM_OK &&
        database_run(place->database,
            "TRUNCATE mail.draft, mail.upload, mail.object, mail.message,"
            " mail.recipient, mail.delivery, mail.shown, retention.purge, retention.event") ==
            SM_OK;
    return is_ready ? 0 : -1;
}

static int close_store(void **state)
{
    struct place *place = *state;
    char command[96];
    store_close(&place->purger.store);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place->root);
    return system(command);
}

static int64_t number(struct place *place, const char *sql)
{
    int64_t value;
    assert_ok(database_number(place->database, sql, &value));
    return value;
}

static void put_object(struct place *place, struct id message, uint32_t part)
{
    struct store_upload *upload DEFER(store_upload_close) = NULL;
    struct store_upload_name as = {message, {message, part}};
    as.id.bytes[15] = (uint8_t)(part + 1);
    assert_ok(store_upload_begin(place->purger.store, &as));
    assert_ok(store_upload_open(place->purger.store, &as, &upload));
    assert_ok(store_upload_append(upload, span_text("ciphertext")));
    assert_ok(store_upload_finish(upload));
}

/* A message with two parts, a recipient, a delivery and all rows of it; M stands for its id. */
static const char rows_of_a_message[] =
    "INSERT INTO mail.draft (message, organisation, expires_ms) VALUES (M, M, 1);"
    "INSERT INTO mail.upload (upload, message, part, length) VALUES (M, M, 0, 1);"
    "INSERT INTO mail.object (message, part, size) VALUES (M, 0, 10), (M, 1, 10);"
    "INSERT INTO mail.message (message, version, organisation, direction, state, parts, created_ms,"
    " expires_ms, name, subject_sealed) VALUES (M, 1, M, 0, 1, 2, 1, 1, 'Ada', '');"
    "INSERT INTO mail.recipient (link, version, message, state, method, address, name, expires_ms,"
    " opened_ms, replied_ms, locked_until_ms, is_frozen)"
    " VALUES (M, 1, M, 1, 1, 'ann@recipient.example', '', 1, 0, 0, 0, false);"
    "INSERT INTO mail.delivery (link, message, result, at_ms) VALUES (M, M, 1, 1);"
    "INSERT INTO mail.shown (link, message, at_ms) VALUES (M, M, 1);";

static void make_message(struct place *place, size_t item, bool is_expiry)
{
    struct id message = message_id(item);
    struct buffer sql DEFER(buffer_free) = BUFFER(8192);
    const char *text;
    for (const char *at = rows_of_a_message; *at; at++)
        if (*at == 'M' && strchr("( ", at[-1]) && strchr(",) ", at[1]))
            assert_ok(buffer_format(&sql, "'\\x%s'::bytea", id_text(message).text));
        else
            assert_ok(buffer_append_u8(&sql, (uint8_t)*at));
    assert_ok(buffer_text(&sql, &text));
    assert_ok(database_run(place->database, text));
    put_object(place, message, 0);
    put_object(place, message, 1);
    place->world.due[place->world.count++] =
        (struct due_item){organisation, message, is_expiry, place->world.count + 1};
}

/* Many that are due, without rows and objects: what an earlier purge left to be repeated. */
static void make_due(struct place *place, size_t count)
{
    for (size_t i = 0; i < count; i++)
        place->world.due[place->world.count++] =
            (struct due_item){organisation, message_id(i), true, 1 + i / 7}; /* some at once */
}

static void assert_no_object(struct place *place, size_t item)
{
    struct store_name name = {message_id(item), 0};
    uint64_t size;
    assert_error(store_object_stat(place->purger.store, &name, &size), SM_NOT_FOUND);
}

static struct sweep_counts sweep(struct place *place)
{
    struct sweep_counts counts = {0};
    assert_ok(sweep_all(&place->purger, NULL, NULL, &counts));
    return counts;
}

/* --- one message --- */

static void a_deleted_message_leaves_nothing_but_its_id(void **state)
{
    struct place *place = *state;
    make_message(place, 1, false);

    struct sweep_counts counts = sweep(place);

    assert_int_equal(counts.purged, 1);
    assert_int_equal(counts.failed, 0);
    assert_no_object(place, 1);
    assert_int_equal(number(place, "SELECT (SELECT count(*) FROM mail.draft) +"
                                   " (SELECT count(*) FROM mail.upload) +"
                                   " (SELECT count(*) FROM mail.object) +"
                                   " (SELECT count(*) FROM mail.message) +"
                                   " (SELECT count(*) FROM mail.recipient) +"
                                   " (SELECT count(*) FROM mail.delivery) +"
                                   " (SELECT count(*) FROM mail.shown)"),
        0);
    assert_int_equal(number(place, "SELECT objects FROM retention.purge"), 2);
    assert_int_equal(number(place, "SELECT count(*) FROM retention.event"), 1);
    assert_int_equal(place->world.finished, 1);
}

/* It was on its way to the store when its message was purged. */
static void what_arrives_behind_a_purge_goes_at_the_second_look(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    struct store_name name = {message_id(1), 0};
    uint64_t size;
    make_message(place, 1, false);
    assert_int_equal(sweep(place).purged, 1);
    put_object(place, message_id(1), 0);

    assert_ok(sweep_again(&place->purger, &counts));
    assert_ok(store_object_stat(place->purger.store, &name, &size)); /* not yet */
    assert_ok(database_run(place->database, "UPDATE retention.again SET after_ms = 1"));
    assert_ok(sweep_again(&place->purger, &counts));

    assert_no_object(place, 1);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(number(place, "SELECT count(*) FROM retention.again"), 0);
}

static void an_expired_message_keeps_its_row_in_the_list(void **state)
{
    struct place *place = *state;
    make_message(place, 1, true);

    assert_int_equal(sweep(place).purged, 1);

    assert_no_object(place, 1);
    assert_int_equal(number(place, "SELECT count(*) FROM mail.object"), 0);
    assert_int_equal(number(place, "SELECT count(*) FROM mail.message"), 1);
    assert_int_equal(number(place, "SELECT count(*) FROM mail.recipient"), 1);
}

static void what_crypto_does_not_give_up_is_left_alone(void **state)
{
    struct place *place = *state;
    struct store_name name = {message_id(1), 0};
    uint64_t size;
    make_message(place, 1, false);
    place->world.is_not_due = true;

    assert_int_equal(sweep(place).purged, 0);

    assert_ok(store_object_stat(place->purger.store, &name, &size));
    assert_int_equal(number(place, "SELECT count(*) FROM mail.object"), 2);
    assert_int_equal(number(place, "SELECT count(*) FROM retention.event"), 0);
    assert_int_equal(place->world.finished, 0);
}

/* Each step fails once; then all is repeated, and the log still gets one event. */
static void a_step_that_fails_is_repeated_until_all_is_done(void **state)
{
    static const char *const calls[] = {"destroy", "wait_logged", "purged"};
    struct place *place = *state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        make_message(place, i, false);
        place->world.fails = calls[i];
        struct sweep_counts failed = sweep(place);
        assert_int_equal(failed.purged, 0);
        assert_int_equal(failed.failed, 1);
        place->world.fails = NULL;

        assert_int_equal(sweep(place).purged, 1);

        assert_no_object(place, i);
        assert_int_equal(number(place, "SELECT count(*) FROM retention.event"), (int64_t)i + 1);
        assert_int_equal(number(place, "SELECT count(*) FROM retention.purge"), (int64_t)i + 1);
    }
}

static void purging_again_has_the_same_event(void **state)
{
    struct place *place = *state;
    struct id first, second, other;
    bool is_purged;
    make_message(place, 1, false);
    for (int i = 0; i < 3; i++)
        assert_ok(purge_message(&place->purger, &place->world.due[0], &is_purged));
    assert_int_equal(number(place, "SELECT count(*) FROM retention.event"), 1);

    assert_ok(purge_event_id(message_id(1), &first));
    assert_ok(purge_event_id(message_id(1), &second));
    assert_ok(purge_event_id(message_id(2), &other));
    assert_true(id_equal(first, second));
    assert_false(id_equal(first, other));
}

static void nothing_is_said_to_be_gone_before_the_log_has_it(void **state)
{
    struct place *place = *state;
    make_message(place, 1, false);
    make_message(place, 2, false);
    place->world.fails = "wait_logged";

    (void)sweep(place);

    assert_int_equal(place->world.finished, 0);
    assert_int_equal(place->world.waited_in_vain, 1); /* the rest of the page does not wait */
}

/* --- many --- */

static void many_pages_are_swept_in_one_round(void **state)
{
    struct place *place = *state;
    make_due(place, 250);

    assert_int_equal(sweep(place).purged, 250);

    assert_int_equal(number(place, "SELECT count(*) FROM retention.event"), 250);
}

static void one_that_fails_stops_nobody_else(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < 5; i++)
        make_message(place, i, false);
    place->world.fails = "destroy";
    place->world.failing = message_id(2);

    struct sweep_counts counts = sweep(place);

    assert_int_equal(counts.purged, 4);
    assert_int_equal(counts.failed, 1);
    assert_no_object(place, 4);
}

static void a_round_ends_although_everything_fails(void **state)
{
    struct place *place = *state;
    make_due(place, 150);
    place->world.fails = "destroy";

    struct sweep_counts counts = sweep(place);

    assert_int_equal(counts.purged, 0);
    assert_int_equal(counts.failed, 150);
}

/* As many as a page has, and the oldest: edited rows, say, which crypto does not destroy. */
static void a_page_of_failures_does_not_keep_what_is_behind_it(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    bool is_purged = false;
    make_due(place, 130);
    place->world.fails = "destroy";
    place->world.failing_below = PAGE_ROWS_MAX;

    assert_ok(sweep_one(&place->purger, message_id(129), &is_purged, &counts));
    assert_true(is_purged);
    counts = sweep(place);
    assert_int_equal(counts.purged, 29);
    assert_int_equal(counts.failed, PAGE_ROWS_MAX);
}

/* docs/decisions/0012: what waits for a damaged log waits alone. */
static void a_log_that_takes_nothing_does_not_keep_the_others(void **state)
{
    struct place *place = *state;
    make_due(place, 130);
    place->world.fails = "wait_logged";
    place->world.failing_below = PAGE_ROWS_MAX / 2;

    struct sweep_counts counts = sweep(place);

    assert_int_equal(counts.purged, 130 - PAGE_ROWS_MAX / 2);
    assert_int_equal(counts.failed, PAGE_ROWS_MAX / 2);
    assert_int_equal(place->world.waited_in_vain, 1);
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void a_round_can_be_stopped(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    make_message(place, 1, false);

    assert_ok(sweep_all(&place->purger, never, NULL, &counts));

    assert_int_equal(place->world.destroyed, 0);
}

static void crypto_away_is_an_error_of_the_round(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    place->world.fails = "due";
    assert_error(sweep_all(&place->purger, NULL, NULL, &counts), SM_UNAVAILABLE);
}

/* --- one that somebody waits for --- */

static void one_message_is_purged_by_request(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    bool is_purged = false;
    make_message(place, 1, false);
    make_message(place, 2, false);

    assert_ok(sweep_one(&place->purger, message_id(2), &is_purged, &counts));

    assert_true(is_purged);
    assert_int_equal(counts.purged, 1);
    assert_no_object(place, 2);
    assert_int_equal(place->world.finished, 1);
}

static void one_that_is_not_due_is_not_purged_by_request(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    bool is_purged = true;
    make_message(place, 1, false);

    assert_ok(sweep_one(&place->purger, message_id(9), &is_purged, &counts));

    assert_false(is_purged);
    assert_int_equal(place->world.destroyed, 0);
}

static void one_behind_a_full_page_is_reached(void **state)
{
    struct place *place = *state;
    struct sweep_counts counts = {0};
    bool is_purged = false;
    make_due(place, 130);

    assert_ok(sweep_one(&place->purger, message_id(129), &is_purged, &counts));

    assert_true(is_purged);
    assert_int_equal(counts.purged, 1);
}

static void the_role_may_delete_and_not_read(void **state)
{
    static const char sql[] =
        "SELECT has_column_privilege('sm_retention', 'mail.recipient', 'address', 'SELECT')::int +"
        " has_column_privilege('sm_retention', 'mail.message', 'subject_sealed', 'SELECT')::int +"
        " has_table_privilege('sm_retention', 'retention.purge', 'DELETE')::int +"
        " has_table_privilege('sm_retention', 'retention.purge', 'UPDATE')::int";
    assert_int_equal(number(*state, sql), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, be_empty, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_arrives_behind_a_purge_goes_at_the_second_look),
        TEST(a_deleted_message_leaves_nothing_but_its_id),
        TEST(an_expired_message_keeps_its_row_in_the_list),
        TEST(what_crypto_does_not_give_up_is_left_alone),
        TEST(a_step_that_fails_is_repeated_until_all_is_done),
        TEST(purging_again_has_the_same_event),
        TEST(nothing_is_said_to_be_gone_before_the_log_has_it),
        TEST(many_pages_are_swept_in_one_round),
        TEST(one_that_fails_stops_nobody_else),
        TEST(a_round_ends_although_everything_fails),
        TEST(a_page_of_failures_does_not_keep_what_is_behind_it),
        TEST(a_log_that_takes_nothing_does_not_keep_the_others),
        TEST(a_round_can_be_stopped),
        TEST(crypto_away_is_an_error_of_the_round),
        TEST(one_message_is_purged_by_request),
        TEST(one_that_is_not_due_is_not_purged_by_request),
        TEST(one_behind_a_full_page_is_reached),
        TEST(the_role_may_delete_and_not_read),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
