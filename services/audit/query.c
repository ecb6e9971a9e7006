/*
 * One statement for each leading filter, so that each has its index; the other filters narrow what
 * that finds. What is not asked for is passed as 0, NULL or ''.
 */
#include "services/audit/query.h"

#include "db/array.h"
#include "proto/limits.h"
#include "services/audit/chain.h"

#include <string.h>

#define FIND                                                                     \
    "SELECT e.seq, e.body, e.hash FROM audit.entry e WHERE e.organisation = $1 " \
    "AND e.seq BETWEEN $2 AND $3 "
/* OFFSET 0: looked for entry by entry; PostgreSQL might collect all of a person's in memory. */
#define NARROW                                                                                    \
    "AND ($4::bigint = 0 OR e.kind = $4) AND ($5::bytea IS NULL OR e.message = $5) "              \
    "AND ($6::bytea IS NULL OR e.link = $6) AND ($7::text = '' OR EXISTS (SELECT FROM "           \
    "audit.disclosure d WHERE d.organisation = $1 AND d.seq = e.seq AND d.value = $7 OFFSET 0)) " \
    "ORDER BY e.seq DESC LIMIT $8"

static const struct statement by_seq = {"audit_query", FIND NARROW};
static const struct statement by_kind = {"audit_query_kind", FIND "AND e.kind = $4 " NARROW};
static const struct statement by_message = {
    "audit_query_message", FIND "AND e.message = $5::bytea " NARROW};
static const struct statement by_link = {"audit_query_link", FIND "AND e.link = $6::bytea " NARROW};
/* The person's index gives the order; an entry that names him twice comes once. */
static const struct statement by_person = {"audit_query_person",
    "SELECT e.seq, e.body, e.hash FROM audit.disclosure p JOIN audit.entry e "
    "ON e.organisation = p.organisation AND e.seq = p.seq "
    "WHERE p.organisation = $1 AND p.seq BETWEEN $2 AND $3 AND p.value = $7 "
    "AND ($4::bigint = 0 OR e.kind = $4) AND ($5::bytea IS NULL OR e.message = $5) "
    "AND ($6::bytea IS NULL OR e.link = $6) AND NOT EXISTS (SELECT FROM audit.disclosure s "
    "WHERE s.organisation = $1 AND s.seq = p.seq AND s.value = $7 AND s.place < p.place) "
    "ORDER BY p.seq DESC LIMIT $8"};

static const struct statement sql_size = {
    "audit_size", "SELECT coalesce(max(seq), 0) FROM audit.entry WHERE organisation = $1"};
/* Where an entry is missing (a damaged log), the one behind it stands for it. */
static const struct statement sql_time = {"audit_time",
    "SELECT recorded_ms FROM audit.entry WHERE organisation = $1 AND seq >= $2 ORDER BY seq LIMIT 1"};
static const struct statement sql_disclosures = {"audit_query_disclosures",
    "SELECT seq, name, value, salt FROM audit.disclosure "
    "WHERE organisation = $1 AND seq = ANY ($2) ORDER BY seq DESC, place"};

/* The entries among which is looked: low <= seq <= high. */
struct range {
    uint64_t low, high;
};

static const struct statement *choose(const struct query_request *request)
{
    if (!id_is_none(request->link))
        return &by_link;
    if (!id_is_none(request->message))
        return &by_message;
    if (request->person.size)
        return &by_person;
    return request->kind ? &by_kind : &by_seq;
}

static enum sm_error recorded_at(
    struct db *db, const struct id *organisation, uint64_t seq, uint64_t *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_time, &rows, db_id(organisation), db_u64(seq)));
    *out = UINT64_MAX;
    return db_rows_count(rows) ? db_read_u64(rows, 0, 0, out) : SM_OK;
}

/* The first entry that was recorded at this time or later, or `newest` + 1: times never go back
 * within a log, so halving finds it, and no index has to be kept for it. */
static enum sm_error first_since(
    struct db *db, const struct id *organisation, uint64_t ms, uint64_t newest, uint64_t *out)
{
    uint64_t low = 1;
    for (uint64_t high = newest + 1; low < high;) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t recorded;
        TRY(recorded_at(db, organisation, middle, &recorded));
        if (recorded < ms)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return SM_OK;
}

/* SM_NOT_FOUND when nothing can be in it. `newest`: the last seq of the log. */
static enum sm_error find_range(struct db *db, const struct id *organisation,
    const struct query_request *request, uint64_t newest, struct range *out)
{
    struct range range = {1, newest};
    if (request->since_ms)
        TRY(first_since(db, organisation, request->since_ms, newest, &range.low));
    if (request->until_ms) {
        TRY(first_since(db, organisation, request->until_ms, newest, &range.high));
        range.high--;
    }
    if (request->before_seq && request->before_seq - 1 < range.high)
        range.high = request->before_seq - 1;
    *out = range;
    return range.low <= range.high ? SM_OK : SM_NOT_FOUND;
}

static enum sm_error keep(struct arena *arena, struct span bytes, struct span *out)
{
    void *copy;
    TRY(arena_take(arena, 1, bytes.size, &copy));
    if (bytes.size)
        memcpy(copy, bytes.at, bytes.size);
    *out = span_of(copy, bytes.size);
    return SM_OK;
}

static enum sm_error read_entry(
    const struct db_rows *rows, size_t row, struct arena *arena, struct log_entry *out)
{
    struct span entry;
    struct span hash;
    TRY(db_read_u64(rows, row, 0, &out->seq));
    TRY(db_read_bytes(rows, row, 1, AUDIT_ENTRY_BYTES_MAX, &entry));
    TRY(db_read_bytes(rows, row, 2, SHA256_BYTES, &hash));
    TRY(keep(arena, entry, &out->entry));
    return keep(arena, hash, &out->hash);
}

static enum sm_error read_disclosure(
    const struct db_rows *rows, size_t row, struct arena *arena, struct disclosure *out)
{
    struct span name;
    struct span value;
    struct span salt;
    TRY(db_read_bytes(rows, row, 1, ADDRESS_BYTES_LIMIT, &name));
    TRY(db_read_bytes(rows, row, 2, ADDRESS_BYTES_LIMIT, &value));
    TRY(db_read_bytes(rows, row, 3, SHA256_BYTES, &salt));
    TRY(keep(arena, name, &out->name));
    TRY(keep(arena, value, &out->value));
    return keep(arena, salt, &out->salt);
}

/* Both lists come newest first: each entry takes the disclosures of its seq. */
static enum sm_error attach_disclosures(
    const struct db_rows *rows, struct log_entry *entries, size_t count, struct arena *arena)
{
    size_t row = 0;
    size_t rows_count = db_rows_count(rows);
    struct disclosure *all;
    TRY(arena_take(arena, rows_count, sizeof *all, (void **)&all));
    for (size_t i = 0; i < count; i++) {
        size_t first = row;
        for (uint64_t seq = 0; row < rows_count && row - first < AUDIT_PERSONAL_MAX; row++) {
            TRY(db_read_u64(rows, row, 0, &seq));
            if (seq != entries[i].seq)
                break;
            TRY(read_disclosure(rows, row, arena, &all[row]));
        }
        entries[i].disclosures = (struct list){all + first, row - first};
    }
    return SM_OK;
}

static enum sm_error find_disclosures(struct db *db, const struct id *organisation,
    struct log_entry *entries, size_t count, struct arena *arena)
{
    enum { SEQS_BYTES_MAX = 16 * 1024 };
    struct db_array seqs DEFER(db_array_free) = DB_ARRAY(DB_I64, SEQS_BYTES_MAX);
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct db_value value;
    for (size_t i = 0; i < count; i++)
        TRY(db_array_add(&seqs, db_u64(entries[i].seq)));
    TRY(db_array_value(&seqs, &value));
    TRY(DB_RUN(db, &sql_disclosures, &rows, db_id(organisation), value));
    return attach_disclosures(rows, entries, count, arena);
}

static enum sm_error find_entries(struct db *db, const struct id *organisation,
    const struct query_request *request, struct arena *arena, struct query_reply *reply)
{
    struct range range = {0};
    struct log_entry *entries;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    enum sm_error error = find_range(db, organisation, request, reply->size, &range);
    if (error == SM_NOT_FOUND)
        return SM_OK;
    TRY(error);
    TRY(DB_RUN(db, choose(request), &rows, db_id(organisation), db_u64(range.low),
        db_u64(range.high), db_u64(request->kind), db_id(&request->message), db_id(&request->link),
        db_text(request->person), db_u64(request->rows_max)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(arena, count, sizeof *entries, (void **)&entries));
    for (size_t i = 0; i < count; i++)
        TRY(read_entry(rows, i, arena, &entries[i]));
    TRY(find_disclosures(db, organisation, entries, count, arena));
    reply->entries = (struct list){entries, count};
    return SM_OK;
}

enum sm_error query_run(struct db *db, const struct id *organisation,
    const struct query_request *request, struct arena *arena, struct query_reply *reply)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &sql_size, &rows, db_id(organisation)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &reply->size));
    return find_entries(db, organisation, request, arena, reply);
}
