/*
 * The walk over an exported log, line by line, with flat memory. It recomputes chain and tree over
 * every entry, checks every checkpoint and every disclosed value, compares with the checkpoints
 * that the auditor kept, and stops at the first line that is wrong, with the reason in words. The
 * file is hostile: whatever it holds, memory is bounded, and nothing of it is printed but ids,
 * numbers and our own names.
 */
#ifndef SM_VERIFY_LOG_H
#define SM_VERIFY_LOG_H

#include "cli/verify/proof.h"

#include <stdio.h>

enum { LOG_KEPT_MAX = 64, LOG_RESTORES_MAX = 16, LOG_TIME_BYTES = 32 };
#define LOG_ORIGIN "securemail/" /* of a checkpoint, before the organisation */

struct log_kept {
    const char *path; /* borrowed */
    char text[PROOF_NOTE_MAX];
    struct proof_note note; /* once the keys are known */
    size_t key;             /* which of the log's keys signed it */
};

struct log_options {
    uint8_t public_key[PROOF_HASH_BYTES]; /* from outside the file */
    bool has_key;
    struct log_kept kept[LOG_KEPT_MAX];
    size_t kept_count;
    struct prover *prover; /* prover.h; NULL: no proof is wanted */
};

/* Where a backup was restored: what the log had behind the entry before was lost. */
struct log_restore {
    uint64_t seq;            /* of the entry that tells it: it opens a new epoch */
    char at[LOG_TIME_BYTES]; /* as that entry says, UTC */
};

struct log_verdict {
    bool is_good;
    bool is_anchored; /* by a kept checkpoint */
    uint64_t line;    /* the first bad one, from 1; 0 when it is the file as a whole */
    char reason[256];
    const char *remedy; /* a sentence without its full stop */
    bool is_unreadable; /* it is not the content that is wrong: nothing was learnt of it */
    uint64_t entries, disclosed, erased;
    uint64_t told_erased; /* values of which entries tell that they were erased */
    struct log_restore restores[LOG_RESTORES_MAX]; /* the last of them */
    uint64_t restores_count;                       /* in all */
    char organisation[33];
    char root[2 * PROOF_HASH_BYTES + 1];
};

/* Reads to the end, or to the first bad line. */
void log_verify(FILE *file, struct log_options *options, struct log_verdict *out);

#endif
