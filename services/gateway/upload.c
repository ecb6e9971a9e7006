/* See upload.h for the order of things; each function here is one transaction around it. */
#include "services/gateway/upload.h"

#include "base/failpoint.h"
#include "base/log.h"

#include "proto/limits.h"

/* No row: the message is somebody else's, being sent, sent or swept. */
static const struct statement take_draft = {"gateway_draft_take",
    "INSERT INTO mail.draft (message, organisation, expires_ms)"
    " SELECT $1, $2, clock.now_ms() + $3 WHERE NOT EXISTS"
    " (SELECT FROM mail.message WHERE message = $1)"
    " ON CONFLICT (message) DO UPDATE SET expires_ms = EXCLUDED.expires_ms"
    " WHERE draft.organisation = EXCLUDED.organisation AND draft.sending_ms IS NULL"
    " AND NOT draft.is_swept"
    " RETURNING expires_ms"};
static const struct statement drop_unfinished = {"gateway_upload_drop",
    "DELETE FROM mail.upload WHERE message = $1 AND part = $2 AND NOT is_finished"
    " RETURNING upload"};
static const struct statement is_stored_already = {"gateway_object_is_stored",
    "SELECT EXISTS (SELECT FROM mail.object WHERE message = $1 AND part = $2)"};
static const struct statement insert_upload = {"gateway_upload_insert",
    "INSERT INTO mail.upload (upload, message, part, length) VALUES ($1, $2, $3, $4)"};
static const struct statement find = {"gateway_upload_find",
    "SELECT part, length, is_finished, draft.expires_ms FROM mail.upload JOIN mail.draft"
    " USING (message) WHERE upload = $1 AND message = $2 AND NOT is_swept"};
static const struct statement lock_upload = {
    "gateway_upload_lock", "SELECT is_finished FROM mail.upload WHERE upload = $1 FOR UPDATE"};
static const struct statement insert_object = {"gateway_object_insert",
    "INSERT INTO mail.object (message, part, size) VALUES ($1, $2, $3)"
    " ON CONFLICT (message, part) DO NOTHING"};
static const struct statement set_finished = {
    "gateway_upload_finished", "UPDATE mail.upload SET is_finished = true WHERE upload = $1"};
static const struct statement lock_open_draft = {"gateway_draft_lock",
    "SELECT message FROM mail.draft WHERE message = $1 AND sending_ms IS NULL AND NOT is_swept"
    " FOR UPDATE"};
static const struct statement delete_upload = {
    "gateway_upload_delete", "DELETE FROM mail.upload WHERE upload = $1"};
static const struct statement delete_object = {
    "gateway_object_delete", "DELETE FROM mail.object WHERE message = $1 AND part = $2"};
static const struct statement freeze = {"gateway_draft_freeze",
    "UPDATE mail.draft SET sending_ms = clock.now_ms() WHERE message = $1 RETURNING is_swept"};
static const struct statement count_objects = {
    "gateway_object_count", "SELECT count(*) FROM mail.object WHERE message = $1 AND part < $2"};
static const struct statement thaw = {
    "gateway_draft_thaw", "UPDATE mail.draft SET sending_ms = NULL WHERE message = $1"};

struct store_upload_name upload_name(const struct upload *upload)
{
    return (struct store_upload_name){.id = upload->id, .object = upload->name};
}

/* --- creating --- */

static enum sm_error make_room(struct db *db, struct store *store, const struct upload *upload)
{
    struct db_rows *dropped DEFER(db_rows_free) = NULL;
    struct db_rows *stored DEFER(db_rows_free) = NULL;
    bool is_stored = false;
    struct store_upload_name old = {.object = upload->name};
    TRY(DB_RUN(
        db, &drop_unfinished, &dropped, db_id(&upload->name.message), db_u64(upload->name.part)));
    TRY(DB_RUN(
        db, &is_stored_already, &stored, db_id(&upload->name.message), db_u64(upload->name.part)));
    TRY(db_one(stored));
    TRY(db_read_bool(stored, 0, 0, &is_stored));
    if (is_stored)
        return SM_CONFLICT;
    if (db_rows_count(dropped)) {
        TRY(db_read_id(dropped, 0, 0, &old.id));
        TRY(store_upload_delete(store, &old));
    }
    /* An object without a row: a finish or a take-back was killed half-way. Nobody counts on it. */
    return store_object_delete(store, &upload->name);
}

enum sm_error upload_create(
    struct worker *worker, const struct upload_allowance *allowance, struct upload *upload)
{
    struct db *db = NULL;
    struct store *store = worker->gateway->store;
    struct store_upload_name name;
    struct db_rows *draft DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    if (upload->name.part >= allowance->parts_max || upload->length > allowance->bytes_max)
        return SM_TOO_LARGE;
    TRY(worker_db(worker, &db));
    TRY(db_begin(db, &tx));
    TRY(DB_RUN(db, &take_draft, &draft, db_id(&upload->name.message),
        db_id(&allowance->organisation), db_i64((int64_t)UPLOAD_CAPABILITY_S * 1000)));
    if (db_rows_count(draft) == 0)
        return SM_CONFLICT;
    TRY(db_read_i64(draft, 0, 0, &upload->expires_ms));
    TRY(make_room(db, store, upload));
    TRY(id_random(&upload->id));
    name = upload_name(upload);
    TRY(store_upload_begin(store, &name));
    TRY(DB_RUN(db, &insert_upload, NULL, db_id(&upload->id), db_id(&upload->name.message),
        db_u64(upload->name.part), db_u64(upload->length)));
    FAIL_POINT("gateway.upload-create.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.upload-create.after-commit");
    return SM_OK;
}

/* --- finishing --- */

static enum sm_error write_rows(struct db *db, struct upload *upload)
{
    TRY(DB_RUN(db, &insert_object, NULL, db_id(&upload->name.message), db_u64(upload->name.part),
        db_u64(upload->length)));
    TRY(DB_RUN(db, &set_finished, NULL, db_id(&upload->id)));
    upload->is_finished = true;
    return SM_OK;
}

/* `file` NULL: the object is there already and lacks only its rows. */
static enum sm_error complete(
    struct worker *worker, struct upload *upload, struct store_upload *file)
{
    struct db *db = NULL;
    struct db_rows *row DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(worker_db(worker, &db));
    TRY(db_begin(db, &tx));
    TRY(DB_RUN(db, &lock_upload, &row, db_id(&upload->id)));
    TRY(db_one(row));
    if (file)
        TRY(store_upload_finish(file));
    TRY(write_rows(db, upload));
    FAIL_POINT("gateway.upload.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.upload.after-commit");
    return SM_OK;
}

enum sm_error upload_complete(
    struct worker *worker, struct upload *upload, struct store_upload *file)
{
    return complete(worker, upload, file);
}

/* The file is gone without a row of the object: its finish was killed before the commit. */
static enum sm_error settle(struct worker *worker, struct upload *upload)
{
    struct store *store = worker->gateway->store;
    const struct store_upload_name name = upload_name(upload);
    struct store_upload *file DEFER(store_upload_close) = NULL;
    uint64_t size = 0;
    enum sm_error error = store_upload_open(store, &name, &file);
    if (error == SM_OK && store_upload_size(file) == upload->length)
        return complete(worker, upload, file);
    if (error != SM_NOT_FOUND)
        return error == SM_BUSY ? SM_OK : error;
    TRY(store_object_stat(store, &upload->name, &size));
    return size == upload->length ? complete(worker, upload, NULL) : SM_NOT_FOUND;
}

enum sm_error upload_find(
    struct worker *worker, struct id id, struct id message, struct upload *out)
{
    struct db *db = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct upload upload = {.id = id, .name = {.message = message}};
    uint64_t part = 0;
    TRY(worker_db(worker, &db));
    TRY(DB_RUN(db, &find, &rows, db_id(&id), db_id(&message)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &part));
    TRY(db_read_u64(rows, 0, 1, &upload.length));
    TRY(db_read_bool(rows, 0, 2, &upload.is_finished));
    TRY(db_read_i64(rows, 0, 3, &upload.expires_ms));
    if (part >= PARTS_MAX)
        return SM_DATABASE;
    upload.name.part = (uint32_t)part;
    if (!upload.is_finished)
        TRY(settle(worker, &upload));
    *out = upload;
    return SM_OK;
}

/* --- taking back --- */

enum sm_error upload_take_back(struct worker *worker, const struct upload *upload)
{
    struct db *db = NULL;
    const struct store_upload_name name = upload_name(upload);
    struct db_rows *draft DEFER(db_rows_free) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(worker_db(worker, &db));
    TRY(db_begin(db, &tx));
    TRY(DB_RUN(db, &lock_open_draft, &draft, db_id(&upload->name.message)));
    if (db_rows_count(draft) == 0)
        return SM_CONFLICT;
    TRY(DB_RUN(db, &delete_upload, NULL, db_id(&upload->id)));
    TRY(DB_RUN(db, &delete_object, NULL, db_id(&upload->name.message), db_u64(upload->name.part)));
    FAIL_POINT("gateway.upload-delete.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.upload-delete.after-commit");
    TRY(store_upload_delete(worker->gateway->store, &name));
    return upload->is_finished ? store_object_delete(worker->gateway->store, &upload->name) : SM_OK;
}

/* --- sending --- */

static enum sm_error check_parts(const struct db_rows *rows, uint64_t parts)
{
    uint64_t there = 0;
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &there));
    return there == parts ? SM_OK : SM_CONFLICT;
}

/* First the freeze, so that what is counted stays. */
static enum sm_error freeze_and_count(struct db *db, struct id message, uint64_t parts,
    struct db_rows **draft, struct db_rows **objects)
{
    const struct db_value values[] = {db_id(&message), db_u64(parts)};
    const struct db_query queries[] = {
        {&freeze, values, 1, draft}, {&count_objects, values, 2, objects}};
    return db_run_all(db, queries, 2);
}

enum sm_error upload_freeze(struct worker *worker, struct id message, uint64_t parts)
{
    struct db *db = NULL;
    struct db_rows *draft DEFER(db_rows_free) = NULL;
    struct db_rows *objects DEFER(db_rows_free) = NULL;
    bool is_swept = false;
    struct db_transaction tx DEFER(db_rollback) = {0};
    TRY(worker_db(worker, &db));
    TRY(db_begin(db, &tx));
    TRY(freeze_and_count(db, message, parts, &draft, &objects));
    if (db_rows_count(draft))
        TRY(db_read_bool(draft, 0, 0, &is_swept));
    if (is_swept)
        return SM_CONFLICT;
    TRY(check_parts(objects, parts));
    FAIL_POINT("gateway.send.before-freeze-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("gateway.send.after-freeze-commit");
    return SM_OK;
}

enum sm_error upload_thaw(struct worker *worker, struct id message)
{
    struct db *db = NULL;
    TRY(worker_db(worker, &db));
    return DB_RUN(db, &thaw, NULL, db_id(&message));
}
