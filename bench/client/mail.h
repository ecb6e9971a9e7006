/*
 * The messages of a run: made and uploaded, sent, opened. Each step takes what the one before left,
 * so that each can be timed by itself. See main_client.c for the commands.
 */
#ifndef SM_BENCH_MAIL_H
#define SM_BENCH_MAIL_H

#include "bench/client/drive.h"
#include "bench/client/sealed_ask.h"

struct mail;

struct mail_options {
    int port;
    const char *email, *password; /* of a sender */
    const char *database;         /* as sm_crypto: for codes that nobody reads out of a mailbox */
    const char *master_key_file;
    bool is_checked_by_password; /* else by a code */
};

/* Signs in. */
struct mail *mail_open(const struct mail_options *options);
void mail_close(struct mail *mail);
const char *mail_cookie(const struct mail *mail);

/* Composes and uploads `count` messages of 1 KiB, and seals their send requests. */
struct driven mail_prepare(struct mail *mail, size_t threads, size_t count);

/* Posts what was prepared, for so many seconds. */
struct driven mail_send(struct mail *mail, size_t threads, double seconds);

/* Has crypto's own code issue a code for each link that was sent (not timed). */
void mail_issue_codes(struct mail *mail);

/* Verify, open, and fetch the header part; each link once where a code is used up by it. */
struct driven mail_open_links(struct mail *mail, size_t threads, double seconds);

/* Attachments of 50 MB, `count` of them; both: every other thread downloads. */
enum transfer_kind { TRANSFER_UPLOAD, TRANSFER_DOWNLOAD, TRANSFER_BOTH };
struct driven mail_transfer(
    struct mail *mail, enum transfer_kind kind, size_t threads, size_t count);

#endif
