/*
 * Mail jobs and what becomes of them: schema outbox. A job is durable when jobs_enqueue returns and
 * is taken once by its id, however often it is told. It is settled once: accepted, undeliverable or
 * cancelled; in that transaction its letter is wiped, the event for the log is written, and the
 * gateway's feed gets its line.
 *
 * A claim is a lease: it ends at its time or when the claimer's connection is gone (a killed
 * process holds nothing back), so a job may be sent twice when nobody knows what became of the
 * first time, with the same Message-ID. A database that was away ends the leases of processes that
 * live: so a claimer names what its own process has in hand. No transaction is open while a mail is
 * sent.
 *
 * All times are the database's clock.now_ms().
 */
#ifndef SM_NOTIFIER_JOBS_H
#define SM_NOTIFIER_JOBS_H

#include "db/outbox.h"
#include "proto/notify.h"

/* The event table of schema outbox. */
extern const struct outbox notifier_outbox;

/*
 * Takes the jobs of an enqueue_request, in one transaction with their events. *is_due: one of those
 * that are new may go now.
 */
SM_MUST_USE enum sm_error jobs_enqueue(struct db *db, const struct list *jobs, bool *is_due);

/*
 * Jobs of a message (link none: all) that are not being sent just now never are; those that are get
 * no second attempt. With all of a message go its lines in the feed: nothing here names it any
 * more.
 */
SM_MUST_USE enum sm_error jobs_cancel(
    struct db *db, struct id message, struct id link, uint64_t *cancelled);

/* Up to which rank a claimer takes jobs: codes alone, or anything (codes first). */
enum job_rank { JOB_URGENT = 0, JOB_ANY = 1 };

struct claimed_job {
    struct db_rows *rows; /* owns what `sealed` points to */
    struct id job, organisation, message, link;
    uint64_t kind;
    uint64_t attempt; /* 1 for the first */
    int64_t now_ms;
    bool is_over;      /* its time is up: give up without an attempt */
    bool is_cancelled; /* asked before its sender died: postponing cancels it */
    struct span sealed;
    uint64_t request; /* for log lines; 0: none */
};
void claimed_job_free(struct claimed_job *claimed);

/* Who claims what: for how long, and not what is in hand. */
struct claim {
    enum job_rank rank_max;
    int64_t lease_ms;
    const struct id *in_hand; /* of this process */
    size_t in_hand_count;
};

/* Takes what is due longest. SM_NOT_FOUND when nothing is. Free *out with claimed_job_free. */
SM_MUST_USE enum sm_error jobs_claim(
    struct db *db, const struct claim *claim, struct claimed_job *out);

/*
 * Settles for good. `reason` is a short fact for the log, never of the relay's words. Settled by
 * somebody else meanwhile: nothing happens, SM_OK.
 */
SM_MUST_USE enum sm_error jobs_settle(struct db *db, const struct claimed_job *claimed,
    enum delivery_result result, const char *reason);

/* Gives the claim back: due again in `delay_ms`, or cancelled if that was asked meanwhile. */
SM_MUST_USE enum sm_error jobs_postpone(
    struct db *db, const struct claimed_job *claimed, int64_t delay_ms);

/* The feed after the request's cursor. The list lives in `arena`. */
SM_MUST_USE enum sm_error jobs_deliveries(struct db *db,
    const struct delivery_feed_request *request, struct arena *arena, struct list *out);

/* Removes ids and feed lines whose time was up a week ago: nobody can repeat or need them. */
SM_MUST_USE enum sm_error jobs_forget(struct db *db);

#endif
