/* The head under which it is proven, the hashes, the check of them, the line. */
#include "services/audit/prove.h"

#include "base/encode.h"
#include "services/audit/canon.h"
#include "services/audit/export_lines.h"
#include "services/audit/range.h"

#include <string.h>

enum { PROOF_VERSION = 1 };

static const struct statement sql_checkpoint = {"audit_prove_checkpoint",
    "SELECT note, peaks FROM audit.checkpoint WHERE organisation = $1 AND size = $2"};

/* A signed head. */
struct head_note {
    struct tree_head head;
    char text[CHECKPOINT_NOTE_BYTES_MAX];
    size_t bytes;
};

struct proving {
    const struct prove_context *context;
    const struct prove_order *order;
    struct head_note newer, older; /* older: of a consistency proof alone */
    struct hash hashes[RANGES_MAX];
    size_t count;
};

/* --- heads --- */

static enum sm_error read_head(const struct db_rows *rows, uint64_t size, struct head_note *out)
{
    struct span note;
    struct span peaks;
    struct tree tree;
    if (db_read_bytes(rows, 0, 0, sizeof out->text, &note) != SM_OK ||
        db_read_bytes(rows, 0, 1, sizeof tree.peaks, &peaks) != SM_OK ||
        tree_restore(size, peaks, &tree) != SM_OK)
        return SM_TAMPERED;
    memcpy(out->text, note.at, note.size);
    out->bytes = note.size;
    out->head.size = size;
    return tree_root(&tree, &out->head.root);
}

/* SM_NOT_FOUND: none was signed at this size. */
static enum sm_error find_head(const struct proving *proving, uint64_t size, struct head_note *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    if (size > INT64_MAX)
        return SM_NOT_FOUND;
    TRY(DB_RUN(proving->context->db, &sql_checkpoint, &rows, db_id(&proving->order->organisation),
        db_u64(size)));
    TRY(db_one(rows));
    return read_head(rows, size, out);
}

/* The writer signs it, and by that says that the log's end is whole. */
static enum sm_error sign_head(const struct proving *proving, struct head_note *out)
{
    struct append_job job = {.sign_organisation = proving->order->organisation};
    TRY(writer_commit(proving->context->writer, &job, proving->context->timeout_ms));
    return find_head(proving, job.size, out);
}

static enum sm_error find_heads(struct proving *proving)
{
    const struct prove_order *order = proving->order;
    if (order->seq == 0)
        TRY(find_head(proving, order->size, &proving->older));
    if (order->seq && order->size)
        return find_head(proving, order->size, &proving->newer);
    return sign_head(proving, &proving->newer);
}

/* --- hashes --- */

static enum sm_error find_hashes(struct proving *proving, const struct ranges *ranges)
{
    for (; proving->count < ranges->count; proving->count++)
        TRY(range_root(proving->context->db, &proving->order->organisation,
            ranges->list[proving->count], &proving->hashes[proving->count]));
    return SM_OK;
}

static struct proof proof_of(const struct proving *proving)
{
    return (struct proof){proving->hashes, proving->count};
}

static enum sm_error prove_extension(struct proving *proving)
{
    uint64_t size = proving->newer.head.size;
    if (proving->older.head.size > size)
        return SM_TAMPERED;
    struct ranges ranges = range_consistency(proving->older.head.size, size);
    TRY(find_hashes(proving, &ranges));
    return proof_check_consistency(&proving->older.head, &proving->newer.head, proof_of(proving));
}

static enum sm_error prove_inclusion(struct proving *proving, const struct stored_entry *entry)
{
    struct hash leaf;
    uint64_t size = proving->newer.head.size;
    struct ranges ranges = range_path(entry->seq - 1, size);
    TRY(find_hashes(proving, &ranges));
    TRY(tree_leaf(entry->body, &leaf));
    return proof_check_inclusion(
        &leaf, entry->seq - 1, size, proof_of(proving), &proving->newer.head.root);
}

/* --- lines --- */

static enum sm_error put_hashes(struct canon *canon, const struct proving *proving)
{
    TRY(canon_array(canon, "hashes"));
    for (size_t i = 0; i < proving->count; i++)
        TRY(canon_hex(canon, NULL, SPAN(proving->hashes[i].bytes)));
    return canon_array_end(canon);
}

static enum sm_error put_word(struct canon *canon, const char *name, const char *word)
{
    return canon_text(canon, name, span_text(word));
}

static struct span note_text(const struct head_note *note)
{
    return span_of(note->text, note->bytes);
}

static enum sm_error put_keys(struct canon *canon, const struct proving *proving)
{
    const struct export_scope scope = {.db = proving->context->db,
        .key = proving->context->key,
        .organisation = &proving->order->organisation,
        .to_seq = proving->newer.head.size};
    return export_keys(&scope, canon);
}

static enum sm_error end_line(struct canon *canon)
{
    TRY(canon_number(canon, "version", PROOF_VERSION));
    TRY(canon_object_end(canon));
    return buffer_append_u8(canon->out, '\n');
}

static enum sm_error write_extension(const struct proving *proving, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(put_word(&canon, "format", "securemail-audit-consistency"));
    TRY(put_hashes(&canon, proving));
    TRY(put_keys(&canon, proving));
    TRY(canon_text(&canon, "note", note_text(&proving->newer)));
    TRY(canon_text(&canon, "older", note_text(&proving->older)));
    TRY(canon_hex(&canon, "organisation", id_span(&proving->order->organisation)));
    TRY(put_word(&canon, "type", "consistency"));
    return end_line(&canon);
}

static enum sm_error write_inclusion(
    const struct proving *proving, const struct stored_entry *entry, struct buffer *out)
{
    struct canon canon = CANON(out);
    const struct prove_order *order = proving->order;
    if (canon_check(entry->body) != SM_OK)
        return SM_TAMPERED;
    TRY(canon_object(&canon, NULL));
    TRY(export_disclosures(proving->context->db, &order->organisation, entry->seq, &canon));
    TRY(canon_raw(&canon, "entry", entry->body));
    TRY(put_word(&canon, "format", "securemail-audit-proof"));
    TRY(put_hashes(&canon, proving));
    TRY(put_keys(&canon, proving));
    TRY(canon_text(&canon, "note", note_text(&proving->newer)));
    TRY(canon_hex(&canon, "organisation", id_span(&order->organisation)));
    TRY(canon_number(&canon, "seq", entry->seq));
    TRY(put_word(&canon, "type", "proof"));
    return end_line(&canon);
}

/* --- the two proofs --- */

static enum sm_error prove_entry(struct proving *proving, struct buffer *out)
{
    struct stored_entry entry;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    const struct prove_order *order = proving->order;
    if (order->seq > proving->newer.head.size)
        return SM_NOT_FOUND;
    TRY(store_entries(proving->context->db, &order->organisation, order->seq, 1, &rows));
    if (db_rows_count(rows) == 0 || store_entry_read(rows, 0, &entry) != SM_OK ||
        entry.seq != order->seq)
        return SM_TAMPERED;
    TRY(prove_inclusion(proving, &entry));
    return write_inclusion(proving, &entry, out);
}

enum sm_error prove(
    const struct prove_context *context, const struct prove_order *order, struct buffer *out)
{
    struct proving proving = {.context = context, .order = order};
    TRY(find_heads(&proving));
    if (order->seq)
        return prove_entry(&proving, out);
    TRY(prove_extension(&proving));
    return write_extension(&proving, out);
}
