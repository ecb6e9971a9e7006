/*
 * The journal of erasures: what was deleted and revoked, in a file outside the database and its
 * backups, so that a restore ends it again (docs/decisions/0070-backup-and-restore.md). A line is
 * durable before the one who asked is answered; it is written after the commit, so it tells of
 * nothing that did not happen. The same line twice means the same.
 *
 *     <ms since 1970, decimal> <kind> <id, 32 digits> <check, 8 digits>
 *
 * Lines may have empty ones between them. check = the first 4 bytes of SHA-256 of the line before
 * it: tells a line that a crash cut. It proves nothing against who can write the file. Ids only: no
 * address, no name, no key.
 */
#ifndef SM_CRYPTO_JOURNAL_H
#define SM_CRYPTO_JOURNAL_H

#include "base/error.h"
#include "base/id.h"

enum erasure { ERASURE_DELETED = 1, ERASURE_REVOKED, ERASURE_LINK_REVOKED };

struct journal;

/* Opens <folder>/erasures.journal for appending, and makes it where it is missing. SM_CONFIG when
 * it cannot be written there, with the reason in the log. The caller owns *out. */
SM_MUST_USE enum sm_error journal_open(const char *folder, struct journal **out);
void journal_close(struct journal **journal);

/* Appends one line and syncs it. Any thread, and several processes on one file. NULL: no journal is
 * kept (tests). SM_DISK_FULL, SM_IO: it is not written, and whoever asked must ask again. */
SM_MUST_USE enum sm_error journal_add(
    struct journal *journal, enum erasure kind, struct id thing, int64_t at_ms);

#endif
