/*
 * The bytes that are hashed and signed, as docs/audit-format.md has them. The expected hashes were
 * made with Python's hashlib from that page, not with this code.
 */
#include "services/audit/chain.h"

#include "base/memory.h"
#include "services/audit/canon.h"
#include "services/audit/checkpoint.h"
#include "services/audit/commitment.h"
#include "services/audit/event.h"
#include "tests/support/check.h"

#include <stdio.h>

static const struct id clinic = {{0xc1, 0x11}};

static struct signing_key *key_of(uint8_t seed)
{
    const uint8_t bytes[32] = {seed};
    struct signing_key *key = NULL;
    assert_ok(signing_key_new(SPAN(bytes), &key));
    return key;
}

static void an_entry_s_hash_has_its_domain_in_front(void **state)
{
    struct hash hash;
    (void)state;
    assert_ok(chain_hash(span_text("{}"), &hash));
    assert_string_equal(
        hash_text(&hash).text, "1ee6ad88250f153bcc34e2c4e4f9621d97fb76fa97b79bbcdd68d7f71956edf8");
    assert_error(chain_hash(span_of("", AUDIT_ENTRY_BYTES_MAX + 1), &hash), SM_TOO_LARGE);
}

static void a_commitment_covers_salt_name_and_value(void **state)
{
    const uint8_t salt[COMMITMENT_SALT_BYTES] = {1, 2, 3};
    struct hash hash;
    struct hash other;
    (void)state;
    assert_ok(commitment_make(salt, span_text("user"), span_text("ada@clinic.example"), &hash));
    assert_string_equal(
        hash_text(&hash).text, "9d054026aadad64a6dc634008bdd68720764b634c63b926780bda7364918513d");

    assert_ok(commitment_make(salt, span_text("usera"), span_text("da@clinic.example"), &other));
    assert_false(hash_equal(&hash, &other)); /* the border between them counts */
}

static void a_commitment_to_too_much_is_refused(void **state)
{
    static const char long_text[ADDRESS_BYTES_LIMIT + 2] = {0};
    const uint8_t salt[COMMITMENT_SALT_BYTES] = {1};
    struct hash hash;
    struct span too_long = span_of(long_text, ADDRESS_BYTES_LIMIT + 1);
    (void)state;
    assert_error(commitment_make(salt, span_text("user"), too_long, &hash), SM_TOO_LARGE);
    assert_error(commitment_make(salt, too_long, span_text("x"), &hash), SM_TOO_LARGE);
    assert_ok(
        commitment_make(salt, span_text("user"), span_of(long_text, ADDRESS_BYTES_LIMIT), &hash));
}

/* --- checkpoints --- */

static void a_checkpoint_is_of_one_key_one_log_and_one_tree(void **state)
{
    (void)state;
    struct signing_key *key DEFER(signing_key_free) = key_of(7);
    struct signing_key *other DEFER(signing_key_free) = key_of(8);
    struct buffer note DEFER(buffer_free) = BUFFER(CHECKPOINT_NOTE_BYTES_MAX);
    struct tree tree = {0};
    struct tree longer;
    assert_ok(tree_add(&tree, span_text("x")));
    longer = tree;
    assert_ok(tree_add(&longer, span_text("y")));
    assert_ok(checkpoint_sign(key, clinic, &tree, &note));

    assert_ok(checkpoint_check(key, clinic, &tree, buffer_span(&note)));
    assert_error(checkpoint_check(other, clinic, &tree, buffer_span(&note)), SM_TAMPERED);
    assert_error(checkpoint_check(key, (struct id){{1}}, &tree, buffer_span(&note)), SM_TAMPERED);
    assert_error(checkpoint_check(key, clinic, &longer, buffer_span(&note)), SM_TAMPERED);
    for (size_t i = 0; i < note.size; i++) {
        note.bytes[i] ^= 1;
        assert_error(checkpoint_check(key, clinic, &tree, buffer_span(&note)), SM_TAMPERED);
        note.bytes[i] ^= 1;
    }
    assert_error(
        checkpoint_check(key, clinic, &tree, span_slice(buffer_span(&note), 0, note.size - 1)),
        SM_TAMPERED);
}

static void the_longest_checkpoint_fits(void **state)
{
    (void)state;
    struct signing_key *key DEFER(signing_key_free) = key_of(7);
    struct buffer note DEFER(buffer_free) = BUFFER(CHECKPOINT_NOTE_BYTES_MAX);
    struct tree tree = {.size = INT64_MAX};
    assert_ok(checkpoint_sign(key, clinic, &tree, &note));
}

/* --- entries --- */

static void an_entry_has_the_documented_bytes(void **state)
{
    (void)state;
    struct buffer out DEFER(buffer_free) = BUFFER(AUDIT_ENTRY_BYTES_MAX);
    const struct personal_field who[] = {{span_text("recipient"), span_text("a@b.example")}};
    const struct hash commitment = {{0xab}};
    const struct audit_event event = {.event = {{0xee}},
        .organisation = clinic,
        .kind = EVENT_OPENED,
        .at_ms = 1700000000123,
        .message = {{0x11}},
        .actor_class = ACTOR_RECIPIENT,
        .reason = span_text("why \"so\""),
        .personal = LIST_OF(who)};
    const struct place place = {.seq = 2, .prev = &chain_start, .recorded_ms = 1700000000124};
    assert_ok(event_entry(
        &(struct report){.event = &event, .source = PEER_CRYPTO}, &place, &commitment, &out));

    assert_span(buffer_span(&out),
        "{\"actor_class\":\"recipient\",\"at\":\"2023-11-14T22:13:20.123Z\","
        "\"event\":\"ee000000000000000000000000000000\",\"kind\":\"opened\","
        "\"message\":\"11000000000000000000000000000000\","
        "\"organisation\":\"c1110000000000000000000000000000\","
        "\"personal\":[{\"commitment\":"
        "\"ab00000000000000000000000000000000000000000000000000000000000000\","
        "\"name\":\"recipient\"}],"
        "\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"reason\":\"why \\\"so\\\"\",\"recorded\":\"2023-11-14T22:13:20.124Z\","
        "\"result\":\"ok\",\"seq\":2,\"source\":\"crypto\",\"version\":1}");
}

static void who_may_not_report_a_kind_is_refused(void **state)
{
    struct audit_event event = {
        .event = {{1}}, .organisation = clinic, .kind = EVENT_OPENED, .at_ms = 1};
    (void)state;
    assert_ok(event_check(&event, PEER_CRYPTO));
    assert_error(event_check(&event, PEER_RETENTION), SM_NOT_ALLOWED);
    assert_error(event_check(&event, PEER_GATEWAY), SM_NOT_ALLOWED);
    event.kind = EVENT_LOG_EXPORTED;
    assert_error(event_check(&event, PEER_CRYPTO), SM_NOT_ALLOWED);
}

static void nobody_but_audit_writes_the_operator_s_log(void **state)
{
    struct audit_event event = {
        .event = {{1}}, .organisation = operators_log, .kind = EVENT_LOG_EXPORTED, .at_ms = 1};
    (void)state;
    assert_ok(event_check(&event, PEER_AUDIT));
    event.kind = EVENT_OPENED;
    assert_error(event_check(&event, PEER_CRYPTO), SM_NOT_ALLOWED);
}

static void an_event_outside_its_catalogue_is_refused(void **state)
{
    const struct audit_event good = {
        .event = {{1}}, .organisation = clinic, .kind = EVENT_OPENED, .at_ms = 1};
    (void)state;
    const struct personal_field who[] = {{span_text("\x1b[2J"), span_text("x")}};
    struct audit_event bad[7];
    for (size_t i = 0; i < 7; i++)
        bad[i] = good;
    bad[6].personal = LIST_OF(who);
    bad[0].kind = EVENT_NONE;
    bad[1].kind = EVENT_KIND_COUNT;
    bad[2].at_ms = 253402300800000; /* the year 10000 */
    bad[3].organisation = (struct id){{0}};
    bad[4].event = (struct id){{0}};
    bad[5].result = RESULT_REFUSED + 1;
    for (size_t i = 0; i < 7; i++)
        assert_error(event_check(&bad[i], PEER_CRYPTO), SM_BAD_VALUE);
}

/* Every field at its limit, in the longest spelling: the entry must fit its own limit. */
static void the_longest_event_fits_an_entry(void **state)
{
    static char reason[REASON_BYTES_MAX];
    struct personal_field who[AUDIT_PERSONAL_MAX];
    struct hash commitments[AUDIT_PERSONAL_MAX] = {{{0xff}}};
    (void)state;
    struct buffer out DEFER(buffer_free) = BUFFER(AUDIT_ENTRY_BYTES_MAX);
    memset(reason, '"', sizeof reason);
    for (size_t i = 0; i < AUDIT_PERSONAL_MAX; i++)
        who[i] = (struct personal_field){span_text("sixteen-letters-"), span_text("x")};
    const struct audit_event event = {.event = {{1}},
        .organisation = clinic,
        .kind = EVENT_NOTIFICATION_CANCELLED,
        .at_ms = 1,
        .message = {{1}},
        .link = {{1}},
        .actor_class = ACTOR_RECIPIENT,
        .actor = {{1}},
        .reason = SPAN(reason),
        .personal = LIST_OF(who)};
    const struct place place = {.seq = CANON_NUMBER_MAX, .prev = &chain_start, .recorded_ms = 1};
    assert_ok(event_entry(
        &(struct report){.event = &event, .source = PEER_NOTIFIER}, &place, commitments, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_s_hash_has_its_domain_in_front),
        cmocka_unit_test(a_commitment_covers_salt_name_and_value),
        cmocka_unit_test(a_commitment_to_too_much_is_refused),
        cmocka_unit_test(a_checkpoint_is_of_one_key_one_log_and_one_tree),
        cmocka_unit_test(the_longest_checkpoint_fits),
        cmocka_unit_test(an_entry_has_the_documented_bytes),
        cmocka_unit_test(who_may_not_report_a_kind_is_refused),
        cmocka_unit_test(nobody_but_audit_writes_the_operator_s_log),
        cmocka_unit_test(an_event_outside_its_catalogue_is_refused),
        cmocka_unit_test(the_longest_event_fits_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
