/*
 * The rows of an upload and what holds them and the object store together:
 *
 *   the file is begun before its row; the object is durable before its row; a row of mail.object is
 *   what a send counts. Whatever is killed in between is found by upload_find and put right.
 *
 * The row of the draft is the lock: creating, taking back, sending and sweeping take it first, so a
 * part can neither appear nor vanish under a send.
 */
#ifndef SM_GATEWAY_UPLOAD_H
#define SM_GATEWAY_UPLOAD_H

#include "services/gateway/gateway.h"

struct upload {
    struct id id;
    struct store_name name; /* message and part */
    uint64_t length;        /* bytes of the whole part */
    bool is_finished;       /* its object is durable and has its row */
    int64_t expires_ms;     /* of the draft; at least until then it is kept */
};

/* As the object store knows it. */
struct store_upload_name upload_name(const struct upload *upload);

/* What may be uploaded: from the capability. */
struct upload_allowance {
    struct id organisation;
    uint64_t bytes_max; /* of one part */
    uint64_t parts_max;
};

/*
 * Makes an upload with a new id, in place of an unfinished one of the same part. SM_CONFLICT: the
 * part is stored already, or the message is sent or being sent. SM_TOO_LARGE: over the allowance.
 */
SM_MUST_USE enum sm_error upload_create(
    struct worker *worker, const struct upload_allowance *allowance, struct upload *upload);

/* The upload `id` of `message`; SM_NOT_FOUND. An object that lacks only its row gets it now. */
SM_MUST_USE enum sm_error upload_find(
    struct worker *worker, struct id id, struct id message, struct upload *out);

/* All bytes are in the file: fsync, object, row. Repeatable. SM_NOT_FOUND: taken back meanwhile. */
SM_MUST_USE enum sm_error upload_complete(
    struct worker *worker, struct upload *upload, struct store_upload *file);

/* Takes back an upload, also a finished one. SM_CONFLICT: the message is sent or being sent. */
SM_MUST_USE enum sm_error upload_take_back(struct worker *worker, const struct upload *upload);

/*
 * Before a send is carried: freezes the draft's parts and checks that parts 0..parts-1 are durable.
 * SM_CONFLICT when they are not, or when the draft was swept. A send that is repeated after it was
 * projected has no draft any more and passes by its objects.
 */
SM_MUST_USE enum sm_error upload_freeze(struct worker *worker, struct id message, uint64_t parts);

/* The send was refused before it had an effect: the parts may change again. */
SM_MUST_USE enum sm_error upload_thaw(struct worker *worker, struct id message);

#endif
