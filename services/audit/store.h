/*
 * The SQL of the log's writer. Nothing here updates or deletes: the role may not. What comes back
 * from the database is checked by heads.c before it is built upon.
 */
#ifndef SM_AUDIT_STORE_H
#define SM_AUDIT_STORE_H

#include "db/array.h"
#include "services/audit/chain.h"

/* Whether any log has been opened in this database. */
SM_MUST_USE enum sm_error store_has_logs(struct db *db, bool *out);

/* Tries to become the one process that writes; the lock is the session's. */
SM_MUST_USE enum sm_error store_try_lead(struct db *db, bool *out);
/* What a writing transaction begins with, in one round trip. */
struct store_start {
    bool is_leader; /* still: a lost session may have given the lock to a standby */
    uint64_t now_ms;
    struct db_rows *known; /* of the ids those that are in a log: one column. Caller frees it. NULL:
                              none was asked for */
};
/* `ids`: an array of bytea, perhaps empty; then nothing is known. */
SM_MUST_USE enum sm_error store_begin(struct db *db, struct db_array *ids, struct store_start *out);

/* A stored checkpoint: its spans live as long as `rows`. */
struct stored_checkpoint {
    struct db_rows *rows;
    uint64_t size; /* 0: there is none */
    struct span note, peaks;
};
/* SM_TAMPERED: the row is no checkpoint. */
SM_MUST_USE enum sm_error store_last_checkpoint(
    struct db *db, const struct id *organisation, struct stored_checkpoint *out);
void stored_checkpoint_free(struct stored_checkpoint *checkpoint);

/* A stored entry: its span lives as long as `rows`. */
struct stored_entry {
    uint64_t seq, recorded_ms;
    struct span body;
    struct hash hash;
};
/* Whether a value is disclosed of an entry beyond `seq`. */
SM_MUST_USE enum sm_error store_has_disclosures_beyond(
    struct db *db, const struct id *organisation, uint64_t seq, bool *out);

enum { STORE_PAGE_ROWS = 512 };
/* Up to `rows_max` entries from `from_seq` on, in order. Caller frees *out. */
SM_MUST_USE enum sm_error store_entries(struct db *db, const struct id *organisation,
    uint64_t from_seq, uint64_t rows_max, struct db_rows **out);
/* SM_TAMPERED: the row is no entry. */
SM_MUST_USE enum sm_error store_entry_read(
    const struct db_rows *rows, size_t row, struct stored_entry *out);

/* --- what one commit writes, collected and put in with one statement each --- */

struct new_entry {
    const struct id *organisation, *event, *message, *link;
    uint64_t seq, kind, recorded_ms;
    struct span body;
    const struct hash *hash;
};
struct new_disclosure {
    const struct id *organisation;
    uint64_t seq, place;
    struct span name, value, salt;
};
struct new_checkpoint {
    const struct id *organisation;
    uint64_t size;
    struct span note, peaks;
};

struct rows_to_write;
SM_MUST_USE enum sm_error rows_to_write_new(struct rows_to_write **out);
void rows_to_write_free(struct rows_to_write **rows);
SM_MUST_USE enum sm_error rows_add_entry(struct rows_to_write *rows, const struct new_entry *entry);
SM_MUST_USE enum sm_error rows_add_disclosure(
    struct rows_to_write *rows, const struct new_disclosure *disclosure);
SM_MUST_USE enum sm_error rows_add_checkpoint(
    struct rows_to_write *rows, const struct new_checkpoint *checkpoint);
/* Inside a transaction: posts all of them. SM_CONFLICT, here or at the COMMIT: a seq or event id is
 * there already. */
SM_MUST_USE enum sm_error rows_write(struct rows_to_write *rows, struct db *db);

#endif
