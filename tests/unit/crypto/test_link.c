/* A link is one recipient's: its secret proves it, its row decides, and all that ended ended alike.
 */
#include "services/crypto/link.h"

#include "envelope/link.h"
#include "services/crypto/handlers.h"
#include "services/crypto/tampering.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#define SEVEN_DAYS_S ((int64_t)7 * 24 * 3600)

/* What a page of a link that is over is told, whatever the reason. */
struct told {
    enum sm_error outcome;
    size_t sealed_bytes;
    char reason[REASON_BYTES_MAX + 1];
    uint64_t attempts_left, retry_after_s, until_ms;
};

static struct told hello(struct clinic *clinic, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct told told = {.outcome = clinic_by_link(clinic, "hello", parcel, &answer)};
    told.sealed_bytes = answer.effects.sealed.size;
    told.attempts_left = answer.failure.attempts_left;
    told.retry_after_s = answer.failure.retry_after_s;
    told.until_ms = answer.failure.until_ms;
    (void)snprintf(told.reason, sizeof told.reason, "%.*s", SPAN_PRINT(answer.failure.reason));
    assert_false(answer.effects.is_feed_changed);
    assert_true(id_is_none(answer.effects.closed_link));
    assert_true(id_is_none(answer.effects.closed_message));
    return told;
}

static void end_by(struct clinic *clinic, const char *operation, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(
        strcmp(operation, "delete") == 0
            ? clinic_with_message(clinic, operation, &clinic->anna, parcel->message, &answer)
            : clinic_with_link(clinic, operation, &clinic->anna, parcel, &answer),
        SM_OK);
}

/* --- what has ended --- */

static void unknown_wrong_expired_revoked_and_deleted_links_are_told_the_same(void **state)
{
    struct clinic *clinic = *state;
    enum { CASES = 5 };
    struct parcel parcels[CASES];
    struct told first;
    for (size_t i = 0; i < CASES; i++)
        parcels[i] = clinic_send(clinic, METHOD_CODE);
    assert_ok(id_random(&parcels[0].link)); /* unknown */
    parcels[1].secret[31] ^= 1;             /* the secret of another generation */
    end_by(clinic, "revoke", &parcels[2]);
    end_by(clinic, "delete", &parcels[3]);
    audit_edge_settle(&clinic->vault);

    for (size_t i = 0; i < CASES; i++) {
        if (i == CASES - 1)
            clinic_wait(clinic, SEVEN_DAYS_S + 1); /* the last has expired */
        struct told told = hello(clinic, &parcels[i]);
        assert_error(told.outcome, SM_GONE);
        if (i == 0)
            first = told;
        assert_string_equal(told.reason, first.reason);
        assert_int_equal(told.sealed_bytes, first.sealed_bytes);
        assert_int_equal(told.attempts_left, first.attempts_left);
        assert_int_equal(told.retry_after_s, first.retry_after_s);
        assert_int_equal(told.until_ms, first.until_ms);
    }
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_PAGE_SHOWN), 0);
}

static enum sm_error asked(struct clinic *clinic, const char *operation,
    const struct parcel *parcel, struct answer *answer)
{
    return strcmp(operation, "verify") == 0
               ? clinic_verify(clinic, parcel, CLINIC_PASSWORD, "", answer)
               : clinic_by_link(clinic, operation, parcel, answer);
}

/* Rows that PostgreSQL was asked for, and how often, must not tell them apart either. */
static int64_t looks_of(struct clinic *clinic, const char *operation, const struct parcel *parcel)
{
    static const char count[] =
        "SELECT sum(seq_scan + coalesce(idx_scan, 0))::bigint FROM pg_stat_user_tables"
        " WHERE schemaname = 'vault'";
    struct answer answer DEFER(answer_free) = ANSWER;
    static const struct statement flush = {"flush", "SELECT pg_stat_force_next_flush()"};
    struct db *db = clinic->vault.worker.db;
    assert_ok(DB_RUN0(db, &flush, NULL));
    int64_t before = clinic_number(clinic, count);
    assert_error(asked(clinic, operation, parcel, &answer), SM_GONE);
    assert_ok(DB_RUN0(db, &flush, NULL));
    return clinic_number(clinic, count) - before;
}

static void what_has_ended_costs_the_same_look_as_what_never_was(void **state)
{
    static const char *const operations[] = {"hello", "send_code", "verify"};
    enum { UNKNOWN, WRONG, REVOKED, DELETED, EXPIRED, CASES, OPERATIONS = 3 };
    struct clinic *clinic = *state;
    struct parcel parcels[CASES];
    int64_t looks[OPERATIONS];
    for (size_t i = 0; i < CASES; i++)
        parcels[i] = clinic_send(clinic, METHOD_PASSWORD);
    assert_ok(id_random(&parcels[UNKNOWN].link));
    parcels[WRONG].secret[0] ^= 1;
    end_by(clinic, "revoke", &parcels[REVOKED]);
    end_by(clinic, "delete", &parcels[DELETED]);
    audit_edge_settle(&clinic->vault);
    for (size_t k = 0; k < OPERATIONS; k++) {
        (void)looks_of(clinic, operations[k], &parcels[UNKNOWN]); /* statements are prepared */
        looks[k] = looks_of(clinic, operations[k], &parcels[UNKNOWN]);
        assert_true(looks[k] >= 2); /* a link, a message */
    }

    for (size_t i = WRONG; i < CASES; i++) {
        if (i == EXPIRED)
            clinic_wait(clinic, SEVEN_DAYS_S + 1);
        for (size_t k = 0; k < OPERATIONS; k++)
            assert_int_equal(looks_of(clinic, operations[k], &parcels[i]), looks[k]);
    }
}

/* --- who may use it --- */

static void a_link_is_used_again_with_a_new_proof_until_it_ends(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;

    for (int64_t day = 0; day < 6; day++) {
        clinic_wait(clinic, day * 24 * 3600);
        struct page rosa = clinic_verified(clinic, &parcel);
        assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_OK);
    }
}

static void a_link_by_itself_opens_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct answer answer DEFER(answer_free) = ANSWER;
    struct page made_up = {.session = parcel.link};
    memcpy(made_up.secret, parcel.secret, sizeof made_up.secret);

    assert_error(clinic_with_session(clinic, "open", &made_up, &answer), SM_NOT_SIGNED_IN);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
}

static void the_secret_of_one_link_is_no_use_for_another(void **state)
{
    struct clinic *clinic = *state;
    struct parcel mine = clinic_send(clinic, METHOD_CODE);
    struct parcel other = clinic_send(clinic, METHOD_CODE);

    memcpy(other.secret, mine.secret, sizeof other.secret);

    assert_error(hello(clinic, &other).outcome, SM_GONE);
}

static void a_hello_tells_who_sent_it_and_nothing_of_the_content(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_OK);

    const struct hello_reply *reply = answer.reply;
    assert_true(span_equals_text(reply->organisation_name, "Clinic"));
    assert_true(span_equals_text(reply->sender_name, "Anna de Vries"));
    assert_int_equal(reply->method, METHOD_PASSWORD);
    assert_int_equal(reply->attempts_left, FAILURES_BEFORE_LOCK);
    assert_false(reply->is_frozen);
}

static void a_link_text_holds_id_secret_and_pin(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct buffer text DEFER(buffer_free) = BUFFER(512);
    struct link_parts parts DEFER(link_wipe) = {0};
    struct link link = clinic_link(clinic, &parcel, &arena);
    struct span base;

    assert_ok(
        link_text(&clinic->vault.worker, &link, span_text("https://mail.example.org"), &text));

    assert_ok(link_parse(buffer_span(&text), &parts, &base));
    assert_true(span_equals_text(base, "https://mail.example.org"));
    assert_true(id_equal(parts.id, parcel.link));
    assert_memory_equal(parts.secret, parcel.secret, sizeof parts.secret);
    link.generation = 2; /* another generation has another secret */
    buffer_clear(&text);
    assert_ok(
        link_text(&clinic->vault.worker, &link, span_text("https://mail.example.org"), &text));
    assert_ok(link_parse(buffer_span(&text), &parts, &base));
    assert_memory_not_equal(parts.secret, parcel.secret, sizeof parts.secret);
}

/* --- an attacker with the database --- */

static const char *const edits[] = {
    "UPDATE vault.link SET address = 'mallory@example.net'",
    "UPDATE vault.link SET name = 'Mallory'",
    "UPDATE vault.link SET method = 2",
    "UPDATE vault.link SET verifier = decode('00', 'hex')",
    "UPDATE vault.link SET verifier = NULL",
    "UPDATE vault.link SET generation = generation + 1",
    "UPDATE vault.link SET state = 2",
    "UPDATE vault.link SET expires_ms = expires_ms + 1",
    "UPDATE vault.link SET window_failures = window_failures + 1",
    "UPDATE vault.link SET total_failures = total_failures + 1",
    "UPDATE vault.link SET epoch = epoch + 1",
    "UPDATE vault.link SET locked_until_ms = 1",
    "UPDATE vault.link SET is_frozen = true",
    "UPDATE vault.link SET is_sender_told = true",
    "UPDATE vault.link SET opened_ms = opened_ms + 1",
    "UPDATE vault.link SET replied_ms = replied_ms + 1",
    "UPDATE vault.link SET replies = replies + 1",
    "UPDATE vault.link SET version = version + 1",
    "UPDATE vault.link SET mac = decode('00', 'hex')",
    "UPDATE vault.link SET organisation = decode(repeat('01', 16), 'hex')",
};

static void every_edited_column_of_a_link_is_refused_and_reported(void **state)
{
    struct clinic *clinic = *state;

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
        struct page rosa = clinic_verified(clinic, &parcel);
        audit_edge_settle(&clinic->vault);
        audit_edge_forget();
        assert_ok(database_run(clinic->vault.database, edits[i]));

        assert_error(clinic_by_link(clinic, "hello", &parcel, &answer), SM_TAMPERED);
        assert_error(clinic_verify(clinic, &parcel, CLINIC_PASSWORD, "", &answer), SM_TAMPERED);
        assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_TAMPERED);

        audit_edge_settle(&clinic->vault);
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
        assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
        assert_int_equal(audit_edge_count(EVENT_VERIFIED), 0);
    }
}

static void a_link_that_is_hung_on_another_message_is_refused(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct parcel mine = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel victim = clinic_send(clinic, METHOD_PASSWORD);
    struct page rosa = clinic_verified(clinic, &mine);
    struct db *db DEFER(db_close) = NULL;
    static const struct statement hang = {
        "hang", "UPDATE vault.link SET message = $1 WHERE link = $2"};
    assert_ok(db_open(database_conninfo(clinic->vault.database, "postgres").text, &db));

    assert_ok(DB_RUN(db, &hang, NULL, db_id(&victim.message), db_id(&mine.link)));

    assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_TAMPERED);
}

static void a_row_that_is_copied_to_another_link_is_refused(void **state)
{
    struct clinic *clinic = *state;
    struct parcel mine = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel victim = clinic_send(clinic, METHOD_PASSWORD);
    struct db *db DEFER(db_close) = NULL;
    static const struct statement copy = {"copy",
        "UPDATE vault.link AS victim SET message = mine.message, organisation = mine.organisation,"
        " address = mine.address, name = mine.name, method = mine.method,"
        " verifier = mine.verifier, generation = mine.generation, state = mine.state,"
        " expires_ms = mine.expires_ms, window_failures = mine.window_failures,"
        " total_failures = mine.total_failures, epoch = mine.epoch,"
        " locked_until_ms = mine.locked_until_ms, is_frozen = mine.is_frozen,"
        " is_sender_told = mine.is_sender_told, opened_ms = mine.opened_ms,"
        " replied_ms = mine.replied_ms, replies = mine.replies, version = mine.version,"
        " mac = mine.mac"
        " FROM vault.link AS mine WHERE victim.link = $1 AND mine.link = $2"};
    assert_ok(db_open(database_conninfo(clinic->vault.database, "postgres").text, &db));

    assert_ok(DB_RUN(db, &copy, NULL, db_id(&victim.link), db_id(&mine.link)));

    assert_error(hello(clinic, &victim).outcome, SM_TAMPERED);
}

/* Each column that is there to be decided by, and that of another message with its good MAC. */
static const char *const message_edits[] = {
    "UPDATE vault.message SET sender = (SELECT account FROM vault.account a WHERE"
    " a.account <> sender LIMIT 1)",
    "UPDATE vault.message SET direction = direction + 1",
    "UPDATE vault.message SET parent = message",
    "UPDATE vault.message SET from_link = message",
    "UPDATE vault.message SET state = state + 1",
    "UPDATE vault.message SET created_ms = created_ms + 1",
    "UPDATE vault.message SET expires_ms = expires_ms + 86400000",
    "UPDATE vault.message SET lifetime_ms = lifetime_ms + 1",
    "UPDATE vault.message SET language = 'xx'",
    "UPDATE vault.message SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    "UPDATE vault.message SET subject_sealed = 'another'",
    "UPDATE vault.message SET parts = set_byte(parts, 0, 1)",
    "UPDATE vault.message SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1)",
    "UPDATE vault.message SET version = version + 1",
    "UPDATE vault.message m SET wrapped = o.wrapped, parts = o.parts, digest = o.digest,"
    " subject_sealed = o.subject_sealed, created_ms = o.created_ms, expires_ms = o.expires_ms,"
    " mac = o.mac FROM vault.message o WHERE o.message <> m.message",
};

static void an_edited_message_closes_its_links_and_is_reported(void **state)
{
    struct clinic *clinic = *state;

    for (size_t i = 0; i < sizeof message_edits / sizeof message_edits[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_int_equal(clinic_begin(state), 0);
        (void)clinic_send(clinic, METHOD_PASSWORD);
        struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
        struct page rosa = clinic_verified(clinic, &parcel);
        audit_edge_settle(&clinic->vault);
        audit_edge_forget();
        assert_ok(database_run(clinic->vault.database, message_edits[i]));

        assert_error(hello(clinic, &parcel).outcome, SM_TAMPERED);
        assert_error(clinic_with_session(clinic, "open", &rosa, &answer), SM_TAMPERED);
        audit_edge_settle(&clinic->vault);
        assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
        assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
    }
}

static void an_edited_sender_is_not_shown_and_is_reported(void **state)
{
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    audit_edge_settle(&clinic->vault);
    audit_edge_forget();
    assert_ok(database_run(clinic->vault.database, "UPDATE vault.account SET name = name || '!'"));

    assert_error(hello(clinic, &parcel).outcome, SM_TAMPERED);
    assert_ok(
        database_run(clinic->vault.database, "UPDATE vault.account SET name = left(name, -1)"));
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
}

/* --- looking again --- */

static void a_link_is_looked_at_again_with_a_clock_of_its_own(void **state)
{
    struct clinic *clinic = *state;
    const struct worker *worker = &clinic->vault.worker;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct link link = clinic_link(clinic, &parcel, &arena);
    struct message message;
    struct db_transaction tx DEFER(db_rollback) = {0};

    assert_ok(db_begin(worker->db, &tx));
    assert_ok(link_lock_live(worker, &arena, &link, &message));
    assert_true(id_equal(message.message, parcel.message));
    db_rollback(&tx);

    assert_ok(database_clock_shift(clinic->vault.database, SEVEN_DAYS_S + 1));
    assert_ok(db_begin(worker->db, &tx));
    assert_error(link_lock_live(worker, &arena, &link, &message), SM_GONE);
    db_rollback(&tx);

    assert_ok(id_random(&link.link));
    assert_ok(db_begin(worker->db, &tx));
    assert_error(link_lock_live(worker, &arena, &link, &message), SM_GONE);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, clinic_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_wrong_expired_revoked_and_deleted_links_are_told_the_same),
        TEST(what_has_ended_costs_the_same_look_as_what_never_was),
        TEST(a_link_is_used_again_with_a_new_proof_until_it_ends),
        TEST(a_link_by_itself_opens_nothing),
        TEST(the_secret_of_one_link_is_no_use_for_another),
        TEST(a_hello_tells_who_sent_it_and_nothing_of_the_content),
        TEST(a_link_text_holds_id_secret_and_pin),
        TEST(every_edited_column_of_a_link_is_refused_and_reported),
        TEST(a_link_that_is_hung_on_another_message_is_refused),
        TEST(a_row_that_is_copied_to_another_link_is_refused),
        TEST(an_edited_message_closes_its_links_and_is_reported),
        TEST(an_edited_sender_is_not_shown_and_is_reported),
        TEST(a_link_is_looked_at_again_with_a_clock_of_its_own),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
