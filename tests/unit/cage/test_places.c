/* The ports, names and files that the settings of a service lead to. */
#include "cage/places.h"

#include "base/memory.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

/* --- settings --- */

static int begin(void **state)
{
    static const char *const values[][2] = {
        {"SECURE_MAIL_KEYS_DIR", "/keys"},
        {"SECURE_MAIL_DATABASE", "host=127.0.0.1 user=x"},
        {"SECURE_MAIL_LISTEN", "tcp://0.0.0.0:5701"},
        {"SECURE_MAIL_CRYPTO", "tcp://127.0.0.1:5703"},
        {"SECURE_MAIL_NOTIFIER", "tcp://127.0.0.1:5702"},
        {"SECURE_MAIL_RETENTION", "tcp://127.0.0.1:5704"},
        {"SECURE_MAIL_AUDIT", "tcp://127.0.0.1:5701"},
        {"SECURE_MAIL_MASTER_KEY", "0123456789abcdef0123456789abcdef"},
        {"SECURE_MAIL_BASE_URL", "https://mail.example.org"},
        {"SECURE_MAIL_SMTP_URL", "smtp://127.0.0.1:2525"},
        {"SECURE_MAIL_MAIL_FROM", "secure-mail@example.org"},
    };
    (void)state;
    if (clearenv() != 0)
        return -1;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (setenv(values[i][0], values[i][1], 1) != 0)
            return -1;
    return 0;
}

static struct cage_place_list read_with(enum peer self, const char *name, const char *value)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct cage_place_list places;
    assert_int_equal(begin(NULL), 0); /* secrets are taken out when they are read */
    assert_int_equal(setenv(name, value, 1), 0);
    assert_ok(settings_load(self, &settings));
    assert_ok(cage_places_read(self, settings, &places));
    return places;
}

static bool has_port(
    const struct cage_place_list *places, enum cage_direction direction, uint16_t port)
{
    for (size_t i = 0; i < places->ports_count[direction]; i++)
        if (places->ports[direction][i] == port)
            return true;
    return false;
}

/* --- */

static void each_service_connects_to_its_own_peers_alone(void **state)
{
    static const struct {
        enum peer self;
        bool audit, notifier, crypto, retention, relay;
    } expected[] = {
        {PEER_GATEWAY, true, true, true, true, false},
        {PEER_CRYPTO, true, true, false, false, false},
        {PEER_NOTIFIER, true, false, false, false, true},
        {PEER_RETENTION, true, false, true, false, false},
        {PEER_AUDIT, false, false, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct cage_place_list places DEFER(cage_places_free) =
            read_with(expected[i].self, "SECURE_MAIL_LISTEN", "tcp://0.0.0.0:5799");
        assert_int_equal(has_port(&places, CAGE_CONNECTS, 5701), expected[i].audit);
        assert_int_equal(has_port(&places, CAGE_CONNECTS, 5702), expected[i].notifier);
        assert_int_equal(has_port(&places, CAGE_CONNECTS, 5703), expected[i].crypto);
        assert_int_equal(has_port(&places, CAGE_CONNECTS, 5704), expected[i].retention);
        assert_int_equal(has_port(&places, CAGE_CONNECTS, 2525), expected[i].relay);
        assert_true(has_port(&places, CAGE_CONNECTS, 5432));
        assert_int_equal(has_port(&places, CAGE_BINDS, 5799), expected[i].self != PEER_GATEWAY);
        assert_int_equal(has_port(&places, CAGE_BINDS, 8480), expected[i].self == PEER_GATEWAY);
        assert_false(places.has_names);
        assert_false(places.has_local_sockets);
    }
}

static void every_replica_counts(void **state)
{
    (void)state;
    struct cage_place_list places DEFER(cage_places_free) =
        read_with(PEER_RETENTION, "SECURE_MAIL_CRYPTO", "tcp://127.0.0.1:1001,tcp://[::1]:1002");
    assert_true(has_port(&places, CAGE_CONNECTS, 1001));
    assert_true(has_port(&places, CAGE_CONNECTS, 1002));
    assert_false(places.has_names);
}

static void the_relays_port_follows_from_its_url(void **state)
{
    static const struct {
        const char *url;
        uint16_t port;
        bool is_name;
    } urls[] = {
        {"smtp://relay.example.org", 25, true},
        {"smtps://relay.example.org", 465, true},
        {"smtp://relay.example.org:587", 587, true},
        {"smtp://192.0.2.1:587/", 587, false},
        {"smtps://[2001:db8::1]", 465, false},
        {"smtps://[2001:db8::1]:1465", 1465, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct cage_place_list places DEFER(cage_places_free) =
            read_with(PEER_NOTIFIER, "SECURE_MAIL_SMTP_URL", urls[i].url);
        assert_true(has_port(&places, CAGE_CONNECTS, urls[i].port));
        assert_int_equal(places.has_names, urls[i].is_name);
    }
}

static struct cage_place_list read_store(enum peer self, const char *kind)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct cage_place_list places;
    assert_int_equal(begin(NULL), 0);
    assert_int_equal(setenv("SECURE_MAIL_OBJECTS", kind, 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_S3_ENDPOINT", "https://s3.example.org", 1), 0);
    assert_ok(settings_load(self, &settings));
    assert_ok(cage_places_read(self, settings, &places));
    return places;
}

static void the_object_server_counts_only_where_it_is_chosen(void **state)
{
    static const enum peer peers[] = {PEER_GATEWAY, PEER_RETENTION};
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        for (int is_s3 = 0; is_s3 <= 1; is_s3++) {
            struct cage_place_list places DEFER(cage_places_free) =
                read_store(peers[i], is_s3 ? "s3" : "files");
            assert_int_equal(has_port(&places, CAGE_CONNECTS, 443), is_s3);
            assert_int_equal(places.has_names, is_s3);
            assert_int_equal(cage_counts(&places, CAGE_WITH_S3, true), is_s3);
            assert_int_equal(cage_counts(&places, CAGE_WITH_FILES, true), !is_s3);
        }
}

static void a_name_anywhere_is_a_name_to_look_up(void **state)
{
    (void)state;
    struct cage_place_list bus DEFER(cage_places_free) =
        read_with(PEER_CRYPTO, "SECURE_MAIL_AUDIT", "tcp://audit:5701");
    assert_true(bus.has_names);
    struct cage_place_list database DEFER(cage_places_free) =
        read_with(PEER_CRYPTO, "SECURE_MAIL_DATABASE", "host=postgres user=x");
    assert_true(database.has_names);
    struct cage_place_list whole DEFER(cage_places_free) =
        read_with(PEER_AUDIT, "SECURE_MAIL_LISTEN", "tcp://*:5701");
    assert_false(whole.has_names); /* every address is no name */
}

static void sockets_in_folders_are_seen(void **state)
{
    (void)state;
    struct cage_place_list database DEFER(cage_places_free) =
        read_with(PEER_CRYPTO, "SECURE_MAIL_DATABASE", "host=/run/pg user=x passfile=/p");
    assert_true(database.has_local_sockets);
    assert_false(database.has_names);
    assert_int_equal(database.database_files_count, 1);
    assert_string_equal(database.database_files[0], "/p");
    struct cage_place_list peer DEFER(cage_places_free) =
        read_with(PEER_CRYPTO, "SECURE_MAIL_AUDIT", "ipc:///run/audit.sock");
    assert_true(peer.has_local_sockets);
}

static void a_database_that_is_not_understood_is_a_fault_of_the_settings(void **state)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct cage_place_list places;
    (void)state;
    assert_int_equal(setenv("SECURE_MAIL_DATABASE", "hots=1", 1), 0);
    assert_ok(settings_load(PEER_AUDIT, &settings));
    assert_error(cage_places_read(PEER_AUDIT, settings, &places), SM_CONFIG);
}

static void more_ports_than_there_is_room_for_are_a_fault(void **state)
{
    struct settings *settings DEFER(settings_free) = NULL;
    struct cage_place_list places;
    char many[4096] = "tcp://127.0.0.1:1";
    (void)state;
    for (size_t i = 0; i < CAGE_PORTS_MAX; i++) {
        size_t size = strlen(many);
        (void)snprintf(many + size, sizeof many - size, ",tcp://127.0.0.1:1");
    }
    assert_int_equal(setenv("SECURE_MAIL_AUDIT", many, 1), 0);
    assert_ok(settings_load(PEER_CRYPTO, &settings));
    assert_error(cage_places_read(PEER_CRYPTO, settings, &places), SM_TOO_LARGE);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_service_connects_to_its_own_peers_alone),
        TEST(every_replica_counts),
        TEST(the_relays_port_follows_from_its_url),
        TEST(the_object_server_counts_only_where_it_is_chosen),
        TEST(a_name_anywhere_is_a_name_to_look_up),
        TEST(sockets_in_folders_are_seen),
        TEST(a_database_that_is_not_understood_is_a_fault_of_the_settings),
        TEST(more_ports_than_there_is_room_for_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
