/*
 * The object store as a directory. Every step that another process may rely on is made durable in
 * the order file, name, folder; an upload becomes an object by link(2), which never replaces what
 * is there and can be repeated after a crash, because the same inode is recognised.
 */
#include "store/store_files.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/folder.h"
#include "store/operations.h"

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

struct files {
    struct store store;
    int root;    /* folder */
    int uploads; /* folder */
};

struct files_upload {
    struct store_upload upload;
    int file;
    uint64_t begun; /* so far the disk was asked to begin writing */
};

enum { BEGIN_WRITING_BYTES = 4 * 1024 * 1024 };

struct files_object {
    struct store_object object;
    int file;
};

static struct files *files_of(struct store *store)
{
    return (struct files *)store;
}

static struct id_text upload_name(const struct store_upload_name *name)
{
    return id_text(name->id);
}

static void files_close(struct store *store)
{
    struct files *files = files_of(store);
    folder_close(&files->uploads);
    folder_close(&files->root);
    free(files);
}

static enum sm_error files_check(struct store *store)
{
    struct stat facts;
    return fstatat(files_of(store)->root, "uploads", &facts, AT_SYMLINK_NOFOLLOW) == 0
               ? SM_OK
               : folder_fault("store-check");
}

/* --- uploads --- */

static enum sm_error upload_begin(struct store *store, const struct store_upload_name *name)
{
    int uploads = files_of(store)->uploads;
    int file DEFER(folder_close) = openat(
        uploads, upload_name(name).text, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == EEXIST ? SM_CONFLICT : folder_fault("upload-begin");
    return folder_sync(uploads);
}

static void upload_close(struct store_upload *upload)
{
    struct files_upload *files_upload = (struct files_upload *)upload;
    folder_close(&files_upload->file);
    free(files_upload);
}

static enum sm_error upload_open(
    struct store *store, const struct store_upload_name *name, struct store_upload **out)
{
    struct stat facts;
    struct files_upload *opened = calloc(1, sizeof *opened);
    struct store_upload *upload DEFER(store_upload_close) = opened ? &opened->upload : NULL;
    if (!opened)
        return SM_NO_MEMORY;
    *upload = (struct store_upload){.store = store, .name = *name};
    opened->file =
        openat(files_of(store)->uploads, upload_name(name).text, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (opened->file < 0)
        return folder_fault("upload-open");
    if (flock(opened->file, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SM_BUSY : folder_fault("upload-lock");
    if (fstat(opened->file, &facts) != 0)
        return folder_fault("upload-stat");
    upload->size = opened->begun = (uint64_t)facts.st_size;
    *out = TAKE(upload);
    return SM_OK;
}

/*
 * The disk writes what has arrived while the rest arrives: then the fsync at the end has little
 * left to wait for. A hint; whether it was taken matters to nobody.
 */
static void begin_writing(struct files_upload *files)
{
    uint64_t size = files->upload.size - files->begun;
    if (size < BEGIN_WRITING_BYTES)
        return;
    (void)sync_file_range(files->file, (off_t)files->begun, (off_t)size, SYNC_FILE_RANGE_WRITE);
    files->begun = files->upload.size;
}

static enum sm_error upload_append(struct store_upload *upload, struct span bytes)
{
    int file = ((struct files_upload *)upload)->file;
    for (size_t done = 0; done < bytes.size;) {
        ssize_t wrote =
            pwrite(file, bytes.at + done, bytes.size - done, (off_t)(upload->size + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            enum sm_error error = folder_fault("upload-write");
            if (ftruncate(file, (off_t)upload->size) != 0)
                log_line(
                    LOG_ERROR, "upload-truncate", "upload", upload_name(&upload->name).text, NULL);
            return error;
        }
        done += (size_t)wrote;
    }
    upload->size += bytes.size;
    begin_writing((struct files_upload *)upload);
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

/*
 * Where a message's folder may stand: by the last two digits of its id, which are random in every
 * id; or by the first two, where folders were made before ids began with the time.
 */
enum { PLACES = 2, SHARD_DIGITS = 2 };

static struct shard_name shard_name(struct id message, size_t place)
{
    struct shard_name name = {{0}};
    size_t at = place == 0 ? ID_TEXT_BYTES - 1 - SHARD_DIGITS : 0;
    memcpy(name.text, id_text(message).text + at, SHARD_DIGITS);
    return name;
}

static enum sm_error shard_open(
    const struct files *files, struct id message, size_t place, int *out)
{
    return folder_open(files->root, shard_name(message, place).text, out);
}

static enum sm_error folder_at(const struct files *files, struct id message, size_t place, int *out)
{
    int shard DEFER(folder_close) = -1;
    TRY(shard_open(files, message, place, &shard));
    return folder_open(shard, id_text(message).text, out);
}

/* Of its folders the one that has the part: while an older gateway works beside a newer one, parts
 * of a message may stand in both. SM_NOT_FOUND: neither has it. */
static enum sm_error folder_of_part(
    const struct files *files, const struct store_name *name, int *out)
{
    for (size_t place = 0; place < PLACES; place++) {
        int folder DEFER(folder_close) = -1;
        struct stat facts;
        enum sm_error error = folder_at(files, name->message, place, &folder);
        if (error == SM_OK &&
            fstatat(folder, part_name(name->part).text, &facts, AT_SYMLINK_NOFOLLOW) != 0)
            error = errno == ENOENT ? SM_NOT_FOUND : folder_fault("object-stat");
        if (error == SM_OK) {
            *out = folder;
            folder = -1;
        }
        if (error != SM_NOT_FOUND)
            return error;
    }
    return SM_NOT_FOUND;
}

/* The folder in which a message's objects are put, if there is one; SM_NOT_FOUND otherwise. */
static enum sm_error message_folder(const struct files *files, struct id message, int *out)
{
    enum sm_error error = SM_NOT_FOUND;
    for (size_t place = 0; place < PLACES && error == SM_NOT_FOUND; place++)
        error = folder_at(files, message, place, out);
    return error;
}

static enum sm_error message_folder_make(const struct files *files, struct id message, int *out)
{
    int shard DEFER(folder_close) = -1;
    enum sm_error error = message_folder(files, message, out);
    if (error != SM_NOT_FOUND)
        return error;
    TRY(folder_make(files->root, shard_name(message, 0).text));
    TRY(shard_open(files, message, 0, &shard));
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
    int from = files_of(upload->store)->uploads;
    int file = ((struct files_upload *)upload)->file;
    if (linkat(from, upload_name(&upload->name).text, folder, name, 0) == 0)
        return folder_sync(folder);
    return errno == EEXIST ? same_file(folder, name, file) : folder_fault("object-link");
}

static enum sm_error upload_unlink(const struct files *files, struct id upload)
{
    TRY(folder_unlink(files->uploads, id_text(upload).text, 0));
    return folder_sync(files->uploads);
}

static enum sm_error upload_finish(struct store_upload *upload)
{
    int folder DEFER(folder_close) = -1;
    struct files *files = files_of(upload->store);
    const struct store_name *object = &upload->name.object;
    if (fsync(((struct files_upload *)upload)->file) != 0)
        return folder_fault("upload-sync");
    FAIL_POINT("gateway.upload.before-link");
    TRY(message_folder_make(files, object->message, &folder));
    TRY(link_object(upload, folder, part_name(object->part).text));
    FAIL_POINT("gateway.upload.after-link");
    return upload_unlink(files, upload->name.id);
}

static enum sm_error upload_delete(struct store *store, const struct store_upload_name *name)
{
    return upload_unlink(files_of(store), name->id);
}

/* --- objects --- */

static void object_close(struct store_object *object)
{
    struct files_object *files_object = (struct files_object *)object;
    folder_close(&files_object->file);
    free(files_object);
}

static enum sm_error object_open(
    struct store *store, const struct store_name *name, struct store_object **out)
{
    int folder DEFER(folder_close) = -1;
    struct stat facts;
    TRY(folder_of_part(files_of(store), name, &folder));
    struct files_object *opened = calloc(1, sizeof *opened);
    struct store_object *object DEFER(store_object_close) = opened ? &opened->object : NULL;
    if (!opened)
        return SM_NO_MEMORY;
    object->store = store;
    opened->file = openat(folder, part_name(name->part).text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (opened->file < 0)
        return folder_fault("object-open");
    if (fstat(opened->file, &facts) != 0)
        return folder_fault("object-stat");
    object->size = (uint64_t)facts.st_size;
    *out = TAKE(object);
    return SM_OK;
}

static enum sm_error object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    int file = ((struct files_object *)object)->file;
    size_t done = 0;
    while (done < size && offset + done < object->size) {
        ssize_t part = pread(file, bytes + done, size - done, (off_t)(offset + done));
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
static enum sm_error object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    struct iovec into = {bytes, size};
    if (offset >= object->size || size == 0) {
        *got = 0;
        return SM_OK;
    }
    ssize_t part =
        preadv2(((struct files_object *)object)->file, &into, 1, (off_t)offset, RWF_NOWAIT);
    if (part > 0) {
        *got = (size_t)part;
        return SM_OK;
    }
    if (part < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        return object_read(object, offset, bytes, size, got);
    if (part < 0 && (errno == EAGAIN || errno == EINTR))
        return SM_BUSY;
    return part == 0 ? log_failure("object-read", SM_IO, "shorter than it was")
                     : folder_fault("object-read");
}

static enum sm_error object_stat(struct store *store, const struct store_name *name, uint64_t *size)
{
    int folder DEFER(folder_close) = -1;
    struct stat facts;
    TRY(folder_of_part(files_of(store), name, &folder));
    if (fstatat(folder, part_name(name->part).text, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return folder_fault("object-stat");
    *size = (uint64_t)facts.st_size;
    return SM_OK;
}

/* --- deleting and sweeping --- */

static enum sm_error object_delete(struct store *store, const struct store_name *name)
{
    int folder DEFER(folder_close) = -1;
    enum sm_error error = folder_of_part(files_of(store), name, &folder);
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
static enum sm_error delete_folder(int shard, struct id message, struct emptying *emptying)
{
    int folder DEFER(folder_close) = -1;
    TRY(folder_open(shard, id_text(message).text, &folder));
    TRY(folder_each(folder, delete_entry, emptying));
    FAIL_POINT("retention.objects.before-rmdir");
    TRY(folder_unlink(shard, id_text(message).text, AT_REMOVEDIR));
    return folder_sync(shard);
}

static enum sm_error delete_at(
    const struct files *files, struct id message, size_t place, struct emptying *emptying)
{
    int shard DEFER(folder_close) = -1;
    enum sm_error error = shard_open(files, message, place, &shard);
    if (error == SM_OK)
        error = delete_folder(shard, message, emptying);
    return error == SM_NOT_FOUND ? SM_OK : error;
}

static enum sm_error message_delete(struct store *store, struct id message, uint64_t *deleted)
{
    struct emptying emptying = {0};
    if (deleted)
        *deleted = 0;
    for (size_t place = 0; place < PLACES; place++)
        TRY(delete_at(files_of(store), message, place, &emptying));
    if (deleted)
        *deleted = emptying.deleted;
    return SM_OK;
}

struct walk {
    const struct files *files;
    store_judge_fn *judge;
    void *context;
};

/* Names that are not ids are not ours: passed over. So is what vanished meanwhile. */
static enum sm_error judge_entry(void *context, int folder, const char *name)
{
    const struct walk *walk = context;
    struct stat facts;
    struct id id;
    bool is_wanted = true;
    if (id_parse(span_text(name), &id) != SM_OK)
        return SM_OK;
    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? SM_OK : folder_fault("store-stat");
    TRY(walk->judge(walk->context, id, folder_age_s(&facts), &is_wanted));
    return is_wanted ? SM_OK : upload_unlink(walk->files, id);
}

static enum sm_error sweep_uploads(struct store *store, store_judge_fn *judge, void *context)
{
    const struct files *files = files_of(store);
    struct walk walk = {files, judge, context};
    return folder_each(files->uploads, judge_entry, &walk);
}

static const struct store_operations operations = {
    .close = files_close,
    .check = files_check,
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

enum sm_error store_files_open(const char *root, struct store **out)
{
    struct files *files = calloc(1, sizeof *files);
    struct store *store DEFER(store_close) = files ? &files->store : NULL;
    if (!files)
        return SM_NO_MEMORY;
    store->operations = &operations;
    files->uploads = -1;
    files->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->root < 0)
        return folder_fault("store-open");
    TRY(folder_make(files->root, "uploads"));
    TRY(folder_open(files->root, "uploads", &files->uploads));
    *out = TAKE(store);
    return SM_OK;
}
