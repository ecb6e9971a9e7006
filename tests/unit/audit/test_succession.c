/* The signing key is handed over in the log itself, signed by the old one, and never loses a log.
 */
#include "tests/unit/audit/ledger.inc"

#include "services/audit/succession.h"
#include "services/audit/successor.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct office {
    struct ledger ledger;
    char folder[64], conninfo[256];
};

static int set_up(void **state)
{
    static struct office office;
    struct ledger *ledger = &office.ledger;
    *state = &office;
    ledger_open(ledger);
    (void)snprintf(office.folder, sizeof office.folder, "/tmp/securemail-succession-XXXXXX");
    assert_non_null(mkdtemp(office.folder));
    (void)snprintf(office.conninfo, sizeof office.conninfo, "%s",
        database_conninfo(ledger->database, "sm_audit").text);
    heads_free(&ledger->heads);
    signing_key_free(&ledger->key);
    assert_ok(signing_key_open(office.folder, true, &ledger->key));
    assert_ok(heads_new(ledger->key, &ledger->heads));
    ledger_fill(ledger, clinic, 3);
    ledger_fill(ledger, lawyers, 2);
    return 0;
}

static size_t count_files(const struct office *office, const char *pattern)
{
    char path[128];
    glob_t found = {0};
    (void)snprintf(path, sizeof path, "%s/%s", office->folder, pattern);
    (void)glob(path, 0, NULL, &found);
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

static int tear_down(void **state)
{
    struct office *office = *state;
    char path[128];
    glob_t found = {0};
    ledger_close(&office->ledger);
    (void)snprintf(path, sizeof path, "%s/audit-sign*", office->folder);
    (void)glob(path, 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++)
        (void)unlink(found.gl_pathv[i]);
    globfree(&found);
    return rmdir(office->folder);
}

static void ask_for_a_next_key(const struct office *office)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit-sign.next", office->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* As at a start: the key changes, and what was in memory is forgotten. The ledger's connection does
 * not lead. */
static void rotate(struct office *office)
{
    struct ledger *ledger = &office->ledger;
    db_close(&ledger->db);
    heads_free(&ledger->heads);
    ask_for_a_next_key(office);
    assert_ok(succession_run(office->conninfo, office->folder, &ledger->key));
    assert_ok(db_open(office->conninfo, &ledger->db));
    assert_ok(heads_new(ledger->key, &ledger->heads));
}

static void without_a_wish_nothing_happens(void **state)
{
    struct office *office = *state;
    const struct signing_key *before = office->ledger.key;

    assert_ok(succession_run(office->conninfo, office->folder, &office->ledger.key));

    assert_ptr_equal(office->ledger.key, before);
    assert_int_equal(ledger_size(&office->ledger, clinic), 4);
}

static void every_log_is_handed_over_and_goes_on_with_the_new_key(void **state)
{
    struct office *office = *state;
    struct successors clinics;
    struct successors all;

    rotate(office);

    assert_int_equal(ledger_size(&office->ledger, clinic), 6);
    assert_int_equal(ledger_size(&office->ledger, lawyers), 5);
    assert_ok(successors_read(office->ledger.db, &clinic, 100, &clinics));
    assert_int_equal(clinics.count, 1);
    assert_true(span_equal(SPAN(clinics.keys[0]), signing_key_public(office->ledger.key)));
    ledger_fill(&office->ledger, clinic, 1);
    rotate(office);
    ledger_fill(&office->ledger, clinic, 1);
    assert_ok(successors_read(office->ledger.db, &clinic, 100, &all));
    assert_int_equal(all.count, 2);
}

static void the_old_key_is_destroyed(void **state)
{
    struct office *office = *state;

    rotate(office);

    assert_int_equal(count_files(office, "audit-sign.next"), 0);
    assert_int_equal(count_files(office, "audit-sign.old-*"), 0);
    assert_int_equal(count_files(office, "audit-sign*"), 2);
}

static void a_damaged_log_is_passed_over_and_the_old_key_is_kept_for_it(void **state)
{
    struct office *office = *state;
    ledger_damage(&office->ledger,
        "UPDATE audit.entry SET hash = decode(repeat('00', 32), 'hex')"
        " WHERE organisation = '\\xc1110000000000000000000000000000' AND seq = 2");

    rotate(office);

    assert_int_equal(ledger_size(&office->ledger, clinic), 4);
    assert_int_equal(ledger_size(&office->ledger, lawyers), 5);
    assert_int_equal(count_files(office, "audit-sign.old-*"), 1);
}

static void the_old_key_does_not_go_on_with_a_log_that_was_handed_over(void **state)
{
    struct office *office = *state;
    struct signing_key *old DEFER(signing_key_free) = NULL;
    struct heads *heads DEFER(heads_free) = NULL;
    struct head head;
    assert_ok(signing_key_open(office->folder, false, &old));

    rotate(office);

    assert_ok(heads_new(old, &heads));
    assert_error(heads_get(heads, office->ledger.db, &clinic, &head), SM_TAMPERED);
}

int main(void)
{
    /* clang-format off */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_wish_nothing_happens),
        TEST(every_log_is_handed_over_and_goes_on_with_the_new_key),
        TEST(the_old_key_is_destroyed),
        TEST(a_damaged_log_is_passed_over_and_the_old_key_is_kept_for_it),
        TEST(the_old_key_does_not_go_on_with_a_log_that_was_handed_over),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
