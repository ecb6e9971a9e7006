/* The walk. One function a kind of line; each says what is wrong in the auditor's words. */
#include "cli/verify/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct walk {
    struct log_options *options;
    struct log_verdict *verdict;
    uint8_t public_key[PROOF_HASH_BYTES];
    char log[33];
    struct proof_hash last; /* the hash of the entry before */
    struct proof_tree tree;
    bool has_header, has_footer;
};

/* Notes the first fault; always false, so `return fault(...)` reads. */
__attribute__((format(printf, 2, 3))) static bool fault(struct walk *walk, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(walk->verdict->reason, sizeof walk->verdict->reason, format, arguments);
    va_end(arguments);
    return false;
}

/* --- header --- */

static bool read_key(struct walk *walk, struct slice line)
{
    struct slice keys;
    struct slice key;
    struct slice value;
    size_t state = 0;
    bool is_read = slice_member(line, "keys", &keys) && slice_item(keys, &state, &key) &&
                   slice_member(key, "public_key", &value) &&
                   slice_hex(value, walk->public_key, sizeof walk->public_key);
    if (!is_read)
        return fault(walk, "the header names no signing key");
    if (walk->options->has_key &&
        memcmp(walk->public_key, walk->options->public_key, sizeof walk->public_key) != 0)
        return fault(walk, "the log is signed by another key than the one you gave");
    return true;
}

/* The kept checkpoints must be of this log, and signed by its key. */
static bool check_kept(struct walk *walk)
{
    char origin[64];
    (void)snprintf(origin, sizeof origin, "securemail/%s", walk->verdict->organisation);
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        struct log_kept *kept = &walk->options->kept[i];
        if (!proof_note_read(kept->text, walk->public_key, &kept->note))
            return fault(walk,
                "the kept checkpoint %.100s is not signed by this log's key: one of the two is not genuine",
                kept->path);
        if (strcmp(kept->note.origin, origin) != 0)
            return fault(walk, "the kept checkpoint %.100s is of another log", kept->path);
    }
    return true;
}

static bool on_header(struct walk *walk, struct slice line)
{
    struct slice value;
    uint64_t first;
    if (walk->has_header)
        return fault(walk, "there is a second header");
    if (!slice_member(line, "format", &value) || !slice_text_is(value, "securemail-audit-log"))
        return fault(walk, "this is not an exported log of Secure Mail");
    if (!slice_member(line, "organisation", &value) ||
        !slice_text(value, walk->verdict->organisation, sizeof walk->verdict->organisation) ||
        !slice_member(line, "log", &value) || !slice_text(value, walk->log, sizeof walk->log) ||
        !slice_member(line, "first_seq", &value) || !slice_number(value, &first) || first != 1)
        return fault(walk, "the header is not complete, or does not begin with the first entry");
    walk->has_header = true;
    return read_key(walk, line) && check_kept(walk);
}

/* --- personal values --- */

static bool check_disclosure(struct walk *walk, struct slice personal, struct slice disclosure)
{
    struct slice part;
    struct slice item;
    struct proof_hash listed;
    uint8_t salt[PROOF_HASH_BYTES];
    char name[64];
    char value[512];
    uint64_t place;
    size_t state = 0;
    bool is_read = slice_member(disclosure, "place", &part) && slice_number(part, &place) &&
                   slice_member(disclosure, "name", &part) && slice_text(part, name, sizeof name) &&
                   slice_member(disclosure, "value", &part) &&
                   slice_text(part, value, sizeof value) &&
                   slice_member(disclosure, "salt", &part) && slice_hex(part, salt, sizeof salt);
    if (!is_read)
        return fault(walk, "a disclosed value is not complete");
    do
        if (!slice_item(personal, &state, &item))
            return fault(walk, "a value is disclosed that the entry does not commit to");
    while (place--);
    struct proof_hash made = proof_commitment(salt, name, value);
    if (!slice_member(item, "commitment", &part) ||
        !slice_hex(part, listed.bytes, sizeof listed.bytes) || !proof_equal(&listed, &made))
        return fault(
            walk, "the disclosed %s is not what the entry committed to: it was changed", name);
    walk->verdict->disclosed++;
    return true;
}

static bool check_disclosures(struct walk *walk, struct slice line, struct slice entry)
{
    struct slice list;
    struct slice personal = {"[]", 2};
    struct slice one;
    size_t state = 0;
    uint64_t before = walk->verdict->disclosed;
    uint64_t committed = 0;
    (void)slice_member(entry, "personal", &personal);
    while (slice_item(personal, &state, &one))
        committed++;
    state = 0;
    if (slice_member(line, "disclosures", &list))
        while (slice_item(list, &state, &one))
            if (!check_disclosure(walk, personal, one))
                return false;
    uint64_t disclosed = walk->verdict->disclosed - before;
    walk->verdict->erased += committed > disclosed ? committed - disclosed : 0;
    return true;
}

/* --- entries --- */

static bool check_first(struct walk *walk, struct slice entry)
{
    struct slice value;
    uint8_t key[PROOF_HASH_BYTES];
    if (!slice_member(entry, "log", &value) || !slice_text_is(value, walk->log) ||
        !slice_member(entry, "public_key", &value) || !slice_hex(value, key, sizeof key) ||
        memcmp(key, walk->public_key, sizeof key) != 0)
        return fault(walk, "the first entry does not found this log: it was replaced");
    return true;
}

static bool check_place(struct walk *walk, struct slice line, struct slice entry)
{
    struct slice value;
    uint64_t outer;
    uint64_t inner;
    uint64_t expected = walk->tree.size + 1;
    if (!slice_member(line, "seq", &value) || !slice_number(value, &outer) ||
        !slice_member(entry, "seq", &value) || !slice_number(value, &inner))
        return fault(walk, "the entry has no number");
    if (outer != inner)
        return fault(walk,
            "the line says entry %llu and the entry says %llu: it was moved or edited",
            (unsigned long long)outer, (unsigned long long)inner);
    if (outer > expected)
        return fault(walk, "entry %llu is missing: entries were deleted before this line",
            (unsigned long long)expected);
    if (outer < expected)
        return fault(walk, "entry %llu was there already: it was inserted, duplicated or swapped",
            (unsigned long long)outer);
    return true;
}

static bool check_chain(struct walk *walk, struct slice line, struct slice entry)
{
    struct slice value;
    struct proof_hash listed;
    struct proof_hash previous;
    struct proof_hash made = proof_entry(entry);
    if (!slice_member(line, "hash", &value) ||
        !slice_hex(value, listed.bytes, sizeof listed.bytes) || !proof_equal(&listed, &made))
        return fault(walk, "the entry does not have its hash: it was edited");
    if (!slice_member(entry, "prev", &value) ||
        !slice_hex(value, previous.bytes, sizeof previous.bytes) ||
        !proof_equal(&previous, &walk->last))
        return fault(walk,
            "the chain breaks here: an entry before was edited, deleted, inserted or swapped");
    walk->last = made;
    return true;
}

/* A kept checkpoint of just this many entries must have just this root. */
static bool compare_kept(struct walk *walk)
{
    struct proof_hash root = proof_tree_root(&walk->tree);
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        const struct log_kept *kept = &walk->options->kept[i];
        if (kept->note.size != walk->tree.size)
            continue;
        if (!proof_equal(&kept->note.root, &root))
            return fault(walk,
                "up to here the log is not the one of your checkpoint %.100s: its history was written anew",
                kept->path);
        walk->verdict->is_anchored = true;
    }
    return true;
}

static bool on_entry(struct walk *walk, struct slice line)
{
    struct slice entry;
    struct slice value;
    if (!slice_member(line, "entry", &entry) || !slice_member(entry, "organisation", &value) ||
        !slice_text_is(value, walk->verdict->organisation))
        return fault(walk, "the entry is not of this organisation's log");
    if (!check_place(walk, line, entry) || !check_chain(walk, line, entry))
        return false;
    if (walk->tree.size == 0 && !check_first(walk, entry))
        return false;
    proof_tree_add(&walk->tree, entry);
    walk->verdict->entries = walk->tree.size;
    return check_disclosures(walk, line, entry) && compare_kept(walk);
}

/* --- checkpoints and footer --- */

static bool check_note(struct walk *walk, struct slice line)
{
    struct slice value;
    struct proof_note note;
    char text[PROOF_NOTE_MAX];
    struct proof_hash root = proof_tree_root(&walk->tree);
    if (!slice_member(line, "note", &value) || !slice_text(value, text, sizeof text) ||
        !proof_note_read(text, walk->public_key, &note))
        return fault(walk, "the checkpoint is not signed by the log's key");
    if (note.size != walk->tree.size || !proof_equal(&note.root, &root))
        return fault(walk,
            "the signed checkpoint of %llu entries does not fit what stands before it: entries were changed, or chained anew",
            (unsigned long long)note.size);
    return true;
}

static bool on_checkpoint(struct walk *walk, struct slice line)
{
    return check_note(walk, line);
}

static bool on_footer(struct walk *walk, struct slice line)
{
    struct slice value;
    struct proof_hash hash;
    uint64_t count;
    if (!slice_member(line, "count", &value) || !slice_number(value, &count) ||
        count != walk->tree.size)
        return fault(
            walk, "the footer counts other entries than there are: some were cut off or added");
    if (!slice_member(line, "hash", &value) || !slice_hex(value, hash.bytes, sizeof hash.bytes) ||
        !proof_equal(&hash, &walk->last))
        return fault(walk, "the footer names another last entry");
    walk->has_footer = true;
    return check_note(walk, line);
}

/* --- lines --- */

static bool on_line(struct walk *walk, struct slice line)
{
    static const struct {
        const char *type;
        bool (*read)(struct walk *walk, struct slice line);
    } kinds[] = {{"header", on_header}, {"entry", on_entry}, {"checkpoint", on_checkpoint},
        {"footer", on_footer}};
    struct slice type;
    if (!slice_is_json(line) || !slice_member(line, "type", &type))
        return fault(walk, "the line is not one of an exported log");
    if (walk->has_footer)
        return fault(walk, "there is something behind the footer: it was added");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_text_is(type, kinds[i].type))
            return walk->has_header || i == 0
                       ? kinds[i].read(walk, line)
                       : fault(walk, "the header is missing: the file was cut at its beginning");
    return fault(walk, "I do not know lines of this type");
}

static bool finish(struct walk *walk)
{
    walk->verdict->line = 0;
    if (!walk->has_footer)
        return fault(walk, "the file ends after entry %llu without its footer: the end was cut off",
            (unsigned long long)walk->tree.size);
    for (size_t i = 0; i < walk->options->kept_count; i++)
        if (walk->options->kept[i].note.size > walk->tree.size)
            return fault(walk,
                "your checkpoint %.80s has %llu entries and this log only %llu: its end was cut off",
                walk->options->kept[i].path, (unsigned long long)walk->options->kept[i].note.size,
                (unsigned long long)walk->tree.size);
    return true;
}

static void write_root(struct walk *walk)
{
    struct proof_hash root = proof_tree_root(&walk->tree);
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void)snprintf(walk->verdict->root + 2 * i, 3, "%02x", root.bytes[i]);
}

void log_verify(FILE *file, struct log_options *options, struct log_verdict *out)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    struct walk walk = {.options = options, .verdict = out};
    bool is_good = true;
    *out = (struct log_verdict){0};
    while (is_good && (size = getline(&text, &room, file)) > 0) {
        out->line++;
        if (size > LOG_LINE_MAX || text[size - 1] != '\n')
            is_good = fault(
                &walk, "the line is longer than any line of a log, or the file was cut in it");
        else
            is_good = on_line(&walk, (struct slice){text, (size_t)size - 1});
    }
    free(text);
    out->is_good = is_good && finish(&walk);
    write_root(&walk);
}
