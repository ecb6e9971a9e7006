/*
 * The first page of a sender's list as it was answered last. An open page asks again and again
 * whether anything is new: while the sender's word in the database (mail.list_change, migration
 * 0150) is the one under which the page was read, it is answered from here, and PostgreSQL reads
 * one row instead of fifty. What it may be used for is decided by that word and by nothing here.
 *
 * At most KEPT_LISTS pages of KEPT_LIST_BYTES_MAX; which are kept is a matter of chance where more
 * senders ask. One that nobody asked for in KEPT_LIST_IDLE_MS is wiped at the next tidying. Any
 * thread.
 */
#ifndef SM_GATEWAY_KEPT_LISTS_H
#define SM_GATEWAY_KEPT_LISTS_H

#include "base/buffer.h"
#include "base/id.h"

enum {
    KEPT_LISTS = 256, /* a power of two */
    KEPT_LIST_BYTES_MAX = 64 * 1024,
    KEPT_LIST_IDLE_MS = 150 * 1000, /* more than twice what an open page waits at the longest */
};

struct kept_lists;
SM_MUST_USE enum sm_error kept_lists_new(struct kept_lists **out);
void kept_lists_free(struct kept_lists **lists);

struct list_name {
    struct id organisation, sender;
    uint64_t rows; /* as many as were asked for */
};

struct list_page {
    struct id word;             /* under which it was read */
    int64_t since_ms, until_ms; /* by the one clock: for so long no status in it changes */
    struct span tag;            /* its ETag */
    struct span body;           /* without the time it was answered at */
};

/* The word under which the page is kept; none: it is not. */
struct id kept_lists_word(struct kept_lists *lists, const struct list_name *name);

struct list_demand {
    struct id word; /* as the database has it */
    int64_t now_ms;
    struct span known_tag; /* whose body the caller has already; may be empty */
};

/*
 * Appends tag and, unless it is known, body of the page that is kept under that word and holds at
 * that time. SM_NOT_FOUND: there is none (any more), and nothing was appended.
 */
SM_MUST_USE enum sm_error kept_lists_recall(struct kept_lists *lists, const struct list_name *name,
    const struct list_demand *demand, struct buffer *body, struct buffer *tag);

/* Keeps a copy, in the place of what was there. One that is too large, or has no word, is not kept,
 * and takes no other's place. */
void kept_lists_keep(
    struct kept_lists *lists, const struct list_name *name, const struct list_page *page);

/* Wipes what nobody asked for lately; kept_lists_tidy_of: for so long, for tests. */
void kept_lists_tidy(struct kept_lists *lists);
void kept_lists_tidy_of(struct kept_lists *lists, int64_t idle_ms);

#endif
