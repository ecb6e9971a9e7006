/* The object store: nothing is lost, replaced or left behind, also when a step is repeated. */
#include "base/memory.h"
#include "store/store_files.h"
#include "tests/support/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char root[64];
    struct store *store;
};

static const struct id upload_id = {{1, 2, 3}}, other_id = {{4, 5, 6}};
static const struct store_name name_0 = {{{0xab, 1}}, 0}, name_1 = {{{0xab, 1}}, 1};
/* Uploads by the id above, to be the object of the number. */
static const struct store_upload_name upload_0 = {{{1, 2, 3}}, {{{0xab, 1}}, 0}};
static const struct store_upload_name upload_1 = {{{1, 2, 3}}, {{{0xab, 1}}, 1}};
static const struct store_upload_name other_0 = {{{4, 5, 6}}, {{{0xab, 1}}, 0}};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    (void)snprintf(place->root, sizeof place->root, "/tmp/store-test-XXXXXX");
    if (!mkdtemp(place->root) || store_files_open(place->root, &place->store) != SM_OK)
        return -1;
    *state = place;
    return 0;
}

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *walk)
{
    (void)facts;
    (void)type;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct place *place = *state;
    store_close(&place->store);
    (void)nftw(place->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static void put(struct store *store, struct id id, const struct store_name *name, const char *text)
{
    struct store_upload *upload DEFER(store_upload_close) = NULL;
    const struct store_upload_name as = {id, *name};
    assert_ok(store_upload_begin(store, &as));
    assert_ok(store_upload_open(store, &as, &upload));
    assert_ok(store_upload_append(upload, span_text(text)));
    assert_ok(store_upload_finish(upload));
}

static void assert_object(struct store *store, const struct store_name *name, const char *text)
{
    struct store_object *object DEFER(store_object_close) = NULL;
    uint8_t bytes[64];
    size_t got;
    assert_ok(store_object_open(store, name, &object));
    assert_int_equal(store_object_size(object), strlen(text));
    assert_ok(store_object_read(object, 0, bytes, sizeof bytes, &got));
    assert_int_equal(got, strlen(text));
    assert_memory_equal(bytes, text, got);
}

static void an_upload_in_pieces_becomes_the_object(void **state)
{
    struct store *store = ((struct place *)*state)->store;
    struct store_upload *upload = NULL;
    uint64_t size;

    assert_ok(store_upload_begin(store, &upload_1));
    for (int i = 0; i < 3; i++) {
        assert_ok(store_upload_open(store, &upload_1, &upload));
        assert_int_equal(store_upload_size(upload), 4 * i);
        assert_ok(store_upload_append(upload, span_text("abcd")));
        if (i < 2)
            store_upload_close(&upload);
    }
    assert_ok(store_upload_finish(upload));
    store_upload_close(&upload);

    assert_object(store, &name_1, "abcdabcdabcd");
    assert_ok(store_object_stat(store, &name_1, &size));
    assert_int_equal(size, 12);
    assert_error(store_upload_open(store, &upload_1, &upload), SM_NOT_FOUND);
}

static void a_range_is_read_and_the_end_is_the_end(void **state)
{
    struct store *store = ((struct place *)*state)->store;
    struct store_object *object DEFER(store_object_close) = NULL;
    uint8_t bytes[8];
    size_t got;

    put(store, upload_id, &name_0, "0123456789");
    assert_ok(store_object_open(store, &name_0, &object));

    assert_ok(store_object_read(object, 3, bytes, 4, &got));
    assert_int_equal(got, 4);
    assert_memory_equal(bytes, "3456", 4);
    assert_ok(store_object_read(object, 8, bytes, 8, &got));
    assert_int_equal(got, 2);
    assert_ok(store_object_read(object, UINT64_MAX / 2, bytes, 8, &got));
    assert_int_equal(got, 0);
}

static void an_upload_belongs_to_one_at_a_time(void **state)
{
    struct store *store = ((struct place *)*state)->store;
    struct store_upload *first = NULL, *second = NULL;

    assert_ok(store_upload_begin(store, &upload_0));
    assert_error(store_upload_begin(store, &upload_0), SM_CONFLICT);
    assert_ok(store_upload_open(store, &upload_0, &first));
    assert_error(store_upload_open(store, &upload_0, &second), SM_BUSY);
    store_upload_close(&first);
    assert_ok(store_upload_open(store, &upload_0, &second));
    store_upload_close(&second);
}

static void an_object_is_never_replaced(void **state)
{
    struct store *store = ((struct place *)*state)->store;
    struct store_upload *upload DEFER(store_upload_close) = NULL;

    put(store, upload_id, &name_0, "first");
    assert_ok(store_upload_begin(store, &other_0));
    assert_ok(store_upload_open(store, &other_0, &upload));
    assert_ok(store_upload_append(upload, span_text("second")));

    assert_error(store_upload_finish(upload), SM_CONFLICT);
    assert_object(store, &name_0, "first");
}

/* A crash between link and unlink leaves both names of one file. */
static void finishing_again_after_a_crash_succeeds(void **state)
{
    struct place *place = *state;
    struct store_upload *upload DEFER(store_upload_close) = NULL;
    char from[160], to[160];

    put(place->store, upload_id, &name_0, "whole");
    (void)snprintf(from, sizeof from, "%s/00/%s/0", place->root, id_text(name_0.message).text);
    (void)snprintf(to, sizeof to, "%s/uploads/%s", place->root, id_text(upload_id).text);
    assert_int_equal(link(from, to), 0);

    assert_ok(store_upload_open(place->store, &upload_0, &upload));
    assert_ok(store_upload_finish(upload));
    assert_object(place->store, &name_0, "whole");
    assert_int_equal(access(to, F_OK), -1);
}

static void a_message_is_deleted_whole_and_again(void **state)
{
    struct place *place = *state;
    struct store_object *object = NULL;
    struct store_name neighbour = {{{0xab, 2}}, 0};
    uint64_t deleted;

    put(place->store, upload_id, &name_0, "a");
    put(place->store, upload_id, &name_1, "b");
    put(place->store, upload_id, &neighbour, "c");

    assert_ok(store_message_delete(place->store, name_0.message, &deleted));
    assert_int_equal(deleted, 2);
    assert_error(store_object_open(place->store, &name_0, &object), SM_NOT_FOUND);
    assert_object(place->store, &neighbour, "c");
    assert_ok(store_message_delete(place->store, name_0.message, &deleted));
    assert_int_equal(deleted, 0);
    assert_ok(store_message_delete(place->store, other_id, NULL));
}

static void an_open_object_is_read_on_while_it_is_deleted(void **state)
{
    struct store *store = ((struct place *)*state)->store;
    struct store_object *object DEFER(store_object_close) = NULL;
    uint8_t bytes[8];
    size_t got;

    put(store, upload_id, &name_0, "still");
    assert_ok(store_object_open(store, &name_0, &object));
    assert_ok(store_message_delete(store, name_0.message, NULL));
    assert_ok(store_object_read(object, 0, bytes, sizeof bytes, &got));
    assert_memory_equal(bytes, "still", 5);
}

struct judged {
    int count;
    struct id wanted;
};

static enum sm_error judge(void *context, struct id id, int64_t age_s, bool *is_wanted)
{
    struct judged *judged = context;
    assert_true(age_s >= 0 && age_s < 60);
    judged->count++;
    *is_wanted = id_equal(id, judged->wanted);
    return SM_OK;
}

static void a_sweep_deletes_the_uploads_that_are_not_wanted(void **state)
{
    struct place *place = *state;
    struct judged judged = {.wanted = other_id};

    put(place->store, upload_id, &name_0, "a");
    put(place->store, upload_id, &name_1, "b");
    assert_ok(store_upload_begin(place->store, &upload_0));
    assert_ok(store_upload_begin(place->store, &other_0));

    assert_ok(store_sweep_uploads(place->store, judge, &judged));
    assert_int_equal(judged.count, 2);
    assert_ok(store_sweep_uploads(place->store, judge, &judged));
    assert_int_equal(judged.count, 3);
    assert_object(place->store, &name_0, "a");
}

static void a_symbolic_link_is_not_followed(void **state)
{
    struct place *place = *state;
    struct store_upload *upload = NULL;
    char at[160];

    (void)snprintf(at, sizeof at, "%s/uploads/%s", place->root, id_text(upload_id).text);
    assert_int_equal(symlink("/etc/passwd", at), 0);
    assert_error(store_upload_open(place->store, &upload_0, &upload), SM_IO);
    assert_error(store_upload_begin(place->store, &upload_0), SM_CONFLICT);
}

static void what_lies_in_the_store_is_closed_to_others(void **state)
{
    struct place *place = *state;
    struct stat facts;
    char at[160];

    put(place->store, upload_id, &name_0, "a");
    (void)snprintf(at, sizeof at, "%s/00/%s/0", place->root, id_text(name_0.message).text);
    assert_int_equal(stat(at, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

static void folder_of(const struct place *place, const char *shard, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%s", place->root, shard);
    (void)mkdir(out, 02770);
    (void)snprintf(out, size, "%s/%s/%s", place->root, shard, id_text(name_0.message).text);
}

/* Where message and part 0 stand, as an older program put them: by the first two digits. */
static void put_in_the_old_place(const struct place *place, char now[160], char once[160])
{
    put(place->store, upload_id, &name_0, "a");
    folder_of(place, "00", now, 160);
    folder_of(place, "ab", once, 160);
    assert_int_equal(rename(now, once), 0);
}

static void a_folder_in_its_old_place_is_the_messages_folder(void **state)
{
    struct place *place = *state;
    char now[160];
    char once[160];
    uint64_t size;
    uint64_t deleted;

    put_in_the_old_place(place, now, once);

    assert_object(place->store, &name_0, "a");
    assert_ok(store_object_stat(place->store, &name_0, &size));
    assert_int_equal(size, 1);
    put(place->store, upload_id, &name_1, "bc"); /* a draft that is gone on with */
    assert_object(place->store, &name_0, "a");
    assert_object(place->store, &name_1, "bc");
    assert_ok(store_message_delete(place->store, name_0.message, &deleted));
    assert_int_equal(deleted, 2);
    assert_error(store_object_stat(place->store, &name_0, &size), SM_NOT_FOUND);
    assert_int_not_equal(access(once, F_OK), 0);
}

/* Two gateways may have made both, one of them an older program. */
static void a_message_in_both_places_is_read_and_deleted_whole(void **state)
{
    struct place *place = *state;
    char now[160];
    char once[160];
    uint64_t size;
    uint64_t deleted;

    put_in_the_old_place(place, now, once);
    assert_int_equal(mkdir(now, 02770), 0);
    put(place->store, upload_id, &name_1, "bc");
    assert_object(place->store, &name_0, "a");
    assert_object(place->store, &name_1, "bc");
    assert_ok(store_object_delete(place->store, &name_0));
    assert_error(store_object_stat(place->store, &name_0, &size), SM_NOT_FOUND);
    assert_ok(store_object_stat(place->store, &name_1, &size));
    assert_ok(store_message_delete(place->store, name_0.message, &deleted));
    assert_int_equal(deleted, 1);
    assert_int_not_equal(access(once, F_OK), 0);
    assert_int_not_equal(access(now, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_in_pieces_becomes_the_object),
        TEST(a_range_is_read_and_the_end_is_the_end),
        TEST(an_upload_belongs_to_one_at_a_time),
        TEST(an_object_is_never_replaced),
        TEST(finishing_again_after_a_crash_succeeds),
        TEST(a_message_is_deleted_whole_and_again),
        TEST(an_open_object_is_read_on_while_it_is_deleted),
        TEST(a_sweep_deletes_the_uploads_that_are_not_wanted),
        TEST(a_symbolic_link_is_not_followed),
        TEST(what_lies_in_the_store_is_closed_to_others),
        TEST(a_folder_in_its_old_place_is_the_messages_folder),
        TEST(a_message_in_both_places_is_read_and_deleted_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
