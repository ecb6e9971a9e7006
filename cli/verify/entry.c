/* One entry: its place, its hash, what it follows, and the personal values that it discloses. */
#include "cli/verify/prover.h"
#include "cli/verify/walk.h"

#include <string.h>

enum { PERSONAL_MAX = 4, NAME_BYTES = 17, VALUE_BYTES = 255, ERASED_MAX = 64 };

#define TAMPERED(...) walk_fault(walk, REMEDY_EVIDENCE, __VA_ARGS__)

/* --- personal values --- */

struct personal {
    char name[NAME_BYTES];
    struct proof_hash commitment;
};

/* Names are ours: small letters. What else might stand there must not reach a terminal. */
static bool read_name(const struct object *object, char out[static NAME_BYTES])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-_";
    struct slice value;
    return object_member(object, "name", &value) && slice_text(value, out, NAME_BYTES) && *out &&
           strspn(out, letters) == strlen(out);
}

/* What the entry commits to; false when it is not a list of at most PERSONAL_MAX commitments. */
static bool read_personal(const struct object *entry, struct personal *out, size_t *count)
{
    struct slice list;
    struct slice item;
    struct slice value;
    struct object one;
    size_t state = 0;
    *count = 0;
    if (!object_member(entry, "personal", &list))
        return true;
    for (; slice_item(list, &state, &item); ++*count) {
        object_read(item, &one);
        if (*count == PERSONAL_MAX || !shape_fits(&one, shape_personal) ||
            !read_name(&one, out[*count].name) || !object_member(&one, "commitment", &value) ||
            !slice_hex(value, out[*count].commitment.bytes, PROOF_HASH_BYTES))
            return false;
    }
    return *count > 0;
}

struct disclosure {
    uint64_t place;
    char name[NAME_BYTES], value[VALUE_BYTES];
    uint8_t salt[PROOF_HASH_BYTES];
};

static bool read_disclosure(const struct object *object, struct disclosure *out)
{
    struct slice part;
    return shape_fits(object, shape_disclosure) && read_name(object, out->name) &&
           object_member(object, "place", &part) && slice_number(part, &out->place) &&
           object_member(object, "salt", &part) && slice_hex(part, out->salt, sizeof out->salt) &&
           object_member(object, "value", &part) && slice_text(part, out->value, sizeof out->value);
}

static bool opens(const struct personal *personal, const struct disclosure *disclosure)
{
    struct proof_hash made =
        proof_commitment(disclosure->salt, disclosure->name, disclosure->value);
    return strcmp(personal->name, disclosure->name) == 0 &&
           proof_equal(&personal->commitment, &made);
}

/* Each disclosure opens the commitment at its place; places come in order, each once. */
static bool check_list(struct walk *walk, struct slice list, const struct personal *personal,
    size_t count, size_t *disclosed)
{
    struct disclosure one;
    struct object object;
    struct slice item;
    size_t state = 0;
    uint64_t least = 0;
    while (slice_item(list, &state, &item)) {
        object_read(item, &object);
        if (!read_disclosure(&object, &one))
            return TAMPERED("a disclosed value is not complete");
        if (one.place >= count || one.place < least)
            return TAMPERED("a value is disclosed that the entry does not commit to");
        if (!opens(&personal[one.place], &one))
            return TAMPERED(
                "the disclosed %s is not what the entry committed to: it was changed", one.name);
        least = one.place + 1;
        ++*disclosed;
    }
    return *disclosed > 0 || TAMPERED("the list of disclosed values is empty or none");
}

bool entry_check_personal(struct walk *walk, const struct object *line, const struct object *entry)
{
    struct personal personal[PERSONAL_MAX];
    struct slice list;
    size_t count;
    size_t disclosed = 0;
    if (!read_personal(entry, personal, &count))
        return TAMPERED("the entry's commitments to personal values have another form");
    if (object_member(line, "disclosures", &list) &&
        !check_list(walk, list, personal, count, &disclosed))
        return false;
    walk->verdict->disclosed += disclosed;
    walk->verdict->erased += count - disclosed;
    return true;
}

/* --- erasures --- */

/* A value of an entry before this one. */
static bool read_erased(const struct object *item, uint64_t before, uint64_t *seq, uint64_t *place)
{
    struct slice part;
    return shape_fits(item, shape_erased) && object_member(item, "place", &part) &&
           slice_number(part, place) && *place < PERSONAL_MAX &&
           object_member(item, "seq", &part) && slice_number(part, seq) && *seq > 0 &&
           *seq < before;
}

/* The list that an erasure consists of: values in order, each once. */
static bool check_erased(struct slice list, uint64_t before, uint64_t *count)
{
    struct slice item;
    struct object one;
    size_t state = 0;
    uint64_t least = 0;
    for (*count = 0; slice_item(list, &state, &item); ++*count) {
        uint64_t seq;
        uint64_t place;
        object_read(item, &one);
        if (*count == ERASED_MAX || !read_erased(&one, before, &seq, &place) ||
            seq * PERSONAL_MAX + place < least)
            return false;
        least = seq * PERSONAL_MAX + place + 1;
    }
    return *count > 0;
}

bool entry_check_erasure(struct walk *walk, const struct object *entry, uint64_t seq)
{
    struct slice list;
    uint64_t count;
    bool has_list = object_member(entry, "erased", &list);
    bool is_one = walk_says(entry, "kind", "personal-erased");
    if (!has_list && !is_one)
        return true;
    if (!has_list || !is_one || !walk_says(entry, "source", "audit"))
        return TAMPERED("the entry that tells of an erasure is not audit's, or tells of none");
    if (!check_erased(list, seq, &count))
        return TAMPERED("the entry names erased values in another form");
    walk->verdict->told_erased += count;
    return true;
}

/* --- place and chain --- */

static bool check_first(struct walk *walk, const struct object *entry)
{
    struct slice value;
    uint8_t key[PROOF_HASH_BYTES];
    if (!shape_fits(entry, shape_first_entry) || !walk_says(entry, "kind", "log-started") ||
        !walk_says(entry, "source", "audit") || !walk_says(entry, "log", walk->log) ||
        !object_member(entry, "public_key", &value) || !slice_hex(value, key, sizeof key) ||
        memcmp(key, walk->keys[0], sizeof key) != 0)
        return TAMPERED("the first entry does not found this log: it was replaced");
    return true;
}

static bool check_place(struct walk *walk, const struct object *line, const struct object *entry)
{
    struct slice value;
    uint64_t outer;
    uint64_t inner;
    uint64_t expected = walk->tree.size + 1;
    if (!object_member(line, "seq", &value) || !slice_number(value, &outer) ||
        !object_member(entry, "seq", &value) || !slice_number(value, &inner))
        return TAMPERED("the entry has no number");
    if (outer != inner)
        return TAMPERED("the line says entry %llu and the entry says %llu: it was moved or edited",
            (unsigned long long)outer, (unsigned long long)inner);
    if (outer > expected)
        return TAMPERED("entry %llu is missing: entries were deleted before this line",
            (unsigned long long)expected);
    if (outer < expected)
        return TAMPERED("entry %llu was there already: it was inserted, duplicated or swapped",
            (unsigned long long)outer);
    return true;
}

static bool check_chain(struct walk *walk, const struct object *line, const struct object *entry)
{
    struct slice value;
    struct proof_hash listed = {{0}};
    struct proof_hash previous = {{0}};
    struct proof_hash made = proof_entry(entry->text);
    if (!object_member(line, "hash", &value) ||
        !slice_hex(value, listed.bytes, sizeof listed.bytes) || !proof_equal(&listed, &made))
        return TAMPERED("the entry does not have its hash: it was edited");
    if (!object_member(entry, "prev", &value) ||
        !slice_hex(value, previous.bytes, sizeof previous.bytes) ||
        !proof_equal(&previous, &walk->last))
        return TAMPERED(
            "the chain breaks here: an entry before was edited, deleted, inserted or swapped");
    walk->last = made;
    return true;
}

/* A kept checkpoint of just this many entries must have just this root. */
static bool compare_kept(struct walk *walk)
{
    for (size_t i = 0; i < walk->options->kept_count; i++) {
        const struct log_kept *kept = &walk->options->kept[i];
        if (kept->note.size != walk->tree.size)
            continue;
        struct proof_hash root = proof_tree_root(&walk->tree);
        if (!proof_equal(&kept->note.root, &root) || kept->key != walk->key)
            return !walk_tells_restore(walk, kept) &&
                   TAMPERED(
                       "up to here the log is not the one of your checkpoint %.100s: its history was written anew",
                       kept->path);
        walk->verdict->is_anchored = true;
    }
    return true;
}

/* --- the signing key --- */

static const char handed_over[] = "\"signing key: next ";

/* Audit's own entry that names the key which signs after the next checkpoint. */
static bool read_handover(struct walk *walk, const struct object *entry)
{
    struct slice reason;
    char expected[sizeof handed_over + 2 * PROOF_HASH_BYTES];
    size_t size = sizeof handed_over - 1;
    bool is_one = walk_says(entry, "kind", "key-rotated") && walk_says(entry, "source", "audit") &&
                  object_member(entry, "reason", &reason) && reason.size > size &&
                  memcmp(reason.at, handed_over, size) == 0;
    if (!is_one)
        return true;
    if (walk->key + 1 == walk->keys_count)
        return TAMPERED("the entry names a signing key that the header does not");
    int written = snprintf(expected, sizeof expected, "%s", handed_over + 1);
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        written += snprintf(expected + written, 3, "%02x", walk->keys[walk->key + 1][i]);
    if (!slice_text_is(reason, expected))
        return TAMPERED("the entry names another signing key than the header");
    walk->is_handing_over = true;
    return true;
}

/* --- restores --- */

/* Says when: digits and the marks of a time, nothing else that a file may hold. */
static bool read_time(const struct object *entry, char out[static LOG_TIME_BYTES])
{
    struct slice value;
    return object_member(entry, "at", &value) && slice_text(value, out, LOG_TIME_BYTES) && *out &&
           strspn(out, "0123456789-:.TZ") == strlen(out);
}

/* Notes the entry that opens an epoch; of many, the last. Audit alone writes it. */
static bool note_restore(struct walk *walk, const struct object *entry)
{
    struct log_verdict *verdict = walk->verdict;
    struct log_restore restore = {.seq = walk->tree.size};
    if (!walk_says(entry, "kind", "log-restored"))
        return true;
    if (!walk_says(entry, "source", "audit") || !read_time(entry, restore.at))
        return TAMPERED("the entry that tells of a restore is not audit's");
    if (verdict->restores_count >= LOG_RESTORES_MAX)
        memmove(verdict->restores, verdict->restores + 1,
            (LOG_RESTORES_MAX - 1) * sizeof verdict->restores[0]);
    uint64_t place =
        verdict->restores_count < LOG_RESTORES_MAX ? verdict->restores_count : LOG_RESTORES_MAX - 1;
    verdict->restores[place] = restore;
    verdict->restores_count++;
    return true;
}

static bool has_known_version(const struct object *entry)
{
    struct slice value;
    uint64_t version;
    return object_member(entry, "version", &value) && slice_number(value, &version) && version == 1;
}

bool entry_read(struct walk *walk, const struct object *line)
{
    struct slice text;
    struct object entry;
    if (object_member(line, "entry_base64", &text) || !object_member(line, "entry", &text))
        return TAMPERED("what was stored as this entry is none: it was overwritten");
    object_read(text, &entry);
    if (!walk_says(&entry, "organisation", walk->origin + strlen(LOG_ORIGIN)))
        return TAMPERED("the entry is not of this organisation's log");
    if (!check_place(walk, line, &entry) || !check_chain(walk, line, &entry))
        return false;
    if (!has_known_version(&entry))
        return walk_fault(walk, REMEDY_NEWER, "I do not know entries of this version");
    bool is_first = walk->tree.size == 0;
    if (is_first && !check_first(walk, &entry))
        return false;
    if (!is_first && !shape_fits(&entry, shape_entry))
        return TAMPERED("the entry has members that no entry has");
    if (!shape_is_whole(&entry, is_first ? shape_first_entry : shape_entry))
        return TAMPERED("the entry lacks a member that every entry has, or one has another form");
    proof_tree_add(&walk->tree, text);
    walk->verdict->entries = walk->tree.size;
    if (!entry_check_personal(walk, line, &entry) ||
        !entry_check_erasure(walk, &entry, walk->tree.size) || !read_handover(walk, &entry) ||
        !note_restore(walk, &entry) || !compare_kept(walk))
        return false;
    if (walk->prover)
        prover_take(walk->prover, walk, line->text);
    return true;
}
