/* The rows of vault.link_session, and the end of one by its recipient's will. */
#include "services/crypto/link_session.h"

#include "base/random.h"
#include "base/secret.h"
#include "services/crypto/derived.h"
#include "services/crypto/handlers.h"
#include "services/crypto/keep.h"
#include "services/crypto/rowmac.h"

#define LIFETIME_MS ((int64_t)VERIFIED_SESSION_S * 1000)
static const char proof_domain[] = "vault.link_session";

/* clang-format off */
static const struct statement
    insert = {"link_session_insert",
        "INSERT INTO vault.link_session (session, link, expires_ms, proof) VALUES ($1, $2, $3, $4)"},
    load = {"link_session_load",
        "SELECT link, expires_ms, proof FROM vault.link_session WHERE session = $1"},
    forget_old = {"link_session_forget_old",
        "DELETE FROM vault.link_session WHERE link = $1 AND expires_ms < clock.now_ms()"},
    end_one = {"link_session_end", "DELETE FROM vault.link_session WHERE session = $1"};
/* clang-format on */

enum { PROOF_FIELDS = 4 };
struct row {
    struct id session, link;
    int64_t expires_ms;
};

static void proof_fields(
    const struct row *row, struct span secret, struct db_value out[static PROOF_FIELDS])
{
    out[0] = db_id(&row->session);
    out[1] = db_id(&row->link);
    out[2] = db_i64(row->expires_ms);
    out[3] = db_bytes(secret);
}

enum sm_error link_session_new(
    struct sealed_call *call, struct id link, struct session_proof *out, int64_t *expires_ms)
{
    struct db *db = call->worker->db;
    struct row row = {
        .session = out->session, .link = link, .expires_ms = call->now_ms + LIFETIME_MS};
    struct db_value fields[PROOF_FIELDS];
    uint8_t proof[ROWMAC_BYTES];
    uint8_t secret[SESSION_SECRET_BYTES] = {0};
    DEFER_WIPE(secret);
    TRY(random_bytes(secret, sizeof secret));
    proof_fields(&row, SPAN(secret), fields);
    TRY(rowmac_make_under(call->worker->crypto->keyring,
        &(struct rowmac_input){KEY_SESSION, proof_domain, fields, PROOF_FIELDS}, proof));
    TRY(DB_POST(db, &forget_old, db_id(&link)));
    TRY(DB_POST(db, &insert, db_id(&row.session), db_id(&link), db_i64(row.expires_ms),
        db_bytes(SPAN(proof))));
    *expires_ms = row.expires_ms;
    return keep_span(call->arena, SPAN(secret), &out->secret);
}

/* An unknown session costs the HMAC of an empty one. */
static enum sm_error prove(struct sealed_call *call, struct row *row)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_value fields[PROOF_FIELDS];
    uint8_t no_proof[ROWMAC_BYTES] = {0};
    struct span proof = SPAN(no_proof);
    row->session = call->session.session;
    TRY(DB_RUN(call->worker->db, &load, &rows, db_id(&row->session)));
    if (db_rows_count(rows) > 0) {
        TRY(db_read_id(rows, 0, 0, &row->link));
        TRY(db_read_i64(rows, 0, 1, &row->expires_ms));
        TRY(db_read_bytes(rows, 0, 2, ROWMAC_BYTES, &proof));
    }
    proof_fields(row, call->session.secret, fields);
    enum sm_error match = rowmac_check_under(call->worker->crypto->keyring,
        &(struct rowmac_input){KEY_SESSION, proof_domain, fields, PROOF_FIELDS}, proof);
    if (match != SM_OK && match != SM_TAMPERED)
        return match;
    bool is_good = match == SM_OK && call->now_ms < row->expires_ms;
    return is_good ? SM_OK : SM_NOT_SIGNED_IN;
}

enum sm_error link_session_load(struct sealed_call *call, struct link_session *out)
{
    struct row row = {0};
    struct link_session found = {0};
    TRY(prove(call, &row));
    TRY(link_gone(link_load(call->worker, call->arena, row.link, &found.link)));
    TRY(link_gone(message_load(call->worker, call->arena, found.link.message, &found.message)));
    if (!link_is_live(&found.link, &found.message, call->now_ms))
        return SM_GONE;
    found.session = row.session;
    found.expires_ms = row.expires_ms;
    *out = found;
    return SM_OK;
}

/* Not waited for: nothing is released. The event's id is the session's, so it is logged once. */
enum sm_error on_leave(struct sealed_call *call, const void *message, void *reply)
{
    struct link_session session;
    struct db_transaction tx DEFER(db_rollback) = {0};
    (void)message;
    (void)reply;
    TRY(link_session_load(call, &session));
    const struct personal_field personal[] = {{span_text("recipient"), session.link.address}};
    struct audit_event event = {.organisation = session.link.organisation,
        .kind = EVENT_SIGNED_OUT,
        .message = session.link.message,
        .link = session.link.link,
        .actor_class = ACTOR_RECIPIENT,
        .actor = session.link.link,
        .personal = LIST_OF(personal)};
    TRY(derived_from("left", session.session, &event.event));
    TRY(call_begin(call, &tx));
    TRY(DB_RUN(call->worker->db, &end_one, NULL, db_id(&session.session)));
    TRY(call_event(call, &event));
    return call_commit(call, &tx);
}
