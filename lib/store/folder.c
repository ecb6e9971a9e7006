/* Steps on folders by descriptor, durable in the order of POSIX: the entry, then its folder. */
#include "store/folder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

static const struct {
    int number;
    enum sm_error error;
} faults[] = {
    {ENOENT, SM_NOT_FOUND},
    {ENOSPC, SM_DISK_FULL},
    {EDQUOT, SM_DISK_FULL},
    {ENOTEMPTY, SM_BUSY},
    {ENOMEM, SM_NO_MEMORY},
};

enum sm_error folder_fault(const char *what)
{
    int number = errno;
    enum sm_error error = SM_IO;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].number == number)
            error = faults[i].error;
    if (error == SM_NOT_FOUND)
        return error;
    return log_failure(what, error, strerrordesc_np(number));
}

void folder_close(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

enum sm_error folder_sync(int folder)
{
    return fsync(folder) == 0 ? SM_OK : folder_fault("folder-sync");
}

/* The mode is set apart from mkdir, so that no umask takes the group's right to delete. */
enum sm_error folder_make(int parent, const char *name)
{
    if (mkdirat(parent, name, 0700) != 0)
        return errno == EEXIST ? SM_OK : folder_fault("folder-make");
    if (fchmodat(parent, name, 02770, 0) != 0)
        return folder_fault("folder-mode");
    return folder_sync(parent);
}

enum sm_error folder_open(int parent, const char *name, int *out)
{
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return folder_fault("folder-open");
    *out = folder;
    return SM_OK;
}

enum sm_error folder_unlink(int folder, const char *name, int flags)
{
    if (unlinkat(folder, name, flags) != 0 && errno != ENOENT)
        return folder_fault("folder-unlink");
    return SM_OK;
}

int64_t folder_age_s(const struct stat *facts)
{
    int64_t age = clock_wall_ms() / 1000 - (int64_t)facts->st_mtim.tv_sec;
    return age > 0 ? age : 0;
}

static void list_close(DIR **list)
{
    if (*list)
        (void)closedir(*list);
    *list = NULL;
}

/* fdopendir takes its descriptor over, so it is given one of its own. */
enum sm_error folder_each(int folder, folder_visit_fn *visit, void *context)
{
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list DEFER(list_close) = own < 0 ? NULL : fdopendir(own);
    if (!list) {
        enum sm_error error = folder_fault("folder-list");
        folder_close(&own);
        return error;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(list);
        if (!entry)
            return errno == 0 ? SM_OK : folder_fault("folder-list");
        bool is_self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!is_self)
            TRY(visit(context, folder, entry->d_name));
    }
}
