/* One entry: the note, the way from the entry to the note's root, the disclosures. */
#include "cli/verify/proof_file.h"

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

static const struct proof_kind kind = {"proof", "securemail-audit-proof", shape_proof};

/*
 * That one key was handed over to the next is shown by the log alone. So a key that was given must
 * have signed this very checkpoint: that it stands in the list beside another says nothing.
 */
static bool read_note(struct walk *walk, const struct object *line, struct proof_note *out)
{
    int key = proof_file_note(walk, line, "note", out);
    return (key >= 0 && (!walk->options->has_key || key == proof_file_given_key(walk))) ||
           TAMPERED("the checkpoint is not signed by the log's key");
}

static bool read_path(const struct object *line, struct proof_path *out)
{
    struct slice value;
    *out = (struct proof_path){0};
    return object_member(line, "seq", &value) && slice_number(value, &out->seq) &&
           proof_file_hashes(line, out->siblings, &out->count);
}

/* The entry says of itself where it stands and whose it is. */
static bool entry_fits(struct walk *walk, const struct object *entry, uint64_t seq)
{
    struct slice value;
    uint64_t inner;
    const struct shape_member *shape = seq == 1 ? shape_first_entry : shape_entry;
    return object_member(entry, "seq", &value) && slice_number(value, &inner) && inner == seq &&
           walk_says(entry, "organisation", walk->verdict->organisation) &&
           shape_fits(entry, shape) && shape_is_whole(entry, shape);
}

/* A kept checkpoint says something of a proof under a checkpoint of the same size only. */
static bool compare_kept(struct walk *walk, const struct proof_note *note)
{
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        const struct log_kept *kept = &walk->options->kept[i];
        if (kept->note.size != note->size)
            return walk_fault(walk, REMEDY_KEPT,
                "it is proven at %llu entries, and your checkpoint %.80s has %llu: ask for a proof at yours",
                (unsigned long long)note->size, kept->path, (unsigned long long)kept->note.size);
        if (!proof_equal(&kept->note.root, &note->root))
            return TAMPERED("it is proven in another log than that of your checkpoint %.100s: "
                            "its history was written anew",
                kept->path);
        walk->verdict->is_anchored = true;
    }
    return true;
}

bool single_check(struct walk *walk, const struct object *line)
{
    struct proof_note note = {.size = 0};
    struct proof_path path;
    struct proof_hash root;
    struct slice text;
    struct object entry;
    if (!proof_file_head(walk, line, &kind) || !read_note(walk, line, &note))
        return false;
    if (!object_member(line, "entry", &text) || !read_path(line, &path) ||
        !proof_path_root(&path, text, note.size, &root) || !proof_equal(&root, &note.root))
        return TAMPERED("the entry is not in the log of this checkpoint: it was edited");
    object_read(text, &entry);
    if (!entry_fits(walk, &entry, path.seq))
        return TAMPERED("the entry has another form, place or organisation than the proof says");
    walk->verdict->entries = 1;
    proof_file_tell_root(walk, &root);
    return entry_check_personal(walk, line, &entry) &&
           entry_check_erasure(walk, &entry, path.seq) && compare_kept(walk, &note);
}
