/* The looking thread; its findings are two atomics: since when they hold, and what is missing. */
#include "runtime/health.h"

#include "base/clock.h"
#include "base/log.h"
#include "bus/client.h"
#include "runtime/admin.h"
#include "runtime/report.h"
#include "runtime/settings_table.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    LOOK_EVERY_MS = 2000,
    POST_EVERY_MS = 5000, /* and at once when it became ready, or is not any more */
    REASONS_BYTES_MAX = 300,
    STALE_MS = 30 * 1000, /* a look that takes longer says by itself that something is wrong */
    PING_MS = 1500,
    ARENA_BYTES = 4096,
    MISSING_DATABASE = 1 << 30, /* beside the bits of enum peer */
    MISSING_MORE = 1 << 29,
};

static const struct {
    enum peer peer;
    enum setting endpoints;
} places[] = {{PEER_CRYPTO, SETTING_CRYPTO}, {PEER_NOTIFIER, SETTING_NOTIFIER},
    {PEER_RETENTION, SETTING_RETENTION}, {PEER_AUDIT, SETTING_AUDIT}};
enum { PLACES = sizeof places / sizeof places[0] };

struct health {
    struct health_options options;
    struct admin *admin;
    pthread_t thread;
    bool is_started;
    int wake; /* eventfd: stop */
    atomic_bool is_stopping;
    atomic_llong looked_ms; /* monotonic; 0: not yet */
    atomic_uint missing;    /* of the last look */
    /* the thread's own */
    struct db *db;
    struct bus_client *peers[PLACES];
    struct report report;
    int64_t posted_ms; /* monotonic */
};

/* --- one look --- */

static enum sm_error run_query(struct db *db, const struct health_query *query)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    int64_t values[3];
    TRY(DB_RUN0(db, &query->statement, &rows));
    TRY(db_one(rows));
    for (size_t i = 0; i < query->count; i++)
        TRY(db_read_i64(rows, 0, (int)i, &values[i]));
    for (size_t i = 0; i < query->count; i++)
        metric_set(query->metrics[i], 0, values[i] > 0 ? values[i] : 0);
    return SM_OK;
}

static enum sm_error ask_database(struct health *health)
{
    int64_t now_ms;
    if (!health->db)
        TRY(db_open(settings_text(health->options.settings, SETTING_DATABASE), &health->db));
    TRY(db_now_ms(health->db, &now_ms));
    for (size_t i = 0; i < health->options.queries_count; i++)
        TRY(run_query(health->db, &health->options.queries[i]));
    return SM_OK;
}

static enum sm_error ping(struct health *health, size_t place)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    const struct ping_request request = {0};
    struct ping_reply reply = {0};
    const struct bus_call call = {.operation = OP_PING, .timeout_ms = PING_MS};
    if (!health->peers[place])
        TRY(bus_client_open(health->options.keys, places[place].peer,
            settings_text(health->options.settings, places[place].endpoints),
            &health->peers[place]));
    return bus_client_call(health->peers[place], &call, &request, &arena, &reply);
}

static bool calls_peer(const struct health *health, size_t place)
{
    return settings_table[places[place].endpoints].users & (unsigned)health->options.self;
}

static unsigned look(struct health *health)
{
    unsigned missing = ask_database(health) == SM_OK ? 0 : MISSING_DATABASE;
    for (size_t i = 0; i < PLACES; i++) {
        if (!calls_peer(health, i))
            continue;
        bool is_there = ping(health, i) == SM_OK;
        metric_set(METRIC_PEER_REACHABLE, metric_peer(peer_name(places[i].peer)), is_there);
        if (!is_there && (health->options.needs & (unsigned)places[i].peer))
            missing |= (unsigned)places[i].peer;
    }
    const struct health_options *options = &health->options;
    if (options->ask_more && options->ask_more(options->context) != SM_OK)
        missing |= MISSING_MORE;
    return missing;
}

/* In words, a line each. */
static enum sm_error tell_missing(
    const struct health *health, unsigned missing, struct buffer *reasons)
{
    if (missing & MISSING_DATABASE)
        TRY(buffer_append_text(reasons, "the database does not answer\n"));
    for (size_t i = 0; i < PLACES; i++)
        if (missing & (unsigned)places[i].peer)
            TRY(buffer_format(reasons, "%s does not answer\n", peer_name(places[i].peer)));
    if (missing & MISSING_MORE)
        TRY(buffer_format(reasons, "%s\n", health->options.lacking));
    return SM_OK;
}

/* Nobody is told of a fault here: the next look posts again. */
static void post(struct health *health, unsigned missing)
{
    struct buffer reasons DEFER(buffer_free) = BUFFER(REASONS_BYTES_MAX);
    struct report *report = &health->report;
    bool is_ready = missing == 0;
    int64_t now_ms = clock_monotonic_ms();
    bool is_due = health->posted_ms == 0 || now_ms - health->posted_ms >= POST_EVERY_MS;
    if (!health->db || (missing & MISSING_DATABASE) || (!is_due && is_ready == report->is_ready))
        return;
    if (tell_missing(health, missing, &reasons) != SM_OK)
        return;
    report->is_ready = is_ready;
    report->missing = buffer_span(&reasons);
    if (report->started_ms == 0 && db_now_ms(health->db, &report->started_ms) != SM_OK)
        return;
    if (report_post(health->db, report) == SM_OK)
        health->posted_ms = now_ms;
    report->missing = span_of(NULL, 0);
}

static void *watch(void *context)
{
    struct health *health = context;
    struct pollfd wake = {.fd = health->wake, .events = POLLIN};
    while (!atomic_load(&health->is_stopping)) {
        unsigned missing = look(health);
        metric_set(METRIC_READY, 0, missing == 0);
        atomic_store(&health->missing, missing);
        atomic_store(&health->looked_ms, clock_monotonic_ms());
        post(health, missing);
        (void)poll(&wake, 1, LOOK_EVERY_MS);
    }
    return NULL;
}

/* --- what it says --- */

static bool is_ready(void *context, struct buffer *reasons)
{
    const struct health *health = context;
    int64_t looked_ms = atomic_load(&health->looked_ms);
    unsigned missing = atomic_load(&health->missing);
    enum sm_error told = SM_OK;
    if (looked_ms == 0)
        told = buffer_append_text(reasons, "it has not looked yet\n");
    else if (clock_monotonic_ms() - looked_ms > STALE_MS)
        told = buffer_append_text(reasons, "the last look takes too long\n");
    else if (missing == 0)
        return true;
    if (told == SM_OK)
        told = tell_missing(health, missing, reasons);
    return false;
}

/* --- life --- */

enum sm_error health_start(const struct health_options *options, struct health **out)
{
    const char *listen = settings_text(options->settings, SETTING_ADMIN_LISTEN);
    struct health *health DEFER(health_stop) = calloc(1, sizeof *health);
    if (!health)
        return SM_NO_MEMORY;
    health->options = *options;
    health->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (health->wake < 0)
        return SM_IO;
    const struct admin_options admin = {.listen = listen,
        .service = peer_name(options->self),
        .is_ready = is_ready,
        .context = health};
    health->report = (struct report){.self = options->self, .note = options->note};
    TRY(id_random(&health->report.replica));
    metric_set(METRIC_STARTED, 0, clock_wall_ms() / 1000);
    if (*listen)
        TRY(admin_start(&admin, &health->admin));
    if (pthread_create(&health->thread, NULL, watch, health) != 0)
        return SM_NO_MEMORY;
    health->is_started = true;
    *out = TAKE(health);
    return SM_OK;
}

void health_stop(struct health **health)
{
    const uint64_t one = 1;
    struct health *stopped = *health;
    if (!stopped)
        return;
    atomic_store(&stopped->is_stopping, true);
    if (stopped->is_started && write(stopped->wake, &one, sizeof one) == sizeof one)
        (void)pthread_join(stopped->thread, NULL);
    admin_stop(&stopped->admin);
    if (stopped->db && stopped->posted_ms && report_remove(stopped->db, &stopped->report) != SM_OK)
        log_line(LOG_DEBUG, "report-stays", NULL);
    for (size_t i = 0; i < PLACES; i++)
        bus_client_close(&stopped->peers[i]);
    db_close(&stopped->db);
    if (stopped->wake >= 0)
        (void)close(stopped->wake);
    memory_free(health);
}
