/*
 * The lines of an export, one after the other, as docs/audit-format.md has them. What the database
 * gives is written down as it is, also where it is wrong: judging is the verifier's work. Only a
 * body that is not canonical JSON is wrapped in base64, so that it cannot pass for other lines.
 */
#ifndef SM_AUDIT_EXPORT_LINES_H
#define SM_AUDIT_EXPORT_LINES_H

#include "services/audit/canon.h"
#include "services/audit/checkpoint.h"
#include "services/audit/store.h"

struct export_scope {
    struct db *db;
    const struct signing_key *key;
    const struct id *organisation;
    uint64_t to_seq;
    bool is_damaged; /* then checkpoints beyond the last entry are shown too */
};

struct export_lines;
/* Begins at `from_seq`; the scope's pointers must outlive it. Reads one portion of rows. */
SM_MUST_USE enum sm_error export_lines_new(
    const struct export_scope *scope, uint64_t from_seq, struct export_lines **out);
void export_lines_free(struct export_lines **lines);

SM_MUST_USE enum sm_error export_header(struct export_lines *lines, struct buffer *out);
/* While export_has_next: the next entry, and the checkpoint that stands at it, if any. */
bool export_has_next(const struct export_lines *lines);
SM_MUST_USE enum sm_error export_next(struct export_lines *lines, struct buffer *out);

/* No entry is left, also beyond this portion: the footer follows. */
bool export_at_end(const struct export_lines *lines);
SM_MUST_USE enum sm_error export_footer(struct export_lines *lines, struct buffer *out);

/* --- members that other files have too --- */

/* "keys": all that signed up to to_seq, in the order in which they did. */
SM_MUST_USE enum sm_error export_keys(const struct export_scope *scope, struct canon *canon);
/* "disclosures" of one entry; nothing where none are left. */
SM_MUST_USE enum sm_error export_disclosures(
    struct db *db, const struct id *organisation, uint64_t seq, struct canon *canon);

/* Where the next page begins. */
uint64_t export_position(const struct export_lines *lines);

#endif
