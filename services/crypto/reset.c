/* The rows of vault.password_reset, and the letter. */
#include "services/crypto/reset.h"

#include "base/random.h"
#include "envelope/identity.h"
#include "envelope/link.h"
#include "proto/limits.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/keep.h"
#include "services/crypto/mail.h"
#include "services/crypto/rowmac.h"

enum { LINK_TEXT_BYTES_MAX = 512, PROOF_FIELDS = 5 };

/* clang-format off */
static const struct statement
    insert = {"reset_insert",
        "INSERT INTO vault.password_reset (reset, account, expires_ms, proof) VALUES ($1, $2, $3, $4)"},
    load = {"reset_load",
        "SELECT account, expires_ms, proof FROM vault.password_reset WHERE reset = $1"},
    remove_all = {"reset_remove",
        "DELETE FROM vault.password_reset WHERE account = $1 RETURNING reset"},
    forget_old = {"reset_forget", "DELETE FROM vault.password_reset WHERE reset IN"
        " (SELECT reset FROM vault.password_reset WHERE expires_ms < clock.now_ms() LIMIT 100)"};
/* clang-format on */

struct row {
    struct id reset;
    int64_t expires_ms;
};

static enum sm_error make_proof(const struct worker *worker, const struct row *row,
    const struct account *account, struct span secret, uint8_t out[static ROWMAC_BYTES])
{
    const struct db_value fields[PROOF_FIELDS] = {db_id(&row->reset), db_id(&account->account),
        db_i64(row->expires_ms), db_bytes(account->verifier), db_bytes(secret)};
    struct rowmac_input input = {KEY_SESSION, "vault.password_reset", fields, PROOF_FIELDS};
    return rowmac_make_under(worker->crypto->keyring, &input, out);
}

static enum sm_error check_proof(const struct worker *worker, const struct row *row,
    const struct account *account, const struct reset_proof *proof, struct span stored)
{
    const struct db_value fields[PROOF_FIELDS] = {db_id(&row->reset), db_id(&account->account),
        db_i64(row->expires_ms), db_bytes(account->verifier), db_bytes(proof->secret)};
    struct rowmac_input input = {KEY_SESSION, "vault.password_reset", fields, PROOF_FIELDS};
    return rowmac_check_under(worker->crypto->keyring, &input, stored);
}

/* --- issuing --- */

static enum sm_error keep_text(const struct worker *worker, struct arena *arena,
    struct link_parts *parts, struct span base_url, struct span *out)
{
    struct buffer text DEFER(buffer_free) = BUFFER(LINK_TEXT_BYTES_MAX);
    TRY(identity_pin(hpke_keys_identity(worker->crypto->hpke), parts->pin));
    TRY(link_format_reset(base_url, parts, &text));
    return keep_span(arena, buffer_span(&text), out);
}

enum sm_error reset_issue(const struct worker *worker, struct arena *arena,
    const struct account *account, struct span base_url, struct reset_link *out)
{
    struct link_parts parts DEFER(link_wipe) = {0};
    uint8_t proof[ROWMAC_BYTES];
    int64_t now_ms;
    struct row row;
    TRY(db_now_ms(worker->db, &now_ms));
    TRY(id_random(&row.reset));
    TRY(random_bytes(parts.secret, sizeof parts.secret));
    row.expires_ms = now_ms + (int64_t)RESET_LINK_S * 1000;
    parts.id = row.reset;
    TRY(make_proof(worker, &row, account, SPAN(parts.secret), proof));
    TRY(DB_RUN0(worker->db, &forget_old, NULL));
    TRY(reset_use_up(worker, account->account));
    TRY(DB_RUN(worker->db, &insert, NULL, db_id(&row.reset), db_id(&account->account),
        db_i64(row.expires_ms), db_bytes(SPAN(proof))));
    TRY(keep_text(worker, arena, &parts, base_url, &out->text));
    out->reset = row.reset;
    out->expires_ms = row.expires_ms;
    return SM_OK;
}

/* A mail job is about something: here about the link, which has no message. */
enum sm_error reset_mail(const struct worker *worker, const struct reset_letter *wanted)
{
    const struct organisation *organisation = wanted->organisation;
    struct mail_order order = {.letter = {.kind = LETTER_RESET,
                                   .language = organisation->language,
                                   .to_address = wanted->account->email,
                                   .to_name = wanted->account->name,
                                   .from_address = organisation->from_address,
                                   .from_name = organisation->from_name,
                                   .organisation_name = organisation->name,
                                   .sender_name = wanted->from,
                                   .link = wanted->link->text,
                                   .expires_ms = (uint64_t)wanted->link->expires_ms},
        .organisation = organisation->organisation,
        .message = wanted->link->reset,
        .event = wanted->event,
        .not_before_ms = 0,
        .not_after_ms = wanted->link->expires_ms};
    return mail_add(worker, &order);
}

/* --- using --- */

static enum sm_error load_account(
    const struct worker *worker, struct arena *arena, struct id id, struct account *out)
{
    *out = (struct account){0};
    enum sm_error error = account_by_id(worker, arena, id, out);
    return error == SM_NOT_FOUND ? SM_OK : error;
}

enum sm_error reset_check(const struct worker *worker, struct arena *arena,
    const struct reset_proof *proof, struct account *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint8_t no_proof[ROWMAC_BYTES] = {0};
    struct span stored = SPAN(no_proof);
    struct row row = {.reset = proof->reset};
    struct id account = proof->reset; /* names nobody: as much work */
    int64_t now_ms;
    TRY(db_now_ms(worker->db, &now_ms));
    TRY(DB_RUN(worker->db, &load, &rows, db_id(&proof->reset)));
    if (db_rows_count(rows) > 0) {
        TRY(db_read_id(rows, 0, 0, &account));
        TRY(db_read_i64(rows, 0, 1, &row.expires_ms));
        TRY(db_read_bytes(rows, 0, 2, ROWMAC_BYTES, &stored));
    }
    TRY(load_account(worker, arena, account, out));
    enum sm_error match = check_proof(worker, &row, out, proof, stored);
    if (match != SM_OK && match != SM_TAMPERED)
        return match;
    bool is_good = match == SM_OK && now_ms < row.expires_ms && out->state == ACCOUNT_ACTIVE;
    return is_good ? SM_OK : SM_GONE;
}

/* What waits to be mailed would lead nowhere: it is cancelled. */
enum sm_error reset_use_up(const struct worker *worker, struct id account)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &remove_all, &rows, db_id(&account)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id reset;
        TRY(db_read_id(rows, i, 0, &reset));
        TRY(mail_cancel(worker->db, reset, (struct id){{0}}));
    }
    return SM_OK;
}
