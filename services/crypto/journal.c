/* One write(2) a line on a descriptor that only appends, and then the disk is asked. */
#include "services/crypto/journal.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

enum { LINE_BYTES_MAX = 128, PATH_BYTES_MAX = 4096, CHECK_BYTES = 4 };

struct journal {
    int file;
};

static const char *const words[] = {
    [ERASURE_DELETED] = "deleted",
    [ERASURE_REVOKED] = "revoked",
    [ERASURE_LINK_REVOKED] = "link-revoked",
};

static enum sm_error fault(const char *what)
{
    int number = errno;
    bool is_full = number == ENOSPC || number == EDQUOT;
    return log_failure(what, is_full ? SM_DISK_FULL : SM_IO, strerrordesc_np(number));
}

static enum sm_error sync_folder(const char *folder)
{
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = opened >= 0 && fsync(opened) == 0;
    enum sm_error error = is_synced ? SM_OK : fault("journal-open");
    if (opened >= 0)
        (void)close(opened);
    return error;
}

static enum sm_error refuse(const char *path)
{
    log_line(LOG_ERROR, "journal", "file", path, "cause", strerrordesc_np(errno), "remedy",
        "Name a folder that this service may write to: SECURE_MAIL_JOURNAL_DIR", NULL);
    return SM_CONFIG;
}

enum sm_error journal_open(const char *folder, struct journal **out)
{
    char path[PATH_BYTES_MAX];
    struct journal *journal DEFER(journal_close) = NULL;
    int size = snprintf(path, sizeof path, "%s/erasures.journal", folder);
    if (size < 0 || (size_t)size >= sizeof path)
        return SM_TOO_LARGE;
    TRY(memory_zeroed(1, sizeof *journal, (void **)&journal));
    journal->file =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (journal->file < 0)
        return refuse(path);
    TRY(sync_folder(folder));
    *out = TAKE(journal);
    return SM_OK;
}

void journal_close(struct journal **journal)
{
    if (!*journal)
        return;
    if ((*journal)->file >= 0)
        (void)close((*journal)->file);
    memory_free(journal);
}

/* The check goes behind a blank; it covers what stands behind the first newline. */
static enum sm_error add_check(char line[static LINE_BYTES_MAX])
{
    uint8_t digest[KDF_SHA256_BYTES];
    char check[2 * CHECK_BYTES + 1];
    size_t size = strlen(line);
    TRY(kdf_sha256(span_of(line + 1, size - 1), digest));
    hex_encode(span_of(digest, CHECK_BYTES), check);
    int added = snprintf(line + size, LINE_BYTES_MAX - size, " %s\n", check);
    return added > 0 && (size_t)added < LINE_BYTES_MAX - size ? SM_OK : SM_TOO_LARGE;
}

/* A line that a crash or a full disk cut, here or in another process, has no newline of its own: so
 * each line brings one in front. */
enum sm_error journal_add(
    struct journal *journal, enum erasure kind, struct id thing, int64_t at_ms)
{
    char line[LINE_BYTES_MAX];
    if (!journal)
        return SM_OK;
    int size =
        snprintf(line, sizeof line, "\n%" PRId64 " %s %s", at_ms, words[kind], id_text(thing).text);
    if (size < 0 || (size_t)size >= sizeof line)
        return SM_TOO_LARGE;
    TRY(add_check(line));
    errno = ENOSPC; /* a short write is a full disk */
    if (write(journal->file, line, strlen(line)) != (ssize_t)strlen(line) ||
        fdatasync(journal->file) != 0)
        return fault("journal-add");
    return SM_OK;
}
