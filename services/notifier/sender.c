/*
 * The sending threads. A mail that the relay has accepted is recorded whatever it takes: the thread
 * tries until the database answers or the process is stopped; only then may it go out twice, with
 * one Message-ID.
 */
#include "services/notifier/sender.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "services/notifier/backoff.h"
#include "services/notifier/jobs.h"
#include "services/notifier/letter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

enum {
    LOOK_MS = 1000,            /* how often an unpoked thread looks: retries become due by time */
    FAULT_MS = 500,            /* pause after a fault of the database */
    LEASE_MARGIN_MS = 30000,   /* a lease outlives the attempt by this */
    STOP_GRACE_MS = 3000,      /* for a mail under way */
    FORGET_EVERY_MS = 3600000, /* old ids and feed lines */
};

struct sender {
    struct senders *senders;
    enum job_rank rank_max;
    pthread_t thread;
    struct db *db;
    struct smtp *smtp;
    bool is_faulty; /* claiming failed last time: said once, not twice a second */
    struct id job;  /* in hand, until what became of it is recorded; none; under senders->lock */
};

struct senders {
    struct senders_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t pokes; /* under lock */
    atomic_bool is_stopping;
    atomic_llong break_off_ms; /* monotonic; 0: not stopping */
    size_t started;
    struct sender at[SENDERS_MAX];
};

static const struct timespec fault_pause = {.tv_nsec = FAULT_MS * 1000000L};

/* --- waiting --- */

void senders_poke(struct senders *senders)
{
    (void)pthread_mutex_lock(&senders->lock);
    senders->pokes++;
    (void)pthread_cond_broadcast(&senders->wake);
    (void)pthread_mutex_unlock(&senders->lock);
}

static uint64_t pokes_so_far(struct senders *senders)
{
    (void)pthread_mutex_lock(&senders->lock);
    uint64_t pokes = senders->pokes;
    (void)pthread_mutex_unlock(&senders->lock);
    return pokes;
}

/* Returns at once when there was a poke since `seen`. */
static void wait_for_poke(struct senders *senders, uint64_t seen, int64_t ms)
{
    struct timespec until = condition_after_ms(ms);
    bool in_time = true;
    (void)pthread_mutex_lock(&senders->lock);
    while (senders->pokes == seen && !atomic_load(&senders->is_stopping) && in_time)
        in_time = condition_wait(&senders->wake, &senders->lock, &until);
    (void)pthread_mutex_unlock(&senders->lock);
}

static bool is_broken_off(void *context)
{
    struct senders *senders = context;
    long long at = atomic_load(&senders->break_off_ms);
    return at != 0 && clock_monotonic_ms() >= at;
}

/* --- one mail --- */

/* A mail ready for the relay; the addresses are the letter's or the service's. */
struct outgoing {
    struct buffer content, from, to;
};

static void outgoing_free(struct outgoing *outgoing)
{
    buffer_free(&outgoing->content);
    buffer_free(&outgoing->from);
    buffer_free(&outgoing->to);
}

static enum sm_error compose(
    struct sender *sender, const struct claimed_job *claimed, struct outgoing *out)
{
    const struct senders_options *options = &sender->senders->options;
    struct opened_letter opened DEFER(opened_letter_free) = OPENED_LETTER;
    struct letter_stamp stamp = {claimed->job, span_text(options->from_address), claimed->now_ms};
    TRY(letter_open(options->letter_key, claimed->job, claimed->sealed, &opened));
    if (opened.letter.kind != claimed->kind)
        return SM_BAD_VALUE;
    TRY(letter_compose(&opened.letter, &stamp, &out->content));
    TRY(buffer_append(&out->from, letter_from(&opened.letter, &stamp)));
    return buffer_append(&out->to, opened.letter.to_address);
}

static void log_outcome(const struct claimed_job *claimed, const struct smtp_outcome *outcome)
{
    char reply[8];
    bool is_accepted = outcome->class == SMTP_ACCEPTED;
    (void)snprintf(reply, sizeof reply, "%d", outcome->reply);
    log_line(is_accepted ? LOG_INFO : LOG_WARNING,
        is_accepted ? "mail-accepted" : "mail-not-accepted", "job", id_text(claimed->job).text,
        "stage", outcome->stage, "cause", outcome->cause, "reply", reply, NULL);
}

/* Until the database has it, or the process must end. */
static void settle(struct sender *sender, const struct claimed_job *claimed,
    enum delivery_result result, const char *reason)
{
    struct senders *senders = sender->senders;
    for (;;) {
        enum sm_error error = jobs_settle(sender->db, claimed, result, reason);
        if (error == SM_OK)
            break;
        log_line(LOG_WARNING, "settling-waits", "job", id_text(claimed->job).text, "error",
            error_name(error), NULL);
        if (is_broken_off(senders))
            return;
        (void)nanosleep(&fault_pause, NULL);
    }
    senders->options.on_settled(senders->options.context);
}

/* When the database does not take it, the lease ends by itself. */
static void postpone(struct sender *sender, const struct claimed_job *claimed, int64_t delay_ms)
{
    enum sm_error error = jobs_postpone(sender->db, claimed, delay_ms);
    if (error != SM_OK)
        log_line(LOG_WARNING, "postponing-failed", "job", id_text(claimed->job).text, "error",
            error_name(error), NULL);
    sender->senders->options.on_settled(sender->senders->options.context);
}

static void record(
    struct sender *sender, const struct claimed_job *claimed, const struct smtp_outcome *outcome)
{
    char reason[64];
    log_outcome(claimed, outcome);
    (void)snprintf(reason, sizeof reason, "refused at %s with %d", outcome->stage, outcome->reply);
    switch (outcome->class) {
    case SMTP_ACCEPTED:
        FAIL_POINT("notifier.smtp.after-acceptance");
        settle(sender, claimed, DELIVERY_ACCEPTED, NULL);
        return;
    case SMTP_PERMANENT:
        settle(sender, claimed, DELIVERY_UNDELIVERABLE, reason);
        return;
    case SMTP_TEMPORARY:
        postpone(sender, claimed, backoff_ms(claimed->attempt, claimed->kind));
        return;
    }
}

static void hand_over(
    struct sender *sender, const struct claimed_job *claimed, const struct outgoing *outgoing)
{
    struct smtp_mail mail = {
        buffer_span(&outgoing->from), buffer_span(&outgoing->to), buffer_span(&outgoing->content)};
    struct smtp_outcome outcome;
    FAIL_POINT("notifier.smtp.before-sending");
    if (smtp_send(sender->smtp, &mail, &outcome) == SM_OK)
        record(sender, claimed, &outcome);
    else
        postpone(sender, claimed, backoff_ms(claimed->attempt, claimed->kind));
}

/* A letter that cannot be read is no fault of the relay: it fails for good, and the log says so. */
static void send_job(struct sender *sender, const struct claimed_job *claimed)
{
    struct outgoing outgoing DEFER(outgoing_free) = {BUFFER(LETTER_MAIL_BYTES_MAX),
        BUFFER(ADDRESS_BYTES_LIMIT + 1), BUFFER(ADDRESS_BYTES_LIMIT + 1)};
    enum sm_error error = compose(sender, claimed, &outgoing);
    if (error == SM_OK) {
        hand_over(sender, claimed, &outgoing);
        return;
    }
    log_line(LOG_ERROR, "letter-unreadable", "job", id_text(claimed->job).text, "error",
        error_name(error), NULL);
    if (error == SM_NO_MEMORY)
        postpone(sender, claimed, backoff_ms(claimed->attempt, claimed->kind));
    else
        settle(sender, claimed, DELIVERY_UNDELIVERABLE, "letter unreadable");
}

static void handle(struct sender *sender, const struct claimed_job *claimed)
{
    if (claimed->is_cancelled)
        postpone(sender, claimed, 0); /* which cancels it */
    else if (claimed->is_over)
        settle(sender, claimed, DELIVERY_UNDELIVERABLE, "given up: its time is over");
    else
        send_job(sender, claimed);
}

/* --- the threads --- */

static void take_in_hand(struct sender *sender, struct id job)
{
    (void)pthread_mutex_lock(&sender->senders->lock);
    sender->job = job;
    (void)pthread_mutex_unlock(&sender->senders->lock);
}

/* What the threads have in hand, also where a lease ended with a connection. Gives how many. */
static size_t in_hand(struct senders *senders, struct id out[static SENDERS_MAX])
{
    size_t count = 0;
    (void)pthread_mutex_lock(&senders->lock);
    for (size_t i = 0; i < SENDERS_MAX; i++)
        if (!id_is_none(senders->at[i].job))
            out[count++] = senders->at[i].job;
    (void)pthread_mutex_unlock(&senders->lock);
    return count;
}

/* One job, if one is due. */
static enum sm_error send_next(struct sender *sender)
{
    const struct senders_options *options = &sender->senders->options;
    struct claimed_job claimed DEFER(claimed_job_free) = {0};
    struct id jobs[SENDERS_MAX];
    if (!sender->db)
        TRY(db_open(options->conninfo, &sender->db));
    const struct claim claim = {sender->rank_max, options->smtp.timeout_ms + LEASE_MARGIN_MS, jobs,
        in_hand(sender->senders, jobs)};
    TRY(jobs_claim(sender->db, &claim, &claimed));
    take_in_hand(sender, claimed.job);
    log_request_set(claimed.request);
    handle(sender, &claimed);
    log_request_set(0);
    take_in_hand(sender, (struct id){{0}});
    return SM_OK;
}

static void forget_old(struct sender *sender, int64_t *next_ms)
{
    if (sender->rank_max == JOB_URGENT || !sender->db || clock_monotonic_ms() < *next_ms)
        return;
    if (jobs_forget(sender->db) == SM_OK)
        *next_ms = clock_monotonic_ms() + FORGET_EVERY_MS;
}

static void note_fault(struct sender *sender, enum sm_error error)
{
    bool is_faulty = error != SM_OK && error != SM_NOT_FOUND;
    if (is_faulty && !sender->is_faulty)
        log_line(LOG_WARNING, "claiming-waits", "error", error_name(error), NULL);
    if (!is_faulty && sender->is_faulty)
        log_line(LOG_INFO, "claiming-works-again", NULL);
    sender->is_faulty = is_faulty;
}

static void *sender_thread(void *context)
{
    struct sender *sender = context;
    struct senders *senders = sender->senders;
    int64_t forget_ms = 0;
    while (!atomic_load(&senders->is_stopping)) {
        uint64_t seen = pokes_so_far(senders);
        enum sm_error error = send_next(sender);
        note_fault(sender, error);
        if (error == SM_OK)
            continue;
        forget_old(sender, &forget_ms);
        wait_for_poke(senders, seen, error == SM_NOT_FOUND ? LOOK_MS : FAULT_MS);
    }
    db_close(&sender->db);
    smtp_close(&sender->smtp);
    return NULL;
}

static enum sm_error start_one(struct senders *senders)
{
    struct sender *sender = &senders->at[senders->started];
    sender->senders = senders;
    sender->rank_max = senders->started == 0 ? JOB_URGENT : JOB_ANY;
    TRY(smtp_open(&senders->options.smtp, &sender->smtp));
    if (pthread_create(&sender->thread, NULL, sender_thread, sender) != 0) {
        smtp_close(&sender->smtp);
        return SM_NO_MEMORY;
    }
    senders->started++;
    return SM_OK;
}

enum sm_error senders_start(const struct senders_options *options, struct senders **out)
{
    if (!text_is_address(span_text(options->from_address)))
        return log_failure("mail-from", SM_CONFIG, "the sender address is not a mail address");
    struct senders *senders DEFER(senders_stop) = calloc(1, sizeof *senders);
    if (!senders)
        return SM_NO_MEMORY;
    senders->options = *options;
    senders->options.smtp.is_cancelled = is_broken_off;
    senders->options.smtp.context = senders;
    senders->options.smtp.hello_domain = strchr(senders->options.from_address, '@') + 1;
    (void)pthread_mutex_init(&senders->lock, NULL);
    condition_make(&senders->wake);
    for (size_t i = 0; i < options->threads && i < SENDERS_MAX; i++)
        TRY(start_one(senders));
    *out = TAKE(senders);
    return SM_OK;
}

void senders_stop(struct senders **senders)
{
    if (!*senders)
        return;
    atomic_store(&(*senders)->break_off_ms, clock_monotonic_ms() + STOP_GRACE_MS);
    atomic_store(&(*senders)->is_stopping, true);
    senders_poke(*senders);
    for (size_t i = 0; i < (*senders)->started; i++)
        (void)pthread_join((*senders)->at[i].thread, NULL);
    (void)pthread_cond_destroy(&(*senders)->wake);
    (void)pthread_mutex_destroy(&(*senders)->lock);
    free(*senders);
    *senders = NULL;
}
