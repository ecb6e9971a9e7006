/*
 * One line a process: is it ready, since when does it run, and what waits there. A process that has
 * not been heard of for long counts as down, whatever it said last. A script asks with --json:
 * is_well.
 */
#include "cli/suite.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/operator.h"
#include "proto/crypto.h"

#include <inttypes.h>
#include <string.h>

enum { REPLY_ARENA = 1024 * 1024, SILENT_MS = 30000, WORDS_BYTES_MAX = 1000 };

static const char *const services[] = {"gateway", "crypto", "notifier", "retention", "audit"};
enum { SERVICES = sizeof services / sizeof services[0] };

/* What is shown of a metric: a number between words. `always`: also when it is zero. */
static const struct shown {
    const char *service, *metric, *before, *after;
    bool always;
} shown[] = {
    {"crypto", "secure_mail_outbox_events", "events to log: ", "", true},
    {"crypto", "secure_mail_outbox_oldest_seconds", "oldest ", " s", false},
    {"crypto", "secure_mail_letters_waiting", "letters to hand over: ", "", true},
    {"crypto", "secure_mail_letter_oldest_seconds", "oldest ", " s", false},
    {"crypto", "secure_mail_password_hashes_waiting", "password checks waiting: ", "", false},
    {"crypto", "secure_mail_retention_lag_seconds", "destroying is behind by ", " s", false},
    {"crypto", "secure_mail_mail_held", "MAIL HELD: ", "", false},
    {"notifier", "secure_mail_mail_waiting", "mail waiting: ", "", true},
    {"notifier", "secure_mail_mail_oldest_seconds", "oldest ", " s", false},
    {"notifier", "secure_mail_mail_held", "MAIL HELD: ", "", false},
    {"notifier", "secure_mail_outbox_events", "events to log: ", "", false},
    {"retention", "secure_mail_outbox_events", "events to log: ", "", false},
    {"audit", "secure_mail_audit_logs", "logs: ", "", true},
    {"audit", "secure_mail_audit_entries", "entries: ", "", true},
};

/* Decimal digits and nothing else; the process that says it is not trusted to say a number. */
static bool read_number(struct span text, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < '0' || text.at[i] > '9' || __builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, text.at[i] - '0', out))
            return false;
    return text.size > 0;
}

/* The value of a line "name value"; false when there is none. */
static bool find_metric(struct span metrics, const char *name, int64_t *out)
{
    size_t length = strlen(name);
    while (metrics.size) {
        const uint8_t *end = memchr(metrics.at, '\n', metrics.size);
        size_t size = end ? (size_t)(end - metrics.at) : metrics.size;
        struct span line = span_slice(metrics, 0, size);
        metrics = span_slice(metrics, size + 1, metrics.size);
        if (span_equals_text(span_slice(line, 0, length), name) && size > length &&
            line.at[length] == ' ')
            return read_number(span_slice(line, length + 1, size), out);
    }
    return false;
}

static enum sm_error describe_metrics(const struct suite_report *report, struct buffer *out)
{
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        int64_t value;
        if (!span_equals_text(report->service, shown[i].service) ||
            !find_metric(report->metrics, shown[i].metric, &value) || (!value && !shown[i].always))
            continue;
        TRY(buffer_format(out, "%s%s%" PRId64 "%s", out->size ? ", " : "", shown[i].before, value,
            shown[i].after));
    }
    return SM_OK;
}

static enum sm_error describe(
    const struct suite_report *report, uint64_t now_ms, struct buffer *out)
{
    static const char sweep[] = "secure_mail_retention_last_sweep_timestamp_seconds";
    int64_t swept_s;
    TRY(describe_metrics(report, out));
    if (find_metric(report->metrics, sweep, &swept_s) && swept_s > 0)
        TRY(buffer_format(out, "%slast sweep %" PRId64 " s ago", out->size ? ", " : "",
            (int64_t)(now_ms / 1000) - swept_s));
    if (report->note.size)
        TRY(buffer_format(out, "%s%.*s", out->size ? ", " : "", SPAN_PRINT(report->note)));
    return SM_OK;
}

static bool is_silent(const struct suite_report *report, uint64_t now_ms)
{
    return now_ms > report->at_ms && now_ms - report->at_ms > SILENT_MS;
}

static const char *word_of(const struct suite_report *report, uint64_t now_ms)
{
    if (is_silent(report, now_ms))
        return "SILENT";
    return report->is_ready ? "ready" : "NOT READY";
}

static enum sm_error say_report(struct cli *cli, const struct suite_report *report, uint64_t now_ms)
{
    struct buffer words DEFER(buffer_free) = BUFFER(WORDS_BYTES_MAX);
    if (is_silent(report, now_ms))
        TRY(buffer_format(&words,
            "it said nothing for %" PRIu64 " s: it died, or cannot reach the database",
            (now_ms - report->at_ms) / 1000));
    else
        TRY(describe(report, now_ms, &words));
    cli_say(cli, "%-10.*s %-10s %-8.*s %-25s %.*s", SPAN_PRINT(report->service),
        word_of(report, now_ms), SPAN_PRINT(report->release),
        clock_text((int64_t)report->started_ms).text, SPAN_PRINT(buffer_span(&words)));
    if (!report->is_ready && report->missing.size)
        cli_say(cli, "%10s because %.*s", "", (int)report->missing.size - 1,
            (const char *)report->missing.at);
    return SM_OK;
}

static enum sm_error give_report(
    struct doc *list, const struct suite_report *report, uint64_t now_ms)
{
    struct doc *one DEFER(doc_free) = NULL;
    TRY(doc_object(&one));
    TRY(doc_set_text(one, "service", report->service));
    TRY(doc_set_text(one, "host", report->host));
    TRY(doc_set_text(one, "release", report->release));
    TRY(doc_set_text(one, "state", span_text(word_of(report, now_ms))));
    TRY(doc_set_text(one, "missing", report->missing));
    TRY(doc_set_text(one, "note", report->note));
    TRY(doc_set_text(one, "metrics", report->metrics));
    TRY(doc_set_u64(one, "started_ms", report->started_ms));
    TRY(doc_set_u64(one, "at_ms", report->at_ms));
    return doc_append(list, &one);
}

/* At least one process of each service must be there and ready; a standby more is no harm. */
static size_t count_ready(const struct suite_status_reply *reply, const char *service)
{
    size_t ready = 0;
    for (size_t i = 0; i < reply->reports.count; i++) {
        const struct suite_report *report = LIST_AT(struct suite_report, reply->reports, i);
        ready += span_equals_text(report->service, service) && report->is_ready &&
                 !is_silent(report, reply->now_ms);
    }
    return ready;
}

static void say_restore(struct cli *cli, const struct suite_status_reply *reply)
{
    if (reply->restored_ms == 0)
        return;
    cli_say(cli, "Restored on %s from a backup of %s.",
        clock_text((int64_t)reply->restored_ms).text, clock_text((int64_t)reply->backup_ms).text);
    if (reply->is_mail_held)
        cli_say(cli, "Mail held: what was waiting in that backup. To let it go: securemail-admin "
                     "mail release");
}

static enum sm_error give_all(struct cli *cli, const struct suite_status_reply *reply, bool is_well)
{
    struct doc *list DEFER(doc_free) = NULL;
    TRY(doc_array(&list));
    for (size_t i = 0; i < reply->reports.count; i++)
        TRY(give_report(list, LIST_AT(struct suite_report, reply->reports, i), reply->now_ms));
    TRY(doc_set_flag(cli->answer, "is_well", is_well));
    TRY(doc_set_u64(cli->answer, "now_ms", reply->now_ms));
    TRY(doc_set_u64(cli->answer, "restored_ms", reply->restored_ms));
    TRY(doc_set_flag(cli->answer, "is_mail_held", reply->is_mail_held));
    TRY(doc_set_text(cli->answer, "keys", reply->keys));
    return doc_give(cli->answer, "reports", &list);
}

/* False when a service has no process that is ready. */
static bool say_missing(struct cli *cli, const struct suite_status_reply *reply)
{
    bool is_well = true;
    for (size_t i = 0; i < SERVICES; i++) {
        if (count_ready(reply, services[i]) > 0)
            continue;
        is_well = false;
        cli_say(
            cli, "No %s is ready: see docs/runbook.md, \"When a service is down\".", services[i]);
    }
    return is_well;
}

enum sm_error suite_status(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct suite_status_request request = {0};
    struct suite_status_reply reply = {0};
    TRY(operator_ask(cli, OP_SUITE_STATUS, &request, &arena, &reply));
    cli_say(cli, "%-10s %-10s %-8s %-25s %s", "service", "state", "release", "since", "what waits");
    for (size_t i = 0; i < reply.reports.count; i++)
        TRY(say_report(cli, LIST_AT(struct suite_report, reply.reports, i), reply.now_ms));
    bool is_well = say_missing(cli, &reply);
    cli_say(cli, "%s", "");
    cli_say(cli, "Keys, newest versions: %.*s", SPAN_PRINT(reply.keys));
    say_restore(cli, &reply);
    return give_all(cli, &reply, is_well);
}
