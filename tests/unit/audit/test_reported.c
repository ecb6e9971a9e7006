/* Ids of events: each reporter's are its own, and the same event has the same one each time. */
#include "services/audit/reported.h"

#include "proto/audit.h"
#include "tests/support/check.h"

static const struct id event = {{1, 2, 3}};

static struct id logged(enum peer source)
{
    struct id id;
    assert_ok(reported_id(source, event, &id));
    return id;
}

static void an_id_of_crypto_stands_as_it_is(void **state)
{
    (void)state;
    assert_true(id_equal(logged(PEER_CRYPTO), event));
}

static void no_other_service_can_take_the_id_of_another_s_event(void **state)
{
    (void)state;
    assert_false(id_equal(logged(PEER_NOTIFIER), event));
    assert_false(id_equal(logged(PEER_RETENTION), event));
    assert_false(id_equal(logged(PEER_NOTIFIER), logged(PEER_RETENTION)));
}

static void what_is_reported_again_has_the_same_id(void **state)
{
    (void)state;
    assert_true(id_equal(logged(PEER_NOTIFIER), logged(PEER_NOTIFIER)));
}

/* By hand: printf 'securemail/1 reported\0retention\0' and the sixteen bytes, through sha256sum. */
static void the_id_is_the_documented_hash(void **state)
{
    static const struct id expected = {{0x47, 0x10, 0xd9, 0xf5, 0xb0, 0x1b, 0xe3, 0x32, 0x45, 0x19,
        0x36, 0xc0, 0x8f, 0xe9, 0x98, 0x78}};
    (void)state;
    assert_true(id_equal(logged(PEER_RETENTION), expected));
}

static void nothing_of_an_event_is_changed_but_its_id(void **state)
{
    struct audit_event events[] = {
        {.event = event, .kind = EVENT_PURGED, .at_ms = 7}, {.event = {{9}}, .kind = EVENT_PURGED}};
    struct arena arena DEFER(arena_free) = ARENA(4096);
    struct list given = {events, 2};
    struct list copies;
    (void)state;

    assert_ok(reported_events(&given, PEER_RETENTION, &arena, &copies));
    assert_int_equal(copies.count, 2);
    const struct audit_event *first = LIST_AT(struct audit_event, copies, 0);
    assert_true(id_equal(first->event, logged(PEER_RETENTION)));
    assert_int_equal(first->kind, EVENT_PURGED);
    assert_int_equal(first->at_ms, 7);
    assert_true(id_equal(events[0].event, event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_of_crypto_stands_as_it_is),
        cmocka_unit_test(no_other_service_can_take_the_id_of_another_s_event),
        cmocka_unit_test(what_is_reported_again_has_the_same_id),
        cmocka_unit_test(the_id_is_the_documented_hash),
        cmocka_unit_test(nothing_of_an_event_is_changed_but_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
