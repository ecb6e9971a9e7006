/* The signature covers the exact bytes of the declaration. */
#include "cli/verify/declared.h"

#include "cli/verify/line.h"
#include "cli/verify/walk.h"

#include <string.h>

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

static const char signed_name[] = "securemail/declaration\n";

static bool is_signed(const struct object *line, const uint8_t key[static PROOF_HASH_BYTES])
{
    char covered[sizeof signed_name + LINE_BYTES_MAX];
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    struct slice said;
    struct slice value;
    size_t name = sizeof signed_name - 1;
    if (!object_member(line, "declaration", &said) || !object_member(line, "signature", &value) ||
        !slice_hex(value, signature, sizeof signature))
        return false;
    memcpy(covered, signed_name, name);
    memcpy(covered + name, said.at, said.size);
    covered[name + said.size] = '\n';
    return proof_is_signed((struct slice){covered, name + said.size + 1}, key, signature);
}

static bool read_key(
    struct walk *walk, const struct object *line, uint8_t key[static PROOF_HASH_BYTES])
{
    struct slice value;
    if (!object_member(line, "public_key", &value) || !slice_hex(value, key, PROOF_HASH_BYTES))
        return TAMPERED("the file does not name the key that signed it");
    if (walk->options->has_key && memcmp(walk->options->public_key, key, PROOF_HASH_BYTES) != 0)
        return walk_fault(walk, REMEDY_KEPT, "it is signed by another key than the one you gave");
    walk->verdict->is_anchored = walk->options->has_key;
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void)snprintf(walk->verdict->root + 2 * i, 3, "%02x", key[i]);
    return true;
}

static uint64_t count_criteria(const struct object *line)
{
    struct slice said;
    struct slice list;
    struct slice item;
    size_t state = 0;
    uint64_t count = 0;
    if (object_member(line, "declaration", &said) && slice_member(said, "criteria", &list))
        while (slice_item(list, &state, &item))
            count++;
    return count;
}

static bool check(struct walk *walk, const struct object *line)
{
    struct slice value;
    uint8_t key[PROOF_HASH_BYTES];
    if (!line->is_whole || !walk_says(line, "format", "securemail-declaration"))
        return walk_fault(walk, REMEDY_EXPORT, "this is not a declaration of Secure Mail");
    if (!object_member(line, "version", &value) || !slice_number(value, &walk->last_seq) ||
        walk->last_seq != 1)
        return walk_fault(walk, REMEDY_NEWER, "I do not know this version of the format");
    if (!shape_fits(line, shape_declaration) || !shape_is_whole(line, shape_declaration))
        return TAMPERED("the file lacks a member, or has one that declarations do not have");
    if (!read_key(walk, line, key))
        return false;
    walk->verdict->entries = count_criteria(line);
    return is_signed(line, key) || TAMPERED("it is not what was signed: it was changed");
}

void declared_verify(FILE *file, struct log_options *options, struct log_verdict *out)
{
    struct line_source source = {.file = file};
    struct slice text;
    struct slice more;
    struct object line;
    struct walk walk = {.options = options, .verdict = out};
    *out = (struct log_verdict){.line = 1};
    if (line_read(&source, &text) != LINE_READ || line_read(&source, &more) != LINE_END)
        out->is_good = walk_fault(
            &walk, REMEDY_EXPORT, "the file is not one line, as a signed declaration is");
    else {
        object_read(text, &line);
        out->is_good = check(&walk, &line);
    }
}
