/* File descriptors. */
#include "cli/file.h"

#include <errno.h>
#include <unistd.h>

void file_close(int *file)
{
    if (*file > STDERR_FILENO)
        (void)close(*file);
    *file = -1;
}

enum sm_error file_write(int file, struct span bytes)
{
    while (bytes.size) {
        ssize_t written = write(file, bytes.at, bytes.size);
        if (written < 0 && errno != EINTR)
            return errno == ENOSPC || errno == EDQUOT ? SM_DISK_FULL : SM_IO;
        bytes = span_slice(bytes, written > 0 ? (size_t)written : 0, bytes.size);
    }
    return SM_OK;
}
