/*
 * The dispatcher of sealed operations, with a table and handlers of the test's own: what reaches a
 * handler has been opened, checked and proven; a replay has no effect; every error travels sealed.
 */
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/time_token.h"
#include "services/crypto/user_session.h"
#include "tests/support/ask.h"
#include "tests/support/audit_edge.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- the table under test --- */

static atomic_int runs; /* how often a handler ran */
static struct id organisation;

/* An effect in one transaction, logged before it is answered. */
static enum sm_error on_effect(struct sealed_call *call, const void *message, void *reply)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct audit_event event = {.organisation = organisation, .kind = EVENT_SIGNED_OUT};
    (void)message;
    runs++;
    TRY(call_begin(call, &tx));
    TRY(call_event(call, &event));
    TRY(call_commit(call, &tx));
    ((struct expires_reply *)reply)->expires_ms = 42;
    return call_release(call, event.event);
}

static enum sm_error on_nothing(struct sealed_call *call, const void *message, void *reply)
{
    (void)call;
    (void)message;
    (void)reply;
    runs++;
    return SM_OK;
}

static enum sm_error on_locked(struct sealed_call *call, const void *message, void *reply)
{
    (void)message;
    (void)reply;
    runs++;
    *call->failure = (struct failure){.retry_after_s = 900, .until_ms = 1234};
    return SM_LOCKED;
}

/* clang-format off */
const struct sealed_handler sealed_handlers[] = {
    {"renew",     NEEDS_NOTHING,   0,            on_effect},
    {"logout",    NEEDS_USER,      ROLE_ADMIN,   on_nothing},
    {"hello",     NEEDS_LIVE_LINK, 0,            on_nothing},
    {"send_code", NEEDS_NOTHING,   0,            on_locked},
    {"reply",     NEEDS_NOTHING,   0,            on_nothing},
};
/* clang-format on */
const size_t sealed_handlers_count = sizeof sealed_handlers / sizeof sealed_handlers[0];

/* The neighbours: one link is live; nobody is signed in. */
static struct id live_link;

enum sm_error link_prove(struct sealed_call *call)
{
    return id_equal(call->link.link, live_link) ? SM_OK : SM_GONE;
}

enum sm_error session_prove(
    struct sealed_call *call, const struct session_proof *proof, unsigned roles)
{
    (void)call;
    (void)proof;
    (void)roles;
    return SM_NOT_SIGNED_IN;
}

enum sm_error session_cookie(struct sealed_call *call)
{
    (void)call;
    return SM_OK;
}

void mail_relay_poke(struct mail_relay *relay)
{
    (void)relay;
}

/* --- fixture --- */

static uint8_t secret[SESSION_SECRET_BYTES] = {1};
static struct session_request renewal;

static int set_up(void **state)
{
    static struct vault vault;
    *state = &vault;
    if (vault_open(&vault) != SM_OK || audit_edge_start(&vault) != SM_OK ||
        id_random(&organisation) != SM_OK || id_random(&live_link) != SM_OK ||
        id_random(&renewal.session.session) != SM_OK)
        return -1;
    renewal.session.secret = SPAN(secret);
    return 0;
}

static int tear_down(void **state)
{
    audit_edge_stop(*state);
    vault_close(*state);
    return 0;
}

static int begin(void **state)
{
    audit_edge_set_down(false);
    audit_edge_settle(*state);
    audit_edge_forget();
    runs = 0;
    return 0;
}

static const struct ask renew = {.operation = "renew", .message = &renewal};

/* --- tests --- */

static void a_request_runs_and_its_reply_opens(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;

    assert_error(ask_crypto(*state, &renew, &answer), SM_OK);

    assert_int_equal(((const struct expires_reply *)answer.reply)->expires_ms, 42);
    assert_true(answer.effects.is_feed_changed);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
}

static void a_replay_has_no_effect(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, &renew);
    const uint64_t expected[] = {SM_OK, SM_REPLAYED, SM_REPLAYED};

    for (size_t i = 0; i < 3; i++) {
        assert_ok(ask_carry(&vault->worker, "renew", buffer_span(&sealed.frame), &answer));
        assert_int_equal(answer.effects.outcome, expected[i]);
    }

    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
}

static void a_request_id_serves_once_even_in_another_frame(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    uint8_t token[TIME_TOKEN_BYTES];
    struct session_request request = renewal;
    struct ask ask = {.operation = "renew", .message = &request};
    assert_ok(time_token_make(vault->crypto.keyring, vault_now_ms(vault), token));
    assert_ok(id_random(&request.meta.request));
    request.meta.time_token = SPAN(token);

    assert_error(ask_crypto(vault, &ask, &answer), SM_OK);
    assert_error(ask_crypto(vault, &ask, &answer), SM_REPLAYED);
}

static void old_request_ids_are_forgotten(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct session_request request = renewal;
    struct ask ask = {.operation = "renew", .message = &request};
    uint8_t token[TIME_TOKEN_BYTES];
    int64_t left;
    assert_error(ask_crypto(vault, &renew, &answer), SM_OK);

    assert_ok(database_clock_shift(vault->database, 3 * TIME_TOKEN_S));
    assert_ok(id_random(&request.meta.request));
    request.meta.request.bytes[0] = 0; /* one of the ids that make a call clear up */
    assert_ok(time_token_make(vault->crypto.keyring, vault_now_ms(vault), token));
    request.meta.time_token = SPAN(token);
    assert_error(ask_crypto(vault, &ask, &answer), SM_OK);

    assert_ok(database_number(vault->database, "SELECT count(*) FROM vault.seen_request", &left));
    assert_int_equal(left, 1);
    assert_ok(database_clock_shift(vault->database, 0));
}

/* One replica: a connection of its own. */
struct replica {
    pthread_t thread;
    struct worker worker;
    struct span frame;
    uint64_t outcome;
};

static void *carry_frame(void *context)
{
    struct replica *replica = context;
    struct answer answer DEFER(answer_free) = ANSWER;
    replica->outcome = SM_ERROR_COUNT;
    if (ask_carry(&replica->worker, "renew", replica->frame, &answer) == SM_OK)
        replica->outcome = answer.effects.outcome;
    return NULL;
}

static void of_twenty_replays_at_once_one_has_the_effect(void **state)
{
    struct vault *vault = *state;
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, &renew);
    struct replica replicas[20] = {0};
    size_t succeeded = 0;

    for (size_t i = 0; i < 20; i++) {
        replicas[i] =
            (struct replica){.worker.crypto = &vault->crypto, .frame = buffer_span(&sealed.frame)};
        assert_ok(
            db_open(database_conninfo(vault->database, "sm_crypto").text, &replicas[i].worker.db));
    }
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(pthread_create(&replicas[i].thread, NULL, carry_frame, &replicas[i]), 0);
    for (size_t i = 0; i < 20; i++) {
        (void)pthread_join(replicas[i].thread, NULL);
        succeeded += replicas[i].outcome == SM_OK;
        assert_true(replicas[i].outcome == SM_OK || replicas[i].outcome == SM_REPLAYED);
        db_close(&replicas[i].worker.db);
    }

    assert_int_equal(succeeded, 1);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
}

static void an_old_request_is_refused(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, &renew);

    assert_ok(database_clock_shift(vault->database, TIME_TOKEN_S + 5));
    assert_ok(ask_carry(&vault->worker, "renew", buffer_span(&sealed.frame), &answer));
    assert_ok(database_clock_shift(vault->database, 0));

    assert_int_equal(answer.effects.outcome, SM_KEY_UNKNOWN);
    ask_open(&renew, &sealed, &answer);
    assert_true(answer.failure.reason.size > 0);
    assert_int_equal(runs, 0);
}

static void a_made_up_time_token_is_refused(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    uint8_t token[TIME_TOKEN_BYTES] = {0};
    struct session_request request = renewal;
    struct ask ask = {.operation = "renew", .message = &request};
    assert_ok(id_random(&request.meta.request));
    request.meta.time_token = SPAN(token);

    assert_error(ask_crypto(*state, &ask, &answer), SM_TAMPERED);
    assert_int_equal(runs, 0);
}

static void what_cannot_be_opened_gets_an_outcome_alone(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, &renew);
    const struct {
        const char *operation;
        struct span frame;
        enum sm_error outcome;
    } cases[] = {
        {"no_such", buffer_span(&sealed.frame), SM_UNKNOWN_OPERATION},
        {"login", buffer_span(&sealed.frame), SM_UNKNOWN_OPERATION}, /* not in this table */
        {"logout", buffer_span(&sealed.frame), SM_TAMPERED},
        {"renew", span_slice(buffer_span(&sealed.frame), 0, 30), SM_BAD_FORMAT},
        {"renew", span_slice(buffer_span(&sealed.frame), 1, 4000), SM_BAD_FORMAT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(ask_carry(&vault->worker, cases[i].operation, cases[i].frame, &answer));
        assert_error((enum sm_error)answer.effects.outcome, cases[i].outcome);
        assert_int_equal(answer.effects.sealed.size, 0);
    }
    assert_int_equal(runs, 0);
}

static void no_changed_byte_of_a_frame_reaches_a_handler(void **state)
{
    struct vault *vault = *state;
    struct sealed_ask sealed DEFER(sealed_ask_free) = ask_seal(vault, &renew);

    for (size_t i = 0; i < sealed.frame.size; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        sealed.frame.bytes[i] ^= 0x40;
        assert_ok(ask_carry(&vault->worker, "renew", buffer_span(&sealed.frame), &answer));
        assert_int_not_equal(answer.effects.outcome, SM_OK);
        assert_int_equal(answer.effects.sealed.size, 0);
        sealed.frame.bytes[i] ^= 0x40;
    }
    assert_int_equal(runs, 0);
}

static void fields_must_be_exactly_the_operations(void **state)
{
    struct vault *vault = *state;
    struct ask other = {.operation = "renew"};
    const struct span plaintexts[] = {
        span_text(""), span_text("\x80"), span_text("\xdf\xff\xff\xff\xff"), span_text("nonsense")};

    for (size_t i = 0; i < sizeof plaintexts / sizeof plaintexts[0]; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct sealed_ask sealed DEFER(sealed_ask_free) =
            ask_seal_raw(vault, &other, plaintexts[i]);
        assert_ok(ask_carry(&vault->worker, "renew", buffer_span(&sealed.frame), &answer));
        assert_error((enum sm_error)answer.effects.outcome, SM_BAD_FORMAT);
        ask_open(&other, &sealed, &answer);
    }
    assert_int_equal(runs, 0);
}

static void only_operations_with_parts_may_name_some(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct ask named = renew;
    struct ask counted = renew;
    uint8_t key[KEY_BYTES] = {0};
    struct part_facts parts[] = {{0, 100, SPAN(key)}};
    struct reply_request reply = {.session = renewal.session,
        .message = live_link,
        .key = SPAN(key),
        .subject_sealed = SPAN(key),
        .parts = LIST_OF(parts)};
    struct ask with_parts = {.operation = "reply", .message = &reply, .clear = {live_link, 1}};
    named.clear.message = live_link;
    counted.clear.parts = 1;

    assert_error(ask_crypto(*state, &named, &answer), SM_BAD_VALUE);
    assert_error(ask_crypto(*state, &counted, &answer), SM_BAD_VALUE);
    assert_int_equal(runs, 0);
    assert_error(ask_crypto(*state, &with_parts, &answer), SM_OK);
}

static void a_failure_travels_sealed(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct link_only_request request = {.link = {live_link, SPAN(secret)}};
    struct ask ask = {.operation = "send_code", .message = &request};

    assert_error(ask_crypto(*state, &ask, &answer), SM_LOCKED);

    assert_int_equal(answer.failure.until_ms, 1234);
    assert_int_equal(answer.failure.retry_after_s, 900);
    assert_int_equal(answer.effects.retry_after_s, 900);
    assert_true(answer.failure.reason.size > 0);
}

static void a_link_is_proven_before_the_handler(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct link_only_request request = {.link = {organisation, SPAN(secret)}};
    struct ask ask = {.operation = "hello", .message = &request};

    assert_error(ask_crypto(*state, &ask, &answer), SM_GONE);
    assert_int_equal(runs, 0);
}

static void who_presents_one_link_too_often_waits_and_another_does_not(void **state)
{
    struct vault *vault = *state;
    struct link_only_request request = {.link = {organisation, SPAN(secret)}};
    struct ask ask = {.operation = "hello", .message = &request};
    static const uint8_t other[LINK_SECRET_BYTES] = {7};
    enum { BUDGET = 3 };
    assert_ok(rate_new(BUDGET, &vault->crypto.links));

    for (size_t i = 0; i <= BUDGET; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_error(ask_crypto(vault, &ask, &answer), i < BUDGET ? SM_GONE : SM_RATE_LIMITED);
        assert_int_equal(answer.failure.retry_after_s > 0, i == BUDGET);
    }
    struct answer answer DEFER(answer_free) = ANSWER;
    request.link.secret = SPAN(other);
    assert_error(ask_crypto(vault, &ask, &answer), SM_GONE); /* without its secret: another */
    rate_free(&vault->crypto.links);
}

static void a_user_is_proven_before_the_handler(void **state)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct ask ask = {.operation = "logout", .message = &renewal};

    assert_error(ask_crypto(*state, &ask, &answer), SM_NOT_SIGNED_IN);
    assert_int_equal(runs, 0);
}

static void without_audit_nothing_is_answered_but_the_event_is_kept(void **state)
{
    struct vault *vault = *state;
    struct answer answer DEFER(answer_free) = ANSWER;

    audit_edge_set_down(true);
    assert_error(ask_crypto(vault, &renew, &answer), SM_UNAVAILABLE);
    assert_true(answer.failure.retry_after_s > 0);
    assert_int_equal(audit_edge_count(EVENT_NONE), 0);

    audit_edge_set_down(false);
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_SIGNED_OUT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_request_runs_and_its_reply_opens, begin),
        cmocka_unit_test_setup(a_replay_has_no_effect, begin),
        cmocka_unit_test_setup(a_request_id_serves_once_even_in_another_frame, begin),
        cmocka_unit_test_setup(of_twenty_replays_at_once_one_has_the_effect, begin),
        cmocka_unit_test_setup(old_request_ids_are_forgotten, begin),
        cmocka_unit_test_setup(an_old_request_is_refused, begin),
        cmocka_unit_test_setup(a_made_up_time_token_is_refused, begin),
        cmocka_unit_test_setup(what_cannot_be_opened_gets_an_outcome_alone, begin),
        cmocka_unit_test_setup(no_changed_byte_of_a_frame_reaches_a_handler, begin),
        cmocka_unit_test_setup(fields_must_be_exactly_the_operations, begin),
        cmocka_unit_test_setup(only_operations_with_parts_may_name_some, begin),
        cmocka_unit_test_setup(a_failure_travels_sealed, begin),
        cmocka_unit_test_setup(a_link_is_proven_before_the_handler, begin),
        cmocka_unit_test_setup(who_presents_one_link_too_often_waits_and_another_does_not, begin),
        cmocka_unit_test_setup(a_user_is_proven_before_the_handler, begin),
        cmocka_unit_test_setup(without_audit_nothing_is_answered_but_the_event_is_kept, begin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
