/* Keys are rotated while others read and write: nothing is left behind, and nothing is lost. */
#include "base/clock.h"
#include "services/crypto/account.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/operator.h"
#include "services/crypto/totp.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALL_MS = 20 * 1000, LOOKS_MAX = 2000, LOOK_US = 10 * 1000 };

/* --- the operator --- */

static enum sm_error ask_rotate(
    struct worker *worker, uint64_t key, struct id organisation, struct key_rotate_reply *out)
{
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct key_rotate_request wanted = {key, organisation};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + CALL_MS, .worker = worker, .arena = &arena};
    *out = (struct key_rotate_reply){0};
    TRY(id_random(&request.header.idempotency));
    return on_key_rotate(&request, &wanted, out);
}

static enum sm_error ask_rewrap(
    struct worker *worker, uint64_t key, struct id organisation, struct key_rewrap_reply *out)
{
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct key_rewrap_request wanted = {key, organisation};
    struct bus_request request = {
        .header.deadline_ms = clock_wall_ms() + CALL_MS, .worker = worker, .arena = &arena};
    *out = (struct key_rewrap_reply){0};
    return on_key_rewrap(&request, &wanted, out);
}

static struct key_rewrap_reply begin_and_step(struct clinic *clinic)
{
    struct key_rotate_reply begun;
    struct key_rewrap_reply step;
    assert_ok(ask_rotate(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &begun));
    assert_ok(ask_rewrap(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &step));
    return step;
}

static int64_t versions(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT count(*) FROM vault.organisation_key");
}

static int64_t newest(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT max(version) FROM vault.organisation_key");
}

static void assert_opens(struct clinic *clinic, const struct parcel *parcel)
{
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct secret *key DEFER(secret_free) = NULL;
    struct message message;
    assert_ok(message_load(&clinic->vault.worker, &arena, parcel->message, &message));
    assert_ok(message_key(&clinic->vault.worker, &message, &key));
    assert_true(secret_equal(secret_span(key), SPAN(parcel->key)));
}

/* What earlier tests left is brought up to date first; messages that cannot be are removed. */
static int begin(void **state)
{
    struct clinic *clinic = *state;
    struct key_rewrap_reply step = {0};
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.code; DELETE FROM vault.link_session; DELETE FROM vault.link;"
        "DELETE FROM vault.message; DELETE FROM vault.totp;"));
    while (!step.is_done)
        assert_ok(
            ask_rewrap(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &step));
    return clinic_begin(state);
}

/* --- an organisation's key --- */

static void every_message_is_under_the_new_key_and_the_old_one_is_destroyed(void **state)
{
    struct clinic *clinic = *state;
    struct parcel first = clinic_send(clinic, METHOD_CODE);
    struct parcel second = clinic_send(clinic, METHOD_CODE);
    int64_t before = newest(clinic);

    struct key_rewrap_reply step = begin_and_step(clinic);

    assert_true(step.is_done);
    assert_int_equal(step.rewrapped, 2);
    assert_int_equal(step.behind, 0);
    assert_int_equal(newest(clinic), before + 1);
    assert_int_equal(versions(clinic), 1);
    assert_opens(clinic, &first);
    assert_opens(clinic, &second);
}

static void a_rotation_is_two_events_of_the_organisation(void **state)
{
    struct clinic *clinic = *state;

    (void)begin_and_step(clinic);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_KEY_ROTATED), 2);
    struct audit_event event = audit_edge_last(EVENT_KEY_ROTATED);
    assert_true(id_equal(event.organisation, clinic->organisation));
    assert_int_equal(event.actor_class, ACTOR_OPERATOR);
    assert_non_null(strstr(audit_edge_reason(EVENT_KEY_ROTATED), "is destroyed; all is under"));
}

static void a_rotation_that_is_under_way_is_gone_on_with(void **state)
{
    struct clinic *clinic = *state;
    struct key_rotate_reply first;
    struct key_rotate_reply second;

    assert_ok(ask_rotate(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &first));
    assert_ok(
        ask_rotate(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &second));

    assert_false(first.is_resumed);
    assert_true(second.is_resumed);
    assert_int_equal(second.version, first.version);
    assert_int_equal(versions(clinic), 2);
}

static void a_message_sent_meanwhile_is_under_the_new_key(void **state)
{
    struct clinic *clinic = *state;
    struct key_rotate_reply begun;
    struct key_rewrap_reply step;
    assert_ok(ask_rotate(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &begun));

    struct parcel parcel = clinic_send(clinic, METHOD_CODE);

    assert_ok(ask_rewrap(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &step));
    assert_int_equal(step.rewrapped, 0);
    assert_true(step.is_done);
    assert_opens(clinic, &parcel);
}

/* A row that was read before, without a lock, still opens after. */
static void who_read_a_row_before_the_rotation_opens_it_after(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct secret *key DEFER(secret_free) = NULL;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct message message;
    assert_ok(message_load(&clinic->vault.worker, &arena, parcel.message, &message));

    assert_true(begin_and_step(clinic).is_done);

    assert_ok(message_key(&clinic->vault.worker, &message, &key));
    assert_true(secret_equal(secret_span(key), SPAN(parcel.key)));
}

static void an_edited_row_keeps_the_old_key_and_the_others_go_on(void **state)
{
    struct clinic *clinic = *state;
    struct parcel edited = clinic_send(clinic, METHOD_CODE);
    struct parcel whole = clinic_send(clinic, METHOD_CODE);
    char sql[160];
    (void)snprintf(sql, sizeof sql,
        "UPDATE vault.message SET expires_ms = expires_ms + 1 WHERE message = '\\x%s'",
        id_text(edited.message).text);
    assert_ok(database_run(clinic->vault.database, sql));

    struct key_rewrap_reply step = begin_and_step(clinic);

    assert_false(step.is_done);
    assert_int_equal(step.rewrapped, 1);
    assert_int_equal(step.refused, 1);
    assert_int_equal(step.behind, 1);
    assert_int_equal(versions(clinic), 2);
    assert_opens(clinic, &whole);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1);
}

static void a_row_that_is_held_is_left_for_a_later_step(void **state)
{
    struct clinic *clinic = *state;
    struct clinic replica = clinic_replica(clinic);
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    struct key_rewrap_reply step;
    struct message message;
    assert_ok(db_begin(replica.vault.worker.db, &tx));
    assert_ok(message_hold(&replica.vault.worker, &arena, parcel.message, &message));

    assert_false(begin_and_step(clinic).is_done);
    assert_int_equal(versions(clinic), 2);

    assert_ok(db_commit(&tx));
    assert_ok(ask_rewrap(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &step));
    assert_true(step.is_done);
    assert_opens(clinic, &parcel);
    clinic_replica_close(&replica);
}

static void a_second_factor_is_under_the_new_key(void **state)
{
    struct clinic *clinic = *state;
    struct worker *worker = &clinic->vault.worker;
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct account anna;
    assert_ok(account_by_email(worker, &arena, span_text("anna@example.org"), &anna));
    assert_ok(db_begin(worker->db, &tx));
    assert_ok(totp_begin(worker, &anna, span_text("01234567890123456789")));
    assert_ok(db_commit(&tx));

    assert_int_equal(begin_and_step(clinic).rewrapped, 1);

    struct totp_code code;
    int64_t now_ms = vault_now_ms(&clinic->vault);
    assert_ok(totp_code(span_text("01234567890123456789"),
        (uint64_t)(now_ms / (TOTP_STEP_S * 1000)), TOTP_DIGITS, &code));
    struct totp_question question = {
        .account = &anna, .state = TOTP_BEGUN, .code = span_text(code.digits), .now_ms = now_ms};
    assert_ok(totp_check(worker, &question));
}

/* --- who wraps holds the version --- */

struct stepper {
    struct clinic replica;
    struct key_rewrap_reply reply;
    enum sm_error error;
};

static void *step_in_thread(void *context)
{
    struct stepper *stepper = context;
    stepper->error = ask_rewrap(&stepper->replica.vault.worker, ROTATE_ORGANISATION,
        stepper->replica.organisation, &stepper->reply);
    return NULL;
}

static void await_waiting_for_a_lock(struct clinic *clinic)
{
    for (size_t i = 0; i < LOOKS_MAX; i++) {
        if (clinic_number(clinic, "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                  " current_database() AND wait_event_type = 'Lock'") > 0)
            return;
        (void)usleep(LOOK_US);
    }
    fail_msg("%s", "nobody waits for a lock");
}

static struct message draft(struct clinic *clinic, struct arena *arena)
{
    struct message message;
    struct parcel like = clinic_send(clinic, METHOD_CODE);
    assert_ok(message_load(&clinic->vault.worker, arena, like.message, &message));
    assert_ok(id_random(&message.message));
    return message;
}

static void wrap(const struct worker *worker, const struct message *message,
    const struct parcel *parcel, struct buffer *out)
{
    assert_ok(keyring_wrap(worker->crypto->keyring, worker->db, message->organisation,
        "message key", message->message, SPAN(parcel->key), out));
}

/*
 * A send has wrapped under the old version and not committed when the rotation begins and is
 * through with all that it can see. The destruction waits for the send, and counts its row.
 */
static void a_send_that_wrapped_before_is_not_left_behind(void **state)
{
    struct clinic *clinic = *state;
    struct arena arena DEFER(arena_free) = ARENA(1 << 20);
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct stepper stepper = {.replica = clinic_replica(clinic)};
    struct buffer wrapped DEFER(buffer_free) = BUFFER(512);
    struct message message = draft(clinic, &arena);
    struct parcel parcel = {.message = message.message};
    struct key_rotate_reply begun;
    struct key_rewrap_reply step;
    pthread_t thread;
    memset(parcel.key, 7, sizeof parcel.key);
    assert_ok(db_begin(clinic->vault.worker.db, &tx));
    wrap(&clinic->vault.worker, &message, &parcel, &wrapped);
    assert_ok(ask_rotate(
        &stepper.replica.vault.worker, ROTATE_ORGANISATION, clinic->organisation, &begun));
    message.wrapped = buffer_span(&wrapped);
    assert_ok(message_insert(&clinic->vault.worker, &message));

    assert_int_equal(pthread_create(&thread, NULL, step_in_thread, &stepper), 0);
    await_waiting_for_a_lock(clinic);
    assert_ok(db_commit(&tx));
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_ok(stepper.error);
    assert_false(stepper.reply.is_done);
    assert_int_equal(stepper.reply.behind, 1);
    assert_ok(ask_rewrap(&clinic->vault.worker, ROTATE_ORGANISATION, clinic->organisation, &step));
    assert_true(step.is_done);
    assert_opens(clinic, &parcel);
    clinic_replica_close(&stepper.replica);
}

/* --- what is refused --- */

static void what_is_not_there_is_not_rotated(void **state)
{
    struct clinic *clinic = *state;
    struct worker *worker = &clinic->vault.worker;
    struct key_rotate_reply begun;
    struct key_rewrap_reply step;
    struct id nobody;
    assert_ok(id_random(&nobody));

    assert_error(ask_rotate(worker, ROTATE_ORGANISATION, nobody, &begun), SM_NOT_FOUND);
    assert_error(ask_rewrap(worker, ROTATE_ORGANISATION, nobody, &step), SM_NOT_FOUND);
    assert_error(ask_rotate(worker, ROTATE_ORGANISATION, (struct id){{0}}, &begun), SM_BAD_VALUE);
    assert_error(ask_rotate(worker, ROTATE_MASTER, clinic->organisation, &begun), SM_BAD_VALUE);
    assert_error(ask_rotate(worker, ROTATE_MASTER, (struct id){{0}}, &begun), SM_NOT_FOUND);
}

/* --- the HPKE key --- */

static void a_new_hpke_key_is_offered_at_once_and_the_old_one_still_opens(void **state)
{
    struct clinic *clinic = *state;
    struct vault *vault = &clinic->vault;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct identity_statement before;
    struct identity_statement now;
    struct key_rotate_reply begun;
    struct parcel parcel = clinic_send(clinic, METHOD_CODE);
    assert_ok(hpke_keys_offer(vault->crypto.hpke, vault->worker.db, vault_now_ms(vault), &before));

    assert_ok(ask_rotate(&vault->worker, ROTATE_HPKE, (struct id){{0}}, &begun));

    assert_int_equal(begun.version, 0);
    assert_ok(hpke_keys_offer(vault->crypto.hpke, vault->worker.db, vault_now_ms(vault), &now));
    assert_memory_not_equal(now.key_id, before.key_id, sizeof now.key_id);
    struct buffer frame DEFER(buffer_free) = BUFFER(1024);
    struct buffer plaintext DEFER(buffer_free) = BUFFER(1024);
    struct sealed_exchange *sealed DEFER(sealed_exchange_free) = NULL;
    struct sealed_exchange *opened DEFER(sealed_exchange_free) = NULL;
    struct sealed_request request = {.operation = "hello", .plaintext = span_text("hello")};
    assert_ok(sealed_request_make(SPAN(before.public_key), &request, &frame, &sealed));
    assert_ok(hpke_keys_open(vault->crypto.hpke, vault->worker.db,
        &(struct hpke_request){"hello", buffer_span(&frame), vault_now_ms(vault)}, &plaintext,
        &opened));
    assert_error(
        clinic_by_link(clinic, "hello", &parcel, &answer), SM_OK); /* links pin no such key */
    audit_edge_settle(vault);
    assert_int_equal(audit_edge_count(EVENT_KEY_ROTATED), 1);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_message_is_under_the_new_key_and_the_old_one_is_destroyed),
        TEST(a_rotation_is_two_events_of_the_organisation),
        TEST(a_rotation_that_is_under_way_is_gone_on_with),
        TEST(a_message_sent_meanwhile_is_under_the_new_key),
        TEST(who_read_a_row_before_the_rotation_opens_it_after),
        TEST(an_edited_row_keeps_the_old_key_and_the_others_go_on),
        TEST(a_row_that_is_held_is_left_for_a_later_step),
        TEST(a_second_factor_is_under_the_new_key),
        TEST(a_send_that_wrapped_before_is_not_left_behind),
        TEST(what_is_not_there_is_not_rotated),
        TEST(a_new_hpke_key_is_offered_at_once_and_the_old_one_still_opens),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
