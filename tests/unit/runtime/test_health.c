/*
 * What a service says of its health, on a real PostgreSQL in its own role: every query that reads a
 * queue runs with the rights that the service has, and tells what is there.
 */
#include "tests/support/check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "runtime/report.h"
#include "services/audit/health.h"
#include "services/crypto/health.h"
#include "services/notifier/health.h"
#include "services/retention/health.h"
#include "tests/support/database.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

struct place {
    struct database *database;
    char folder[64], keys[96], listen[32];
};
static in_port_t port; /* of the admin endpoint */

/* One that nobody has just now. */
static in_port_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(holder, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&at, &size), 0);
    (void)close(holder);
    return ntohs(at.sin_port);
}

static int start(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place || database_new(&place->database) != SM_OK)
        return -1;
    *state = place;
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/health-test-XXXXXX");
    port = free_port();
    (void)snprintf(place->listen, sizeof place->listen, "127.0.0.1:%u", port);
    if (!mkdtemp(place->folder))
        return -1;
    (void)snprintf(place->keys, sizeof place->keys, "%s/keys", place->folder);
    return bus_keys_make(place->keys) == SM_OK ? 0 : -1;
}

static int stop(void **state)
{
    struct place *place = *state;
    char command[96];
    database_free(&place->database);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    free(place);
    return system(command);
}

static void run_as(
    const struct place *place, const char *role, const struct health_query *queries, size_t count)
{
    struct db *db DEFER(db_close) = NULL;
    assert_ok(db_open(database_conninfo(place->database, role).text, &db));
    for (size_t i = 0; i < count; i++) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        assert_ok(DB_RUN0(db, &queries[i].statement, &rows));
        assert_ok(db_one(rows));
        for (size_t column = 0; column < queries[i].count; column++) {
            int64_t value;
            assert_ok(db_read_i64(rows, 0, (int)column, &value));
        }
    }
}

static void every_query_runs_with_the_rights_of_its_service(void **state)
{
    const struct place *place = *state;

    run_as(place, "sm_crypto", crypto_health, crypto_health_count);
    run_as(place, "sm_notifier", notifier_health, notifier_health_count);
    run_as(place, "sm_retention", retention_health, retention_health_count);
    run_as(place, "sm_audit", audit_health, audit_health_count);
}

/* --- the whole, as the notifier has it --- */

struct running {
    struct settings *settings;
    struct bus_keys *keys;
    struct health *health;
};

static void running_stop(struct running *running)
{
    health_stop(&running->health);
    bus_keys_free(&running->keys);
    settings_free(&running->settings);
}

static struct running run_notifier(const struct place *place, const char *conninfo, unsigned needs)
{
    struct running running = {0};
    assert_int_equal(setenv("SECURE_MAIL_DATABASE", conninfo, 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_KEYS_DIR", place->keys, 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_LISTEN", "tcp://127.0.0.1:24911", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_AUDIT", "tcp://127.0.0.1:24912", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_SMTP_URL", "smtp://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_MAIL_FROM", "a@example.org", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_ADMIN_LISTEN", place->listen, 1), 0);
    assert_ok(settings_load(PEER_NOTIFIER, &running.settings));
    assert_ok(bus_keys_load(place->keys, PEER_NOTIFIER, &running.keys));
    const struct health_options options = {.self = PEER_NOTIFIER,
        .settings = running.settings,
        .keys = running.keys,
        .needs = needs,
        .queries = notifier_health,
        .queries_count = notifier_health_count};
    assert_ok(health_start(&options, &running.health));
    return running;
}

static const char *ask(const char *line)
{
    static char answer[64 * 1024];
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t size = 0;
    ssize_t got;
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(peer, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(peer, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    while ((got = recv(peer, answer + size, sizeof answer - 1 - size, 0)) > 0)
        size += (size_t)got;
    answer[size] = '\0';
    (void)close(peer);
    return answer;
}

/* True when what `line` is answered holds `wanted`, within a generous while. */
static bool says_in_time(const char *line, const char *wanted)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int64_t end = clock_monotonic_ms() + WAIT_MS; clock_monotonic_ms() < end;) {
        if (strstr(ask(line), wanted))
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* What crypto would tell of the oldest letter. */
static int64_t letter_age(const struct place *place)
{
    struct db *db DEFER(db_close) = NULL;
    assert_ok(db_open(database_conninfo(place->database, "sm_crypto").text, &db));
    for (size_t i = 0; i < crypto_health_count; i++) {
        struct db_rows *rows DEFER(db_rows_free) = NULL;
        int64_t value;
        if (crypto_health[i].metrics[1] != METRIC_LETTER_OLDEST)
            continue;
        assert_ok(DB_RUN0(db, &crypto_health[i].statement, &rows));
        assert_ok(db_one(rows));
        assert_ok(db_read_i64(rows, 0, 1, &value));
        return value;
    }
    return -1;
}

static const char readyz[] = "GET /readyz HTTP/1.1\r\n\r\n";
static const char metrics[] = "GET /metrics HTTP/1.1\r\n\r\n";

static void waiting_mail_is_counted_and_has_an_age(void **state)
{
    const struct place *place = *state;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_notifier");
    assert_ok(database_run(place->database,
        "INSERT INTO outbox.job (job, state, kind, rank, organisation, message, sealed, next_ms,"
        " not_after_ms, waiting_since_ms) VALUES (decode(repeat('aa', 16), 'hex'), 1, 1, 1,"
        " decode(repeat('bb', 16), 'hex'), decode(repeat('cc', 16), 'hex'), '\\x00', 0, 1,"
        " clock.now_ms() - 7000000)"));

    int64_t begun_s = clock_wall_ms() / 1000;
    struct running running DEFER(running_stop) = run_notifier(place, conninfo.text, PEER_NONE);

    assert_true(says_in_time(readyz, "200 OK"));
    assert_true(says_in_time(metrics, "secure_mail_mail_waiting 1\n"));
    assert_true(says_in_time(metrics, "secure_mail_mail_oldest_seconds 700"));
    assert_true(says_in_time(metrics, "secure_mail_ready 1\n"));
    assert_true(says_in_time(metrics, "secure_mail_peer_reachable{peer=\"audit\"} 0\n"));
    const char *started = strstr(ask(metrics), "\nsecure_mail_started_timestamp_seconds ");
    assert_non_null(started);
    assert_in_range(strtoll(strchr(started + 1, ' '), NULL, 10), begun_s, clock_wall_ms() / 1000);
}

/* Its age would hide that of mail which the relay does not take. */
static void mail_that_is_held_has_no_age(void **state)
{
    const struct place *place = *state;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_notifier");
    assert_ok(database_run(place->database,
        "UPDATE outbox.job SET is_from_backup = true;"
        " INSERT INTO vault.mail_job (job, organisation, message, kind, not_before_ms, not_after_ms,"
        " sealed, is_from_backup) SELECT job, organisation, message, 1, 0, 1, sealed, true"
        " FROM outbox.job;"
        " INSERT INTO restore.run VALUES (decode(repeat('aa', 16), 'hex'),"
        " decode(repeat('bb', 16), 'hex'), 0, 0, true, NULL)"));

    struct running running DEFER(running_stop) = run_notifier(place, conninfo.text, PEER_NONE);

    assert_true(says_in_time(metrics, "secure_mail_mail_held 1\n"));
    assert_true(says_in_time(metrics, "secure_mail_mail_waiting 1\n"));
    assert_true(says_in_time(metrics, "secure_mail_mail_oldest_seconds 0\n"));
    assert_int_equal(letter_age(place), 0);
    assert_ok(database_run(place->database, "UPDATE restore.run SET mail_released_ms = 1"));
    assert_true(says_in_time(metrics, "secure_mail_mail_oldest_seconds 700"));
    assert_true(letter_age(place) > 0);
    assert_ok(database_run(place->database, "DELETE FROM vault.mail_job; DELETE FROM restore.run"));
}

static void a_peer_that_is_needed_and_away_is_named(void **state)
{
    const struct place *place = *state;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_notifier");

    struct running running DEFER(running_stop) = run_notifier(place, conninfo.text, PEER_AUDIT);

    assert_true(says_in_time(readyz, "\r\n\r\naudit does not answer\n"));
    assert_true(says_in_time(readyz, "503"));
}

static void a_database_that_is_away_is_named(void **state)
{
    const struct place *place = *state;

    struct running running DEFER(running_stop) =
        run_notifier(place, "host=/nonexistent user=sm_notifier password=canary", PEER_NONE);

    assert_true(says_in_time(readyz, "\r\n\r\nthe database does not answer\n"));
    assert_null(strstr(ask(readyz), "canary"));
    assert_true(says_in_time("GET /livez HTTP/1.1\r\n\r\n", "200 OK"));
}

static enum sm_error refuse(void *context)
{
    assert_non_null(context);
    return SM_UNAVAILABLE;
}

static void what_else_it_needs_is_named(void **state)
{
    const struct place *place = *state;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_notifier");
    struct running running DEFER(running_stop) = run_notifier(place, conninfo.text, PEER_NONE);
    health_stop(&running.health);
    const struct health_options options = {.self = PEER_NOTIFIER,
        .settings = running.settings,
        .keys = running.keys,
        .ask_more = refuse,
        .context = &running,
        .lacking = "the store does not answer"};

    assert_ok(health_start(&options, &running.health));

    assert_true(says_in_time(readyz, "\r\n\r\nthe store does not answer\n"));
    assert_true(says_in_time(readyz, "503"));
}

static bool becomes(const struct place *place, const char *sql, int64_t wanted)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int64_t end = clock_monotonic_ms() + WAIT_MS; clock_monotonic_ms() < end;) {
        int64_t value = -1;
        assert_ok(database_number(place->database, sql, &value));
        if (value == wanted)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static void without_an_address_it_reports_and_answers_nobody(void **state)
{
    const struct place *place = *state;
    struct database_conninfo conninfo = database_conninfo(place->database, "sm_notifier");
    struct running running DEFER(running_stop) = run_notifier(place, conninfo.text, PEER_AUDIT);
    health_stop(&running.health);
    settings_free(&running.settings);
    assert_int_equal(unsetenv("SECURE_MAIL_ADMIN_LISTEN"), 0);
    assert_int_equal(setenv("SECURE_MAIL_DATABASE", conninfo.text, 1), 0);
    assert_ok(settings_load(PEER_NOTIFIER, &running.settings));
    assert_ok(database_run(place->database, "DELETE FROM status.report"));
    const struct health_options options = {.self = PEER_NOTIFIER,
        .settings = running.settings,
        .keys = running.keys,
        .needs = PEER_AUDIT,
        .note = "a note",
        .queries = notifier_health,
        .queries_count = notifier_health_count};

    assert_ok(health_start(&options, &running.health));

    assert_true(becomes(place,
        "SELECT count(*) FROM status.report WHERE service = 'notifier' AND NOT is_ready"
        " AND missing = E'audit does not answer\\n' AND note = 'a note' AND release <> 'unknown'"
        " AND metrics LIKE '%secure_mail_mail_waiting %'",
        1));
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(connect(peer, (const struct sockaddr *)&to, sizeof to), 0);
    (void)close(peer);
    health_stop(&running.health);
    assert_true(becomes(place, "SELECT count(*) FROM status.report", 0)); /* a clean end */
}

static void a_service_reports_of_itself_alone(void **state)
{
    const struct place *place = *state;
    const struct report report = {.self = PEER_CRYPTO, .replica = {{1}}};
    const struct report own = {.self = PEER_GATEWAY, .replica = {{1}}};
    struct db *db DEFER(db_close) = NULL;
    assert_ok(database_run(place->database,
        "DELETE FROM status.report; INSERT INTO status.report VALUES ('crypto',"
        " decode(repeat('01', 16), 'hex'), '', '', 0, 0, true, '', '', '')"));
    assert_ok(db_open(database_conninfo(place->database, "sm_gateway").text, &db));

    assert_error(report_post(db, &report), SM_DATABASE);
    assert_ok(report_post(db, &own));
    assert_ok(report_remove(db, &own)); /* of the old ones it removes only its own */

    assert_true(becomes(place, "SELECT count(*) FROM status.report WHERE service = 'crypto'", 1));
    assert_true(becomes(place, "SELECT count(*) FROM status.report", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_query_runs_with_the_rights_of_its_service),
        cmocka_unit_test(waiting_mail_is_counted_and_has_an_age),
        cmocka_unit_test(mail_that_is_held_has_no_age),
        cmocka_unit_test(a_peer_that_is_needed_and_away_is_named),
        cmocka_unit_test(a_database_that_is_away_is_named),
        cmocka_unit_test(what_else_it_needs_is_named),
        cmocka_unit_test(without_an_address_it_reports_and_answers_nobody),
        cmocka_unit_test(a_service_reports_of_itself_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
