/* HPKE keys are signed, shared, renewed in time, and destroyed after their grace. */
#include "base/memory.h"
#include "proto/limits.h"
#include "services/crypto/hpke_keys.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#include <pthread.h>

enum { HALF_DAY_S = HPKE_KEY_S / 2, LATE_DAY = 1000 };

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    return vault_open(&vault) == SM_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    vault_close(*state);
    return 0;
}

static struct identity_statement offer(const struct vault *vault, struct hpke_keys *keys)
{
    struct identity_statement statement;
    assert_ok(hpke_keys_offer(keys, vault->worker.db, vault_now_ms(vault), &statement));
    return statement;
}

/* Seals "hello" for the operation "login". */
static struct buffer seal(const struct identity_statement *to)
{
    struct buffer frame = BUFFER(1024);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    struct sealed_request request = {.operation = "login", .plaintext = span_text("hello")};
    assert_ok(sealed_request_make(SPAN(to->public_key), &request, &frame, &exchange));
    return frame;
}

static enum sm_error open_with(const struct vault *vault, struct hpke_keys *keys,
    const struct buffer *frame, const char *operation)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(1024);
    struct sealed_exchange *exchange DEFER(sealed_exchange_free) = NULL;
    struct hpke_request request = {operation, buffer_span(frame), vault_now_ms(vault)};
    TRY(hpke_keys_open(keys, vault->worker.db, &request, &plaintext, &exchange));
    assert_true(span_equals_text(buffer_span(&plaintext), "hello"));
    return SM_OK;
}

static void an_offered_key_is_signed_and_lasts_half_a_day_at_least(void **state)
{
    const struct vault *vault = *state;

    struct identity_statement statement = offer(vault, vault->crypto.hpke);

    struct span identity = span_of(hpke_keys_identity(vault->crypto.hpke), P256_PUBLIC_BYTES);
    assert_ok(identity_verify(identity, &statement));
    assert_true((int64_t)statement.not_after_ms - vault_now_ms(vault) >= HALF_DAY_S * 1000);
}

static void replicas_share_keys(void **state)
{
    const struct vault *vault = *state;
    struct hpke_keys *replica DEFER(hpke_keys_free) = NULL;
    assert_ok(hpke_keys_new(vault->crypto.keyring, &replica));
    struct identity_statement statement = offer(vault, vault->crypto.hpke);
    struct buffer frame DEFER(buffer_free) = seal(&statement);

    assert_ok(open_with(vault, replica, &frame, "login"));

    struct identity_statement same = offer(vault, replica);
    assert_memory_equal(same.key_id, statement.key_id, sizeof same.key_id);
}

/* The replica has read its list a moment before the key is made. */
static void a_key_that_another_replica_made_this_moment_opens(void **state)
{
    const struct vault *vault = *state;
    struct hpke_keys *replica DEFER(hpke_keys_free) = NULL;
    assert_ok(hpke_keys_new(vault->crypto.keyring, &replica));
    for (int day = LATE_DAY; day < LATE_DAY + 4; day++) { /* later than the keys of other tests */
        assert_ok(database_clock_shift(vault->database, day * (int64_t)HPKE_KEY_S));
        struct identity_statement old = offer(vault, replica);
        assert_ok(
            database_clock_shift(vault->database, day * (int64_t)HPKE_KEY_S + HALF_DAY_S + 1));
        struct identity_statement made = offer(vault, vault->crypto.hpke);
        struct buffer frame DEFER(buffer_free) = seal(&made);

        assert_memory_not_equal(made.key_id, old.key_id, sizeof old.key_id);
        assert_ok(open_with(vault, replica, &frame, "login"));
    }
    assert_ok(database_clock_shift(vault->database, 0));
}

/* Whoever makes ids up has no reload left soon, and the database its peace. */
static void made_up_key_ids_do_not_reload_for_ever(void **state)
{
    static const char reads[] = "SELECT coalesce(sum(seq_scan + idx_scan), 0)::bigint"
                                " FROM pg_stat_user_tables WHERE relname = 'hpke_key'";
    enum { MADE_UP = 500 };
    const struct vault *vault = *state;
    struct identity_statement statement = offer(vault, vault->crypto.hpke);
    struct buffer frame DEFER(buffer_free) = seal(&statement);
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    static const struct statement flush = {"flush", "SELECT pg_stat_force_next_flush()"};
    int64_t before = 0;
    int64_t after = 0;
    assert_ok(DB_RUN0(vault->worker.db, &flush, &rows));
    assert_ok(database_number(vault->database, reads, &before));
    frame.bytes[1] ^= 1;

    for (int i = 0; i < MADE_UP; i++)
        assert_error(open_with(vault, vault->crypto.hpke, &frame, "login"), SM_KEY_UNKNOWN);

    assert_ok(DB_RUN0(vault->worker.db, &flush, NULL));
    assert_ok(database_number(vault->database, reads, &after));
    assert_true(after - before < MADE_UP);
}

static void a_request_opens_for_its_operation_only(void **state)
{
    const struct vault *vault = *state;
    struct identity_statement statement = offer(vault, vault->crypto.hpke);
    struct buffer frame DEFER(buffer_free) = seal(&statement);

    assert_error(open_with(vault, vault->crypto.hpke, &frame, "send"), SM_TAMPERED);
    frame.bytes[1] ^= 1; /* the key id */
    assert_error(open_with(vault, vault->crypto.hpke, &frame, "login"), SM_KEY_UNKNOWN);
    frame.size = 20;
    assert_error(open_with(vault, vault->crypto.hpke, &frame, "login"), SM_BAD_FORMAT);
}

static void a_key_is_replaced_at_half_its_time_and_destroyed_after_its_grace(void **state)
{
    const struct vault *vault = *state;
    struct identity_statement first = offer(vault, vault->crypto.hpke);
    struct buffer frame DEFER(buffer_free) = seal(&first);
    int64_t left;

    assert_ok(database_clock_shift(vault->database, HALF_DAY_S + 60));
    struct identity_statement second = offer(vault, vault->crypto.hpke);
    assert_memory_not_equal(second.key_id, first.key_id, sizeof first.key_id);
    assert_ok(open_with(vault, vault->crypto.hpke, &frame, "login"));

    assert_ok(database_clock_shift(vault->database, HPKE_KEY_S + HPKE_KEY_GRACE_S - 60));
    assert_ok(open_with(vault, vault->crypto.hpke, &frame, "login"));

    assert_ok(database_clock_shift(vault->database, HPKE_KEY_S + HPKE_KEY_GRACE_S + 60));
    assert_error(open_with(vault, vault->crypto.hpke, &frame, "login"), SM_KEY_UNKNOWN);
    (void)offer(vault, vault->crypto.hpke);
    assert_ok(database_number(vault->database,
        "SELECT count(*) FROM vault.hpke_key WHERE not_after_ms + 3600000 <= clock.now_ms()",
        &left));
    assert_int_equal(left, 0);

    assert_ok(database_clock_shift(vault->database, 0));
}

static void an_altered_row_is_not_offered(void **state)
{
    const struct vault *vault = *state;
    struct hpke_keys *fresh DEFER(hpke_keys_free) = NULL;
    struct identity_statement first = offer(vault, vault->crypto.hpke);
    assert_ok(database_run(
        vault->database, "UPDATE vault.hpke_key SET not_after_ms = not_after_ms + 86400000"));
    assert_ok(hpke_keys_new(vault->crypto.keyring, &fresh));

    struct identity_statement second = offer(vault, fresh);

    assert_memory_not_equal(second.key_id, first.key_id, sizeof first.key_id);
}

/* --- many workers at once --- */

enum { WORKERS = 16, JUMPS = 60, EIGHT_DAYS_S = 8 * 24 * 3600 };

struct worker_thread {
    pthread_t thread;
    struct vault vault; /* the same one, over a connection of its own */
    struct hpke_keys *keys;
    enum sm_error offered, opened;
};

/* As a client's sign-in does: what was offered a moment ago must open. */
static void *offer_and_open(void *context)
{
    struct worker_thread *worker = context;
    struct identity_statement statement;
    worker->opened = SM_UNAVAILABLE;
    worker->offered = hpke_keys_offer(
        worker->keys, worker->vault.worker.db, vault_now_ms(&worker->vault), &statement);
    if (worker->offered != SM_OK)
        return NULL;
    struct span identity = span_of(hpke_keys_identity(worker->keys), P256_PUBLIC_BYTES);
    worker->offered = identity_verify(identity, &statement);
    struct buffer frame DEFER(buffer_free) = seal(&statement);
    worker->opened = open_with(&worker->vault, worker->keys, &frame, "login");
    return NULL;
}

static void what_is_offered_opens_while_all_workers_of_two_replicas_replace_the_key(void **state)
{
    const struct vault *vault = *state;
    struct hpke_keys *replica DEFER(hpke_keys_free) = NULL;
    struct worker_thread workers[WORKERS];
    assert_ok(hpke_keys_new(vault->crypto.keyring, &replica));
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].vault = *vault;
        workers[i].keys = i % 4 == 0 ? replica : vault->crypto.hpke;
        assert_ok(db_open(
            database_conninfo(vault->database, "sm_crypto").text, &workers[i].vault.worker.db));
    }

    for (int64_t jump = 1; jump <= JUMPS; jump++) {
        assert_ok(database_clock_shift(vault->database, jump * EIGHT_DAYS_S));
        for (size_t i = 0; i < WORKERS; i++)
            assert_int_equal(
                pthread_create(&workers[i].thread, NULL, offer_and_open, &workers[i]), 0);
        for (size_t i = 0; i < WORKERS; i++)
            (void)pthread_join(workers[i].thread, NULL);
        for (size_t i = 0; i < WORKERS; i++) {
            assert_error(workers[i].offered, SM_OK);
            assert_error(workers[i].opened, SM_OK);
        }
    }

    for (size_t i = 0; i < WORKERS; i++)
        db_close(&workers[i].vault.worker.db);
    assert_ok(database_clock_shift(vault->database, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offered_key_is_signed_and_lasts_half_a_day_at_least),
        cmocka_unit_test(replicas_share_keys),
        cmocka_unit_test(made_up_key_ids_do_not_reload_for_ever),
        cmocka_unit_test(a_request_opens_for_its_operation_only),
        cmocka_unit_test(a_key_is_replaced_at_half_its_time_and_destroyed_after_its_grace),
        cmocka_unit_test(an_altered_row_is_not_offered),
        cmocka_unit_test(what_is_offered_opens_while_all_workers_of_two_replicas_replace_the_key),
        cmocka_unit_test(a_key_that_another_replica_made_this_moment_opens),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
