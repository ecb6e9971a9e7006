/*
 * The object store: ciphertext, used by the gateway (uploads, downloads) and by retention
 * (deletes). An upload grows under a random id; when it is whole it becomes the object of one part
 * of one message, in one step that is durable before it returns. A row in the database is written
 * only after that, so a row never names an object that is not there.
 *
 * Of two kinds, chosen by configuration (store_open): a directory (store_files.h) and a bucket of
 * an S3-compatible server (store_s3.h). What follows holds for both; where they differ, it is said.
 *
 * Any thread may use the store; an upload or object that is open belongs to one thread at a time.
 *
 * Errors everywhere: SM_NOT_FOUND, SM_DISK_FULL (no room or quota), SM_UNAVAILABLE (a server that
 * does not answer, or refuses), SM_IO for the rest (all but the first are logged).
 */
#ifndef SM_STORE_STORE_H
#define SM_STORE_STORE_H

#include "base/error.h"
#include "base/id.h"

#include <stdbool.h>

struct store;
struct settings; /* runtime/settings.h */

/*
 * The store that SECURE_MAIL_OBJECTS names, ready for use. SM_CONFIG, with thing, reason and remedy
 * in the log, when a setting is not understood or a server refuses what it says; a server that does
 * not answer is no reason not to start. The caller owns *out. Before the first thread.
 */
SM_MUST_USE enum sm_error store_open(const struct settings *settings, struct store **out);
void store_close(struct store **store);

/* Whether it can be worked with now; asked often and by anybody, it asks a server rarely. */
SM_MUST_USE enum sm_error store_check(struct store *store);

/* Which object: part `part` of `message`. */
struct store_name {
    struct id message;
    uint32_t part;
};

/* The same for struct health_options (runtime/health.h): `context` is the store. */
SM_MUST_USE enum sm_error store_ask(void *context);
#define STORE_LACKING "the object store does not answer, or refuses"

/* --- uploads --- */
struct store_upload;

/* Which upload, and the object that it is to be. */
struct store_upload_name {
    struct id id;
    struct store_name object;
};

/* Makes an empty upload, durable as a name. SM_CONFLICT when the id exists (files). */
SM_MUST_USE enum sm_error store_upload_begin(
    struct store *store, const struct store_upload_name *name);

/*
 * Opens an upload to go on with it. SM_BUSY while anybody else has it open: any process (files), a
 * thread of this one (S3: two processes may write the same bytes side by side, and lose none).
 * SM_NOT_FOUND (files) when it was not begun or is an object by now; with S3 both are an upload
 * with what has arrived. The caller owns *out; closing it keeps what was appended.
 */
SM_MUST_USE enum sm_error store_upload_open(
    struct store *store, const struct store_upload_name *name, struct store_upload **out);
void store_upload_close(struct store_upload **upload);

/* Bytes that are in it: after a crash of the machine perhaps fewer than were appended (files),
 * never others. */
uint64_t store_upload_size(const struct store_upload *upload);

/* Appends at the end. After an error nothing of `bytes` counts: the size is as before. SM_TOO_LARGE
 * (S3): it came in more blocks than an upload may have. */
SM_MUST_USE enum sm_error store_upload_append(struct store_upload *upload, struct span bytes);

/*
 * Makes the upload its object; durable when this returns. Repeatable: where the object came from
 * this very upload, SM_OK. SM_CONFLICT when the part is there already with another origin (it is
 * left alone).
 */
SM_MUST_USE enum sm_error store_upload_finish(struct store_upload *upload);

/* Forgets an upload; that it is gone already is success. */
SM_MUST_USE enum sm_error store_upload_delete(
    struct store *store, const struct store_upload_name *name);

/* --- objects --- */
struct store_object;

/* Opens for reading. The caller owns *out; when the object is deleted meanwhile it reads on (files)
 * or fails with SM_NOT_FOUND (S3). */
SM_MUST_USE enum sm_error store_object_open(
    struct store *store, const struct store_name *name, struct store_object **out);
void store_object_close(struct store_object **object);
uint64_t store_object_size(const struct store_object *object);

/* Reads at `offset` into `bytes` until `size` or the end; *got says how many. */
SM_MUST_USE enum sm_error store_object_read(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/*
 * The same, but only what is in memory: SM_BUSY when disk or server would have to be waited for.
 * For threads that must not wait; the answer to SM_BUSY is store_object_read in a thread that may.
 */
SM_MUST_USE enum sm_error store_object_read_now(
    struct store_object *object, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/* Size by name, without opening. */
SM_MUST_USE enum sm_error store_object_stat(
    struct store *store, const struct store_name *name, uint64_t *size);

/* Deletes one object, durably; that it is gone already is success. Its upload is deleted by
 * store_upload_delete, or with the message. */
SM_MUST_USE enum sm_error store_object_delete(struct store *store, const struct store_name *name);

/*
 * Deletes all objects of a message, durably; with S3 also what is left of its uploads. Nothing
 * left, or never anything: success. So it may be repeated after a crash. *deleted (may be NULL)
 * counts objects. SM_BUSY when an upload keeps finishing into it.
 */
SM_MUST_USE enum sm_error store_message_delete(
    struct store *store, struct id message, uint64_t *deleted);

/* --- sweeping --- */

/* Called for each upload; age since the last change by this machine's clock. An error ends the
 * walk and is returned. */
typedef enum sm_error store_judge_fn(
    void *context, struct id upload, int64_t age_s, bool *is_wanted);

/* Deletes the uploads that are not wanted. With S3 there is nothing to sweep: an upload lies with
 * its message and goes with it. */
SM_MUST_USE enum sm_error store_sweep_uploads(
    struct store *store, store_judge_fn *judge, void *context);

#endif
