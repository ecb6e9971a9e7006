/* Unnamed files, and names that are free. Everything is relative to the folder once opened. */
#include "cli/save.h"

#include "base/encode.h"
#include "base/random.h"
#include "cli/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUMBER_MAX = 1000, RANDOM_BYTES = 16, DESCRIPTOR_PATH_BYTES = 40 };

static const char descriptors[] = "/proc/self/fd";

/* For file systems without unnamed files. */
static enum sm_error open_hidden(struct save *save)
{
    uint8_t random[RANDOM_BYTES];
    char digits[2 * RANDOM_BYTES + 1];
    TRY(random_bytes(random, sizeof random));
    hex_encode(SPAN(random), digits);
    (void)snprintf(save->hidden, sizeof save->hidden, ".unfinished-%s", digits);
    save->file = openat(
        save->folder, save->hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (save->file < 0)
        save->hidden[0] = '\0';
    return save->file < 0 ? SM_IO : SM_OK;
}

enum sm_error save_begin(struct save *save, const char *folder)
{
    *save = SAVE;
    save->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (save->folder < 0)
        return SM_IO;
    if (access(descriptors, X_OK) == 0) /* how it gets its name in the end */
        save->file = openat(save->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    return save->file < 0 ? open_hidden(save) : SM_OK;
}

enum sm_error save_write(struct save *save, struct span bytes)
{
    return file_write(save->file, bytes);
}

static void close_listing(DIR **listing)
{
    if (*listing)
        (void)closedir(*listing);
}

/* Is there a file of this name, in whatever case? What cannot be looked at counts as taken. */
static bool is_taken(const struct save *save, const char *name)
{
    int folder = openat(save->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing __attribute__((cleanup(close_listing))) = folder < 0 ? NULL : fdopendir(folder);
    const struct dirent *entry;
    if (!listing) {
        file_close(&folder);
        return true;
    }
    while ((entry = readdir(listing)) != NULL)
        if (strcasecmp(entry->d_name, name) == 0)
            return true;
    return false;
}

/* Fails with EEXIST where the name is taken, by whatever: link and RENAME_NOREPLACE never replace,
 * and do not follow the name. */
static bool give_name(struct save *save, const char *name)
{
    char descriptor[DESCRIPTOR_PATH_BYTES];
    (void)snprintf(descriptor, sizeof descriptor, "%s/%d", descriptors, save->file);
    if (!*save->hidden)
        return linkat(AT_FDCWD, descriptor, save->folder, name, AT_SYMLINK_FOLLOW) == 0;
    bool is_named = linkat(save->folder, save->hidden, save->folder, name, 0) == 0;
    if (is_named)
        (void)unlinkat(save->folder, save->hidden, 0);
    else if (errno != EEXIST) /* no hard links here: a memory stick */
        is_named = renameat2(save->folder, save->hidden, save->folder, name, RENAME_NOREPLACE) == 0;
    if (is_named)
        save->hidden[0] = '\0';
    return is_named;
}

enum sm_error save_finish(
    struct save *save, struct span wanted, char name[static FILE_NAME_BYTES + 1])
{
    char safe[FILE_NAME_SAFE_BYTES_MAX + 1];
    file_name_safe(wanted, safe);
    if (fsync(save->file) != 0)
        return errno == ENOSPC ? SM_DISK_FULL : SM_IO;
    for (unsigned number = 1; number <= NUMBER_MAX; number++) {
        file_name_numbered(safe, number, name);
        if (is_taken(save, name))
            continue;
        if (give_name(save, name))
            return fsync(save->folder) == 0 ? SM_OK : SM_IO;
        if (errno != EEXIST)
            return SM_IO;
    }
    return SM_CONFLICT;
}

void save_end(struct save *save)
{
    if (*save->hidden)
        (void)unlinkat(save->folder, save->hidden, 0);
    save->hidden[0] = '\0';
    file_close(&save->file);
    file_close(&save->folder);
}
