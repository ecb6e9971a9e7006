/*
 * Which master keys are given, which are in use, and that these are the same. All decisions are by
 * the check values: an HKDF output of each master key, under a label of its own.
 */
#include "services/crypto/kek.h"

#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "services/crypto/master_key.h"
#include "services/crypto/place.h"

#include <inttypes.h>
#include <stdlib.h>

enum { GIVEN_MAX = 2, FIRST_VERSION = 1, LABEL_BYTES_MAX = 64, VERSIONS_MAX = 1000 };

struct kek {
    uint64_t version;
    struct secret *key;
    uint8_t check[KDF_SHA256_BYTES];
};

struct keks {
    struct kek at[GIVEN_MAX]; /* in the order of their versions */
    size_t count;
};

/* The master keys as they were given, and whether each is one that is in use. */
struct given {
    struct secret *keys[GIVEN_MAX];
    bool is_used[GIVEN_MAX];
    size_t count;
};

/* clang-format off */
static const struct statement
    versions = {"kek_versions",
        "SELECT version, value, retired_ms IS NOT NULL FROM vault.key_check ORDER BY version"},
    has_keys = {"kek_has_keys", "SELECT EXISTS (SELECT FROM vault.service_key)"},
    write_check = {"kek_write_check",
        "INSERT INTO vault.key_check (version, value, created_ms) VALUES ($1, $2, clock.now_ms())"},
    newest = {"kek_newest",
        "SELECT version FROM vault.key_check WHERE retired_ms IS NULL"
        " ORDER BY version DESC LIMIT 1 FOR KEY SHARE"},
    ends = {"kek_ends",
        "SELECT min(version), max(version) FROM vault.key_check WHERE retired_ms IS NULL"},
    strangers = {"kek_strangers",
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND usename = current_user AND pid <> pg_backend_pid() AND application_name <> $1"},
    lock_old = {"kek_lock_old",
        "SELECT version FROM vault.key_check WHERE retired_ms IS NULL AND version <"
        " (SELECT max(version) FROM vault.key_check) FOR UPDATE"},
    retire_old = {"kek_retire_old",
        "UPDATE vault.key_check SET retired_ms = clock.now_ms() WHERE retired_ms IS NULL"
        " AND version < (SELECT max(version) FROM vault.key_check)"};
/* clang-format on */

/* --- what follows from one master key --- */

static enum sm_error derive(
    struct span master, const char *what, uint64_t version, uint8_t out[static KDF_SHA256_BYTES])
{
    uint8_t extracted[KDF_SHA256_BYTES];
    DEFER_WIPE(extracted);
    struct buffer label DEFER(buffer_free) = BUFFER(LABEL_BYTES_MAX);
    TRY(buffer_format(&label, "securemail/1 %s %" PRIu64, what, version));
    TRY(kdf_extract(KDF_SHA256, span_text("securemail/1 master key"), master, extracted));
    return kdf_expand(KDF_SHA256, SPAN(extracted), buffer_span(&label), out, KDF_SHA256_BYTES);
}

static enum sm_error check_value(
    const struct secret *master, uint64_t version, uint8_t out[static KDF_SHA256_BYTES])
{
    return derive(secret_span(master), "key check", version, out);
}

static enum sm_error add(struct keks *keks, const struct secret *master, uint64_t version)
{
    struct kek *kek = &keks->at[keks->count];
    TRY(secret_new(KDF_SHA256_BYTES, &kek->key));
    keks->count++;
    kek->version = version;
    TRY(check_value(master, version, kek->check));
    return derive(secret_span(master), "key-encryption key", version, secret_bytes(kek->key));
}

void keks_free(struct keks **keks)
{
    if (!*keks)
        return;
    for (size_t i = 0; i < (*keks)->count; i++)
        secret_free(&(*keks)->at[i].key);
    memory_free(keks);
}

/* --- what was given --- */

static void given_free(struct given *given)
{
    for (size_t i = 0; i < given->count; i++)
        secret_free(&given->keys[i]);
}

static enum sm_error refuse(const char *cause, const char *remedy)
{
    log_line(LOG_ERROR, "master-key-refused", "setting", "SECURE_MAIL_MASTER_KEY", "cause", cause,
        "remedy", remedy, NULL);
    return SM_CONFIG;
}

static enum sm_error parse(const struct master_keys *texts, struct given *out)
{
    TRY(master_key_parse(texts->current, &out->keys[0]));
    out->count = 1;
    if (texts->next.size == 0)
        return SM_OK;
    TRY(master_key_parse(texts->next, &out->keys[1]));
    out->count = 2;
    return secret_equal(secret_span(out->keys[0]), secret_span(out->keys[1]))
               ? refuse("SECURE_MAIL_MASTER_KEY_NEXT is the same key",
                     "give a new one as the next, or none; make one with: make master-key")
               : SM_OK;
}

/* Which of the given master keys has this check value; given->count: none. */
static enum sm_error find(
    const struct given *given, uint64_t version, struct span stored, size_t *out)
{
    uint8_t value[KDF_SHA256_BYTES];
    *out = given->count;
    for (size_t i = 0; i < given->count; i++) {
        TRY(check_value(given->keys[i], version, value));
        if (secret_equal(stored, SPAN(value)))
            *out = i;
    }
    return SM_OK;
}

/* --- the check --- */

/* What the database says of its master keys. */
struct known {
    uint64_t used, missing, last; /* in use; of these not given; the highest version ever */
    bool is_retired_given;
};

static enum sm_error match_row(struct keks *keks, const struct db_rows *rows, size_t row,
    struct given *given, struct known *out)
{
    struct span stored;
    bool is_retired;
    size_t found;
    TRY(db_read_u64(rows, row, 0, &out->last));
    TRY(db_read_bytes(rows, row, 1, KDF_SHA256_BYTES, &stored));
    TRY(db_read_bool(rows, row, 2, &is_retired));
    TRY(find(given, out->last, stored, &found));
    bool is_given = found < given->count;
    if (is_retired) {
        out->is_retired_given |= is_given;
        return SM_OK;
    }
    out->used++;
    out->missing += !is_given;
    if (!is_given || keks->count == GIVEN_MAX)
        return SM_OK;
    given->is_used[found] = true;
    return add(keks, given->keys[found], out->last);
}

static enum sm_error first_start(struct keks *keks, struct db *db, struct given *given)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool is_there;
    TRY(DB_RUN0(db, &has_keys, &rows));
    TRY(db_one(rows));
    TRY(db_read_bool(rows, 0, 0, &is_there));
    if (is_there)
        return refuse("the database has keys but no key-check value: it was altered",
            "restore the database from a backup");
    given->is_used[0] = true;
    TRY(add(keks, given->keys[0], FIRST_VERSION));
    return DB_RUN(db, &write_check, NULL, db_i64(FIRST_VERSION), db_bytes(SPAN(keks->at[0].check)));
}

static enum sm_error refuse_missing(const struct known *known)
{
    if (known->used > 1 && known->missing < known->used)
        return refuse("a rotation of the master key is under way, and only one of its two is given",
            "start with the old one as SECURE_MAIL_MASTER_KEY and the new one as"
            " SECURE_MAIL_MASTER_KEY_NEXT, then finish: securemail-admin key rotate master");
    if (known->is_retired_given)
        return refuse("it is a master key that was rotated away",
            "start with the master key that took its place");
    return refuse("it is not the master key of this database",
        "start with the master key that this database was made with");
}

/* What is given and not in use: the next one, or one that is of no use any more. */
static enum sm_error add_next(
    struct keks *keks, const struct given *given, const struct known *known)
{
    size_t spare = given->is_used[0] ? 1 : 0;
    if (given->count < 2 || given->is_used[spare])
        return SM_OK;
    if (known->is_retired_given) {
        log_line(LOG_WARNING, "master-key-retired", "cause",
            "the rotation of the master key is finished, and the old one is still given", "remedy",
            "put the new one into SECURE_MAIL_MASTER_KEY and remove SECURE_MAIL_MASTER_KEY_NEXT",
            NULL);
        return SM_OK;
    }
    if (spare == 0)
        return refuse("it is not the master key of this database, and the next one is",
            "start with the master key that is in use, and a new one as the next");
    return add(keks, given->keys[spare], known->last + 1);
}

static enum sm_error check(struct keks *keks, struct db *db, struct given *given)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct known known = {.last = 0};
    TRY(DB_RUN0(db, &versions, &rows));
    if (db_rows_count(rows) > VERSIONS_MAX)
        return SM_TOO_LARGE;
    for (size_t i = 0; i < db_rows_count(rows); i++)
        TRY(match_row(keks, rows, i, given, &known));
    if (known.last == 0) {
        known.last = FIRST_VERSION;
        TRY(first_start(keks, db, given));
    } else if (known.missing > 0 || known.used == 0) {
        return refuse_missing(&known);
    }
    return add_next(keks, given, &known);
}

enum sm_error keks_open(struct db *db, const struct master_keys *texts, struct keks **out)
{
    struct given given DEFER(given_free) = {.count = 0};
    struct keks *keks DEFER(keks_free) = NULL;
    void *fresh;
    TRY(parse(texts, &given));
    TRY(memory_zeroed(1, sizeof *keks, &fresh));
    keks = fresh;
    TRY(check(keks, db, &given));
    *out = TAKE(keks);
    return SM_OK;
}

/* --- wrapping --- */

static const struct kek *find_version(const struct keks *keks, uint64_t version)
{
    for (size_t i = 0; i < keks->count; i++)
        if (keks->at[i].version == version)
            return &keks->at[i];
    return NULL;
}

static enum sm_error unknown_version(void)
{
    log_line(LOG_ERROR, "master-key-unknown", "cause",
        "another replica uses a master key that was not given to this one", "remedy",
        "start this one again with the new one as SECURE_MAIL_MASTER_KEY_NEXT", NULL);
    return SM_UNAVAILABLE;
}

/* Where the newest one that was seen was retired while its lock was waited for, a newer is there.
 */
static enum sm_error find_newest(struct db *db, uint64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, &newest, &rows));
    if (db_rows_count(rows) == 0) {
        db_rows_free(&rows);
        TRY(DB_RUN0(db, &newest, &rows));
    }
    TRY(db_one(rows));
    return db_read_u64(rows, 0, 0, out);
}

enum sm_error keks_wrap(const struct keks *keks, struct db *db, const char *purpose,
    struct span object, struct span plaintext, struct buffer *out)
{
    struct place place = {.purpose = purpose, .object = object};
    TRY(find_newest(db, &place.version));
    const struct kek *kek = find_version(keks, place.version);
    return kek ? place_wrap(secret_span(kek->key), &place, plaintext, out) : unknown_version();
}

enum sm_error keks_unwrap(const struct keks *keks, const char *purpose, struct span object,
    struct span wrapped, struct secret **out)
{
    struct place place = {.purpose = purpose, .object = object};
    TRY(place_version(wrapped, &place.version));
    const struct kek *kek = find_version(keks, place.version);
    return kek ? place_unwrap(secret_span(kek->key), &place, wrapped, out) : SM_TAMPERED;
}

/* --- rotation --- */

enum sm_error keks_versions(struct db *db, struct key_versions *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(db, &ends, &rows));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &out->oldest));
    return db_read_u64(rows, 0, 1, &out->newest);
}

/* The application name of a process that knows these master keys. */
static enum sm_error mark_of(const struct keks *keks, struct buffer *out)
{
    TRY(buffer_append_text(out, "secure-mail crypto, master keys"));
    for (size_t i = 0; i < keks->count; i++)
        TRY(buffer_format(out, " %" PRIu64, keks->at[i].version));
    return SM_OK;
}

static enum sm_error all_know(const struct keks *keks, struct db *db)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer mark DEFER(buffer_free) = BUFFER(LABEL_BYTES_MAX);
    uint64_t others;
    TRY(mark_of(keks, &mark));
    TRY(DB_RUN(db, &strangers, &rows, db_text(buffer_span(&mark))));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &others));
    return others == 0 ? SM_OK : SM_CONFLICT;
}

enum sm_error keks_begin(const struct keks *keks, struct db *db, bool *is_begun)
{
    struct key_versions in_use;
    *is_begun = false;
    TRY(keks_versions(db, &in_use));
    if (in_use.oldest != in_use.newest)
        return SM_OK;
    const struct kek *next = &keks->at[keks->count - 1];
    if (next->version != in_use.newest + 1)
        return SM_NOT_FOUND;
    TRY(all_know(keks, db));
    TRY(DB_RUN(db, &write_check, NULL, db_u64(next->version), db_bytes(SPAN(next->check))));
    *is_begun = true;
    return SM_OK;
}

enum sm_error keks_lock_old(struct db *db)
{
    return DB_RUN0(db, &lock_old, NULL);
}

enum sm_error keks_retire_old(struct db *db)
{
    return DB_RUN0(db, &retire_old, NULL);
}

enum sm_error keks_mark_sessions(const struct keks *keks)
{
    struct buffer mark DEFER(buffer_free) = BUFFER(LABEL_BYTES_MAX);
    const char *text;
    TRY(mark_of(keks, &mark));
    TRY(buffer_text(&mark, &text));
    return setenv("PGAPPNAME", text, 1) == 0 ? SM_OK : SM_NO_MEMORY;
}
