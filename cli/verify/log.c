/* The walk. One function a kind of line; each says what is wrong in the auditor's words. */
#include "cli/verify/log.h"

#include "cli/verify/line.h"
#include "cli/verify/prover.h"
#include "cli/verify/walk.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

bool walk_fault(struct walk *walk, enum remedy remedy, const char *format, ...)
{
    static const char *const remedies[] = {
        [REMEDY_EVIDENCE] =
            "Keep this file as it is, and compare it with an export or a checkpoint of an earlier day",
        [REMEDY_EXPORT] =
            "Export the log again (securemail-admin audit export); keep both files if that is no better",
        [REMEDY_KEPT] =
            "Find out which of the two is not genuine: take the key and the checkpoints from where they were kept",
        [REMEDY_RESTORED] =
            "Have the operator account for that restore, and keep the checkpoint: it proves that those entries were there",
        [REMEDY_NEWER] = "Verify it with the securemail-verify of the release that exported it",
    };
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(walk->verdict->reason, sizeof walk->verdict->reason, format, arguments);
    va_end(arguments);
    walk->verdict->remedy = remedies[remedy];
    return false;
}

bool walk_tells_restore(struct walk *walk, const struct log_kept *kept)
{
    const struct log_verdict *verdict = walk->verdict;
    uint64_t held =
        verdict->restores_count < LOG_RESTORES_MAX ? verdict->restores_count : LOG_RESTORES_MAX;
    for (uint64_t i = 0; i < held; i++) {
        const struct log_restore *restore = &verdict->restores[i];
        if (restore->seq > kept->note.size)
            continue;
        (void)walk_fault(walk, REMEDY_RESTORED,
            "your checkpoint %.60s is of entries that were lost: the log was restored on %s from a backup that ended with entry %llu, and the checkpoint covers %llu",
            kept->path, restore->at, (unsigned long long)restore->seq - 1,
            (unsigned long long)kept->note.size);
        return true;
    }
    return false;
}

bool walk_says(const struct object *object, const char *name, const char *text)
{
    struct slice value;
    return object_member(object, name, &value) && slice_text_is(value, text);
}

static bool read_count(const struct object *line, const char *name, uint64_t *out)
{
    struct slice value;
    return object_member(line, name, &value) && slice_number(value, out);
}

/* --- header --- */

static bool read_key(struct walk *walk, const struct object *key)
{
    struct slice value;
    uint8_t *public_key = walk->keys[walk->keys_count];
    bool is_read = shape_fits(key, shape_key) && object_member(key, "public_key", &value) &&
                   slice_hex(value, public_key, PROOF_HASH_BYTES) &&
                   object_member(key, "note_key", &value) &&
                   proof_note_key_is(value, walk->origin, public_key);
    walk->keys_count += is_read;
    return is_read;
}

static bool has_given_key(const struct walk *walk)
{
    for (size_t i = 0; i < walk->keys_count; i++)
        if (memcmp(walk->keys[i], walk->options->public_key, PROOF_HASH_BYTES) == 0)
            return true;
    return !walk->options->has_key;
}

/* The key that the log was founded with, and those it was handed over to. */
bool walk_read_keys(struct walk *walk, const struct object *line)
{
    struct slice keys;
    struct slice item;
    struct object key;
    size_t state = 0;
    bool is_read = object_member(line, "keys", &keys);
    while (is_read && slice_item(keys, &state, &item)) {
        object_read(item, &key);
        is_read = walk->keys_count < KEYS_MAX && read_key(walk, &key);
    }
    if (!is_read || walk->keys_count == 0)
        return TAMPERED("the header does not name the log's signing keys");
    return has_given_key(walk) ||
           walk_fault(walk, REMEDY_KEPT, "the log is signed by another key than the one you gave");
}

static bool read_kept(const struct walk *walk, struct log_kept *kept)
{
    for (kept->key = 0; kept->key < walk->keys_count; kept->key++)
        if (proof_note_read(kept->text, walk->keys[kept->key], &kept->note))
            return true;
    return false;
}

/* The kept checkpoints must be of this log, and signed by a key of it. */
bool walk_check_kept(struct walk *walk)
{
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        struct log_kept *kept = &walk->options->kept[i];
        if (!read_kept(walk, kept))
            return walk_fault(walk, REMEDY_KEPT,
                "the kept checkpoint %.100s is not signed by this log's key", kept->path);
        if (strcmp(kept->note.origin, walk->origin) != 0)
            return walk_fault(
                walk, REMEDY_KEPT, "the kept checkpoint %.100s is of another log", kept->path);
    }
    return true;
}

/* An id, as its digits; nothing else that a file may hold comes into what is printed. */
static bool read_id(const struct object *line, const char *name, char out[static ID_DIGITS + 1])
{
    struct slice value;
    uint8_t bytes[ID_DIGITS / 2];
    return object_member(line, name, &value) && slice_hex(value, bytes, sizeof bytes) &&
           slice_text(value, out, ID_DIGITS + 1);
}

static bool on_header(struct walk *walk, const struct object *line)
{
    uint64_t version;
    uint64_t first;
    if (walk->has_header)
        return TAMPERED("there is a second header");
    if (!walk_says(line, "format", "securemail-audit-log") ||
        !read_count(line, "version", &version))
        return walk_fault(walk, REMEDY_EXPORT, "this is not an exported log of Secure Mail");
    if (version != 1 || !walk_says(line, "hash", "SHA-256") ||
        !walk_says(line, "canonicalisation", "RFC 8785"))
        return walk_fault(walk, REMEDY_NEWER, "I do not know this version of the format");
    if (!read_id(line, "organisation", walk->verdict->organisation) ||
        !read_count(line, "first_seq", &first) || first != 1 ||
        !read_count(line, "last_seq", &walk->last_seq))
        return TAMPERED("the header is not complete, or does not begin with the first entry");
    if (!read_id(line, "log", walk->log))
        return TAMPERED("the header does not name the log: its first entry was deleted or edited");
    (void)snprintf(walk->origin, sizeof walk->origin, LOG_ORIGIN "%s", walk->verdict->organisation);
    walk->has_header = true;
    if (!walk_read_keys(walk, line) || !walk_check_kept(walk))
        return false;
    if (walk->prover)
        prover_begin(walk->prover, walk, line);
    return true;
}

/* --- checkpoints and footer --- */

static bool check_note(struct walk *walk, const struct object *line)
{
    struct slice value;
    struct proof_note note;
    char text[PROOF_NOTE_MAX];
    struct proof_hash root = proof_tree_root(&walk->tree);
    if (!object_member(line, "note", &value) || !slice_text(value, text, sizeof text) ||
        !proof_note_read(text, walk->keys[walk->key], &note) || !proof_note_is_alone(text) ||
        strcmp(note.origin, walk->origin) != 0)
        return TAMPERED("the checkpoint is not signed by the log's key");
    if (note.size != walk->tree.size || !proof_equal(&note.root, &root))
        return TAMPERED(
            "the signed checkpoint of %llu entries does not fit what stands before it: entries were changed, or chained anew",
            (unsigned long long)note.size);
    return true;
}

static bool on_checkpoint(struct walk *walk, const struct object *line)
{
    uint64_t size;
    if (!read_count(line, "size", &size))
        return TAMPERED("the checkpoint does not tell its size");
    if (!check_note(walk, line))
        return false;
    if (walk->is_handing_over) /* the old key's statement: from here on the next one signs */
        walk->key++;
    walk->is_handing_over = false;
    return size == walk->tree.size || TAMPERED("the checkpoint's line tells another size");
}

/* A member that must hold just this hash. */
static bool has_hash(const struct object *line, const char *name, const struct proof_hash *expected)
{
    struct slice value;
    struct proof_hash listed = {{0}};
    return object_member(line, name, &value) &&
           slice_hex(value, listed.bytes, sizeof listed.bytes) && proof_equal(&listed, expected);
}

static bool on_footer(struct walk *walk, const struct object *line)
{
    uint64_t count;
    struct proof_hash root = proof_tree_root(&walk->tree);
    if (!read_count(line, "count", &count) || count != walk->tree.size || count != walk->last_seq)
        return TAMPERED(
            "header and footer count other entries than there are: some were cut off or added");
    if (!has_hash(line, "hash", &walk->last))
        return TAMPERED("the footer names another last entry");
    if (walk->key + 1 != walk->keys_count)
        return TAMPERED("the header names a signing key that the log was not handed over to");
    walk->has_footer = true;
    if (!check_note(walk, line))
        return false;
    if (!has_hash(line, "root", &root))
        return TAMPERED("the footer names another root");
    if (walk->prover)
        prover_end(walk->prover, line);
    return true;
}

/* --- lines --- */

static bool on_line(struct walk *walk, struct slice text)
{
    static const struct {
        const char *type;
        const struct shape_member *shape;
        bool (*read)(struct walk *walk, const struct object *line);
    } kinds[] = {
        {"header", shape_header, on_header},
        {"entry", shape_entry_line, entry_read},
        {"checkpoint", shape_checkpoint, on_checkpoint},
        {"footer", shape_footer, on_footer},
    };
    size_t kind = 0;
    size_t count = sizeof kinds / sizeof kinds[0];
    struct object line;
    object_read(text, &line);
    if (!line.is_whole)
        return walk_fault(walk, REMEDY_EXPORT, "the line is not one of an exported log");
    if (walk->has_footer)
        return TAMPERED("there is something behind the footer: it was added");
    while (kind < count && !walk_says(&line, "type", kinds[kind].type))
        kind++;
    if (kind == count)
        return TAMPERED("I do not know lines of this type");
    if (!walk->has_header && kind != 0)
        return TAMPERED("the header is missing: the file was cut at its beginning");
    if (walk->is_handing_over && kinds[kind].read != on_checkpoint)
        return TAMPERED(
            "the entry before names another signing key, and the old one did not sign it");
    if (!shape_fits(&line, kinds[kind].shape))
        return TAMPERED(
            "the line has a member that lines of its type do not have, or out of order");
    if (!kinds[kind].read(walk, &line))
        return false;
    return shape_is_whole(&line, kinds[kind].shape) ||
           TAMPERED("the line lacks a member that lines of its type have");
}

/* --- the file --- */

static bool finish(struct walk *walk)
{
    walk->verdict->line = 0;
    if (!walk->has_header)
        return walk_fault(walk, REMEDY_EXPORT, "the file is empty");
    if (!walk->has_footer)
        return TAMPERED("the file ends after entry %llu without its footer: the end was cut off",
            (unsigned long long)walk->tree.size);
    for (size_t i = 0; i < walk->options->kept_count; i++)
        if (walk->options->kept[i].note.size > walk->tree.size)
            return !walk_tells_restore(walk, &walk->options->kept[i]) &&
                   TAMPERED(
                       "your checkpoint %.80s has %llu entries and this log only %llu: its end was cut off",
                       walk->options->kept[i].path,
                       (unsigned long long)walk->options->kept[i].note.size,
                       (unsigned long long)walk->tree.size);
    return true;
}

static bool end(struct walk *walk, enum line_outcome outcome)
{
    walk->verdict->is_unreadable = outcome == LINE_UNREADABLE;
    if (outcome == LINE_UNREADABLE)
        return walk_fault(
            walk, REMEDY_EXPORT, "the file cannot be read here (%s)", strerror(errno));
    if (outcome == LINE_TOO_LONG)
        return walk_fault(
            walk, REMEDY_EXPORT, "the line is longer than any line of an exported log");
    if (outcome == LINE_CUT)
        return walk_fault(walk, REMEDY_EXPORT, "the file was cut off within this line");
    return finish(walk);
}

static void write_root(struct walk *walk)
{
    struct proof_hash root = proof_tree_root(&walk->tree);
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void)snprintf(walk->verdict->root + 2 * i, 3, "%02x", root.bytes[i]);
}

void log_verify(FILE *file, struct log_options *options, struct log_verdict *out)
{
    struct line_source source = {.file = file};
    struct slice line;
    struct walk walk = {.options = options, .verdict = out, .prover = options->prover};
    enum line_outcome outcome;
    bool is_good = true;
    *out = (struct log_verdict){0};
    do {
        outcome = line_read(&source, &line);
        out->line++;
        is_good = outcome == LINE_READ ? on_line(&walk, line) : end(&walk, outcome);
    } while (is_good && outcome == LINE_READ);
    out->is_good = is_good;
    write_root(&walk);
}
