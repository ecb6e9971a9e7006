/*
 * Blocks, lists and prefixes. What is written is written once: a block before its bytes count, a
 * list when all blocks are there. What is deleted may be deleted again. So nothing here minds being
 * killed between any two requests.
 */
#include "store/store_s3.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "store/block.h"
#include "store/operations.h"
#include "store/s3.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum {
    CHECK_EVERY_MS = 5000, /* however often it is asked */
    LISTINGS_MAX = 100,    /* of one upload, or of what is deleted at a time: 100000 keys */
    WALKS_MAX = 10,
};

struct s3_store {
    struct store store;
    struct s3 *s3;
    pthread_mutex_t lock;
    struct s3_upload *open; /* uploads that this process writes; under the lock */
    pthread_mutex_t check_lock;
    int64_t checked_ms; /* monotonic; 0: never; this and what follows under the lock of checks */
    enum sm_error checked;
    bool are_versions_known;
};

struct s3_upload {
    struct store_upload upload;
    struct s3_upload *next; /* of those that are open; under the store's lock */
    struct run run;
    uint64_t writer;
};

struct s3_object {
    struct store_object object;
    struct store_name name;
    struct id upload;
    struct run run;
};

static struct s3_store *s3_store_of(struct store *store)
{
    return (struct s3_store *)store;
}

/* --- keys --- */

struct key {
    char text[S3_KEY_BYTES_MAX + 1];
};

#define KEY(...) make_key((struct key){{0}}, __VA_ARGS__)

/* No key of ours comes near the limit: a message, a part, an upload and a block's name. */
SM_PRINTF(2, 3) static struct key make_key(struct key key, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(key.text, sizeof key.text, format, values);
    va_end(values);
    return key;
}

static struct key message_prefix(struct id message)
{
    return KEY("%s/", id_text(message).text);
}

static struct key list_key(const struct store_name *name)
{
    return KEY("%s/%u/whole", id_text(name->message).text, (unsigned)name->part);
}

static struct key upload_prefix(const struct store_name *name, struct id upload)
{
    return KEY(
        "%s/%u/%s/", id_text(name->message).text, (unsigned)name->part, id_text(upload).text);
}

static struct key block_key(
    const struct store_name *name, struct id upload, const struct block *block)
{
    return KEY("%s%s", upload_prefix(name, upload).text, block_name(block).text);
}

static bool is_list_key(struct span key)
{
    static const char end[] = "/whole";
    return key.size >= sizeof end - 1 &&
           span_equals_text(span_slice(key, key.size - (sizeof end - 1), key.size), end);
}

/* --- all keys of a prefix --- */

/* A listing after the other; what is visited may be deleted. */
struct walk {
    struct s3_store *store;
    struct key prefix, last;
    s3_entry_fn *visit;
    void *context;
};

static enum sm_error visit_key(void *context, struct span key, uint64_t size)
{
    struct walk *walk = context;
    walk->last = KEY("%.*s", SPAN_PRINT(key));
    return walk->visit(walk->context, key, size);
}

static enum sm_error walk_all(struct walk *walk)
{
    bool is_more = true;
    for (int listings = 0; is_more; listings++) {
        const struct key after = walk->last;
        const struct s3_listing listing = {walk->prefix.text, after.text, visit_key, walk};
        if (listings == LISTINGS_MAX)
            return SM_BUSY;
        TRY(s3_list(walk->store->s3, &listing, &is_more));
    }
    return SM_OK;
}

struct deletion {
    struct s3_store *store;
    uint64_t objects, keys;
};

static enum sm_error delete_key(void *context, struct span key, uint64_t size)
{
    struct deletion *deletion = context;
    (void)size;
    TRY(s3_delete(deletion->store->s3, KEY("%.*s", SPAN_PRINT(key)).text));
    deletion->keys++;
    deletion->objects += is_list_key(key);
    return SM_OK;
}

/* Until a walk finds nothing: a block that was on its way may have come behind it. */
static enum sm_error delete_all(struct s3_store *store, struct key prefix, uint64_t *objects)
{
    struct deletion deletion = {.store = store};
    for (int walks = 0; walks < WALKS_MAX; walks++) {
        struct walk walk = {store, prefix, {{0}}, delete_key, &deletion};
        const uint64_t before = deletion.keys;
        TRY(walk_all(&walk));
        FAIL_POINT("retention.objects.before-rmdir");
        if (deletion.keys > before)
            continue;
        if (objects)
            *objects = deletion.objects;
        return SM_OK;
    }
    return SM_BUSY;
}

/* --- uploads --- */

/* Nothing is there before the first block is; the row in the database is what begins it. */
static enum sm_error upload_begin(struct store *store, const struct store_upload_name *name)
{
    (void)store;
    (void)name;
    return SM_OK;
}

/* With the lock held. */
static bool is_open(const struct s3_store *store, struct id upload)
{
    for (const struct s3_upload *each = store->open; each; each = each->next)
        if (id_equal(each->upload.name.id, upload))
            return true;
    return false;
}

static enum sm_error put_in(struct s3_store *store, struct s3_upload *upload)
{
    enum sm_error error = SM_BUSY;
    (void)pthread_mutex_lock(&store->lock);
    if (!is_open(store, upload->upload.name.id)) {
        upload->next = store->open;
        store->open = upload;
        error = SM_OK;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return error;
}

static void take_out(struct s3_store *store, const struct s3_upload *upload)
{
    (void)pthread_mutex_lock(&store->lock);
    for (struct s3_upload **each = &store->open; *each; each = &(*each)->next)
        if (*each == upload) {
            *each = upload->next;
            break;
        }
    (void)pthread_mutex_unlock(&store->lock);
}

static void upload_close(struct store_upload *upload)
{
    struct s3_upload *closed = (struct s3_upload *)upload;
    take_out(s3_store_of(upload->store), closed);
    run_free(&closed->run);
    free(closed);
}

struct gathering {
    struct run *run;
    size_t prefix_bytes;
    bool has_gap;
};

/* A block that is not as long as its name says was not written by us: as if it were not there. What
 * lies behind a gap is not part of what has arrived. */
static enum sm_error gather_block(void *context, struct span key, uint64_t size)
{
    struct gathering *gathering = context;
    struct block block;
    if (block_parse(span_slice(key, gathering->prefix_bytes, key.size), &block) != SM_OK ||
        block.size != size || gathering->has_gap)
        return SM_OK;
    enum sm_error error = run_add(gathering->run, block);
    gathering->has_gap = error == SM_CONFLICT;
    return error == SM_CONFLICT ? SM_OK : error;
}

static enum sm_error gather(struct s3_store *store, struct s3_upload *upload)
{
    const struct store_upload_name *name = &upload->upload.name;
    const struct key prefix = upload_prefix(&name->object, name->id);
    struct gathering gathering = {&upload->run, strlen(prefix.text), false};
    struct walk walk = {store, prefix, {{0}}, gather_block, &gathering};
    TRY(walk_all(&walk));
    upload->upload.size = upload->run.size;
    return SM_OK;
}

static enum sm_error upload_open(
    struct store *store, const struct store_upload_name *name, struct store_upload **out)
{
    struct s3_upload *opened = calloc(1, sizeof *opened);
    struct store_upload *upload DEFER(store_upload_close) = opened ? &opened->upload : NULL;
    if (!opened)
        return SM_NO_MEMORY;
    *upload = (struct store_upload){.store = store, .name = *name};
    TRY(random_bytes(&opened->writer, sizeof opened->writer));
    TRY(put_in(s3_store_of(store), opened));
    TRY(gather(s3_store_of(store), opened));
    *out = TAKE(upload);
    return SM_OK;
}

static enum sm_error append_block(struct s3_upload *upload, struct span bytes)
{
    struct store_upload *base = &upload->upload;
    const struct block block = {base->size, (uint32_t)bytes.size, upload->writer};
    if (upload->run.count == BLOCKS_MAX)
        return log_failure("upload-blocks", SM_TOO_LARGE, "it came in too many small blocks");
    TRY(s3_put(s3_store_of(base->store)->s3,
        block_key(&base->name.object, base->name.id, &block).text, bytes));
    TRY(run_add(&upload->run, block));
    base->size = upload->run.size;
    return SM_OK;
}

static enum sm_error upload_append(struct store_upload *upload, struct span bytes)
{
    if (bytes.size > BLOCK_BYTES_MAX)
        return SM_TOO_LARGE;
    return bytes.size > 0 ? append_block((struct s3_upload *)upload, bytes) : SM_OK;
}

/* --- objects --- */

static enum sm_error read_list(
    struct s3_store *store, const struct store_name *name, struct id *upload, struct run *run)
{
    struct buffer text DEFER(buffer_free) = BUFFER(BLOCK_LIST_BYTES_MAX);
    TRY(s3_get(store->s3, list_key(name).text, &text));
    enum sm_error error = run_read(buffer_span(&text), upload, run);
    return error == SM_BAD_FORMAT ? log_failure("object-list", SM_TAMPERED, "not as it was written")
                                  : error;
}

/* SM_OK when the object came from this very upload: an earlier finish got this far. */
static enum sm_error same_upload(struct store_upload *upload)
{
    struct run run DEFER(run_free) = {0};
    struct id origin;
    TRY(read_list(s3_store_of(upload->store), &upload->name.object, &origin, &run));
    return id_equal(origin, upload->name.id) ? SM_OK : SM_CONFLICT;
}

/* Who finishes holds the upload's row in the database, so no two do it side by side. */
static enum sm_error upload_finish(struct store_upload *upload)
{
    struct buffer list DEFER(buffer_free) = BUFFER(BLOCK_LIST_BYTES_MAX);
    const struct s3_upload *finished = (struct s3_upload *)upload;
    enum sm_error error = same_upload(upload);
    if (error != SM_NOT_FOUND)
        return error;
    TRY(run_write(&finished->run, upload->name.id, &list));
    FAIL_POINT("gateway.upload.before-link");
    TRY(s3_put(
        s3_store_of(upload->store)->s3, list_key(&upload->name.object).text, buffer_span(&list)));
    FAIL_POINT("gateway.upload.after-link");
    return SM_OK;
}

static enum sm_error upload_delete(struct store *store, const struct store_upload_name *name)
{
    return delete_all(s3_store_of(store), upload_prefix(&name->object, name->id), NULL);
}

static void object_close(struct store_object *object)
{
    struct s3_object *closed = (struct s3_object *)object;
    run_free(&closed->run);
    free(closed);
}

static enum sm_error object_open(
    struct store *store, const struct store_name *name, struct store_object **out)
{
    struct s3_object *opened = calloc(1, sizeof *opened);
    struct store_object *object DEFER(store_object_close) = opened ? &opened->object : NULL;
    if (!opened)
        return SM_NO_MEMORY;
    object->store = store;
    opened->name = *name;
    TRY(read_list(s3_store_of(store), name, &opened->upload, &opened->run));
    object->size = opened->run.size;
    *out = TAKE(object);
    return SM_OK;
}

static enum sm_error read_piece(
    const struct s3_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    uint32_t from = 0;
    const struct piece *piece = run_find(&object->run, offset, &from);
    if (!piece)
        return SM_IO; /* the caller asks within the object */
    size_t left = piece->block.size - from;
    size_t part = size < left ? size : left;
    TRY(s3_get_range(s3_store_of(object->object.store)->s3,
        block_key(&object->name, object->upload, &piece->block).text, from, bytes, part));
    *got = part;
    return SM_OK;
}

static enum sm_error object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    size_t done = 0;
    while (done < size && offset + done < object->size) {
        size_t part = 0;
        TRY(read_piece(
            (struct s3_object *)object, offset + done, bytes + done, size - done, &part));
        done += part;
    }
    *got = done;
    return SM_OK;
}

/* Nothing of it is ever in memory. */
static enum sm_error object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    (void)bytes;
    if (offset < object->size && size > 0)
        return SM_BUSY;
    *got = 0;
    return SM_OK;
}

static enum sm_error object_stat(struct store *store, const struct store_name *name, uint64_t *size)
{
    struct run run DEFER(run_free) = {0};
    struct id upload;
    TRY(read_list(s3_store_of(store), name, &upload, &run));
    *size = run.size;
    return SM_OK;
}

static enum sm_error object_delete(struct store *store, const struct store_name *name)
{
    return s3_delete(s3_store_of(store)->s3, list_key(name).text);
}

static enum sm_error message_delete(struct store *store, struct id message, uint64_t *deleted)
{
    return delete_all(s3_store_of(store), message_prefix(message), deleted);
}

static enum sm_error sweep_uploads(struct store *store, store_judge_fn *judge, void *context)
{
    (void)store;
    (void)judge;
    (void)context;
    return SM_OK;
}

/* --- the store --- */

static enum sm_error ask_server(struct s3_store *store)
{
    TRY(s3_check(store->s3));
    if (store->are_versions_known)
        return SM_OK;
    TRY(s3_check_versions(store->s3));
    store->are_versions_known = true;
    return SM_OK;
}

/* The lock is held while it asks, so that many who ask are one request. */
static enum sm_error check(struct store *store)
{
    struct s3_store *s3_store = s3_store_of(store);
    (void)pthread_mutex_lock(&s3_store->check_lock);
    bool is_known =
        s3_store->checked_ms != 0 && clock_monotonic_ms() - s3_store->checked_ms < CHECK_EVERY_MS;
    if (!is_known) {
        s3_store->checked = ask_server(s3_store);
        s3_store->checked_ms = clock_monotonic_ms();
    }
    enum sm_error error = s3_store->checked;
    (void)pthread_mutex_unlock(&s3_store->check_lock);
    return error;
}

static void s3_store_close(struct store *store)
{
    struct s3_store *closed = s3_store_of(store);
    s3_close(&closed->s3);
    (void)pthread_mutex_destroy(&closed->check_lock);
    (void)pthread_mutex_destroy(&closed->lock);
    free(closed);
}

static const struct store_operations operations = {
    .close = s3_store_close,
    .check = check,
    .upload_begin = upload_begin,
    .upload_open = upload_open,
    .upload_close = upload_close,
    .upload_append = upload_append,
    .upload_finish = upload_finish,
    .upload_delete = upload_delete,
    .object_open = object_open,
    .object_close = object_close,
    .object_read = object_read,
    .object_read_now = object_read_now,
    .object_stat = object_stat,
    .object_delete = object_delete,
    .message_delete = message_delete,
    .sweep_uploads = sweep_uploads,
};

enum sm_error store_s3_open(const struct s3_options *options, struct store **out)
{
    struct s3_store *opened = calloc(1, sizeof *opened);
    struct store *store DEFER(store_close) = opened ? &opened->store : NULL;
    if (!opened)
        return SM_NO_MEMORY;
    store->operations = &operations;
    (void)pthread_mutex_init(&opened->lock, NULL);
    (void)pthread_mutex_init(&opened->check_lock, NULL);
    TRY(s3_open(options, &opened->s3));
    enum sm_error error = store_check(store);
    if (error == SM_CONFIG || error == SM_NO_MEMORY)
        return error;
    *out = TAKE(store);
    return SM_OK;
}
