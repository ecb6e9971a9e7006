/*
 * Where a walk over a log stands, shared by the files that read one kind of line each (log.c,
 * entry.c). Not for others: they see log.h.
 */
#ifndef SM_VERIFY_WALK_H
#define SM_VERIFY_WALK_H

#include "cli/verify/log.h"
#include "cli/verify/shape.h"

enum { ID_DIGITS = 32, ORIGIN_BYTES = 64, KEYS_MAX = 16 };

struct walk {
    struct log_options *options;
    struct log_verdict *verdict;
    uint8_t keys[KEYS_MAX][PROOF_HASH_BYTES]; /* in the order in which they sign */
    size_t keys_count, key;                   /* key: which one signs here */
    bool
        is_handing_over; /* the entry before names the next key: a checkpoint by this one follows */
    char origin[ORIGIN_BYTES]; /* "securemail/<organisation>": the first line of its checkpoints */
    char log[ID_DIGITS + 1];
    uint64_t last_seq;      /* as the header announces it */
    struct proof_hash last; /* the hash of the entry before */
    struct proof_tree tree;
    bool has_header, has_footer;
    struct prover *prover; /* borrowed; NULL: no proof is wanted */
};

/* What the auditor can do about a fault. */
enum remedy { REMEDY_EVIDENCE, REMEDY_EXPORT, REMEDY_KEPT, REMEDY_NEWER, REMEDY_RESTORED };

/* Notes the first fault; always false, so `return walk_fault(...)` reads. */
__attribute__((format(printf, 3, 4))) bool walk_fault(
    struct walk *walk, enum remedy remedy, const char *format, ...);

/* The value of a member that must be just this text. */
bool walk_says(const struct object *object, const char *name, const char *text);

/*
 * A kept checkpoint does not fit, and the log was restored before its last entry: says so. It is a
 * fault all the same, for what the checkpoint covers is not there. False when there was no restore.
 */
bool walk_tells_restore(struct walk *walk, const struct log_kept *kept);

/* The list of keys in the header or a proof: the founder's, and those it was handed over to. */
bool walk_read_keys(struct walk *walk, const struct object *line);

/* The kept checkpoints must be of this log, and signed by a key of it. */
bool walk_check_kept(struct walk *walk);

/* What the line discloses is what the entry commits to. */
bool entry_check_personal(struct walk *walk, const struct object *line, const struct object *entry);

/* Where the entry `seq` tells of erased values: that it does so in the right form. */
bool entry_check_erasure(struct walk *walk, const struct object *entry, uint64_t seq);

/* A line of type "entry". */
bool entry_read(struct walk *walk, const struct object *line);

#endif
