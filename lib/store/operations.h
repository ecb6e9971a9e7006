/* What a kind of store is made of, for store.c and the kinds alone. A kind's own structs begin with
 * these. Contracts are those of store.h; the close functions free. */
#ifndef SM_STORE_OPERATIONS_H
#define SM_STORE_OPERATIONS_H

#include "store/store.h"

struct store_operations {
    void (*close)(struct store *store);
    enum sm_error (*check)(struct store *store);

    enum sm_error (*upload_begin)(struct store *store, const struct store_upload_name *name);
    enum sm_error (*upload_open)(
        struct store *store, const struct store_upload_name *name, struct store_upload **out);
    void (*upload_close)(struct store_upload *upload);
    enum sm_error (*upload_append)(struct store_upload *upload, struct span bytes);
    enum sm_error (*upload_finish)(struct store_upload *upload);
    enum sm_error (*upload_delete)(struct store *store, const struct store_upload_name *name);

    enum sm_error (*object_open)(
        struct store *store, const struct store_name *name, struct store_object **out);
    void (*object_close)(struct store_object *object);
    enum sm_error (*object_read)(
        struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);
    enum sm_error (*object_read_now)(
        struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);
    enum sm_error (*object_stat)(
        struct store *store, const struct store_name *name, uint64_t *size);
    enum sm_error (*object_delete)(struct store *store, const struct store_name *name);

    enum sm_error (*message_delete)(struct store *store, struct id message, uint64_t *deleted);
    enum sm_error (*sweep_uploads)(struct store *store, store_judge_fn *judge, void *context);
};

struct store {
    const struct store_operations *operations;
};

struct store_upload {
    struct store *store; /* outlives it */
    struct store_upload_name name;
    uint64_t size;
};

struct store_object {
    struct store *store; /* outlives it */
    uint64_t size;
};

#endif
