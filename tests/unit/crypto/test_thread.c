/* A recipient sees his own conversation, all of it and nothing else, and opens it with one check.
 */
#include "envelope/link.h"
#include "services/crypto/handlers.h"
#include "tests/support/audit_edge.inc"
#include "tests/support/check.h"
#include "tests/support/clinic.h"

/* --- a conversation --- */

/* anna answers `parent`, to `address`. */
static struct parcel answer_to(
    struct clinic *clinic, struct id parent, enum method method, const char *address)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, method, &form);
    form.request.parent = parent;
    form.recipient.address = span_text(address);
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
    const struct send_reply *reply = answer.reply;
    parcel.link = LIST_AT(struct link_facts, reply->links, 0)->link;
    assert_ok(link_secret(
        keyring_key(clinic->vault.crypto.keyring, KEY_LINK), parcel.link, 1, parcel.secret));
    return parcel;
}

static struct id reply_as(struct clinic *clinic, const struct page *page)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct id reply;
    assert_ok(id_random(&reply));
    assert_error(clinic_reply(clinic, page, reply, &answer), SM_OK);
    return reply;
}

/* rosa gets a message, answers, and gets an answer to that. */
struct conversation {
    struct parcel first, second;
    struct page rosa; /* verified by the first link */
    struct id reply;
};

static struct conversation converse(struct clinic *clinic, enum method first, enum method second)
{
    struct conversation talk = {.first = clinic_send(clinic, first)};
    talk.rosa = clinic_verified(clinic, &talk.first);
    talk.reply = reply_as(clinic, &talk.rosa);
    talk.second = answer_to(clinic, talk.reply, second, "Rosa@example.net");
    return talk;
}

/* --- asking --- */

static const struct thread_row *row_of(const struct answer *answer, struct id message)
{
    const struct thread_reply *reply = answer->reply;
    for (size_t i = 0; i < reply->items.count; i++)
        if (id_equal(LIST_AT(struct thread_row, reply->items, i)->message, message))
            return LIST_AT(struct thread_row, reply->items, i);
    return NULL;
}

static size_t count_of(const struct answer *answer)
{
    return ((const struct thread_reply *)answer->reply)->items.count;
}

static enum sm_error open_one(
    struct clinic *clinic, const struct page *page, struct id message, struct answer *answer)
{
    return clinic_with_message(clinic, "open_message", page, message, answer);
}

/* --- the list --- */

static void the_whole_conversation_is_seen_from_each_of_its_links(void **state)
{
    struct clinic *clinic = *state;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    struct page by_second = clinic_verified(clinic, &talk.second);
    const struct page *const pages[] = {&talk.rosa, &by_second};

    for (size_t i = 0; i < 2; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        assert_error(clinic_with_session(clinic, "thread", pages[i], &answer), SM_OK);

        assert_int_equal(count_of(&answer), 3);
        const struct thread_row *first = row_of(&answer, talk.first.message);
        const struct thread_row *reply = row_of(&answer, talk.reply);
        const struct thread_row *second = row_of(&answer, talk.second.message);
        assert_true(first && reply && second);
        assert_true(first->is_open && reply->is_open && second->is_open);
        assert_int_equal(reply->direction, DIRECTION_REPLY);
        assert_int_equal(second->direction, DIRECTION_MESSAGE);
        assert_true(id_equal(reply->parent, talk.first.message));
        assert_int_equal(first->is_this, i == 0);
        assert_int_equal(second->is_this, i == 1);
    }
}

static void what_others_wrote_or_got_is_not_seen(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    struct parcel to_sam =
        answer_to(clinic, talk.first.message, METHOD_PASSWORD, "sam@example.net");
    struct page sam = clinic_verified(clinic, &to_sam);
    struct id sams_reply = reply_as(clinic, &sam);
    struct parcel elsewhere = clinic_send(clinic, METHOD_PASSWORD); /* another conversation */

    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_OK);
    assert_int_equal(count_of(&answer), 3);
    assert_error(open_one(clinic, &talk.rosa, to_sam.message, &answer), SM_GONE);
    assert_error(open_one(clinic, &talk.rosa, sams_reply, &answer), SM_GONE);
    assert_error(open_one(clinic, &talk.rosa, elsewhere.message, &answer), SM_GONE);

    assert_error(clinic_with_session(clinic, "thread", &sam, &answer), SM_OK);
    assert_int_equal(count_of(&answer), 2);
    assert_error(open_one(clinic, &sam, talk.first.message, &answer), SM_GONE);
    assert_error(open_one(clinic, &sam, talk.reply, &answer), SM_GONE);
}

static void who_is_not_verified_sees_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);

    talk.rosa.secret[0] ^= 1;
    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_NOT_SIGNED_IN);
    assert_error(open_one(clinic, &talk.rosa, talk.reply, &answer), SM_NOT_SIGNED_IN);
    assert_error(clinic_with_session(clinic, "thread", &clinic->anna, &answer), SM_NOT_SIGNED_IN);
}

/* --- opening --- */

static void an_answer_opens_with_an_event_of_its_own_and_shows_as_opened(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);

    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_OK);

    const struct content_reply *content = answer.reply;
    assert_true(span_equal(content->key, SPAN(talk.second.key)));
    assert_int_equal(content->direction, DIRECTION_MESSAGE);
    struct audit_event event = audit_edge_last(EVENT_OPENED);
    assert_true(id_equal(event.message, talk.second.message));
    assert_true(id_equal(event.link, talk.second.link));
    assert_true(clinic_link(clinic, &talk.second, &arena).opened_ms > 0);
    assert_int_equal(clinic_link(clinic, &talk.first, &arena).opened_ms, 0);

    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_OK);
    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1); /* asked again: the same one */
}

static void an_own_reply_is_read_again(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);

    assert_error(open_one(clinic, &talk.rosa, talk.reply, &answer), SM_OK);

    const struct content_reply *content = answer.reply;
    assert_int_equal(content->direction, DIRECTION_REPLY);
    assert_int_equal(content->key.at[0], 7);
    assert_true(id_equal(audit_edge_last(EVENT_READ_BY_RECIPIENT).message, talk.reply));
    assert_int_equal(audit_edge_count(EVENT_OPENED), 0);
}

static void the_link_s_own_message_opens_as_with_open(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_CODE, METHOD_CODE);

    assert_error(open_one(clinic, &talk.rosa, talk.first.message, &answer), SM_OK);
    assert_error(clinic_with_session(clinic, "open", &talk.rosa, &answer), SM_OK);

    audit_edge_settle(&clinic->vault);
    assert_int_equal(audit_edge_count(EVENT_OPENED), 1);
}

static void without_the_log_nothing_is_released(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    clinic->call_ms = 600;

    audit_edge_set_down(true);
    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_UNAVAILABLE);
    assert_error(open_one(clinic, &talk.rosa, talk.reply, &answer), SM_UNAVAILABLE);
    audit_edge_set_down(false);
}

/* A code by mail does not open what asks for a password. */
static void a_stronger_check_is_not_passed_by_a_weaker_one(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_CODE, METHOD_PASSWORD);
    struct page by_second = clinic_verified(clinic, &talk.second);

    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_OK);
    assert_false(row_of(&answer, talk.second.message)->is_open);
    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_GONE);
    assert_error(open_one(clinic, &by_second, talk.first.message, &answer), SM_OK);
}

static void what_has_ended_is_listed_and_stays_closed(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &talk.second, &answer), SM_OK);

    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_OK);
    assert_false(row_of(&answer, talk.second.message)->is_open);
    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_GONE);

    assert_error(clinic_with_link(clinic, "revoke", &clinic->anna, &talk.first, &answer), SM_OK);
    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_GONE);
    assert_error(open_one(clinic, &talk.rosa, talk.reply, &answer), SM_GONE);
}

static void a_locked_link_is_not_opened_by_another_way(void **state)
{
    struct clinic *clinic = *state;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);

    for (int i = 0; i < 5; i++) {
        struct answer answer DEFER(answer_free) = ANSWER;
        (void)clinic_verify(clinic, &talk.second, "a wrong guess", "", &answer);
    }

    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(open_one(clinic, &talk.rosa, talk.second.message, &answer), SM_GONE);
}

/* --- an attacker with the database --- */

static void an_edited_row_opens_nothing(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    struct parcel to_sam =
        answer_to(clinic, talk.first.message, METHOD_PASSWORD, "sam@example.net");
    assert_ok(database_run(clinic->vault.database,
        "UPDATE vault.link SET address = 'rosa@example.net' WHERE address LIKE 'sam@%'"));

    assert_error(open_one(clinic, &talk.rosa, to_sam.message, &answer), SM_TAMPERED);
    assert_error(clinic_with_session(clinic, "thread", &talk.rosa, &answer), SM_OK);
    assert_null(row_of(&answer, to_sam.message));
    assert_ok(database_run(clinic->vault.database, "DELETE FROM vault.link WHERE address LIKE"
                                                   " 'rosa@%' AND link NOT IN (SELECT link FROM"
                                                   " vault.link_session)"));
}

/* --- the sender's side --- */

static void the_sender_reads_what_he_sent_and_what_came_back(void **state)
{
    struct clinic *clinic = *state;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct conversation talk = converse(clinic, METHOD_PASSWORD, METHOD_PASSWORD);
    const struct id all[] = {talk.first.message, talk.reply, talk.second.message};

    for (size_t i = 0; i < 3; i++) {
        assert_error(clinic_with_message(clinic, "read", &clinic->anna, all[i], &answer), SM_OK);
        assert_error(
            clinic_with_message(clinic, "read", &clinic->bert, all[i], &answer), SM_NOT_FOUND);
    }
}

/* clang-format off */
#define TEST(name) cmocka_unit_test_setup(name, clinic_begin)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_whole_conversation_is_seen_from_each_of_its_links),
        TEST(what_others_wrote_or_got_is_not_seen),
        TEST(who_is_not_verified_sees_nothing),
        TEST(an_answer_opens_with_an_event_of_its_own_and_shows_as_opened),
        TEST(an_own_reply_is_read_again),
        TEST(the_link_s_own_message_opens_as_with_open),
        TEST(without_the_log_nothing_is_released),
        TEST(a_stronger_check_is_not_passed_by_a_weaker_one),
        TEST(what_has_ended_is_listed_and_stays_closed),
        TEST(a_locked_link_is_not_opened_by_another_way),
        TEST(an_edited_row_opens_nothing),
        TEST(the_sender_reads_what_he_sent_and_what_came_back),
    };
    return cmocka_run_group_tests(tests, clinic_set_up, clinic_tear_down);
}
