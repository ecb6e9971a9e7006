/*
 * A small cache of vault.hpke_key behind a read-write lock: requests open under the read lock, so
 * that a key is never freed under them; a reload replaces the whole list; reloads take turns. An
 * unknown key id makes a reload worth while (another replica may have made it this moment). Made-up
 * ids cost the database little: reloads for them come from a small store that fills up slowly.
 */
#include "services/crypto/hpke_keys.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "proto/limits.h"

#include <pthread.h>
#include <string.h>

enum {
    KEYS_MAX = 16, /* live at a time: about three, unless somebody moves the clock */
    WRAPPED_BYTES_MAX = 256,
    RELOAD_MS = 30 * 1000,
    RELOADS_KEPT = 8,       /* for unknown key ids, at once */
    RELOAD_EARNED_MS = 250, /* another one */
};
#define KEY_MS ((int64_t)HPKE_KEY_S * 1000)
#define GRACE_MS ((int64_t)HPKE_KEY_GRACE_S * 1000)

struct live_key {
    struct identity_statement statement;
    struct p256_key *key;
};

struct key_list {
    struct live_key at[KEYS_MAX]; /* oldest first */
    size_t count;
    int64_t loaded_ms; /* by the process's monotonic clock */
};

struct hpke_keys {
    const struct keyring *keyring;
    struct p256_key *identity;
    pthread_rwlock_t lock;
    struct key_list list;
    pthread_mutex_t reloading;
    uint64_t begun, installed; /* reloads; the list is of number `installed` */
    int64_t
        reloads_spent_ms; /* RELOAD_EARNED_MS for each, on the monotonic clock; see may_reload */
};

/* clang-format off */
static const struct statement
    destroy = {"hpke_key_destroy",
        "DELETE FROM vault.hpke_key WHERE not_after_ms + $1 <= clock.now_ms()"},
    read_all = {"hpke_key_read",
        "SELECT kid, public, wrapped, not_before_ms, not_after_ms, signature"
        " FROM vault.hpke_key ORDER BY not_after_ms DESC LIMIT 16"},
    lock_making = {"hpke_key_lock", "SELECT pg_advisory_xact_lock(7516012)"},
    write = {"hpke_key_write",
        "INSERT INTO vault.hpke_key (kid, public, wrapped, not_before_ms, not_after_ms, signature)"
        " VALUES ($1, $2, $3, $4, $5, $6)"};
/* clang-format on */

/* --- life --- */

static void list_free(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        p256_free(&list->at[i].key);
    list->count = 0;
}

void hpke_keys_free(struct hpke_keys **keys)
{
    if (!*keys)
        return;
    list_free(&(*keys)->list);
    p256_free(&(*keys)->identity);
    (void)pthread_mutex_destroy(&(*keys)->reloading);
    (void)pthread_rwlock_destroy(&(*keys)->lock);
    memory_free(keys);
}

enum sm_error hpke_keys_new(const struct keyring *keyring, struct hpke_keys **out)
{
    void *fresh;
    struct p256_key *identity DEFER(p256_free) = NULL;
    TRY(p256_import(keyring_key(keyring, KEY_IDENTITY), &identity));
    TRY(memory_zeroed(1, sizeof(struct hpke_keys), &fresh));
    struct hpke_keys *keys = fresh;
    keys->keyring = keyring;
    keys->identity = TAKE(identity);
    (void)pthread_rwlock_init(&keys->lock, NULL);
    (void)pthread_mutex_init(&keys->reloading, NULL);
    *out = keys;
    return SM_OK;
}

const uint8_t *hpke_keys_identity(const struct hpke_keys *keys)
{
    return p256_public(keys->identity);
}

/* --- vault --- */

static enum sm_error read_exact(
    const struct db_rows *rows, size_t row, int column, uint8_t *out, size_t size)
{
    struct span bytes;
    TRY(db_read_bytes(rows, row, column, size, &bytes));
    if (bytes.size != size)
        return SM_DATABASE;
    memcpy(out, bytes.at, size);
    return SM_OK;
}

/* A row whose private half does not open, or is not that of the public one, is refused. */
static enum sm_error read_key(
    const struct hpke_keys *keys, const struct db_rows *rows, size_t row, struct live_key *out)
{
    struct secret *scalar DEFER(secret_free) = NULL;
    struct p256_key *key DEFER(p256_free) = NULL;
    struct identity_statement statement;
    struct span wrapped;
    TRY(read_exact(rows, row, 0, statement.key_id, sizeof statement.key_id));
    TRY(read_exact(rows, row, 1, statement.public_key, sizeof statement.public_key));
    TRY(db_read_bytes(rows, row, 2, WRAPPED_BYTES_MAX, &wrapped));
    TRY(db_read_u64(rows, row, 3, &statement.not_before_ms));
    TRY(db_read_u64(rows, row, 4, &statement.not_after_ms));
    TRY(read_exact(rows, row, 5, statement.signature, sizeof statement.signature));
    TRY(keyring_unwrap_service(
        keys->keyring, "hpke key", SPAN(statement.key_id), wrapped, &scalar));
    TRY(p256_import(secret_span(scalar), &key));
    if (memcmp(p256_public(key), statement.public_key, sizeof statement.public_key) != 0)
        return SM_TAMPERED;
    TRY(identity_verify(span_of(hpke_keys_identity(keys), P256_PUBLIC_BYTES), &statement));
    *out = (struct live_key){.statement = statement, .key = TAKE(key)};
    return SM_OK;
}

/* Destroys what is past its grace and reads the rest. An unreadable row is passed over, loudly. */
static enum sm_error load(const struct hpke_keys *keys, struct db *db, struct key_list *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct key_list list DEFER(list_free) = {.loaded_ms = clock_monotonic_ms()};
    TRY(DB_RUN(db, &destroy, NULL, db_i64(GRACE_MS)));
    TRY(DB_RUN0(db, &read_all, &rows));
    for (size_t i = db_rows_count(rows); i > 0 && list.count < KEYS_MAX; i--) {
        enum sm_error error = read_key(keys, rows, i - 1, &list.at[list.count]);
        if (error == SM_OK)
            list.count++;
        else
            log_line(LOG_ERROR, "hpke-key-refused", "error", error_name(error), NULL);
    }
    *out = list;
    list.count = 0;
    return SM_OK;
}

static uint64_t reloads_begun(struct hpke_keys *keys)
{
    (void)pthread_rwlock_rdlock(&keys->lock);
    uint64_t begun = keys->begun;
    (void)pthread_rwlock_unlock(&keys->lock);
    return begun;
}

static void install(struct hpke_keys *keys, struct key_list *list)
{
    (void)pthread_rwlock_wrlock(&keys->lock);
    struct key_list old = keys->list;
    keys->list = *list;
    keys->installed = keys->begun;
    (void)pthread_rwlock_unlock(&keys->lock);
    *list = old;
}

/* Called with `reloading` held. A reload that began after this one was asked for does for it. */
static enum sm_error reload_in_turn(struct hpke_keys *keys, struct db *db, uint64_t begun_before)
{
    struct key_list list DEFER(list_free) = {0};
    (void)pthread_rwlock_wrlock(&keys->lock);
    bool is_done = keys->installed > begun_before;
    keys->begun += !is_done;
    (void)pthread_rwlock_unlock(&keys->lock);
    if (is_done)
        return SM_OK;
    TRY(load(keys, db, &list));
    install(keys, &list);
    return SM_OK;
}

/*
 * One at a time: when all workers reload at once, the list that was read first may not be the one
 * that is installed last. It would hide a key that another worker has just offered to a client.
 */
static enum sm_error reload(struct hpke_keys *keys, struct db *db)
{
    uint64_t begun_before = reloads_begun(keys);
    (void)pthread_mutex_lock(&keys->reloading);
    enum sm_error error = reload_in_turn(keys, db, begun_before);
    (void)pthread_mutex_unlock(&keys->reloading);
    return error;
}

/* --- offering --- */

/* The newest key, if at least half its time is left. */
static bool is_fresh(const struct key_list *list, int64_t now_ms, struct identity_statement *out)
{
    if (list->count == 0)
        return false;
    const struct identity_statement *newest = &list->at[list->count - 1].statement;
    if ((int64_t)newest->not_after_ms - now_ms < KEY_MS / 2)
        return false;
    *out = *newest;
    return true;
}

static bool find_fresh(struct hpke_keys *keys, int64_t now_ms, struct identity_statement *out)
{
    (void)pthread_rwlock_rdlock(&keys->lock);
    bool is_found = clock_monotonic_ms() - keys->list.loaded_ms < RELOAD_MS &&
                    is_fresh(&keys->list, now_ms, out);
    (void)pthread_rwlock_unlock(&keys->lock);
    return is_found;
}

static enum sm_error make_key(const struct hpke_keys *keys, struct db *db, int64_t now_ms)
{
    struct p256_key *key DEFER(p256_free) = NULL;
    struct secret *scalar DEFER(secret_free) = NULL;
    struct buffer wrapped DEFER(buffer_free) = BUFFER(WRAPPED_BYTES_MAX);
    struct identity_statement statement;
    struct identity_period period = {
        .not_before_ms = (uint64_t)now_ms, .not_after_ms = (uint64_t)(now_ms + KEY_MS)};
    TRY(p256_generate(&key));
    TRY(p256_export(key, &scalar));
    TRY(identity_sign(keys->identity, p256_public(key), &period, &statement));
    TRY(keyring_wrap_service(
        keys->keyring, db, "hpke key", SPAN(statement.key_id), secret_span(scalar), &wrapped));
    return DB_RUN(db, &write, NULL, db_bytes(SPAN(statement.key_id)),
        db_bytes(SPAN(statement.public_key)), db_bytes(buffer_span(&wrapped)),
        db_u64(statement.not_before_ms), db_u64(statement.not_after_ms),
        db_bytes(SPAN(statement.signature)));
}

/* Under the lock the list is read once more: another replica may have been faster. */
static enum sm_error make_if_needed(struct hpke_keys *keys, struct db *db, int64_t now_ms)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct key_list list DEFER(list_free) = {0};
    struct identity_statement unused;
    TRY(db_begin(db, &tx));
    TRY(DB_RUN0(db, &lock_making, NULL));
    TRY(load(keys, db, &list));
    if (!is_fresh(&list, now_ms, &unused))
        TRY(make_key(keys, db, now_ms));
    FAIL_POINT("crypto.hpke-key.before-commit");
    TRY(db_commit(&tx));
    FAIL_POINT("crypto.hpke-key.after-commit");
    return SM_OK;
}

enum sm_error hpke_keys_offer(
    struct hpke_keys *keys, struct db *db, int64_t now_ms, struct identity_statement *out)
{
    if (find_fresh(keys, now_ms, out))
        return SM_OK;
    TRY(reload(keys, db));
    if (find_fresh(keys, now_ms, out))
        return SM_OK;
    TRY(make_if_needed(keys, db, now_ms));
    TRY(reload(keys, db));
    return find_fresh(keys, now_ms, out) ? SM_OK
                                         : log_failure("hpke-key", SM_CRYPTO, "none is fresh");
}

/* --- ahead of time --- */

enum sm_error hpke_keys_make(struct hpke_keys *keys, struct db *db, int64_t now_ms)
{
    TRY(DB_RUN0(db, &lock_making, NULL));
    return make_key(keys, db, now_ms);
}

enum sm_error hpke_keys_renew(struct hpke_keys *keys, struct db *db)
{
    return reload(keys, db);
}

/* --- opening --- */

static const struct p256_key *find_key(
    const struct key_list *list, struct span key_id, int64_t now_ms)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct identity_statement *statement = &list->at[i].statement;
        if (span_equal(SPAN(statement->key_id), key_id) &&
            now_ms < (int64_t)statement->not_after_ms + GRACE_MS)
            return list->at[i].key;
    }
    return NULL;
}

static enum sm_error open_cached(struct hpke_keys *keys, const struct hpke_request *request,
    struct span key_id, struct buffer *plaintext, struct sealed_exchange **exchange)
{
    (void)pthread_rwlock_rdlock(&keys->lock);
    const struct p256_key *key = find_key(&keys->list, key_id, request->now_ms);
    enum sm_error error =
        key ? sealed_request_open(key, request->operation, request->frame, plaintext, exchange)
            : SM_KEY_UNKNOWN;
    (void)pthread_rwlock_unlock(&keys->lock);
    return error;
}

/* Each reload moves the mark on; it may be ahead of the clock by what is kept. */
static bool may_reload(struct hpke_keys *keys)
{
    int64_t now_ms = clock_monotonic_ms();
    (void)pthread_rwlock_wrlock(&keys->lock);
    int64_t mark_ms = keys->reloads_spent_ms > now_ms ? keys->reloads_spent_ms : now_ms;
    bool is_kept = mark_ms - now_ms <= (RELOADS_KEPT - 1) * RELOAD_EARNED_MS;
    if (is_kept)
        keys->reloads_spent_ms = mark_ms + RELOAD_EARNED_MS;
    (void)pthread_rwlock_unlock(&keys->lock);
    return is_kept;
}

enum sm_error hpke_keys_open(struct hpke_keys *keys, struct db *db,
    const struct hpke_request *request, struct buffer *plaintext, struct sealed_exchange **exchange)
{
    struct sealed_head head;
    TRY(sealed_request_head(request->frame, &head));
    enum sm_error error = open_cached(keys, request, head.key_id, plaintext, exchange);
    if (error != SM_KEY_UNKNOWN || !may_reload(keys))
        return error;
    TRY(reload(keys, db));
    return open_cached(keys, request, head.key_id, plaintext, exchange);
}
