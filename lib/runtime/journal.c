/* One write(2) on a descriptor that only appends, and then the disk is asked. */
#include "runtime/journal.h"

#include "base/buffer.h"
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

static const char *const words[ERASURE_KINDS] = {
    [ERASURE_DELETED] = "deleted",
    [ERASURE_REVOKED] = "revoked",
    [ERASURE_LINK_REVOKED] = "link-revoked",
    [ERASURE_VALUE] = "value-0",
    [ERASURE_VALUE + 1] = "value-1",
    [ERASURE_VALUE + 2] = "value-2",
    [ERASURE_VALUE + 3] = "value-3",
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

/* One line with its check, which covers what stands behind the first newline. A line that a crash
 * or a full disk cut, here or in another process, has no newline of its own: so each line brings
 * one in front. */
static enum sm_error put_line(const struct journal_line *line, struct buffer *out)
{
    uint8_t digest[KDF_SHA256_BYTES];
    char check[2 * CHECK_BYTES + 1];
    size_t start = out->size + 1;
    TRY(buffer_format(
        out, "\n%" PRId64 " %s %s", line->at_ms, words[line->kind], id_text(line->thing).text));
    TRY(kdf_sha256(span_slice(buffer_span(out), start, out->size), digest));
    hex_encode(span_of(digest, CHECK_BYTES), check);
    return buffer_format(out, " %s\n", check);
}

enum sm_error journal_add_all(
    struct journal *journal, const struct journal_line *lines, size_t count)
{
    struct buffer text DEFER(buffer_free) = BUFFER(JOURNAL_LINES_MAX * LINE_BYTES_MAX);
    if (!journal || count == 0)
        return SM_OK;
    for (size_t i = 0; i < count; i++)
        TRY(put_line(&lines[i], &text));
    errno = ENOSPC; /* a short write is a full disk */
    if (write(journal->file, text.bytes, text.size) != (ssize_t)text.size ||
        fdatasync(journal->file) != 0)
        return fault("journal-add");
    return SM_OK;
}

enum sm_error journal_add(
    struct journal *journal, enum erasure_kind kind, struct id thing, int64_t at_ms)
{
    const struct journal_line line = {kind, thing, at_ms};
    return journal_add_all(journal, &line, 1);
}
