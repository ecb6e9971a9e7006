/*
 * One entry of a log, proven: it is taken out of an export while that is verified, with its
 * siblings up to the root of the export's last checkpoint, or of the first one that the auditor
 * kept. The file that comes of it (docs/audit-format.md) shows this entry and nothing of any other.
 */
#ifndef SM_VERIFY_PROVER_H
#define SM_VERIFY_PROVER_H

#include "cli/verify/line.h"
#include "cli/verify/log.h"

struct walk;

enum { PROVER_KEYS_MAX = 1024 };

/* Begin with zeros and the path's seq. Large. */
struct prover {
    struct proof_path path;
    uint64_t size; /* of the tree under whose root it is proven */
    bool is_whole;
    char line[LINE_BYTES_MAX]; /* the entry's */
    size_t line_size;
    char keys[PROVER_KEYS_MAX];    /* the header's, as they stand there */
    char note[2 * PROOF_NOTE_MAX]; /* as a text of JSON */
    char organisation[33];
};

/* In this order: the header, each entry when it is in the tree, the footer. */
void prover_begin(struct prover *prover, struct walk *walk, const struct object *header);
void prover_take(struct prover *prover, struct walk *walk, struct slice line);
void prover_end(struct prover *prover, const struct object *footer);

/* Writes the file. False when the log has no such entry, or the checkpoint is older than it. */
bool prover_write(const struct prover *prover, FILE *file);

#endif
