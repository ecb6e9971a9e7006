/* What is sealed for a backup opens with its key, as the part of the backup that it is, whole. */
#include "cli/backup_seal.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "cli/file.h"
#include "tests/support/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD_BYTES = 20 + 65 + 56, CHUNK = 16 * 1024, BYTES_MAX = 1 << 20 };

static const struct id backup = {{0xba, 0xc0}};
static const struct backup_part objects = {{{0xba, 0xc0}}, {(const uint8_t *)"objects", 7}};
static struct p256_key *key;

static int make_key(void **state)
{
    (void)state;
    return p256_generate(&key) == SM_OK ? 0 : -1;
}

static int free_key(void **state)
{
    (void)state;
    p256_free(&key);
    return 0;
}

/* A file in memory that holds `bytes`, read from its beginning. */
static int file_of(struct span bytes)
{
    int file = memfd_create("part", MFD_CLOEXEC);
    assert_true(file >= 0);
    assert_ok(file_write(file, bytes));
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static void content_of(int file, struct buffer *out)
{
    uint8_t *room;
    off_t size = lseek(file, 0, SEEK_END);
    assert_ok(buffer_extend(out, (size_t)size, &room));
    assert_int_equal(pread(file, room, (size_t)size, 0), size);
}

static void seal(struct span plain, struct buffer *out)
{
    int in DEFER(file_close) = file_of(plain);
    int sealed DEFER(file_close) = file_of(span_of(NULL, 0));
    assert_ok(backup_seal(span_of(p256_public(key), P256_PUBLIC_BYTES), &objects, in, sealed));
    content_of(sealed, out);
}

static enum sm_error open_as(
    const struct p256_key *with, const struct backup_part *part, struct span sealed)
{
    int in DEFER(file_close) = file_of(sealed);
    return backup_open(with, part, in, -1);
}

static void what_was_sealed_opens_whatever_its_size(void **state)
{
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 256 * 1024, 300001};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
        struct buffer opened DEFER(buffer_free) = BUFFER(BYTES_MAX);
        uint8_t *plain DEFER(memory_free) = calloc(1, sizes[i] + 1);
        memset(plain, (int)i + 1, sizes[i]);
        seal(span_of(plain, sizes[i]), &sealed);
        int in DEFER(file_close) = file_of(buffer_span(&sealed));
        int out DEFER(file_close) = file_of(span_of(NULL, 0));

        assert_ok(backup_open(key, &objects, in, out));

        content_of(out, &opened);
        assert_true(span_equal(buffer_span(&opened), span_of(plain, sizes[i])));
    }
}

static void a_part_opens_as_itself_alone(void **state)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    struct p256_key *other DEFER(p256_free) = NULL;
    const struct backup_part other_name = {backup, span_text("keys")};
    const struct backup_part other_backup = {{{0xba, 0xc1}}, span_text("objects")};
    (void)state;
    assert_ok(p256_generate(&other));
    seal(span_text("ciphertext of messages"), &sealed);

    assert_ok(open_as(key, &objects, buffer_span(&sealed)));
    assert_error(open_as(key, &other_name, buffer_span(&sealed)), SM_TAMPERED);
    assert_error(open_as(key, &other_backup, buffer_span(&sealed)), SM_TAMPERED);
    assert_error(open_as(other, &objects, buffer_span(&sealed)), SM_TAMPERED);
}

static void a_changed_byte_anywhere_is_seen(void **state)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    (void)state;
    seal(span_text("ciphertext of messages"), &sealed);
    for (size_t i = 0; i < sealed.size; i++) {
        sealed.bytes[i] ^= 1;
        assert_error(
            open_as(key, &objects, buffer_span(&sealed)), i < 20 ? SM_BAD_FORMAT : SM_TAMPERED);
        sealed.bytes[i] ^= 1;
    }
}

static void a_part_that_was_cut_anywhere_is_seen(void **state)
{
    static uint8_t plain[2 * CHUNK];
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    (void)state;
    seal(SPAN(plain), &sealed);
    for (size_t size = 0; size < sealed.size; size += size < HEAD_BYTES ? 1 : 997) {
        enum sm_error error = open_as(key, &objects, span_of(sealed.bytes, size));
        assert_true(error == SM_TAMPERED || (size < 85 && error == SM_BAD_FORMAT));
    }
    /* at the end of a chunk, where the rest would look like a stream that is whole */
    assert_error(
        open_as(key, &objects, span_of(sealed.bytes, HEAD_BYTES + 2 * (CHUNK + 16))), SM_TAMPERED);
}

static void a_name_has_its_bounds(void **state)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(BYTES_MAX);
    char name[BACKUP_NAME_BYTES_MAX + 1] = "";
    (void)state;
    memset(name, 'n', sizeof name);
    seal(span_text("x"), &sealed);
    const struct backup_part none = {backup, {NULL, 0}};
    const struct backup_part longest = {backup, {(uint8_t *)name, BACKUP_NAME_BYTES_MAX}};
    const struct backup_part longer = {backup, {(uint8_t *)name, BACKUP_NAME_BYTES_MAX + 1}};
    assert_error(open_as(key, &none, buffer_span(&sealed)), SM_BAD_VALUE);
    assert_error(open_as(key, &longest, buffer_span(&sealed)), SM_TAMPERED);
    assert_error(open_as(key, &longer, buffer_span(&sealed)), SM_BAD_VALUE);
}

static void a_full_disk_is_said(void **state)
{
    int in DEFER(file_close) = file_of(span_text("x"));
    int full DEFER(file_close) = open("/dev/full", O_WRONLY | O_CLOEXEC);
    (void)state;
    assert_error(backup_seal(span_of(p256_public(key), P256_PUBLIC_BYTES), &objects, in, full),
        SM_DISK_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_whatever_its_size),
        cmocka_unit_test(a_part_opens_as_itself_alone),
        cmocka_unit_test(a_changed_byte_anywhere_is_seen),
        cmocka_unit_test(a_part_that_was_cut_anywhere_is_seen),
        cmocka_unit_test(a_name_has_its_bounds),
        cmocka_unit_test(a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
