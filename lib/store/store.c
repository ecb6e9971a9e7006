/*
 * The object store as a directory. Every step that another process may rely on is made durable in
 * the order file, name, folder; an upload becomes an object by link(2), which never replaces what
 * is there and can be repeated after a crash, because the same inode is recognised.
 */
#include "store/store.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/banned.h"

struct store {
    int root;    /* folder */
    int uploads; /* folder */
};

struct store_upload {
    struct store *store; /* outlives it */
    struct id id;
    int file;
    uint64_t size;
    uint64_t begun; /* so far the disk was asked to begin writing */
};

enum { BEGIN_WRITING_BYTES = 4 * 1024 * 1024 };

struct store_object {
    int file;
    uint64_t size;
};

enum sm_error store_open(const char *root, struct store **out)
{
    struct store *store DEFER(store_close) = calloc(1, sizeof *store);
    if (!store)
        return SM_NO_MEMORY;
    store->uploads = -1;
    store->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->root < 0)
        return folder_fault("store-open");
    TRY(folder_make(store->root, "uploads"));
    TRY(folder_open(store->root, "uploads", &store->uploads));
    *out = TAKE(store);
    return SM_OK;
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    folder_close(&(*store)->uploads);
    folder_close(&(*store)->root);
    free(*store);
    *store = NULL;
}

/* --- uploads --- */

enum sm_error store_upload_begin(struct store *store, struct id upload)
{
    int file DEFER(folder_close) = openat(store->uploads, id_text(upload).text,
        O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == EEXIST ? SM_CONFLICT : folder_fault("upload-begin");
    return folder_sync(store->uploads);
}

enum sm_error store_upload_open(struct store *store, struct id id, struct store_upload **out)
{
    struct stat facts;
    struct store_upload *upload DEFER(store_upload_close) = calloc(1, sizeof *upload);
    if (!upload)
        return SM_NO_MEMORY;
    upload->store = store;
    upload->id = id;
    upload->file = openat(store->uploads, id_text(id).text, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (upload->file < 0)
        return folder_fault("upload-open");
    if (flock(upload->file, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SM_BUSY : folder_fault("upload-lock");
    if (fstat(upload->file, &facts) != 0)
        return folder_fault("upload-stat");
    upload->size = upload->begun = (uint64_t)facts.st_size;
    *out = TAKE(upload);
    return SM_OK;
}

void store_upload_close(struct store_upload **upload)
{
    if (!*upload)
        return;
    folder_close(&(*upload)->file);
    free(*upload);
    *upload = NULL;
}

uint64_t store_upload_size(const struct store_upload *upload)
{
    return upload->size;
}

/*
 * The disk writes what has arrived while the rest arrives: then the fsync at the end has little
 * left to wait for. A hint; whether it was taken matters to nobody.
 */
static void begin_writing(struct store_upload *upload)
{
    uint64_t size = upload->size - upload->begun;
    if (size < BEGIN_WRITING_BYTES)
        return;
    (void)sync_file_range(upload->file, (off_t)upload->begun, (off_t)size, SYNC_FILE_RANGE_WRITE);
    upload->begun = upload->size;
}

enum sm_error store_upload_append(struct store_upload *upload, struct span bytes)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t wrote =
            pwrite(upload->file, bytes.at + done, bytes.size - done, (off_t)(upload->size + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            enum sm_error error = folder_fault("upload-write");
            if (ftruncate(upload->file, (off_t)upload->size) != 0)
                log_line(LOG_ERROR, "upload-truncate", "upload", id_text(upload->id).text, NULL);
            return error;
        }
        done += (size_t)wrote;
    }
    upload->size += bytes.size;
    begin_writing(upload);
    return SM_OK;
}

/* --- names of objects --- */

struct part_name {
    char text[16];
};

static struct part_name part_name(uint32_t part)
{
    struct part_name name;
    (void)snprintf(name.text, sizeof name.text, "%u", (unsigned)part);
    return name;
}

struct shard_name {
    char text[3];
};

static struct shard_name shard_name(struct id message)
{
    struct shard_name name = {{0}};
    memcpy(name.text, id_text(message).text, 2);
    return name;
}

/* The folder of a message's objects, which is there; SM_NOT_FOUND otherwise. */
static enum sm_error message_folder(struct store *store, struct id message, int *out)
{
    int shard DEFER(folder_close) = -1;
    TRY(folder_open(store->root, shard_name(message).text, &shard));
    return folder_open(shard, id_text(message).text, out);
}

static enum sm_error message_folder_make(struct store *store, struct id message, int *out)
{
    int shard DEFER(folder_close) = -1;
    TRY(folder_make(store->root, shard_name(message).text));
    TRY(folder_open(store->root, shard_name(message).text, &shard));
    TRY(folder_make(shard, id_text(message).text));
    return folder_open(shard, id_text(message).text, out);
}

/* SM_OK when `name` in `folder` is the very file of the upload: an earlier finish got this far. */
static enum sm_error same_file(int folder, const char *name, int file)
{
    struct stat there, here;
    if (fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) != 0 || fstat(file, &here) != 0)
        return folder_fault("object-stat");
    bool is_same = there.st_dev == here.st_dev && there.st_ino == here.st_ino;
    return is_same ? SM_OK : SM_CONFLICT;
}

static enum sm_error link_object(struct store_upload *upload, int folder, const char *name)
{
    int from = upload->store->uploads;
    if (linkat(from, id_text(upload->id).text, folder, name, 0) == 0)
        return folder_sync(folder);
    return errno == EEXIST ? same_file(folder, name, upload->file) : folder_fault("object-link");
}

enum sm_error store_upload_finish(struct store_upload *upload, const struct store_name *name)
{
    int folder DEFER(folder_close) = -1;
    if (fsync(upload->file) != 0)
        return folder_fault("upload-sync");
    FAIL_POINT("gateway.upload.before-link");
    TRY(message_folder_make(upload->store, name->message, &folder));
    TRY(link_object(upload, folder, part_name(name->part).text));
    FAIL_POINT("gateway.upload.after-link");
    return store_upload_delete(upload->store, upload->id);
}

enum sm_error store_upload_delete(struct store *store, struct id upload)
{
    TRY(folder_unlink(store->uploads, id_text(upload).text, 0));
    return folder_sync(store->uploads);
}

/* --- objects --- */

enum sm_error store_object_open(
    struct store *store, const struct store_name *name, struct store_object **out)
{
    int folder DEFER(folder_close) = -1;
    struct stat facts;
    TRY(message_folder(store, name->message, &folder));
    struct store_object *object DEFER(store_object_close) = calloc(1, sizeof *object);
    if (!object)
        return SM_NO_MEMORY;
    object->file = openat(folder, part_name(name->part).text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (object->file < 0)
        return folder_fault("object-open");
    if (fstat(object->file, &facts) != 0)
        return folder_fault("object-stat");
    object->size = (uint64_t)facts.st_size;
    *out = TAKE(object);
    return SM_OK;
}

void store_object_close(struct store_object **object)
{
    if (!*object)
        return;
    folder_close(&(*object)->file);
    free(*object);
    *object = NULL;
}

uint64_t store_object_size(const struct store_object *object)
{
    return object->size;
}

enum sm_error store_object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    size_t done = 0;
    while (done < size && offset + done < object->size) {
        ssize_t part = pread(object->file, bytes + done, size - done, (off_t)(offset + done));
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return folder_fault("object-read");
        if (part == 0)
            return log_failure("object-read", SM_IO, "shorter than it was");
        done += (size_t)part;
    }
    *got = done;
    return SM_OK;
}

/* A file system that cannot tell reads as usual: then the page cache is the best guess there is. */
enum sm_error store_object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    struct iovec into = {bytes, size};
    if (offset >= object->size || size == 0) {
        *got = 0;
        return SM_OK;
    }
    ssize_t part = preadv2(object->file, &into, 1, (off_t)offset, RWF_NOWAIT);
    if (part > 0) {
        *got = (size_t)part;
        return SM_OK;
    }
    if (part < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        return store_object_read(object, offset, bytes, size, got);
    if (part < 0 && (errno == EAGAIN || errno == EINTR))
        return SM_BUSY;
    return part == 0 ? log_failure("object-read", SM_IO, "shorter than it was")
                     : folder_fault("object-read");
}

enum sm_error store_object_stat(struct store *store, const struct store_name *name, uint64_t *size)
{
    int folder DEFER(folder_close) = -1;
    struct stat facts;
    TRY(message_folder(store, name->message, &folder));
    if (fstatat(folder, part_name(name->part).text, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return folder_fault("object-stat");
    *size = (uint64_t)facts.st_size;
    return SM_OK;
}

/* --- deleting and sweeping --- */

enum sm_error store_object_delete(struct store *store, const struct store_name *name)
{
    int folder DEFER(folder_close) = -1;
    enum sm_error error = message_folder(store, name->message, &folder);
    if (error == SM_OK)
        error = folder_unlink(folder, part_name(name->part).text, 0);
    return error == SM_NOT_FOUND ? SM_OK : error;
}

struct emptying {
    int folder;
    uint64_t deleted;
};

static enum sm_error delete_entry(void *context, int folder, const char *name)
{
    struct emptying *emptying = context;
    TRY(folder_unlink(folder, name, 0));
    emptying->deleted++;
    return SM_OK;
}

/* The folder's removal is what is made durable: with it went whatever was in it. */
static enum sm_error delete_objects(int shard, struct id message, uint64_t *deleted)
{
    int folder DEFER(folder_close) = -1;
    struct emptying emptying = {0};
    TRY(folder_open(shard, id_text(message).text, &folder));
    TRY(folder_each(folder, delete_entry, &emptying));
    FAIL_POINT("retention.objects.before-rmdir");
    TRY(folder_unlink(shard, id_text(message).text, AT_REMOVEDIR));
    TRY(folder_sync(shard));
    if (deleted)
        *deleted = emptying.deleted;
    return SM_OK;
}

enum sm_error store_message_delete(struct store *store, struct id message, uint64_t *deleted)
{
    int shard DEFER(folder_close) = -1;
    if (deleted)
        *deleted = 0;
    enum sm_error error = folder_open(store->root, shard_name(message).text, &shard);
    if (error == SM_OK)
        error = delete_objects(shard, message, deleted);
    return error == SM_NOT_FOUND ? SM_OK : error;
}

struct walk {
    store_visit_fn *visit;
    void *context;
};

/* Names that are not ids are not ours: passed over. So is what vanished meanwhile. */
static enum sm_error visit_entry(void *context, int folder, const char *name)
{
    const struct walk *walk = context;
    struct stat facts;
    struct id id;
    if (id_parse(span_text(name), &id) != SM_OK)
        return SM_OK;
    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? SM_OK : folder_fault("store-stat");
    return walk->visit(walk->context, id, folder_age_s(&facts));
}

enum sm_error store_each_upload(struct store *store, store_visit_fn *visit, void *context)
{
    struct walk walk = {visit, context};
    return folder_each(store->uploads, visit_entry, &walk);
}

static enum sm_error visit_shard(void *context, int root, const char *name)
{
    int shard DEFER(folder_close) = -1;
    if (strlen(name) != 2)
        return SM_OK;
    TRY(folder_open(root, name, &shard));
    return folder_each(shard, visit_entry, context);
}

enum sm_error store_each_message(struct store *store, store_visit_fn *visit, void *context)
{
    struct walk walk = {visit, context};
    return folder_each(store->root, visit_shard, &walk);
}
