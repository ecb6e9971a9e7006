/*
 * Reads a journal of erasures (services/crypto/journal.h has its form) for a restore. The file is
 * not trusted: what is not exactly a line of a journal is passed over and counted, for a crash may
 * have cut one; such a line was acknowledged to nobody.
 */
#ifndef SM_CLI_BACKUP_JOURNAL_H
#define SM_CLI_BACKUP_JOURNAL_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

struct journal_counts {
    uint64_t lines;     /* that were taken */
    uint64_t bad;       /* that were passed over */
    uint64_t first_bad; /* which line of the file, from 1; 0: none */
};

/* Writes each erasure to `out` as a row for COPY restore.erasure (at_ms, kind, thing) FROM STDIN.
 */
SM_MUST_USE enum sm_error backup_journal(FILE *in, FILE *out, struct journal_counts *counts);

#endif
