/* Read strictly: what no hash and no signature covers must have its one form. */
#include "cli/verify/proof_file.h"

#include "cli/verify/line.h"
#include "cli/verify/single.h"

#include <string.h>

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

bool proof_file_head(struct walk *walk, const struct object *line, const struct proof_kind *kind)
{
    struct slice value;
    uint8_t bytes[ID_DIGITS / 2];
    if (!line->is_whole || !walk_says(line, "type", kind->type) ||
        !walk_says(line, "format", kind->format))
        return walk_fault(walk, REMEDY_EXPORT, "this is not a proof of Secure Mail");
    if (!object_member(line, "version", &value) || !slice_number(value, &walk->last_seq) ||
        walk->last_seq != 1)
        return walk_fault(walk, REMEDY_NEWER, "I do not know this version of the format");
    if (!shape_fits(line, kind->shape) || !shape_is_whole(line, kind->shape))
        return TAMPERED("the proof lacks a member, or has one that proofs do not have");
    if (!object_member(line, "organisation", &value) || !slice_hex(value, bytes, sizeof bytes) ||
        !slice_text(value, walk->verdict->organisation, ID_DIGITS + 1))
        return TAMPERED("the proof does not name its organisation");
    (void)snprintf(walk->origin, sizeof walk->origin, LOG_ORIGIN "%s", walk->verdict->organisation);
    return walk_read_keys(walk, line) && walk_check_kept(walk);
}

bool proof_file_hashes(
    const struct object *line, struct proof_hash out[static PROOF_PEAKS_MAX], size_t *count)
{
    struct slice value;
    struct slice item;
    size_t state = 0;
    *count = 0;
    if (!object_member(line, "hashes", &value))
        return false;
    for (; slice_item(value, &state, &item); ++*count)
        if (*count == PROOF_PEAKS_MAX || !slice_hex(item, out[*count].bytes, PROOF_HASH_BYTES))
            return false;
    return true;
}

int proof_file_note(
    const struct walk *walk, const struct object *line, const char *member, struct proof_note *out)
{
    struct slice value;
    char text[PROOF_NOTE_MAX];
    if (!object_member(line, member, &value) || !slice_text(value, text, sizeof text))
        return -1;
    for (size_t i = 0; i < walk->keys_count; i++)
        if (proof_note_read(text, walk->keys[i], out))
            return strcmp(out->origin, walk->origin) == 0 ? (int)i : -1;
    return -1;
}

int proof_file_given_key(const struct walk *walk)
{
    for (size_t i = 0; walk->options->has_key && i < walk->keys_count; i++)
        if (memcmp(walk->keys[i], walk->options->public_key, PROOF_HASH_BYTES) == 0)
            return (int)i;
    return -1;
}

void proof_file_tell_root(struct walk *walk, const struct proof_hash *root)
{
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void)snprintf(walk->verdict->root + 2 * i, 3, "%02x", root->bytes[i]);
}

void single_verify(FILE *file, struct log_options *options, struct log_verdict *out)
{
    struct line_source source = {.file = file};
    struct slice text;
    struct slice more;
    struct object line;
    struct walk walk = {.options = options, .verdict = out};
    *out = (struct log_verdict){.line = 1};
    if (line_read(&source, &text) != LINE_READ || line_read(&source, &more) != LINE_END)
        out->is_good = walk_fault(&walk, REMEDY_EXPORT, "the file is not one line, as a proof is");
    else {
        object_read(text, &line);
        bool is_extension = walk_says(&line, "type", "consistency");
        out->is_good = is_extension ? extension_check(&walk, &line) : single_check(&walk, &line);
    }
}
