/* A send is one commit: key, links, letters and events, all or nothing, and once. */
#include "envelope/box.h"
#include "envelope/link.h"
#include "proto/notify.h"
#include "services/crypto/handlers.h"
#include "services/crypto/organisation.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

#include <pthread.h>

static int begin(void **state)
{
    struct clinic *clinic = *state;
    assert_ok(database_run(clinic->vault.database,
        "DELETE FROM vault.mail_job; DELETE FROM vault.feed; DELETE FROM vault.link;"
        "DELETE FROM vault.message; DELETE FROM vault.usage"));
    return clinic_begin(state);
}

static enum sm_error send_form(struct clinic *clinic, const struct sending_form *form)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    return clinic_ask_send(clinic, form, &answer);
}

static int64_t rows(struct clinic *clinic)
{
    return clinic_number(clinic, "SELECT (SELECT count(*) FROM vault.message)"
                                 " + (SELECT count(*) FROM vault.link)"
                                 " + (SELECT count(*) FROM vault.mail_job)"
                                 " + (SELECT count(*) FROM vault.feed WHERE kind < 4)");
}
enum { ROWS_OF_ONE_SEND = 5 }; /* a message, a link, a letter; the feed has message and link */

/* --- all or nothing, once --- */

static void a_send_is_confirmed_when_the_log_has_it(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);

    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);

    const struct send_reply *reply = answer.reply;
    assert_true(id_equal(reply->message, parcel.message));
    assert_int_equal(reply->links.count, 1);
    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
    assert_int_equal(audit_edge_count(EVENT_SENT), 1);
    assert_string_equal(audit_edge_reason(EVENT_SENT), "password");
    assert_true(id_equal(audit_edge_last(EVENT_SENT).actor, clinic->anna.user));
}

static void the_same_send_again_answers_the_same_and_does_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer first DEFER(answer_free) = ANSWER;
    struct answer again DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);

    assert_error(clinic_ask_send(clinic, &form, &first), SM_OK);
    assert_error(clinic_ask_send(clinic, &form, &again), SM_OK);

    const struct send_reply *one = first.reply;
    const struct send_reply *two = again.reply;
    assert_true(id_equal(LIST_AT(struct link_facts, one->links, 0)->link,
        LIST_AT(struct link_facts, two->links, 0)->link));
    assert_int_equal(one->expires_ms, two->expires_ms);
    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_SENT), 1);
}

static void another_send_under_the_same_name_is_a_conflict(void **state)
{
    struct clinic *clinic = *state;
    struct sending_form form;
    struct sending_form other;
    struct parcel parcel;
    static const uint8_t other_key[KEY_BYTES] = {9};
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    assert_error(send_form(clinic, &form), SM_OK);

    for (size_t i = 0; i < 6; i++) {
        other = form;
        other.request.recipients.items = &other.recipient;
        if (i == 0)
            other.recipient.address = span_text("mallory@example.net");
        if (i == 1)
            other.recipient.password = span_text("another password");
        if (i == 2)
            other.request.lifetime_days = 30;
        if (i == 3)
            other.request.subject_sealed = span_text("another subject");
        if (i == 4)
            other.request.key = SPAN(other_key);
        if (i == 5)
            other.request.session =
                (struct session_proof){clinic->bert.session, SPAN(clinic->bert.secret)};
        assert_error(send_form(clinic, &other), SM_CONFLICT);
    }

    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
}

struct sender {
    pthread_t thread;
    struct clinic replica;
    const struct sending_form *form;
    enum sm_error result;
};

static void *send_now(void *context)
{
    struct sender *sender = context;
    sender->result = send_form(&sender->replica, sender->form);
    return NULL;
}

static void the_same_send_by_many_workers_at_once_is_one(void **state)
{
    enum { SENDERS = 8 };
    struct clinic *clinic = *state;
    struct sender senders[SENDERS];
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    for (size_t i = 0; i < SENDERS; i++)
        senders[i] = (struct sender){.replica = clinic_replica(clinic), .form = &form};

    for (size_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_now, &senders[i]), 0);
    for (size_t i = 0; i < SENDERS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        clinic_replica_close(&senders[i].replica);
    }

    for (size_t i = 0; i < SENDERS; i++)
        assert_error(senders[i].result, SM_OK);
    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_SENT), 1);
}

static void without_the_log_a_send_is_not_confirmed_and_its_letter_waits(void **state)
{
    static const char may_go[] = "SELECT count(*) FROM vault.mail_job AS waiting WHERE NOT EXISTS"
                                 " (SELECT FROM vault.event WHERE event = waiting.waits_for)";
    struct clinic *clinic = *state;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);

    audit_edge_set_down(true);
    clinic->call_ms = 600;
    assert_error(send_form(clinic, &form), SM_UNAVAILABLE);
    assert_int_equal(clinic_number(clinic, may_go), 0);

    audit_edge_set_down(false);
    clinic->call_ms = 60 * 1000;
    assert_error(send_form(clinic, &form), SM_OK);
    assert_int_equal(clinic_number(clinic, may_go), 1);
    assert_int_equal(audit_edge_count(EVENT_SENT), 1);
}

/* --- several recipients --- */

static void each_recipient_has_a_link_a_letter_and_an_entry_of_his_own(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    struct recipient three[3];
    const char *const addresses[] = {"a@example.net", "b@example.net", "c@example.net"};
    clinic_fill_send(clinic, &parcel, METHOD_CODE, &form);
    for (size_t i = 0; i < 3; i++) {
        three[i] = form.recipient;
        three[i].address = span_text(addresses[i]);
    }
    form.request.recipients = LIST_OF(three);

    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);

    const struct send_reply *reply = answer.reply;
    for (size_t i = 0; i < 3; i++)
        assert_true(
            span_equals_text(LIST_AT(struct link_facts, reply->links, i)->address, addresses[i]));
    assert_int_equal(clinic_number(clinic, "SELECT count(DISTINCT link) FROM vault.link"), 3);
    assert_int_equal(
        clinic_number(clinic, "SELECT count(DISTINCT link) FROM vault.mail_job WHERE kind = 1"), 3);
    assert_int_equal(audit_edge_count(EVENT_SENT), 3);
}

/* --- what the letter says --- */

static void the_letter_has_the_link_and_nothing_of_the_content(void **state)
{
    static const struct statement one = {
        "one_letter", "SELECT job, sealed, link FROM vault.mail_job"};
    struct clinic *clinic = *state;
    struct parcel parcel = clinic_send(clinic, METHOD_PASSWORD);
    struct db_rows *found DEFER(db_rows_free) = NULL;
    struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct link_parts parts DEFER(link_wipe) = {0};
    struct letter content;
    struct span sealed;
    struct id job;
    assert_ok(DB_RUN0(clinic->vault.worker.db, &one, &found));
    assert_ok(db_read_id(found, 0, 0, &job));
    assert_ok(db_read_bytes(found, 0, 1, MAIL_JOB_BYTES_MAX, &sealed));

    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    assert_ok(box_open(clinic->letter_key, &label, sealed, &plain));
    assert_ok(fields_decode(&letter, buffer_span(&plain), &arena, &content));

    assert_int_equal(content.kind, LETTER_NOTICE);
    assert_true(span_equals_text(content.to_address, CLINIC_RECIPIENT));
    assert_true(span_equals_text(content.sender_name, "Anna de Vries"));
    assert_int_equal(content.code.size, 0);
    assert_ok(link_parse(content.link, &parts, NULL));
    assert_memory_equal(parts.secret, parcel.secret, sizeof parts.secret);
    job.bytes[0] ^= 1; /* a letter opens as its own job only */
    buffer_clear(&plain);
    assert_error(box_open(clinic->letter_key, &label, sealed, &plain), SM_TAMPERED);
}

static void nothing_secret_stands_in_the_database(void **state)
{
    static const struct statement find = {"find_secret",
        "SELECT (SELECT count(*) FROM vault.message WHERE position($1 IN wrapped) > 0)"
        " + (SELECT count(*) FROM vault.link WHERE position($1 IN verifier) > 0)"
        " + (SELECT count(*) FROM vault.mail_job WHERE position($1 IN sealed) > 0)"
        " + (SELECT count(*) FROM vault.feed WHERE position($1 IN body) > 0)"
        " + (SELECT count(*) FROM vault.event WHERE position($1 IN body) > 0)"};
    struct clinic *clinic = *state;
    audit_edge_set_down(true); /* so that the events are there to look at */
    struct db *db DEFER(db_close) = NULL;
    struct sending_form form;
    struct parcel parcel;
    clinic->call_ms = 600;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    assert_error(send_form(clinic, &form), SM_UNAVAILABLE);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    parcel.link = (struct id){{0}};
    static const struct statement its_link = {"its_link", "SELECT link FROM vault.link"};
    struct db_rows *links DEFER(db_rows_free) = NULL;
    assert_ok(DB_RUN0(clinic->vault.worker.db, &its_link, &links));
    assert_ok(db_read_id(links, 0, 0, &parcel.link));
    assert_ok(link_secret(
        keyring_key(clinic->vault.crypto.keyring, KEY_LINK), parcel.link, 1, parcel.secret));
    assert_ok(db_open(database_conninfo(clinic->vault.database, "postgres").text, &db));

    struct span secrets[] = {SPAN(parcel.key), SPAN(parcel.secret), span_text(CLINIC_PASSWORD)};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        struct db_rows *found DEFER(db_rows_free) = NULL;
        int64_t places;
        assert_ok(DB_RUN(db, &find, &found, db_bytes(secrets[i])));
        assert_ok(db_read_i64(found, 0, 0, &places));
        assert_int_equal(places, 0);
    }
}

/* --- what is refused --- */

enum wrong {
    OTHER_CLEAR_PART,
    LIFETIME,
    LANGUAGE,
    NO_ADDRESS,
    TWICE_THE_SAME,
    SHORT_PASSWORD,
    PASSWORD_FOR_A_CODE,
    UNKNOWN_METHOD,
    PART_OUT_OF_ORDER,
    PART_OF_IMPOSSIBLE_SIZE,
    WRONG_COUNT,
};

static void spoil(struct sending_form *form, enum wrong wrong)
{
    static struct recipient two[2];
    static struct part_facts parts[CLINIC_PARTS];
    memcpy(parts, form->request.parts.items, sizeof parts);
    two[0] = two[1] = form->recipient;
    two[1].address = span_text("ROSA@example.NET");
    switch (wrong) {
    case OTHER_CLEAR_PART:
    case WRONG_COUNT:
        break;
    case LIFETIME:
        form->request.lifetime_days = 2;
        break;
    case LANGUAGE:
        form->request.language = span_text("fr");
        break;
    case NO_ADDRESS:
        form->recipient.address = span_text("rosa@example.net, x@example.net");
        break;
    case TWICE_THE_SAME:
        form->request.recipients = LIST_OF(two);
        break;
    case SHORT_PASSWORD:
        form->recipient.password = span_text("seven77");
        break;
    case PASSWORD_FOR_A_CODE:
        form->recipient.method = METHOD_CODE;
        break;
    case UNKNOWN_METHOD:
        form->recipient.method = METHOD_PASSWORD | METHOD_CODE;
        break;
    case PART_OUT_OF_ORDER:
        parts[1].number = 2;
        form->request.parts = LIST_OF(parts);
        break;
    case PART_OF_IMPOSSIBLE_SIZE:
        parts[0].ciphertext_size = 56; /* less than salt, commitment and one last chunk */
        form->request.parts = LIST_OF(parts);
        break;
    }
}

static void what_breaks_a_rule_is_refused_and_leaves_nothing(void **state)
{
    struct clinic *clinic = *state;

    for (enum wrong wrong = OTHER_CLEAR_PART; wrong <= WRONG_COUNT; wrong++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        struct sending_form form;
        struct parcel parcel;
        clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
        spoil(&form, wrong);
        struct ask ask = {.operation = "send",
            .message = &form.request,
            .clear = {form.request.message, form.request.parts.count + (wrong == WRONG_COUNT)},
            .call_ms = clinic->call_ms};
        if (wrong == OTHER_CLEAR_PART)
            ask.clear.message.bytes[0] ^= 1;
        assert_error(ask_crypto(&clinic->vault, &ask, &answer), SM_BAD_VALUE);
    }

    assert_int_equal(rows(clinic), 0);
}

static void set_methods(struct clinic *clinic, uint64_t methods)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct organisation organisation;
    assert_ok(db_begin(clinic->vault.worker.db, &tx));
    assert_ok(
        organisation_lock(&clinic->vault.worker, &arena, clinic->organisation, &organisation));
    organisation.methods = methods;
    assert_ok(organisation_update(&clinic->vault.worker, &organisation));
    assert_ok(db_commit(&tx));
}

static void policy_is_kept_and_a_refusal_is_in_the_log(void **state)
{
    struct clinic *clinic = *state;
    struct sending_form form;
    struct parcel parcel;
    set_methods(clinic, METHOD_CODE);
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);

    enum sm_error by_password = send_form(clinic, &form);

    set_methods(clinic, METHODS_ALL);
    assert_error(by_password, SM_NOT_ALLOWED);
    assert_int_equal(rows(clinic), 0);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_SEND_REFUSED), 1);
}

/* What is there already goes on, and is answered again. */
static void a_full_store_takes_nothing_more(void **state)
{
    struct clinic *clinic = *state;
    struct sending_form form;
    struct sending_form more;
    struct parcel parcel;
    struct parcel another;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    clinic_fill_send(clinic, &another, METHOD_PASSWORD, &more);
    assert_error(send_form(clinic, &form), SM_OK);
    assert_ok(database_run(clinic->vault.database,
        "INSERT INTO vault.usage SELECT organisation, 63, total_bytes_max FROM vault.organisation"
        " ON CONFLICT (organisation, shard) DO UPDATE SET bytes = excluded.bytes"));

    assert_error(send_form(clinic, &more), SM_NOT_ALLOWED);
    assert_error(send_form(clinic, &form), SM_OK);

    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_SEND_REFUSED), 1);
    assert_string_equal(
        audit_edge_reason(EVENT_SEND_REFUSED), "The organisation's storage is full.");
}

static void an_edited_message_is_not_answered_again(void **state)
{
    struct clinic *clinic = *state;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    assert_error(send_form(clinic, &form), SM_OK);
    assert_ok(database_run(
        clinic->vault.database, "UPDATE vault.message SET expires_ms = expires_ms + 1"));

    assert_error(send_form(clinic, &form), SM_TAMPERED);
    assert_error(send_form(clinic, &form), SM_TAMPERED);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_TAMPERING_DETECTED), 1); /* met twice, said once */
    assert_int_equal(rows(clinic), ROWS_OF_ONE_SEND);
}

static void a_follow_up_names_what_its_sender_can_see(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel followed = clinic_send(clinic, METHOD_PASSWORD);
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);
    form.request.parent = followed.message;

    form.request.session = (struct session_proof){clinic->bert.session, SPAN(clinic->bert.secret)};
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_NOT_FOUND);
    form.request.session = (struct session_proof){clinic->anna.session, SPAN(clinic->anna.secret)};
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
}

static void only_senders_send(void **state)
{
    struct clinic *clinic = *state;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, METHOD_PASSWORD, &form);

    form.request.session =
        (struct session_proof){clinic->carla.session, SPAN(clinic->carla.secret)};
    assert_error(send_form(clinic, &form), SM_NOT_ALLOWED);
    form.request.session.secret = SPAN(clinic->anna.secret);
    assert_error(send_form(clinic, &form), SM_NOT_SIGNED_IN);
    assert_int_equal(rows(clinic), 0);
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_send_is_confirmed_when_the_log_has_it),
        TEST(the_same_send_again_answers_the_same_and_does_nothing),
        TEST(another_send_under_the_same_name_is_a_conflict),
        TEST(the_same_send_by_many_workers_at_once_is_one),
        TEST(without_the_log_a_send_is_not_confirmed_and_its_letter_waits),
        TEST(each_recipient_has_a_link_a_letter_and_an_entry_of_his_own),
        TEST(the_letter_has_the_link_and_nothing_of_the_content),
        TEST(nothing_secret_stands_in_the_database),
        TEST(what_breaks_a_rule_is_refused_and_leaves_nothing),
        TEST(policy_is_kept_and_a_refusal_is_in_the_log),
        TEST(a_full_store_takes_nothing_more),
        TEST(an_edited_message_is_not_answered_again),
        TEST(a_follow_up_names_what_its_sender_can_see),
        TEST(only_senders_send),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
