/*
 * The order is: mark (no upload and no send from now on), ask crypto, delete the ciphertext, delete
 * the rows. A draft that crypto does know was sent: only its draft row goes.
 */
#include "services/gateway/sweep.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "proto/crypto.h"
#include "proto/sealed.h"

#include <assert.h>
#include <stdio.h>

#include "proto/limits.h"

/* A send that is under way has this long to be committed before crypto's "not known" counts. */
enum { SENDING_GRACE_MS = 3600 * 1000, ARENA_BYTES = 1024 * 1024 };

/* The limit is written out, so that it is planned for. */
static_assert(PAGE_ROWS_MAX == 100, "the limit of gateway_sweep_mark is one list");
static const struct statement mark = {"gateway_sweep_mark",
    "UPDATE mail.draft SET is_swept = true WHERE message IN (SELECT message FROM mail.draft"
    " WHERE expires_ms < clock.now_ms() AND coalesce(sending_ms, 0) < clock.now_ms() - $1"
    " ORDER BY expires_ms LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING message"};
static const struct statement uploads_of = {
    "gateway_sweep_uploads", "SELECT upload, part FROM mail.upload WHERE message = $1"};
static const struct statement forget_objects = {
    "gateway_sweep_objects", "DELETE FROM mail.object WHERE message = $1"};
static const struct statement forget_draft = {
    "gateway_sweep_draft", "DELETE FROM mail.draft WHERE message = $1 AND is_swept"};

static const struct statement is_named = {"gateway_sweep_is_named",
    "SELECT EXISTS (SELECT FROM mail.upload WHERE upload = $1 AND NOT is_finished)"};

static enum sm_error delete_uploads(struct worker *worker, struct db *db, struct id message)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &uploads_of, &rows, db_id(&message)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct store_upload_name upload = {.object.message = message};
        uint64_t part = 0;
        TRY(db_read_id(rows, i, 0, &upload.id));
        TRY(db_read_u64(rows, i, 1, &part));
        upload.object.part = (uint32_t)part;
        TRY(store_upload_delete(worker->gateway->store, &upload));
    }
    return SM_OK;
}

static enum sm_error sweep_one(struct worker *worker, struct db *db, const struct known_item *item)
{
    TRY(delete_uploads(worker, db, item->message));
    if (!item->is_known) {
        TRY(DB_RUN(db, &forget_objects, NULL, db_id(&item->message)));
        FAIL_POINT("gateway.sweep.before-delete");
        TRY(store_message_delete(worker->gateway->store, item->message, NULL));
        FAIL_POINT("gateway.sweep.after-delete");
    }
    return DB_RUN(db, &forget_draft, NULL, db_id(&item->message));
}

/* What was marked, as a question to crypto. */
static enum sm_error name_marked(
    const struct db_rows *rows, struct arena *arena, struct known_request *out)
{
    void *names = NULL;
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof(struct message_name), &names));
    for (size_t i = 0; i < count; i++)
        TRY(db_read_id(rows, i, 0, &((struct message_name *)names)[i].message));
    out->messages = (struct list){names, count};
    return SM_OK;
}

enum sm_error sweep_drafts(struct worker *worker)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct db *db = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct known_request request = {0};
    struct known_reply reply = {0};
    TRY(worker_db(worker, &db));
    TRY(DB_RUN(db, &mark, &rows, db_i64(SENDING_GRACE_MS)));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    TRY(name_marked(rows, &arena, &request));
    TRY(worker_call(worker, OP_KNOWN, &request, &arena, &reply));
    for (size_t i = 0; i < reply.messages.count; i++)
        TRY(sweep_one(worker, db, LIST_AT(struct known_item, reply.messages, i)));
    char count[24];
    (void)snprintf(count, sizeof count, "%zu", reply.messages.count);
    log_line(LOG_INFO, "drafts-swept", "count", count, NULL);
    return SM_OK;
}

static enum sm_error judge_file(void *context, struct id upload, int64_t age_s, bool *is_wanted)
{
    struct worker *worker = context;
    struct db *db = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    *is_wanted = true;
    if (age_s < 2 * (int64_t)UPLOAD_CAPABILITY_S)
        return SM_OK;
    TRY(worker_db(worker, &db));
    TRY(DB_RUN(db, &is_named, &rows, db_id(&upload)));
    TRY(db_one(rows));
    return db_read_bool(rows, 0, 0, is_wanted);
}

enum sm_error sweep_uploads(struct worker *worker)
{
    return store_sweep_uploads(worker->gateway->store, judge_file, worker);
}
