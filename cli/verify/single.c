/* One line: the key, the note under it, the way from the entry to the note's root, the disclosures.
 */
#include "cli/verify/single.h"

#include "cli/verify/line.h"
#include "cli/verify/walk.h"

#include <string.h>

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

static bool read_head(struct walk *walk, struct slice line)
{
    struct slice value;
    uint8_t bytes[ID_DIGITS / 2];
    if (!slice_is_json(line) || !walk_says(line, "type", "proof") ||
        !walk_says(line, "format", "securemail-audit-proof"))
        return walk_fault(walk, REMEDY_EXPORT, "this is not a proof of Secure Mail");
    if (!slice_member(line, "version", &value) || !slice_number(value, &walk->last_seq) ||
        walk->last_seq != 1)
        return walk_fault(walk, REMEDY_NEWER, "I do not know this version of the format");
    if (!shape_fits(line, shape_proof) || !shape_is_whole(line, shape_proof))
        return TAMPERED("the proof lacks a member, or has one that proofs do not have");
    if (!slice_member(line, "organisation", &value) || !slice_hex(value, bytes, sizeof bytes) ||
        !slice_text(value, walk->verdict->organisation, ID_DIGITS + 1))
        return TAMPERED("the proof does not name its organisation");
    (void)snprintf(walk->origin, sizeof walk->origin, LOG_ORIGIN "%s", walk->verdict->organisation);
    return walk_read_keys(walk, line) && walk_check_kept(walk);
}

/*
 * That one key was handed over to the next is shown by the log alone. So a key that was given must
 * have signed this very checkpoint: that it stands in the list beside another says nothing.
 */
static bool is_by_a_key(const struct walk *walk, const char *text, struct proof_note *out)
{
    if (walk->options->has_key)
        return proof_note_read(text, walk->options->public_key, out);
    for (size_t i = 0; i < walk->keys_count; i++)
        if (proof_note_read(text, walk->keys[i], out))
            return true;
    return false;
}

static bool read_note(struct walk *walk, struct slice line, struct proof_note *out)
{
    struct slice value;
    char text[PROOF_NOTE_MAX];
    return (slice_member(line, "note", &value) && slice_text(value, text, sizeof text) &&
               is_by_a_key(walk, text, out) && strcmp(out->origin, walk->origin) == 0) ||
           TAMPERED("the checkpoint is not signed by the log's key");
}

static bool read_path(struct slice line, struct proof_path *out)
{
    struct slice value;
    struct slice item;
    size_t state = 0;
    *out = (struct proof_path){0};
    if (!slice_member(line, "seq", &value) || !slice_number(value, &out->seq) ||
        !slice_member(line, "hashes", &value))
        return false;
    for (; slice_item(value, &state, &item); out->count++)
        if (out->count == PROOF_PEAKS_MAX ||
            !slice_hex(item, out->siblings[out->count].bytes, PROOF_HASH_BYTES))
            return false;
    return true;
}

/* The entry says of itself where it stands and whose it is. */
static bool entry_fits(struct walk *walk, struct slice entry, uint64_t seq)
{
    struct slice value;
    uint64_t inner;
    const struct shape_member *shape = seq == 1 ? shape_first_entry : shape_entry;
    return slice_member(entry, "seq", &value) && slice_number(value, &inner) && inner == seq &&
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

static bool check(struct walk *walk, struct slice line)
{
    struct proof_note note = {.size = 0};
    struct proof_path path;
    struct proof_hash root;
    struct slice entry;
    if (!read_head(walk, line) || !read_note(walk, line, &note))
        return false;
    if (!slice_member(line, "entry", &entry) || !read_path(line, &path) ||
        !proof_path_root(&path, entry, note.size, &root) || !proof_equal(&root, &note.root))
        return TAMPERED("the entry is not in the log of this checkpoint: it was edited");
    if (!entry_fits(walk, entry, path.seq))
        return TAMPERED("the entry has another form, place or organisation than the proof says");
    walk->verdict->entries = 1;
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void)snprintf(walk->verdict->root + 2 * i, 3, "%02x", root.bytes[i]);
    return entry_check_personal(walk, line, entry) && compare_kept(walk, &note);
}

void single_verify(FILE *file, struct log_options *options, struct log_verdict *out)
{
    char room[LINE_BYTES_MAX];
    char rest[LINE_BYTES_MAX];
    struct slice line;
    struct slice more;
    struct walk walk = {.options = options, .verdict = out};
    *out = (struct log_verdict){.line = 1};
    if (line_read(file, room, &line) != LINE_READ || line_read(file, rest, &more) != LINE_END)
        out->is_good = walk_fault(&walk, REMEDY_EXPORT, "the file is not one line, as a proof is");
    else
        out->is_good = check(&walk, line);
}
