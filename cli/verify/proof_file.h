/*
 * What the two files of a proof have in common: one line, the organisation, the keys, the hashes,
 * signed checkpoints. Not for others: they see single.h.
 */
#ifndef SM_VERIFY_PROOF_FILE_H
#define SM_VERIFY_PROOF_FILE_H

#include "cli/verify/walk.h"

struct proof_kind {
    const char *type, *format;
    const struct shape_member *shape;
};

/* Members and their forms, version, organisation, keys, and the checkpoints that were kept. */
bool proof_file_head(struct walk *walk, const struct object *line, const struct proof_kind *kind);

/* The list "hashes"; false when one is none, or there are too many. */
bool proof_file_hashes(
    const struct object *line, struct proof_hash out[static PROOF_PEAKS_MAX], size_t *count);

/* Which of the keys in the file signed the checkpoint that stands as this member: its place, or -1,
 * and then it is no checkpoint of this log. */
int proof_file_note(
    const struct walk *walk, const struct object *line, const char *member, struct proof_note *out);

/* The place of the key that was given, -1 when none was. */
int proof_file_given_key(const struct walk *walk);

/* The root goes into the verdict. */
void proof_file_tell_root(struct walk *walk, const struct proof_hash *root);

/* A line of type "proof" (single.c), of type "consistency" (extension.c). */
bool single_check(struct walk *walk, const struct object *line);
bool extension_check(struct walk *walk, const struct object *line);

#endif
