/* Whatever the kind: each call goes to its operations. Which kind, the configuration says. */
#include "store/store.h"

#include "runtime/settings.h"
#include "store/operations.h"
#include "store/store_files.h"
#include "store/store_s3.h"

#include <string.h>

#include "base/banned.h"

static enum sm_error open_files(const struct settings *settings, struct store **out)
{
    return store_files_open(settings_text(settings, SETTING_OBJECTS_DIR), out);
}

static enum sm_error open_s3(const struct settings *settings, struct store **out)
{
    const struct s3_options options = {
        .endpoint = settings_text(settings, SETTING_S3_ENDPOINT),
        .region = settings_text(settings, SETTING_S3_REGION),
        .bucket = settings_text(settings, SETTING_S3_BUCKET),
        .key_id = settings_text(settings, SETTING_S3_KEY_ID),
        .secret = settings_secret(settings, SETTING_S3_SECRET),
        .ca_file = settings_text(settings, SETTING_S3_CA_FILE),
    };
    return store_s3_open(&options, out);
}

static const struct {
    const char *word; /* of SECURE_MAIL_OBJECTS */
    enum sm_error (*open)(const struct settings *settings, struct store **out);
} kinds[] = {{"files", open_files}, {"s3", open_s3}};

enum sm_error store_open(const struct settings *settings, struct store **out)
{
    const char *word = settings_text(settings, SETTING_OBJECTS);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return kinds[i].open(settings, out);
    return SM_CONFIG; /* the settings have refused it */
}

void store_close(struct store **store)
{
    if (*store)
        (*store)->operations->close(*store);
    *store = NULL;
}

enum sm_error store_check(struct store *store)
{
    return store->operations->check(store);
}

enum sm_error store_ask(void *context)
{
    return store_check(context);
}

enum sm_error store_upload_begin(struct store *store, const struct store_upload_name *name)
{
    return store->operations->upload_begin(store, name);
}

enum sm_error store_upload_open(
    struct store *store, const struct store_upload_name *name, struct store_upload **out)
{
    return store->operations->upload_open(store, name, out);
}

void store_upload_close(struct store_upload **upload)
{
    if (*upload)
        (*upload)->store->operations->upload_close(*upload);
    *upload = NULL;
}

uint64_t store_upload_size(const struct store_upload *upload)
{
    return upload->size;
}

enum sm_error store_upload_append(struct store_upload *upload, struct span bytes)
{
    return upload->store->operations->upload_append(upload, bytes);
}

enum sm_error store_upload_finish(struct store_upload *upload)
{
    return upload->store->operations->upload_finish(upload);
}

enum sm_error store_upload_delete(struct store *store, const struct store_upload_name *name)
{
    return store->operations->upload_delete(store, name);
}

enum sm_error store_object_open(
    struct store *store, const struct store_name *name, struct store_object **out)
{
    return store->operations->object_open(store, name, out);
}

void store_object_close(struct store_object **object)
{
    if (*object)
        (*object)->store->operations->object_close(*object);
    *object = NULL;
}

uint64_t store_object_size(const struct store_object *object)
{
    return object->size;
}

enum sm_error store_object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    return object->store->operations->object_read(object, offset, bytes, size, got);
}

enum sm_error store_object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    return object->store->operations->object_read_now(object, offset, bytes, size, got);
}

enum sm_error store_object_stat(struct store *store, const struct store_name *name, uint64_t *size)
{
    return store->operations->object_stat(store, name, size);
}

enum sm_error store_object_delete(struct store *store, const struct store_name *name)
{
    return store->operations->object_delete(store, name);
}

enum sm_error store_message_delete(struct store *store, struct id message, uint64_t *deleted)
{
    return store->operations->message_delete(store, message, deleted);
}

enum sm_error store_sweep_uploads(struct store *store, store_judge_fn *judge, void *context)
{
    return store->operations->sweep_uploads(store, judge, context);
}
