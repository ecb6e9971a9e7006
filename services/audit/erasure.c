/* Finding is SQL with an index for each way; letting go is the database's own function. */
#include "services/audit/erasure.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* One more than an entry names, so that it is known whether that was all. */
enum { ROWS_MAX = AUDIT_ERASED_MAX + 1 };

#define COLUMNS "SELECT d.seq, d.place, e.event, d.value "
#define WITH_ENTRY "JOIN audit.entry e ON e.organisation = d.organisation AND e.seq = d.seq "
#define IN_ORDER " ORDER BY d.seq, d.place LIMIT $2"

static const struct statement sql_of_person = {"audit_erase_person", COLUMNS
    "FROM audit.disclosure d " WITH_ENTRY "WHERE d.organisation = $1 AND d.value = $3" IN_ORDER};
static const struct statement sql_of_person_there = {"audit_erase_person_there",
    COLUMNS "FROM audit.disclosure d " WITH_ENTRY
            "WHERE d.organisation = $1 AND d.value = $3 AND d.seq = $4" IN_ORDER};
static const struct statement sql_of_entry = {"audit_erase_entry", COLUMNS
    "FROM audit.disclosure d " WITH_ENTRY "WHERE d.organisation = $1 AND d.seq = $3" IN_ORDER};
static const struct statement sql_of_journal = {"audit_erase_journal", COLUMNS
    "FROM restore.erasure r JOIN audit.entry e ON e.event = r.thing "
    "JOIN audit.disclosure d ON d.organisation = e.organisation AND d.seq = e.seq "
    "AND r.kind = 'value-' || d.place "
    "WHERE e.organisation = $1 AND r.id > 0 GROUP BY d.seq, d.place, e.event, d.value" IN_ORDER};
static const struct statement sql_carry_out = {"audit_erase", "SELECT audit.erase($1, $2)"};

static uint8_t small_letter(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter - 'A' + 'a') : letter;
}

static bool stands_at(struct span text, size_t at, struct span word)
{
    for (size_t i = 0; i < word.size; i++)
        if (small_letter(text.at[at + i]) != small_letter(word.at[i]))
            return false;
    return true;
}

static bool names(struct span text, struct span word)
{
    for (size_t at = 0; word.size && at + word.size <= text.size; at++)
        if (stands_at(text, at, word))
            return true;
    return false;
}

static enum sm_error find_rows(struct db *db, const struct erase_order *order, struct db_rows **out)
{
    struct db_value organisation = db_id(&order->organisation);
    struct db_value most = db_i64(ROWS_MAX);
    if (order->is_replay)
        return DB_RUN(db, &sql_of_journal, out, organisation, most);
    if (order->person.size && order->seq)
        return DB_RUN(db, &sql_of_person_there, out, organisation, most, db_text(order->person),
            db_u64(order->seq));
    if (order->person.size)
        return DB_RUN(db, &sql_of_person, out, organisation, most, db_text(order->person));
    return order->seq ? DB_RUN(db, &sql_of_entry, out, organisation, most, db_u64(order->seq))
                      : SM_BAD_VALUE;
}

static enum sm_error read_value(const struct db_rows *rows, size_t row,
    const struct erase_order *order, struct erased_value *out)
{
    struct span value;
    TRY(db_read_u64(rows, row, 0, &out->seq));
    TRY(db_read_u64(rows, row, 1, &out->place));
    TRY(db_read_id(rows, row, 2, &out->event));
    TRY(db_read_bytes(rows, row, 3, ADDRESS_BYTES_LIMIT, &value));
    if (out->place >= AUDIT_PERSONAL_MAX)
        return SM_DATABASE;
    return names(order->reason, value) ? SM_BAD_VALUE : SM_OK;
}

enum sm_error erasure_find(struct db *db, const struct erase_order *order, struct erasure *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct erasure found = {.count = 0};
    if (names(order->reason, order->person))
        return SM_BAD_VALUE;
    TRY(find_rows(db, order, &rows));
    found.has_more = db_rows_count(rows) > AUDIT_ERASED_MAX;
    found.count = found.has_more ? AUDIT_ERASED_MAX : db_rows_count(rows);
    for (size_t i = 0; i < found.count; i++)
        TRY(read_value(rows, i, order, &found.values[i]));
    *out = found;
    return SM_OK;
}

enum sm_error erasure_note(const struct erasure *erasure, struct journal *journal, uint64_t now_ms)
{
    struct journal_line lines[AUDIT_ERASED_MAX];
    for (size_t i = 0; i < erasure->count; i++)
        lines[i] = (struct journal_line){
            .kind = (enum erasure_kind)(ERASURE_VALUE + erasure->values[i].place),
            .thing = erasure->values[i].event,
            .at_ms = (int64_t)now_ms};
    return journal_add_all(journal, lines, erasure->count);
}

enum sm_error erasure_carry_out(
    struct db *db, const struct id *organisation, uint64_t seq, const struct erasure *erasure)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t erased;
    TRY(DB_RUN(db, &sql_carry_out, &rows, db_id(organisation), db_u64(seq)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &erased));
    return erased == erasure->count ? SM_OK : SM_CONFLICT;
}
