/*
 * A sorted array of heads by organisation, and the careful reading of a log's tail. Nothing from
 * the database is built upon before it is checked: a log must not sign what contradicts what it
 * signed.
 */
#include "services/audit/heads.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "services/audit/canon.h"
#include "services/audit/successor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS_MAX = 20000, FIRST_CAPACITY = 16 };

struct heads {
    const struct signing_key *key;
    struct head **sorted; /* owned, by organisation */
    size_t count, capacity;
};

enum sm_error heads_new(const struct signing_key *key, struct heads **out)
{
    struct heads *heads = NULL;
    TRY(memory_zeroed(1, sizeof *heads, (void **)&heads));
    heads->key = key;
    *out = heads;
    return SM_OK;
}

void heads_forget(struct heads *heads)
{
    for (size_t i = 0; i < heads->count; i++)
        free(heads->sorted[i]);
    heads->count = 0;
}

void heads_free(struct heads **heads)
{
    if (!*heads)
        return;
    heads_forget(*heads);
    free((*heads)->sorted);
    memory_free(heads);
}

/* Where the organisation's head is, or belongs. */
static size_t place_of(const struct heads *heads, const struct id *organisation)
{
    size_t low = 0;
    for (size_t high = heads->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(heads->sorted[middle]->organisation.bytes, organisation->bytes, ID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct head *find(const struct heads *heads, const struct id *organisation)
{
    size_t place = place_of(heads, organisation);
    bool is_there =
        place < heads->count && id_equal(heads->sorted[place]->organisation, *organisation);
    return is_there ? heads->sorted[place] : NULL;
}

static bool make_room(struct heads *heads)
{
    if (heads->count == HEADS_MAX)
        heads_forget(heads);
    if (heads->count < heads->capacity)
        return true;
    size_t capacity = heads->capacity ? 2 * heads->capacity : FIRST_CAPACITY;
    void *grown = realloc(heads->sorted, capacity * sizeof(struct head *));
    if (!grown)
        return false;
    heads->sorted = grown;
    heads->capacity = capacity;
    return true;
}

void heads_put(struct heads *heads, const struct head *head)
{
    struct head *known = find(heads, &head->organisation);
    if (known) {
        *known = *head;
        return;
    }
    struct head *copy = malloc(sizeof *copy);
    if (!copy || !make_room(heads)) {
        free(copy);
        return;
    }
    *copy = *head;
    size_t place = place_of(heads, &head->organisation);
    memmove(heads->sorted + place + 1, heads->sorted + place,
        (heads->count - place) * sizeof(struct head *));
    heads->sorted[place] = copy;
    heads->count++;
}

const struct head *heads_next_unsigned(const struct heads *heads, size_t *position)
{
    while (*position < heads->count) {
        const struct head *head = heads->sorted[(*position)++];
        if (head->tree.size > head->checkpoint_size)
            return head;
    }
    return NULL;
}

/* --- reading a log's tail --- */

static const char not_an_entry[] = "the row is no entry";

static enum sm_error damaged(const struct id *organisation, uint64_t seq, const char *cause)
{
    char place[24];
    (void)snprintf(place, sizeof place, "%" PRIu64, seq);
    log_line(LOG_ERROR, "log-damaged", "organisation", id_text(*organisation).text, "seq", place,
        "cause", cause, NULL);
    return SM_TAMPERED;
}

/* A member that must hold these bytes in hexadecimal. */
static bool says(struct span body, const char *name, struct span bytes)
{
    struct span value;
    uint8_t read[SHA256_BYTES];
    return canon_member(body, name, &value) == SM_OK && bytes.size <= sizeof read &&
           hex_decode(value, read, bytes.size) == SM_OK &&
           span_equal(span_of(read, bytes.size), bytes);
}

/* The log was founded with our key, or handed over to it. */
static enum sm_error check_first(const struct heads *heads, struct db *db,
    const struct id *organisation, const struct stored_entry *first)
{
    bool is_ours = false;
    if (!says(first->body, "organisation", id_span(organisation)))
        return damaged(organisation, 1, "the first entry is of another organisation");
    if (says(first->body, "public_key", signing_key_public(heads->key)))
        return SM_OK;
    TRY(successor_is_known(db, organisation, signing_key_public(heads->key), &is_ours));
    return is_ours ? SM_OK
                   : damaged(organisation, 1, "the log was opened with another signing key");
}

/* The next entry of the tail: in its place, chained to the one before, its hash right. */
static enum sm_error follow(struct head *head, const struct stored_entry *entry)
{
    struct hash hash;
    const struct id *organisation = &head->organisation;
    if (entry->seq != head->tree.size + 1)
        return damaged(organisation, head->tree.size + 1, "an entry is missing");
    TRY(chain_hash(entry->body, &hash));
    if (!hash_equal(&hash, &entry->hash))
        return damaged(organisation, entry->seq, "the entry's bytes do not have its hash");
    if (!says(entry->body, "prev", SPAN(head->last.bytes)))
        return damaged(organisation, entry->seq, "the entry does not follow the one before");
    TRY(tree_add(&head->tree, entry->body));
    head->last = hash;
    head->recorded_ms = entry->recorded_ms;
    return SM_OK;
}

static enum sm_error follow_all(const struct heads *heads, struct db *db, struct head *head)
{
    for (size_t rows_read = STORE_PAGE_ROWS; rows_read == STORE_PAGE_ROWS;) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        TRY(store_entries(db, &head->organisation, head->tree.size + 1, STORE_PAGE_ROWS, &rows));
        rows_read = db_rows_count(rows);
        for (size_t i = 0; i < rows_read; i++) {
            struct stored_entry entry;
            if (store_entry_read(rows, i, &entry) != SM_OK)
                return damaged(&head->organisation, head->tree.size + 1, not_an_entry);
            TRY(follow(head, &entry));
            if (entry.seq == 1)
                TRY(check_first(heads, db, &head->organisation, &entry));
        }
    }
    return SM_OK;
}

/* The one entry with this seq, whose hash must be right. Its body lives as long as *rows. */
static enum sm_error read_entry(struct db *db, const struct id *organisation, uint64_t seq,
    struct db_rows **rows, struct stored_entry *out)
{
    struct hash hash;
    TRY(store_entries(db, organisation, seq, 1, rows));
    if (db_rows_count(*rows) == 0)
        return damaged(organisation, seq, "an entry that a checkpoint covers is missing");
    if (store_entry_read(*rows, 0, out) != SM_OK)
        return damaged(organisation, seq, not_an_entry);
    TRY(chain_hash(out->body, &hash));
    if (out->seq != seq || !hash_equal(&hash, &out->hash))
        return damaged(organisation, seq, "the entry's bytes do not have its hash");
    return SM_OK;
}

/* Starts at the newest checkpoint instead of at the first entry. */
static enum sm_error start_at_checkpoint(
    const struct heads *heads, struct db *db, struct head *head)
{
    struct stored_checkpoint checkpoint DEFER(stored_checkpoint_free) = {0};
    struct db_rows *first_rows DEFER(db_rows_free) = NULL;
    struct db_rows *last_rows DEFER(db_rows_free) = NULL;
    struct stored_entry first;
    struct stored_entry last;
    const struct id *organisation = &head->organisation;
    enum sm_error error = store_last_checkpoint(db, organisation, &checkpoint);
    if (error == SM_TAMPERED)
        return damaged(organisation, 0, "the newest checkpoint's row is none");
    TRY(error);
    if (checkpoint.size == 0)
        return SM_OK;
    if (tree_restore(checkpoint.size, checkpoint.peaks, &head->tree) != SM_OK ||
        checkpoint_check(heads->key, *organisation, &head->tree, checkpoint.note) != SM_OK)
        return damaged(organisation, checkpoint.size, "the newest checkpoint is not ours");
    TRY(read_entry(db, organisation, 1, &first_rows, &first));
    TRY(check_first(heads, db, organisation, &first));
    TRY(read_entry(db, organisation, checkpoint.size, &last_rows, &last));
    head->last = last.hash;
    head->recorded_ms = last.recorded_ms;
    head->checkpoint_size = checkpoint.size;
    return SM_OK;
}

/* What is disclosed beyond the last entry would be in the way of the next one. */
static enum sm_error check_end(struct db *db, const struct head *head)
{
    bool has_more = false;
    TRY(store_has_disclosures_beyond(db, &head->organisation, head->tree.size, &has_more));
    return has_more ? damaged(&head->organisation, head->tree.size + 1,
                          "a value is disclosed of an entry that is missing")
                    : SM_OK;
}

enum sm_error heads_get(
    struct heads *heads, struct db *db, const struct id *organisation, struct head *out)
{
    const struct head *known = find(heads, organisation);
    if (known) {
        *out = *known;
        return SM_OK;
    }
    struct head head = {.organisation = *organisation, .last = chain_start};
    TRY(start_at_checkpoint(heads, db, &head));
    TRY(follow_all(heads, db, &head));
    TRY(check_end(db, &head));
    heads_put(heads, &head);
    *out = head;
    return SM_OK;
}
