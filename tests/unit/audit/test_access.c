/* Who may read a log: the bearer of crypto's signature, with the role, for as long as it is good.
 */
#include "services/audit/access.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "proto/limits.h"
#include "proto/sealed.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOW_MS = 1000000 };

struct door {
    char folder[64], path[128];
    struct access *access;
};

static int open_door(void **state)
{
    static struct door door;
    (void)snprintf(door.folder, sizeof door.folder, "/tmp/securemail-access-XXXXXX");
    assert_non_null(mkdtemp(door.folder));
    (void)snprintf(door.path, sizeof door.path, "%s/capability.pub", door.folder);
    assert_ok(access_new(door.folder, &door.access));
    *state = &door;
    return 0;
}

static int close_door(void **state)
{
    struct door *door = *state;
    access_free(&door->access);
    (void)unlink(door->path);
    (void)rmdir(door->folder);
    return 0;
}

static void write_file(const struct door *door, const char *text)
{
    FILE *file = fopen(door->path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* As crypto leaves it. */
static void write_key(const struct door *door, uint8_t seed)
{
    const uint8_t bytes[32] = {seed};
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    char text[2 * ED25519_PUBLIC_BYTES + 2];
    assert_ok(ed25519_public(SPAN(bytes), public_key));
    hex_encode(SPAN(public_key), text);
    (void)strcat(text, "\n");
    write_file(door, text);
}

static struct capability good(void)
{
    return (struct capability){.kind = CAPABILITY_AUDIT,
        .organisation = {{0xc1}},
        .subject = {{0x77}},
        .role = ROLE_AUDITOR,
        .expires_ms = NOW_MS + 1,
        .token = {{1}}};
}

static enum sm_error check(struct door *door, uint8_t seed, const struct capability *capability)
{
    const uint8_t bytes[32] = {seed};
    struct buffer text DEFER(buffer_free) = BUFFER(CAPABILITY_BYTES_MAX);
    struct capability read;
    assert_ok(capability_sign(SPAN(bytes), capability, &text));
    TRY(access_check(door->access, buffer_span(&text), NOW_MS, &read));
    assert_true(id_equal(read.organisation, capability->organisation));
    return SM_OK;
}

static void an_auditor_or_administrator_may(void **state)
{
    struct door *door = *state;
    struct capability capability = good();
    write_key(door, 1);
    assert_ok(check(door, 1, &capability));
    capability.role = ROLE_ADMIN | ROLE_SENDER;
    assert_ok(check(door, 1, &capability));
}

static void without_role_kind_or_time_nobody_may(void **state)
{
    struct door *door = *state;
    write_key(door, 1);
    struct capability sender = good();
    sender.role = ROLE_SENDER;
    assert_error(check(door, 1, &sender), SM_NOT_ALLOWED);
    struct capability download = good();
    download.kind = CAPABILITY_DOWNLOAD;
    assert_error(check(door, 1, &download), SM_NOT_ALLOWED);
    struct capability late = good();
    late.expires_ms = NOW_MS;
    assert_error(check(door, 1, &late), SM_NOT_SIGNED_IN);
    struct capability nowhere = good();
    nowhere.organisation = (struct id){{0}};
    assert_error(check(door, 1, &nowhere), SM_NOT_ALLOWED);
}

static void another_signature_is_refused_and_a_new_key_is_taken_up(void **state)
{
    struct door *door = *state;
    struct capability capability = good();
    write_key(door, 1);
    assert_ok(check(door, 1, &capability));
    assert_error(check(door, 2, &capability), SM_TAMPERED);
    write_key(door, 2);
    assert_ok(check(door, 2, &capability));
    assert_error(check(door, 1, &capability), SM_TAMPERED);
}

static void without_a_key_file_nobody_may_yet(void **state)
{
    struct door *door = *state;
    struct capability capability = good();
    assert_error(check(door, 1, &capability), SM_UNAVAILABLE);
    write_file(door, "no key\n");
    assert_error(check(door, 1, &capability), SM_UNAVAILABLE);
    write_key(door, 1);
    assert_ok(check(door, 1, &capability));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_auditor_or_administrator_may),
        TEST(without_role_kind_or_time_nobody_may),
        TEST(another_signature_is_refused_and_a_new_key_is_taken_up),
        TEST(without_a_key_file_nobody_may_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
