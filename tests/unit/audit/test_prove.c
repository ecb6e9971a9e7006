/* Proofs out of a log, from checkpoints that were stored and entries between them; what was
 * tampered with gives none. */
#include "services/audit/prove.h"

#include "services/audit/range.h"
#include "services/audit/store.h"
#include "tests/unit/audit/ledger.inc"

enum { ENTRIES = 300, LINE_BYTES = 32768 };

/* A log with checkpoints at some sizes; its first entry is the one that founds it. */
static int open_ledger(void **state)
{
    static struct ledger ledger;
    static const size_t sizes[] = {3, 70, 128, 200, 256, ENTRIES};
    size_t next = 0;
    ledger_open(&ledger);
    for (size_t size = 1; size < ENTRIES;) {
        struct audit_event events[ENTRIES];
        size_t count = sizes[next++] - size;
        for (size_t i = 0; i < count; i++)
            events[i] = opened(clinic, (struct id){{0xee, (uint8_t)(size + i), (uint8_t)next}});
        struct append_job job = job_of(events, count);
        job.sign_organisation = clinic;
        assert_ok(ledger_commit(&ledger, &job));
        assert_int_equal(job.size, sizes[next - 1]);
        size = job.size;
    }
    *state = &ledger;
    return 0;
}

/* The leaves, and trees built the plain way. */
static struct hash plain_root(struct ledger *ledger, uint64_t begin, uint64_t end)
{
    struct tree tree = {0};
    struct hash root;
    for (uint64_t at = begin; at < end; at++) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        struct stored_entry entry;
        assert_ok(store_entries(ledger->db, &clinic, at + 1, 1, &rows));
        assert_ok(store_entry_read(rows, 0, &entry));
        assert_ok(tree_add(&tree, entry.body));
    }
    assert_ok(tree_root(&tree, &root));
    return root;
}

static void a_part_s_root_is_that_of_its_entries(void **state)
{
    static const struct range parts[] = {{0, 1}, {0, 64}, {0, 128}, {64, 128}, {128, 256},
        {192, 256}, {256, 300}, {0, 256}, {128, 199}};
    struct ledger *ledger = *state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct hash root;
        struct hash plain = plain_root(ledger, parts[i].begin, parts[i].end);
        assert_ok(range_root(ledger->db, &clinic, parts[i], &root));
        assert_true(hash_equal(&root, &plain));
    }
}

/* A stored peak is taken, not hashed anew: that is what makes it quick. */
static void a_subtree_that_was_a_peak_is_taken_from_its_checkpoint(void **state)
{
    struct ledger *ledger = *state;
    struct hash root;
    assert_ok(database_run(ledger->database, "DELETE FROM audit.entry WHERE seq <= 128"));
    assert_ok(range_root(ledger->db, &clinic, (struct range){0, 128}, &root));
    assert_error(range_root(ledger->db, &clinic, (struct range){96, 128}, &root), SM_TAMPERED);
}

/* --- the files: the writer's own thread signs --- */

struct desk {
    struct writer *writer;
    struct prove_context context;
};

static void desk_close(struct desk *desk)
{
    writer_stop(&desk->writer);
}

static void desk_open(struct ledger *ledger, struct desk *desk)
{
    static char conninfo[512];
    (void)snprintf(
        conninfo, sizeof conninfo, "%s", database_conninfo(ledger->database, "sm_audit").text);
    const struct writer_options options = {
        .conninfo = conninfo, .key = ledger->key, .checkpoint_interval_ms = 3600000};
    assert_ok(writer_start(&options, &desk->writer));
    desk->context = (struct prove_context){
        .db = ledger->db, .writer = desk->writer, .key = ledger->key, .timeout_ms = 10000};
}

static enum sm_error prove_one(struct desk *desk, uint64_t seq, uint64_t size)
{
    struct buffer line DEFER(buffer_free) = BUFFER(LINE_BYTES);
    const struct prove_order order = {.organisation = clinic, .seq = seq, .size = size};
    return prove(&desk->context, &order, &line);
}

/* prove checks each against the signed root (tests/unit/audit/test_tree.c has that check's
 * vectors). */
static void every_entry_and_every_checkpoint_is_proven(void **state)
{
    static const uint64_t sizes[] = {3, 70, 128, 200, 256, ENTRIES};
    struct desk desk DEFER(desk_close) = {0};
    desk_open(*state, &desk);
    for (uint64_t seq = 1; seq <= ENTRIES; seq += 7)
        assert_ok(prove_one(&desk, seq, 0));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_ok(prove_one(&desk, 0, sizes[i]));
        assert_ok(prove_one(&desk, sizes[i], sizes[i]));
        assert_error(prove_one(&desk, sizes[i] + 1, sizes[i]), SM_NOT_FOUND);
    }
}

static void what_is_not_there_is_not_proven(void **state)
{
    struct desk desk DEFER(desk_close) = {0};
    desk_open(*state, &desk);
    assert_error(prove_one(&desk, ENTRIES + 1, 0), SM_NOT_FOUND);
    assert_error(prove_one(&desk, 5, 71), SM_NOT_FOUND); /* nothing was signed there */
    assert_error(prove_one(&desk, 0, 71), SM_NOT_FOUND);
    assert_error(prove_one(&desk, 0, UINT64_MAX), SM_NOT_FOUND);
}

static void an_edited_entry_and_an_edited_peak_are_not_proven(void **state)
{
    struct ledger *ledger = *state;
    struct desk desk DEFER(desk_close) = {0};
    desk_open(ledger, &desk);
    assert_ok(database_run(ledger->database,
        "UPDATE audit.entry SET body = overlay(body PLACING '\\x58'::bytea FROM 20) WHERE seq = 210"));
    assert_error(prove_one(&desk, 210, 0), SM_TAMPERED);
    assert_error(prove_one(&desk, 211, 0), SM_TAMPERED);
    assert_ok(database_run(ledger->database,
        "UPDATE audit.checkpoint SET peaks = overlay(peaks PLACING '\\x00' FROM 1) WHERE size < 256"));
    assert_error(prove_one(&desk, 290, 128), SM_NOT_FOUND);
    assert_error(prove_one(&desk, 100, 128), SM_TAMPERED);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ledger, ledger_tear_down)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_part_s_root_is_that_of_its_entries),
        TEST(a_subtree_that_was_a_peak_is_taken_from_its_checkpoint),
        TEST(every_entry_and_every_checkpoint_is_proven),
        TEST(what_is_not_there_is_not_proven),
        TEST(an_edited_entry_and_an_edited_peak_are_not_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
