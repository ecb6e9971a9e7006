/*
 * Three sorted streams (entries, their disclosures, checkpoints) merged by seq. A portion of each
 * is read at a time, and a page holds no more than one portion, so memory stays flat.
 */
#include "services/audit/export_lines.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "services/audit/canon.h"
#include "services/audit/successor.h"

enum { FORMAT_VERSION = 1, CHECKPOINTS_MAX = 512, STRANDED_MAX = 16 };
/* One more of an entry than there can be: that shows the damage, and a page stays small. */
enum {
    ENTRY_DISCLOSURES_MAX = AUDIT_PERSONAL_MAX + 1,
    DISCLOSURES_MAX = STORE_PAGE_ROWS * ENTRY_DISCLOSURES_MAX
};

static const struct statement sql_disclosures = {"audit_export_disclosures",
    "SELECT seq, place, name, value, salt FROM audit.disclosure "
    "WHERE organisation = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq, place LIMIT $4"};
static const struct statement sql_checkpoints = {"audit_export_checkpoints",
    "SELECT size, note, peaks FROM audit.checkpoint "
    "WHERE organisation = $1 AND size BETWEEN $2 AND $3 ORDER BY size LIMIT $4"};
static const struct statement sql_last = {"audit_export_last",
    "SELECT seq, recorded_ms, body, hash FROM audit.entry "
    "WHERE organisation = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1"};

struct stream {
    struct db_rows *rows;
    size_t next;
};

struct export_lines {
    struct export_scope scope;
    struct stream entries, disclosures, checkpoints;
    uint64_t position; /* seq of the next entry that is wanted */
    bool is_complete;  /* no entry lies beyond this portion */
};

static size_t rows_left(const struct stream *stream)
{
    return db_rows_count(stream->rows) - stream->next;
}

/* The highest seq of the portion, so that the other streams are read to just there. */
static enum sm_error portion_end(const struct export_lines *lines, uint64_t *out)
{
    size_t count = db_rows_count(lines->entries.rows);
    *out = lines->scope.to_seq;
    return lines->is_complete ? SM_OK : db_read_u64(lines->entries.rows, count - 1, 0, out);
}

static enum sm_error read_portion(struct export_lines *lines)
{
    uint64_t end;
    const struct export_scope *scope = &lines->scope;
    uint64_t from = lines->position ? lines->position : 1;
    TRY(store_entries(scope->db, scope->organisation, from, STORE_PAGE_ROWS, &lines->entries.rows));
    lines->is_complete = db_rows_count(lines->entries.rows) < STORE_PAGE_ROWS;
    TRY(portion_end(lines, &end));
    TRY(DB_RUN(scope->db, &sql_disclosures, &lines->disclosures.rows, db_id(scope->organisation),
        db_u64(from), db_u64(end), db_i64(DISCLOSURES_MAX)));
    return DB_RUN(scope->db, &sql_checkpoints, &lines->checkpoints.rows, db_id(scope->organisation),
        db_u64(from), db_u64(end), db_i64(CHECKPOINTS_MAX));
}

enum sm_error export_lines_new(
    const struct export_scope *scope, uint64_t from_seq, struct export_lines **out)
{
    struct export_lines *lines DEFER(export_lines_free) = NULL;
    TRY(memory_zeroed(1, sizeof *lines, (void **)&lines));
    lines->scope = *scope;
    lines->position = from_seq;
    TRY(read_portion(lines));
    *out = TAKE(lines);
    return SM_OK;
}

void export_lines_free(struct export_lines **lines)
{
    if (!*lines)
        return;
    db_rows_free(&(*lines)->entries.rows);
    db_rows_free(&(*lines)->disclosures.rows);
    db_rows_free(&(*lines)->checkpoints.rows);
    memory_free(lines);
}

bool export_has_next(const struct export_lines *lines)
{
    return rows_left(&lines->entries) > 0 && lines->position <= lines->scope.to_seq;
}

bool export_at_end(const struct export_lines *lines)
{
    return lines->position > lines->scope.to_seq ||
           (lines->is_complete && rows_left(&lines->entries) == 0);
}

uint64_t export_position(const struct export_lines *lines)
{
    return lines->position;
}

static enum sm_error put_word(struct canon *canon, const char *name, const char *word)
{
    return canon_text(canon, name, span_text(word));
}

static enum sm_error end_line(struct canon *canon)
{
    TRY(canon_object_end(canon));
    return buffer_append_u8(canon->out, '\n');
}

/* --- header --- */

static enum sm_error put_key(
    struct canon *canon, const struct export_scope *scope, struct span public_key)
{
    struct buffer name DEFER(buffer_free) = BUFFER(256);
    TRY(checkpoint_verifier_key(public_key, *scope->organisation, &name));
    TRY(canon_object(canon, NULL));
    TRY(canon_text(canon, "note_key", buffer_span(&name)));
    TRY(canon_hex(canon, "public_key", public_key));
    return canon_object_end(canon);
}

/* The key that the log was founded with, as its first entry says; ours where it does not. */
static enum sm_error put_founding_key(struct canon *canon, const struct export_scope *scope)
{
    uint8_t room[ED25519_PUBLIC_BYTES];
    struct stored_entry first;
    struct span digits;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(store_entries(scope->db, scope->organisation, 1, 1, &rows));
    bool is_read = db_rows_count(rows) > 0 && store_entry_read(rows, 0, &first) == SM_OK &&
                   canon_member(first.body, "public_key", &digits) == SM_OK &&
                   hex_decode(digits, room, ED25519_PUBLIC_BYTES) == SM_OK;
    return put_key(canon, scope, is_read ? SPAN(room) : signing_key_public(scope->key));
}

enum sm_error export_keys(const struct export_scope *scope, struct canon *canon)
{
    struct successors later;
    TRY(successors_read(scope->db, scope->organisation, scope->to_seq, &later));
    TRY(canon_array(canon, "keys"));
    if (later.count == 0)
        TRY(put_key(canon, scope, signing_key_public(scope->key)));
    else
        TRY(put_founding_key(canon, scope));
    for (size_t i = 0; i < later.count; i++)
        TRY(put_key(canon, scope, SPAN(later.keys[i])));
    return canon_array_end(canon);
}

/* The log's own id, out of its first entry; left out when that entry does not tell it. */
static enum sm_error put_log_id(struct canon *canon, const struct export_lines *lines)
{
    struct stored_entry first;
    struct span log;
    if (db_rows_count(lines->entries.rows) == 0)
        return SM_OK;
    if (store_entry_read(lines->entries.rows, 0, &first) != SM_OK)
        return SM_OK;
    return canon_member(first.body, "log", &log) == SM_OK ? canon_text(canon, "log", log) : SM_OK;
}

enum sm_error export_header(struct export_lines *lines, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(put_word(&canon, "canonicalisation", "RFC 8785"));
    TRY(canon_number(&canon, "first_seq", 1));
    TRY(put_word(&canon, "format", "securemail-audit-log"));
    TRY(put_word(&canon, "hash", "SHA-256"));
    TRY(export_keys(&lines->scope, &canon));
    TRY(canon_number(&canon, "last_seq", lines->scope.to_seq));
    TRY(put_log_id(&canon, lines));
    TRY(canon_hex(&canon, "organisation", id_span(lines->scope.organisation)));
    TRY(put_word(&canon, "type", "header"));
    TRY(canon_number(&canon, "version", FORMAT_VERSION));
    TRY(end_line(&canon));
    lines->position = 1;
    return SM_OK;
}

/* --- entries --- */

struct shown {
    uint64_t place;
    struct span name, value, salt;
};

static enum sm_error read_disclosure(const struct db_rows *rows, size_t row, struct shown *out)
{
    TRY(db_read_u64(rows, row, 1, &out->place));
    TRY(db_read_bytes(rows, row, 2, ADDRESS_BYTES_LIMIT, &out->name));
    TRY(db_read_bytes(rows, row, 3, ADDRESS_BYTES_LIMIT, &out->value));
    TRY(db_read_bytes(rows, row, 4, SHA256_BYTES, &out->salt));
    return out->place <= CANON_NUMBER_MAX ? SM_OK : SM_BAD_VALUE;
}

/* What cannot be read is an empty object, which is not the same as an erased value. */
static enum sm_error put_disclosure(struct canon *canon, const struct db_rows *rows, size_t row)
{
    struct shown shown;
    bool is_read = read_disclosure(rows, row, &shown) == SM_OK;
    TRY(canon_object(canon, NULL));
    if (is_read) {
        TRY(canon_text(canon, "name", shown.name));
        TRY(canon_number(canon, "place", shown.place));
        TRY(canon_hex(canon, "salt", shown.salt));
        TRY(canon_text(canon, "value", shown.value));
    }
    return canon_object_end(canon);
}

/* Those of this seq, and what stands before without an entry (never in an intact log): dropped. */
static enum sm_error put_disclosures(struct canon *canon, struct stream *stream, uint64_t seq)
{
    size_t written = 0;
    for (uint64_t at; stream->next < db_rows_count(stream->rows); stream->next++) {
        TRY(db_read_u64(stream->rows, stream->next, 0, &at));
        if (at > seq)
            break;
        if (at < seq)
            continue;
        if (written == 0)
            TRY(canon_array(canon, "disclosures"));
        if (written++ < ENTRY_DISCLOSURES_MAX)
            TRY(put_disclosure(canon, stream->rows, stream->next));
    }
    return written ? canon_array_end(canon) : SM_OK;
}

enum sm_error export_disclosures(
    struct db *db, const struct id *organisation, uint64_t seq, struct canon *canon)
{
    struct stream stream = {.next = 0};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_disclosures, &rows, db_id(organisation), db_u64(seq), db_u64(seq),
        db_i64(ENTRY_DISCLOSURES_MAX)));
    stream.rows = rows;
    return put_disclosures(canon, &stream, seq);
}

static enum sm_error put_body(struct canon *canon, struct span body)
{
    struct buffer wrapped DEFER(buffer_free) = BUFFER(2 * AUDIT_ENTRY_BYTES_MAX);
    if (canon_check(body) == SM_OK)
        return canon_raw(canon, "entry", body);
    TRY(base64_encode(body, &wrapped));
    return canon_text(canon, "entry_base64", buffer_span(&wrapped));
}

static enum sm_error write_entry(
    struct export_lines *lines, const struct stored_entry *entry, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(put_disclosures(&canon, &lines->disclosures, entry->seq));
    TRY(put_body(&canon, entry->body));
    TRY(canon_hex(&canon, "hash", SPAN(entry->hash.bytes)));
    TRY(canon_number(&canon, "seq", entry->seq));
    TRY(put_word(&canon, "type", "entry"));
    return end_line(&canon);
}

/* A row that is no entry: its place, and nothing that could pass for one. */
static enum sm_error write_unreadable(uint64_t seq, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(canon_number(&canon, "seq", seq));
    TRY(put_word(&canon, "type", "entry"));
    return end_line(&canon);
}

/* --- checkpoints --- */

static enum sm_error write_checkpoint(
    const struct db_rows *rows, size_t row, uint64_t size, struct buffer *out)
{
    struct span note;
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    if (db_read_bytes(rows, row, 1, CHECKPOINT_NOTE_BYTES_MAX, &note) == SM_OK)
        TRY(canon_text(&canon, "note", note));
    TRY(canon_number(&canon, "size", size));
    TRY(put_word(&canon, "type", "checkpoint"));
    return end_line(&canon);
}

/* Those up to `seq` that have not been written yet: one in an intact log. Where entries are gone
 * there may be any number, of which some show what is wrong as well as all do. */
static enum sm_error write_checkpoints(struct export_lines *lines, uint64_t seq, struct buffer *out)
{
    struct stream *stream = &lines->checkpoints;
    size_t written = 0;
    for (uint64_t size; stream->next < db_rows_count(stream->rows); stream->next++) {
        TRY(db_read_u64(stream->rows, stream->next, 0, &size));
        if (size > seq)
            return SM_OK;
        if (written++ < STRANDED_MAX)
            TRY(write_checkpoint(stream->rows, stream->next, size, out));
    }
    return SM_OK;
}

enum sm_error export_next(struct export_lines *lines, struct buffer *out)
{
    struct stored_entry entry;
    uint64_t seq;
    struct stream *stream = &lines->entries;
    size_t row = stream->next++;
    TRY(db_read_u64(stream->rows, row, 0, &seq));
    lines->position = seq + 1;
    if (seq > lines->scope.to_seq)
        return SM_OK;
    if (store_entry_read(stream->rows, row, &entry) == SM_OK)
        TRY(write_entry(lines, &entry, out));
    else
        TRY(write_unreadable(seq, out));
    return write_checkpoints(lines, seq, out);
}

/* --- footer --- */

static enum sm_error read_checkpoints(struct export_lines *lines, uint64_t from, uint64_t to)
{
    struct stream *stream = &lines->checkpoints;
    db_rows_free(&stream->rows);
    stream->next = 0;
    return DB_RUN(lines->scope.db, &sql_checkpoints, &stream->rows,
        db_id(lines->scope.organisation), db_u64(from), db_u64(to), db_i64(STRANDED_MAX));
}

/* A log that was cut off still has the checkpoints of what is gone, and shows it by them. */
static enum sm_error write_stranded(struct export_lines *lines, struct buffer *out)
{
    TRY(write_checkpoints(lines, lines->scope.to_seq, out));
    if (!lines->scope.is_damaged)
        return SM_OK;
    TRY(read_checkpoints(lines, lines->scope.to_seq + 1, CANON_NUMBER_MAX));
    return write_checkpoints(lines, CANON_NUMBER_MAX, out);
}

static enum sm_error put_last_hash(struct canon *canon, const struct export_scope *scope)
{
    struct stored_entry last;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(scope->db, &sql_last, &rows, db_id(scope->organisation), db_u64(scope->to_seq)));
    if (db_rows_count(rows) == 0)
        return SM_OK;
    if (store_entry_read(rows, 0, &last) != SM_OK)
        return SM_OK;
    return canon_hex(canon, "hash", SPAN(last.hash.bytes));
}

/* The signed head that the export ends with; a damaged log has none. */
static enum sm_error put_head(struct canon *canon, struct export_lines *lines)
{
    struct span note;
    struct span peaks;
    struct tree tree;
    struct hash root;
    TRY(read_checkpoints(lines, lines->scope.to_seq, lines->scope.to_seq));
    if (db_rows_count(lines->checkpoints.rows) == 0)
        return SM_OK;
    if (db_read_bytes(lines->checkpoints.rows, 0, 1, CHECKPOINT_NOTE_BYTES_MAX, &note) != SM_OK ||
        db_read_bytes(lines->checkpoints.rows, 0, 2, sizeof tree.peaks, &peaks) != SM_OK)
        return SM_OK;
    TRY(canon_text(canon, "note", note));
    if (tree_restore(lines->scope.to_seq, peaks, &tree) != SM_OK)
        return SM_OK;
    TRY(tree_root(&tree, &root));
    return canon_hex(canon, "root", SPAN(root.bytes));
}

enum sm_error export_footer(struct export_lines *lines, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(write_stranded(lines, out));
    TRY(canon_object(&canon, NULL));
    TRY(canon_number(&canon, "count", lines->scope.to_seq));
    TRY(put_last_hash(&canon, &lines->scope));
    TRY(put_head(&canon, lines));
    TRY(put_word(&canon, "type", "footer"));
    return end_line(&canon);
}
