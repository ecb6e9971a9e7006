/* A start needs every master key in use and no other; a rotation leaves nothing under the old one.
 */
#include "base/clock.h"
#include "services/crypto/handlers.h"
#include "services/crypto/hpke_keys.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"

#include <stdlib.h>
#include <unistd.h>

static const char old_key[] = VAULT_MASTER_KEY;
static const char new_key[] = "b7e1a3f49c205d8860f2c4d71e93ab58064fc1d2397be80a5a6d12f3c4987e60";
static const char third_key[] = "1d94c0e7b35a2f68d1470be95c3f82a6774e09d1c8b25f3a60e4179b2dc85af3";
static struct id clinic;

/* --- fixture: each test has a database of its own --- */

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    assert_int_equal(unsetenv("PGAPPNAME"), 0);
    return vault_open(&vault) == SM_OK && vault_organisation(&vault, &clinic) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct vault *vault = *state;
    if (vault->crypto.events)
        audit_edge_stop(vault);
    vault_close(vault);
    return 0;
}

static enum sm_error start(const struct vault *vault, const char *current, const char *next)
{
    struct keyring *keyring DEFER(keyring_free) = NULL;
    struct master_keys keys = {span_text(current), span_text(next)};
    return keyring_open(vault->worker.db, &keys, &keyring);
}

/* The crypto of the test starts again with these keys, as main does it. */
static void restart(struct vault *vault, const char *current, const char *next)
{
    struct master_keys keys = {span_text(current), span_text(next)};
    if (vault->crypto.events)
        audit_edge_stop(vault);
    hpke_keys_free(&vault->crypto.hpke);
    keyring_free(&vault->crypto.keyring);
    assert_ok(keyring_open(vault->worker.db, &keys, &vault->crypto.keyring));
    assert_ok(keks_mark_sessions(keyring_keks(vault->crypto.keyring)));
    assert_ok(hpke_keys_new(vault->crypto.keyring, &vault->crypto.hpke));
    assert_ok(audit_edge_start(vault));
    audit_edge_forget();
}

static enum sm_error rotate(struct vault *vault, struct key_rotate_reply *out)
{
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct key_rotate_request wanted = {.key = ROTATE_MASTER};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + 20000, .worker = &vault->worker, .arena = &arena};
    *out = (struct key_rotate_reply){0};
    TRY(id_random(&request.header.idempotency));
    return on_key_rotate(&request, &wanted, out);
}

static struct key_rewrap_reply step(struct vault *vault)
{
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct key_rewrap_request wanted = {.key = ROTATE_MASTER};
    struct key_rewrap_reply reply = {0};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + 20000, .worker = &vault->worker, .arena = &arena};
    assert_ok(on_key_rewrap(&request, &wanted, &reply));
    return reply;
}

static void begin_rotation(struct vault *vault)
{
    struct key_rotate_reply begun;
    restart(vault, old_key, new_key);
    assert_ok(rotate(vault, &begun));
    assert_int_equal(begun.version, 2);
    assert_false(begun.is_resumed);
}

static int64_t number(struct vault *vault, const char *sql)
{
    int64_t value = 0;
    assert_ok(database_number(vault->database, sql, &value));
    return value;
}

static struct buffer wrap_sample(const struct vault *vault)
{
    struct buffer out = BUFFER(512);
    assert_ok(keyring_wrap(vault->crypto.keyring, vault->worker.db, clinic, "message key", clinic,
        span_text("0123456789abcdef0123456789abcdef"), &out));
    return out;
}

static void assert_opens(const struct vault *vault, const struct buffer *wrapped)
{
    struct secret *key DEFER(secret_free) = NULL;
    assert_ok(keyring_unwrap(vault->crypto.keyring, vault->worker.db, clinic, "message key", clinic,
        buffer_span(wrapped), &key));
    assert_true(span_equals_text(secret_span(key), "0123456789abcdef0123456789abcdef"));
}

/* --- which keys a start needs --- */

static void before_a_rotation_the_key_in_use_is_needed_and_a_next_one_is_taken(void **state)
{
    assert_ok(start(*state, old_key, ""));
    assert_ok(start(*state, old_key, new_key));
    assert_error(start(*state, new_key, ""), SM_CONFIG);
    assert_error(start(*state, new_key, old_key), SM_CONFIG);
    assert_error(start(*state, old_key, old_key), SM_CONFIG);
    assert_error(start(*state, old_key, "short"), SM_CONFIG);
}

static void half_way_both_are_needed(void **state)
{
    begin_rotation(*state);

    assert_error(start(*state, old_key, ""), SM_CONFIG);
    assert_error(start(*state, new_key, ""), SM_CONFIG);
    assert_error(start(*state, old_key, third_key), SM_CONFIG);
    assert_ok(start(*state, old_key, new_key));
    assert_ok(start(*state, new_key, old_key));
}

static void afterwards_the_old_one_is_refused(void **state)
{
    begin_rotation(*state);
    while (!step(*state).is_done)
        ;

    assert_error(start(*state, old_key, ""), SM_CONFIG);
    assert_error(start(*state, old_key, third_key), SM_CONFIG);
    assert_ok(start(*state, new_key, ""));
    assert_ok(start(*state, old_key, new_key)); /* a restart before the settings are changed */
    assert_ok(start(*state, new_key, third_key));
}

static void a_key_that_was_rotated_away_is_not_taken_into_use_again(void **state)
{
    struct vault *vault = *state;
    struct key_rotate_reply begun;
    begin_rotation(vault);
    while (!step(vault).is_done)
        ;

    restart(vault, new_key, old_key);

    assert_error(rotate(vault, &begun), SM_NOT_FOUND);
}

/* --- the rotation --- */

static void everything_is_under_the_new_master_key_and_opens(void **state)
{
    struct vault *vault = *state;
    struct buffer before DEFER(buffer_free) = wrap_sample(vault);
    struct identity_statement offer;
    assert_ok(hpke_keys_offer(vault->crypto.hpke, vault->worker.db, vault_now_ms(vault), &offer));
    begin_rotation(vault);

    struct key_rewrap_reply reply = step(vault);

    assert_true(reply.is_done);
    assert_int_equal(reply.rewrapped, KEY_COUNT + 2); /* and an organisation's key, an HPKE key */
    assert_int_equal(number(vault, "SELECT count(*) FROM vault.wrapped_row WHERE version = 1"
                                   " AND organisation IS NULL"),
        0);
    restart(vault, new_key, "");
    assert_opens(vault, &before);
    struct identity_statement same;
    assert_ok(hpke_keys_offer(vault->crypto.hpke, vault->worker.db, vault_now_ms(vault), &same));
    assert_memory_equal(same.key_id, offer.key_id, sizeof same.key_id);
}

static void it_is_told_in_every_organisations_log(void **state)
{
    struct vault *vault = *state;
    begin_rotation(vault);
    while (!step(vault).is_done)
        ;

    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_KEY_ROTATED), 2);
    struct audit_event event = audit_edge_last(EVENT_KEY_ROTATED);
    assert_true(id_equal(event.organisation, clinic));
}

static int64_t connections(struct vault *vault)
{
    return number(vault, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                         " AND usename = 'sm_crypto'");
}

static void a_replica_that_does_not_know_the_next_key_stops_it(void **state)
{
    struct vault *vault = *state;
    struct key_rotate_reply begun;
    struct db *other DEFER(db_close) = NULL;
    assert_ok(db_open(database_conninfo(vault->database, "sm_crypto").text, &other));
    restart(vault, old_key, new_key);
    int64_t before = connections(vault);

    assert_error(rotate(vault, &begun), SM_CONFLICT);

    db_close(&other);
    for (int i = 0; i < 200 && connections(vault) == before; i++)
        (void)usleep(50 * 1000); /* the server takes a moment to see it */
    assert_ok(db_open(database_conninfo(vault->database, "sm_crypto").text, &other)); /* marked */
    assert_ok(rotate(vault, &begun));
}

static void an_edited_key_row_keeps_the_old_master_key(void **state)
{
    struct vault *vault = *state;
    begin_rotation(vault);
    assert_ok(database_run(vault->database,
        "UPDATE vault.organisation_key SET wrapped = set_byte(wrapped, 40, 255 -"
        " get_byte(wrapped, 40))"));

    struct key_rewrap_reply reply = step(vault);

    assert_false(reply.is_done);
    assert_int_equal(reply.refused, 1);
    assert_int_equal(reply.behind, 1);
    assert_int_equal(
        number(vault, "SELECT count(*) FROM vault.key_check WHERE retired_ms IS NULL"), 2);
}

static void a_process_that_does_not_know_the_key_in_use_wraps_nothing(void **state)
{
    struct vault *vault = *state;
    struct keyring *old DEFER(keyring_free) = NULL;
    struct buffer out DEFER(buffer_free) = BUFFER(512);
    struct master_keys keys = {.current = span_text(old_key)};
    assert_ok(keyring_open(vault->worker.db, &keys, &old));
    begin_rotation(vault);

    assert_error(
        keyring_wrap_service(old, vault->worker.db, "x", id_span(&clinic), span_text("x"), &out),
        SM_UNAVAILABLE);
}

int main(void)
{
    /* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(before_a_rotation_the_key_in_use_is_needed_and_a_next_one_is_taken),
        TEST(half_way_both_are_needed),
        TEST(afterwards_the_old_one_is_refused),
        TEST(a_key_that_was_rotated_away_is_not_taken_into_use_again),
        TEST(everything_is_under_the_new_master_key_and_opens),
        TEST(it_is_told_in_every_organisations_log),
        TEST(a_replica_that_does_not_know_the_next_key_stops_it),
        TEST(an_edited_key_row_keeps_the_old_master_key),
        TEST(a_process_that_does_not_know_the_key_in_use_wraps_nothing),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
