/*
 * The table, the cells and their printing. The cells are this file's only mutable state: they must
 * be reachable from everywhere that something is counted, like the log.
 */
#include "base/metric.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#define SERVERS "crypto notifier retention audit"
#define ALL "gateway crypto notifier retention audit"
#define COUNTER METRIC_IS_COUNTER
#define GAUGE METRIC_IS_GAUGE
#define FINDING METRIC_IS_FINDING
#define HISTOGRAM METRIC_IS_HISTOGRAM

/* clang-format off */
const struct metric_row metric_table[] = {
    {METRIC_READY, "secure_mail_ready", GAUGE, LABEL_NONE, ALL,
     "1 when the service can do its work, as /readyz says."},
    {METRIC_STARTED, "secure_mail_started_timestamp_seconds", GAUGE, LABEL_NONE, ALL,
     "When the process started, in seconds since 1970."},
    {METRIC_PEER_REACHABLE, "secure_mail_peer_reachable", GAUGE, LABEL_PEER, "gateway crypto notifier retention",
     "1 when the peer answered the last ping on the bus."},
    {METRIC_REQUESTS, "secure_mail_requests_total", COUNTER, LABEL_OUTCOME, SERVERS,
     "Requests on the bus, by what became of them."},
    {METRIC_REQUEST_SECONDS, "secure_mail_request_seconds", HISTOGRAM, LABEL_NONE, SERVERS,
     "How long a worker had a request of the bus, without its waiting for a worker."},
    {METRIC_REQUESTS_WAITING, "secure_mail_requests_waiting", GAUGE, LABEL_NONE, SERVERS,
     "Requests on the bus that wait for a worker; when the queue is full, more are answered \"busy\"."},
    {METRIC_HTTP_REQUESTS, "secure_mail_http_requests_total", COUNTER, LABEL_STATUS, "gateway",
     "Answers to browsers and command lines, by class of status."},
    {METRIC_HTTP_SECONDS, "secure_mail_http_request_seconds", HISTOGRAM, LABEL_NONE, "gateway",
     "From a request's head to the begin of its answer."},
    {METRIC_HTTP_WAITING, "secure_mail_http_requests_waiting", GAUGE, LABEL_NONE, "gateway",
     "Requests over HTTP that wait for a worker; when the queue is full, more are answered \"busy\"."},
    {METRIC_STRANGERS, "secure_mail_bus_strangers_refused_total", COUNTER, LABEL_NONE, SERVERS,
     "Connections on the bus with a key that nobody here has; the proof at each start counts too."},
    {METRIC_DATABASE_RECONNECTS, "secure_mail_database_reconnects_total", COUNTER, LABEL_NONE, ALL,
     "Database connections that were lost and made anew, or tried to be."},
    {METRIC_DATABASE_CONNECTIONS, "secure_mail_database_connections", GAUGE, LABEL_NONE, ALL,
     "Database connections that the process holds: one for each worker and each background task."},
    {METRIC_DATABASE_TRANSACTIONS, "secure_mail_database_transactions", GAUGE, LABEL_NONE, ALL,
     "How many of them are in a transaction."},
    {METRIC_PASSWORDS_WAITING, "secure_mail_password_hashes_waiting", GAUGE, LABEL_NONE, "crypto",
     "Password checks that wait for a worker of the argon2 pool."},
    {METRIC_PASSWORDS_RUNNING, "secure_mail_password_hashes_running", GAUGE, LABEL_NONE, "crypto",
     "Password checks under way."},
    {METRIC_PASSWORDS_REFUSED, "secure_mail_password_hashes_refused_total", COUNTER, LABEL_NONE, "crypto",
     "Password checks that were answered \"busy\" because the queue was full."},
    {METRIC_EVENTS_WAITING, "secure_mail_outbox_events", FINDING, LABEL_NONE, "crypto notifier retention",
     "Events that audit has not acknowledged yet (counted up to 10000)."},
    {METRIC_EVENT_OLDEST, "secure_mail_outbox_oldest_seconds", FINDING, LABEL_NONE, "crypto notifier retention",
     "How long the oldest of them waits: nothing is released while it does."},
    {METRIC_LETTERS_WAITING, "secure_mail_letters_waiting", FINDING, LABEL_NONE, "crypto",
     "Letters that the notifier has not taken over yet (counted up to 10000)."},
    {METRIC_LETTER_OLDEST, "secure_mail_letter_oldest_seconds", FINDING, LABEL_NONE, "crypto",
     "How long the oldest that is due and not held waits."},
    {METRIC_MAIL_WAITING, "secure_mail_mail_waiting", FINDING, LABEL_NONE, "notifier",
     "Notifications that the relay has not accepted yet (counted up to 10000)."},
    {METRIC_MAIL_OLDEST, "secure_mail_mail_oldest_seconds", FINDING, LABEL_NONE, "notifier",
     "How long the oldest that is not held is undelivered."},
    {METRIC_MAIL_HELD, "secure_mail_mail_held", FINDING, LABEL_NONE, "crypto notifier",
     "Letters that wait since a restore until an operator releases them (counted up to 10000)."},
    {METRIC_RETENTION_LAG, "secure_mail_retention_lag_seconds", FINDING, LABEL_NONE, "crypto",
     "How long the ciphertext that is due longest has not been destroyed."},
    {METRIC_SWEEP_TIME, "secure_mail_retention_last_sweep_timestamp_seconds", GAUGE, LABEL_NONE, "retention",
     "When the last complete sweep ended, in seconds since 1970; 0 on a standby or before the first."},
    {METRIC_AUDIT_LOGS, "secure_mail_audit_logs", FINDING, LABEL_NONE, "audit",
     "Organisations that have a log."},
    {METRIC_AUDIT_ENTRIES, "secure_mail_audit_entries", FINDING, LABEL_NONE, "audit",
     "The sum of the sizes of all logs' heads: it never falls."},
    {METRIC_CAGED, "secure_mail_caged", GAUGE, LABEL_PART, ALL,
     "1 when that part of the cage is closed (calls, files, ports), 0 when the kernel lacks it or it is switched off."},
    {METRIC_SECRETS_UNLOCKED, "secure_mail_secrets_unlocked_total", COUNTER, LABEL_NONE, ALL,
     "Secrets that could not be locked in memory: the limit of locked memory is too small."},
    {METRIC_STORE_REQUESTS, "secure_mail_store_requests_total", COUNTER, LABEL_OUTCOME, "gateway retention",
     "Requests to an S3-compatible object store, by what became of them after the last try."},
    {METRIC_STORE_SECONDS, "secure_mail_store_request_seconds", HISTOGRAM, LABEL_NONE, "gateway retention",
     "How long such a request took, with all tries."},
};
/* clang-format on */
static_assert(sizeof metric_table / sizeof metric_table[0] == METRIC_COUNT, "a row each");

/* --- cells --- */

/* Upper bounds in milliseconds; one more cell for what took longer, and one for the sum. */
static const int64_t bounds_ms[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};
enum { BOUNDS = sizeof bounds_ms / sizeof bounds_ms[0], CELL_SUM = BOUNDS + 1, CELLS_MAX = 32 };
static_assert((int)SM_ERROR_COUNT <= (int)CELLS_MAX, "a cell for each outcome");

static atomic_llong cells[METRIC_COUNT][CELLS_MAX];
static atomic_bool is_touched[METRIC_COUNT][CELLS_MAX];

static const char *const status_words[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
static const char *const peer_words[] = {
    "gateway", "crypto", "notifier", "retention", "audit", "other"};
static const char *const part_words[] = {
    [METRIC_PART_CALLS] = "calls", [METRIC_PART_FILES] = "files", [METRIC_PART_PORTS] = "ports"};
enum {
    STATUSES = sizeof status_words / sizeof status_words[0],
    PEERS = sizeof peer_words / sizeof peer_words[0]
};

/* An outcome's words are those of enum sm_error. */
static const struct label {
    const char *name;
    const char *const *words;
    unsigned count;
} labels[] = {[LABEL_NONE] = {NULL, NULL, 1},
    [LABEL_OUTCOME] = {"outcome", NULL, SM_ERROR_COUNT},
    [LABEL_STATUS] = {"status", status_words, STATUSES},
    [LABEL_PEER] = {"peer", peer_words, PEERS},
    [LABEL_PART] = {"part", part_words, METRIC_PARTS}};

static const char *word_of(enum metric_label label, unsigned cell)
{
    return labels[label].words ? labels[label].words[cell] : error_name((enum sm_error)cell);
}

const char *metric_part_name(enum metric_part part)
{
    assert(part < METRIC_PARTS);
    return part_words[part];
}

const char *metric_kind_name(enum metric_kind kind)
{
    static const char *const kinds[] = {[METRIC_IS_COUNTER] = "counter",
        [METRIC_IS_GAUGE] = "gauge",
        [METRIC_IS_FINDING] = "gauge",
        [METRIC_IS_HISTOGRAM] = "histogram"};
    return kinds[kind];
}

const char *metric_label_name(enum metric_label label)
{
    return labels[label].name;
}

unsigned metric_peer(const char *service)
{
    unsigned peer = 0;
    while (peer < PEERS - 1 && strcmp(peer_words[peer], service) != 0)
        peer++;
    return peer;
}

unsigned metric_status(unsigned status)
{
    return status >= 100 && status < 600 ? status / 100 : 0;
}

static atomic_llong *cell_of(enum metric metric, enum metric_kind kind, unsigned cell)
{
    assert(metric < METRIC_COUNT && metric_table[metric].kind == kind);
    assert(cell < labels[metric_table[metric].label].count);
    return &cells[metric][cell];
}

/* After the value, so that who sees the cell touched sees no zero from before. */
static void touch(enum metric metric, unsigned cell)
{
    atomic_store_explicit(&is_touched[metric][cell], true, memory_order_release);
}

static bool is_known(enum metric metric, unsigned cell)
{
    return atomic_load_explicit(&is_touched[metric][cell], memory_order_acquire);
}

void metric_count(enum metric metric, unsigned cell)
{
    (void)atomic_fetch_add_explicit(
        cell_of(metric, METRIC_IS_COUNTER, cell), 1, memory_order_relaxed);
}

void metric_set(enum metric metric, unsigned cell, int64_t value)
{
    bool is_finding = metric_table[metric].kind == METRIC_IS_FINDING;
    enum metric_kind kind = is_finding ? METRIC_IS_FINDING : METRIC_IS_GAUGE;
    atomic_store_explicit(cell_of(metric, kind, cell), value, memory_order_relaxed);
    touch(metric, cell);
}

void metric_move(enum metric metric, int64_t by)
{
    (void)atomic_fetch_add_explicit(cell_of(metric, METRIC_IS_GAUGE, 0), by, memory_order_relaxed);
}

void metric_observe_ms(enum metric metric, int64_t ms)
{
    unsigned bucket = 0;
    atomic_llong *histogram = cell_of(metric, METRIC_IS_HISTOGRAM, 0);
    if (ms < 0)
        ms = 0;
    while (bucket < BOUNDS && ms > bounds_ms[bucket])
        bucket++;
    (void)atomic_fetch_add_explicit(&histogram[bucket], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&histogram[CELL_SUM], ms, memory_order_relaxed);
}

static int64_t read_cell(enum metric metric, unsigned cell)
{
    return atomic_load_explicit(&cells[metric][cell], memory_order_relaxed);
}

int64_t metric_value(enum metric metric, unsigned cell)
{
    int64_t sum = 0;
    if (metric_table[metric].kind != METRIC_IS_HISTOGRAM)
        return read_cell(metric, cell);
    for (unsigned i = 0; i <= BOUNDS; i++)
        sum += read_cell(metric, i);
    return sum;
}

/* --- printing --- */

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (; *words; words += strcspn(words, " "), words += *words == ' ')
        if (strcspn(words, " ") == size && strncmp(words, word, size) == 0)
            return true;
    return false;
}

static enum sm_error print_histogram(const struct metric_row *row, struct buffer *out)
{
    int64_t below = 0;
    for (unsigned i = 0; i < BOUNDS; i++) {
        below += read_cell(row->metric, i);
        TRY(buffer_format(out, "%s_bucket{le=\"%" PRId64 ".%03" PRId64 "\"} %" PRId64 "\n",
            row->name, bounds_ms[i] / 1000, bounds_ms[i] % 1000, below));
    }
    below += read_cell(row->metric, BOUNDS);
    int64_t sum_ms = read_cell(row->metric, CELL_SUM);
    TRY(buffer_format(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", row->name, below));
    TRY(buffer_format(
        out, "%s_sum %" PRId64 ".%03" PRId64 "\n", row->name, sum_ms / 1000, sum_ms % 1000));
    return buffer_format(out, "%s_count %" PRId64 "\n", row->name, below);
}

/* A gauge's cells that were never set are left out. A counter has all of them: what begins with its
 * first count has not grown in the eyes of Prometheus. */
static enum sm_error print_labelled(const struct metric_row *row, struct buffer *out)
{
    const struct label *label = &labels[row->label];
    for (unsigned cell = 0; cell < label->count; cell++)
        if (row->kind == METRIC_IS_COUNTER || is_known(row->metric, cell))
            TRY(buffer_format(out, "%s{%s=\"%s\"} %" PRId64 "\n", row->name, label->name,
                word_of(row->label, cell), read_cell(row->metric, cell)));
    return SM_OK;
}

static enum sm_error print_one(const struct metric_row *row, struct buffer *out)
{
    if (row->kind == METRIC_IS_FINDING && !is_known(row->metric, 0))
        return SM_OK;
    return buffer_format(out, "%s %" PRId64 "\n", row->name, read_cell(row->metric, 0));
}

static enum sm_error print_row(const struct metric_row *row, struct buffer *out)
{
    TRY(buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
        metric_kind_name(row->kind)));
    if (row->kind == METRIC_IS_HISTOGRAM)
        return print_histogram(row, out);
    return row->label == LABEL_NONE ? print_one(row, out) : print_labelled(row, out);
}

enum sm_error metric_print(const char *service, struct buffer *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        if (has_word(metric_table[i].services, service))
            TRY(print_row(&metric_table[i], out));
    return SM_OK;
}

enum sm_error metric_brief(const char *service, struct buffer *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_table[i];
        if (row->kind != METRIC_IS_HISTOGRAM && row->label == LABEL_NONE &&
            has_word(row->services, service))
            TRY(print_one(row, out));
    }
    return SM_OK;
}
