/* While it runs this process is the one writer, and it does not serve yet. */
#include "services/audit/succession.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "services/audit/group.h"
#include "services/audit/successor.h"

#include <time.h>

enum { LEAD_TRIES = 40, LEAD_PAUSE_MS = 250, COVERED_BYTES_MAX = 128 };

static const struct statement sql_logs = {
    "audit_logs", "SELECT organisation FROM audit.entry WHERE seq = 1 ORDER BY organisation"};

struct succession {
    struct db *db;
    const struct signing_key *old, *next;
    struct heads *heads; /* checked with the old key; what is in memory is gone on with */
    uint64_t now_ms;
};

/* A process that has just ended may hold the lock for a moment. */
static enum sm_error lead(struct db *db)
{
    const struct timespec pause = {.tv_nsec = LEAD_PAUSE_MS * 1000 * 1000};
    bool is_leader = false;
    for (size_t i = 0; i < LEAD_TRIES && !is_leader; i++) {
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        TRY(store_try_lead(db, &is_leader));
    }
    if (is_leader)
        return SM_OK;
    log_line(LOG_ERROR, "signing-key", "cause", "another audit process writes the log", "remedy",
        "stop all of them, give all the same audit-sign.next, and start one first", NULL);
    return SM_CONFIG;
}

/* The new key has signed the newest head: this log is done. */
static enum sm_error is_handed_over(
    const struct succession *succession, const struct id *organisation, bool *out)
{
    struct stored_checkpoint checkpoint DEFER(stored_checkpoint_free) = {0};
    struct tree tree;
    *out = false;
    enum sm_error error = store_last_checkpoint(succession->db, organisation, &checkpoint);
    if (error == SM_TAMPERED)
        return SM_OK;
    TRY(error);
    *out = checkpoint.size > 0 && tree_restore(checkpoint.size, checkpoint.peaks, &tree) == SM_OK &&
           checkpoint_check(succession->next, *organisation, &tree, checkpoint.note) == SM_OK;
    return SM_OK;
}

/* The same at every try, so that an entry is there once. */
static enum sm_error event_id(const struct succession *succession, const struct id *organisation,
    const char *word, struct id *out)
{
    uint8_t hash[KDF_SHA256_BYTES];
    struct buffer covered DEFER(buffer_free) = BUFFER(COVERED_BYTES_MAX);
    TRY(buffer_append_text(&covered, "securemail/1 signing key "));
    TRY(buffer_append_text(&covered, word));
    TRY(buffer_append(&covered, id_span(organisation)));
    TRY(buffer_append(&covered, signing_key_public(succession->next)));
    TRY(kdf_sha256(buffer_span(&covered), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

/* One entry and the checkpoint that ends with it. SM_TAMPERED: the log is damaged. */
static enum sm_error log_and_sign(const struct succession *succession,
    const struct id *organisation, struct span reason, const struct signing_key *key)
{
    struct audit_event event = {.organisation = *organisation,
        .kind = EVENT_KEY_ROTATED,
        .at_ms = succession->now_ms,
        .reason = reason};
    struct append_job job = {
        .events = {&event, 1}, .source = PEER_AUDIT, .sign_organisation = *organisation};
    struct append_job *jobs[] = {&job};
    const struct group_context context = {
        .db = succession->db, .heads = succession->heads, .key = key};
    const char *word = key == succession->old ? "next" : "used";
    TRY(event_id(succession, organisation, word, &event.event));
    TRY(group_commit(&context, jobs, 1));
    return job.error;
}

static enum sm_error hand_over(const struct succession *succession, const struct id *organisation)
{
    struct buffer reason DEFER(buffer_free) = BUFFER(REASON_BYTES_MAX);
    bool is_done;
    TRY(is_handed_over(succession, organisation, &is_done));
    if (is_done)
        return SM_OK;
    TRY(successor_reason(signing_key_public(succession->next), &reason));
    TRY(log_and_sign(succession, organisation, buffer_span(&reason), succession->old));
    FAIL_POINT("audit.succession.after-statement");
    return log_and_sign(succession, organisation, span_text("signing key: the new one is in use"),
        succession->next);
}

static enum sm_error hand_over_all(const struct succession *succession, bool *has_damaged)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN0(succession->db, &sql_logs, &rows));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id organisation;
        TRY(db_read_id(rows, i, 0, &organisation));
        enum sm_error error = hand_over(succession, &organisation);
        if (error != SM_TAMPERED)
            TRY(error);
        if (error == SM_TAMPERED) {
            *has_damaged = true;
            log_line(LOG_WARNING, "signing-key", "cause", "a damaged log is not handed over",
                "organisation", id_text(organisation).text, NULL);
        }
        FAIL_POINT("audit.succession.after-log");
    }
    return SM_OK;
}

static enum sm_error rotate(const char *conninfo, const struct signing_key *old,
    const struct signing_key *next, bool *has_damaged)
{
    struct db *db DEFER(db_close) = NULL;
    struct heads *heads DEFER(heads_free) = NULL;
    int64_t now_ms;
    TRY(db_open(conninfo, &db));
    TRY(lead(db));
    TRY(db_now_ms(db, &now_ms));
    TRY(heads_new(old, &heads));
    const struct succession succession = {db, old, next, heads, (uint64_t)now_ms};
    return hand_over_all(&succession, has_damaged);
}

enum sm_error succession_run(const char *conninfo, const char *directory, struct signing_key **key)
{
    struct signing_key *next DEFER(signing_key_free) = NULL;
    enum sm_error error = signing_key_open_next(directory, &next);
    if (error == SM_NOT_FOUND)
        return SM_OK;
    TRY(error);
    bool has_damaged = false;
    TRY(rotate(conninfo, *key, next, &has_damaged));
    FAIL_POINT("audit.succession.before-take-over");
    TRY(signing_key_take_over(directory, next, has_damaged ? *key : NULL));
    log_line(LOG_INFO, "signing-key-rotated", NULL);
    signing_key_free(key);
    *key = TAKE(next);
    return SM_OK;
}
