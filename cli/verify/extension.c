/* That a newer checkpoint continues an older one: nothing before it was changed or cut off. */
#include "cli/verify/proof_file.h"

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

static const struct proof_kind kind = {
    "consistency", "securemail-audit-consistency", shape_extension};

/*
 * The log alone shows that one key was handed over to the next. So the newer checkpoint must be
 * signed by the key of the older one, or by the one that was given.
 */
static bool check_signers(struct walk *walk, int older, int newer)
{
    int given = proof_file_given_key(walk);
    if (older < 0 || newer < 0)
        return TAMPERED("a checkpoint is not signed by the log's key");
    if (newer == (walk->options->has_key ? given : older))
        return true;
    return walk->options->has_key
               ? TAMPERED("the newer checkpoint is signed by another key than the one you gave")
               : walk_fault(walk, REMEDY_KEPT,
                     "the newer checkpoint is signed by another key than the older one: give it "
                     "with --key, or check a whole export, which shows that it was handed over");
}

/* The older checkpoint is the one that was kept, each of them. */
static bool compare_kept(struct walk *walk, const struct proof_note *older)
{
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        const struct log_kept *kept = &walk->options->kept[i];
        if (kept->note.size != older->size)
            return walk_fault(walk, REMEDY_KEPT,
                "it begins at %llu entries, and your checkpoint %.80s has %llu: ask for a proof from yours",
                (unsigned long long)older->size, kept->path, (unsigned long long)kept->note.size);
        if (!proof_equal(&kept->note.root, &older->root))
            return TAMPERED("it continues another log than that of your checkpoint %.100s: "
                            "its history was written anew",
                kept->path);
        walk->verdict->is_anchored = true;
    }
    return true;
}

bool extension_check(struct walk *walk, const struct object *line)
{
    struct proof_note older = {.size = 0};
    struct proof_note newer = {.size = 0};
    struct proof_extension extension;
    if (!proof_file_head(walk, line, &kind))
        return false;
    int older_key = proof_file_note(walk, line, "older", &older);
    int newer_key = proof_file_note(walk, line, "note", &newer);
    if (!check_signers(walk, older_key, newer_key))
        return false;
    if (!proof_file_hashes(line, extension.hashes, &extension.count) ||
        !proof_extends(&older, &newer, &extension))
        return TAMPERED("the newer checkpoint does not continue the older one: "
                        "entries before it were changed or cut off");
    walk->verdict->entries = newer.size;
    proof_file_tell_root(walk, &newer.root);
    return compare_kept(walk, &older);
}
