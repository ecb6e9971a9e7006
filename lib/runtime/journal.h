/*
 * The journal of erasures: what was deleted and revoked, and which values of the log were erased,
 * in a file outside the database and its backups, so that a restore ends it again (decisions 0070
 * and 0115). A line is durable before the one who asked is answered. Crypto writes it after the
 * commit, so it tells of nothing that did not happen. The same line twice means the same.
 *
 *     <ms since 1970, decimal> <kind> <id, 32 digits> <check, 8 digits>
 *
 * Lines may have empty ones between them. check = the first 4 bytes of SHA-256 of the line before
 * it: tells a line that a crash cut. It proves nothing against who can write the file. Ids only: no
 * address, no name, no key.
 */
#ifndef SM_RUNTIME_JOURNAL_H
#define SM_RUNTIME_JOURNAL_H

#include "base/error.h"
#include "base/id.h"
#include "proto/limits.h"

/* ERASURE_VALUE + n: the personal value at place n of an entry of the log; the id is that entry's
 * event. Audit writes these before the commit: a line may tell of an order that was not carried out
 * then, and is at a restore. */
enum erasure_kind {
    ERASURE_DELETED = 1,
    ERASURE_REVOKED,
    ERASURE_LINK_REVOKED,
    ERASURE_VALUE,
    ERASURE_KINDS = ERASURE_VALUE + AUDIT_PERSONAL_MAX
};
struct journal_line {
    enum erasure_kind kind;
    struct id thing;
    int64_t at_ms;
};

struct journal;

/* Opens <folder>/erasures.journal for appending, and makes it where it is missing. SM_CONFIG when
 * it cannot be written there, with the reason in the log. The caller owns *out. */
SM_MUST_USE enum sm_error journal_open(const char *folder, struct journal **out);
void journal_close(struct journal **journal);

/* Appends one line and syncs it. Any thread, and several processes on one file. NULL: no journal is
 * kept (tests). SM_DISK_FULL, SM_IO: it is not written, and whoever asked must ask again. */
SM_MUST_USE enum sm_error journal_add(
    struct journal *journal, enum erasure_kind kind, struct id thing, int64_t at_ms);
/* Several lines, at most JOURNAL_LINES_MAX, with one sync. On an error some may be written. */
enum { JOURNAL_LINES_MAX = 64 };
SM_MUST_USE enum sm_error journal_add_all(
    struct journal *journal, const struct journal_line *lines, size_t count);

#endif
