/*
 * What an operator's monitoring reads of this process, in one table for the whole suite
 * (metric.c), from which docs/metrics.md is printed. Counting is one atomic addition: no lock, no
 * allocation, any thread. Values live as long as the process.
 *
 * A metric may have one label from a closed list, so no text of a user, a peer or a database can
 * become part of a name; a cell is the number of the label's word.
 */
#ifndef SM_BASE_METRIC_H
#define SM_BASE_METRIC_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum metric {
    METRIC_READY,
    METRIC_STARTED,
    METRIC_PEER_REACHABLE,
    METRIC_REQUESTS,
    METRIC_REQUEST_SECONDS,
    METRIC_REQUESTS_WAITING,
    METRIC_HTTP_REQUESTS,
    METRIC_HTTP_SECONDS,
    METRIC_HTTP_WAITING,
    METRIC_STRANGERS,
    METRIC_DATABASE_RECONNECTS,
    METRIC_DATABASE_CONNECTIONS,
    METRIC_DATABASE_TRANSACTIONS,
    METRIC_PASSWORDS_WAITING,
    METRIC_PASSWORDS_RUNNING,
    METRIC_PASSWORDS_REFUSED,
    METRIC_EVENTS_WAITING,
    METRIC_EVENT_OLDEST,
    METRIC_LETTERS_WAITING,
    METRIC_LETTER_OLDEST,
    METRIC_MAIL_WAITING,
    METRIC_MAIL_OLDEST,
    METRIC_MAIL_HELD,
    METRIC_RETENTION_LAG,
    METRIC_SWEEP_TIME,
    METRIC_AUDIT_LOGS,
    METRIC_AUDIT_ENTRIES,
    METRIC_CAGED,
    METRIC_SECRETS_UNLOCKED,
    METRIC_STORE_REQUESTS,
    METRIC_STORE_SECONDS,
    METRIC_COUNT
};

/* A finding is a gauge that nobody knows before something has looked: it is left out until it is
 * set for the first time, for its zero would be read as "none". */
enum metric_kind { METRIC_IS_COUNTER, METRIC_IS_GAUGE, METRIC_IS_FINDING, METRIC_IS_HISTOGRAM };

/* outcome: the number of enum sm_error; status: metric_status; peer: metric_peer; part: enum
 * metric_part. */
enum metric_label { LABEL_NONE, LABEL_OUTCOME, LABEL_STATUS, LABEL_PEER, LABEL_PART };

/* The parts of the cage (cage/cage.h). */
enum metric_part { METRIC_PART_CALLS, METRIC_PART_FILES, METRIC_PART_PORTS, METRIC_PARTS };

struct metric_row {
    enum metric metric;
    const char *name;
    enum metric_kind kind;
    enum metric_label label;
    const char *services; /* who has it: names with a space between */
    const char *help;     /* one sentence */
};
/* In the order of enum metric. */
extern const struct metric_row metric_table[];

/* As Prometheus names them: "counter", "gauge", "histogram". */
const char *metric_kind_name(enum metric_kind kind);

/* "outcome", "status", "peer", "part"; NULL for LABEL_NONE. */
const char *metric_label_name(enum metric_label label);

/* The cell of a service's name; the last, "other", for none of the five. */
unsigned metric_peer(const char *service);

/* The word of a part: "calls", "files", "ports". */
const char *metric_part_name(enum metric_part part);

/* The cell of an HTTP status. */
unsigned metric_status(unsigned status);

/* A counter grows by one. A cell out of range is our own bug: asserted. */
void metric_count(enum metric metric, unsigned cell);

/* A gauge or a finding is `value` from now on. */
void metric_set(enum metric metric, unsigned cell, int64_t value);

/* A gauge without a label grows by `by`; less with a negative one. */
void metric_move(enum metric metric, int64_t by);

/* A duration for a histogram; printed in seconds. Below zero (a clock went back) counts as zero. */
void metric_observe_ms(enum metric metric, int64_t ms);

/* One cell's value: of a histogram, how many durations there were. */
int64_t metric_value(enum metric metric, unsigned cell);

/* Appends the counters, gauges and known findings without a label that `service` has, as lines
 * "name value". */
SM_MUST_USE enum sm_error metric_brief(const char *service, struct buffer *out);

/* Appends what `service` has, in Prometheus' text format. SM_TOO_LARGE when `out` is full. */
SM_MUST_USE enum sm_error metric_print(const char *service, struct buffer *out);

#endif
