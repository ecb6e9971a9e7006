/*
 * The object store: ciphertext in a directory, used by the gateway (uploads, downloads) and by
 * retention (deletes). An upload grows under a random id; when it is whole it becomes the object of
 * one part of one message, in one step that is durable before it returns. A row in the database is
 * written only after that, so a row never names an object that is not there.
 *
 *     <root>/uploads/<upload id>                under way, or abandoned
 *     <root>/<2 digits>/<message id>/<part>     an object; never changed, only deleted
 *
 * Ids are 32 hexadecimal digits, the 2 digits are the message id's first. Objects lie together by
 * message so that "all that is left of this message" needs no database. Files are 0600 and folders
 * 02770: a process of the same group may delete what it cannot read. Any thread may use the store;
 * an upload or object that is open belongs to one thread at a time.
 *
 * Errors everywhere: SM_NOT_FOUND, SM_DISK_FULL (no room or quota), SM_IO for the rest (logged).
 */
#ifndef SM_STORE_STORE_H
#define SM_STORE_STORE_H

#include "base/error.h"
#include "base/id.h"

struct store;

/* Opens (and makes what is missing of) the store at `root`. The caller owns *out. */
SM_MUST_USE enum sm_error store_open(const char *root, struct store **out);
void store_close(struct store **store);

/* --- uploads --- */
struct store_upload;

/* Makes an empty upload, durable as a name. SM_CONFLICT when the id exists. */
SM_MUST_USE enum sm_error store_upload_begin(struct store *store, struct id upload);

/*
 * Opens an upload to go on with it. SM_BUSY while anybody else has it open, also another process.
 * The caller owns *out; closing it keeps what was appended.
 */
SM_MUST_USE enum sm_error store_upload_open(
    struct store *store, struct id upload, struct store_upload **out);
void store_upload_close(struct store_upload **upload);

/* Bytes that are in it: after a crash perhaps fewer than were appended, never others. */
uint64_t store_upload_size(const struct store_upload *upload);

/* Appends at the end. After an error nothing of `bytes` counts: the size is as before. */
SM_MUST_USE enum sm_error store_upload_append(struct store_upload *upload, struct span bytes);

/* Which object: part `part` of `message`. */
struct store_name {
    struct id message;
    uint32_t part;
};

/*
 * Makes the upload the object `name`; durable when this returns. The upload's id is gone then.
 * Repeatable: where the object came from this very upload, SM_OK. SM_CONFLICT when the part is
 * there already with another origin (it is left alone).
 */
SM_MUST_USE enum sm_error store_upload_finish(
    struct store_upload *upload, const struct store_name *name);

/* Forgets an upload; that it is gone already is success. */
SM_MUST_USE enum sm_error store_upload_delete(struct store *store, struct id upload);

/* --- objects --- */
struct store_object;

/* Opens for reading. The caller owns *out; it reads on although the object is deleted meanwhile. */
SM_MUST_USE enum sm_error store_object_open(
    struct store *store, const struct store_name *name, struct store_object **out);
void store_object_close(struct store_object **object);
uint64_t store_object_size(const struct store_object *object);

/* Reads at `offset` into `bytes` until `size` or the end; *got says how many. */
SM_MUST_USE enum sm_error store_object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/*
 * The same, but only what is in memory: SM_BUSY when the disk would have to be waited for. For
 * threads that must not wait; the answer to SM_BUSY is store_object_read in a thread that may.
 */
SM_MUST_USE enum sm_error store_object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/* Size by name, without opening. */
SM_MUST_USE enum sm_error store_object_stat(
    struct store *store, const struct store_name *name, uint64_t *size);

/* Deletes one object, durably; that it is gone already is success. */
SM_MUST_USE enum sm_error store_object_delete(struct store *store, const struct store_name *name);

/*
 * Deletes all objects of a message, durably. Nothing left, or never anything: success. So it may be
 * repeated after a crash. *deleted (may be NULL) counts files. SM_BUSY when an upload keeps
 * finishing into it.
 */
SM_MUST_USE enum sm_error store_message_delete(
    struct store *store, struct id message, uint64_t *deleted);

/* --- sweeping --- */

/* Called for each; an error other than SM_OK ends the walk and is returned. It may delete `id`. */
typedef enum sm_error store_visit_fn(void *context, struct id id, int64_t age_s);

/* All uploads, and all messages with objects; age since the last change by this machine's clock. */
SM_MUST_USE enum sm_error store_each_upload(
    struct store *store, store_visit_fn *visit, void *context);
SM_MUST_USE enum sm_error store_each_message(
    struct store *store, store_visit_fn *visit, void *context);

#endif
