/* Written under another name, synced, renamed: a crash leaves the whole file or none. */
#include "cli/key_file.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/secret.h"
#include "cli/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096, VALUE_BYTES_MAX = 128, HEX_BYTES_MAX = 2 * VALUE_BYTES_MAX + 2 };

enum sm_error key_file_write(const char *path, mode_t mode, struct span bytes)
{
    char text[HEX_BYTES_MAX] = "";
    DEFER_WIPE(text);
    char fresh[PATH_BYTES_MAX];
    int length = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (bytes.size > VALUE_BYTES_MAX || length < 0 || (size_t)length >= sizeof fresh)
        return SM_TOO_LARGE;
    hex_encode(bytes, text);
    size_t size = strlen(text);
    text[size++] = '\n';
    int file DEFER(file_close) =
        open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    bool is_written = file >= 0 && write(file, text, size) == (ssize_t)size && fsync(file) == 0 &&
                      rename(fresh, path) == 0;
    return is_written ? SM_OK : SM_IO;
}

enum sm_error key_file_read(const char *path, uint8_t *out, size_t size)
{
    char text[HEX_BYTES_MAX + 1] = "";
    DEFER_WIPE(text);
    if (size > VALUE_BYTES_MAX)
        return SM_TOO_LARGE;
    int file DEFER(file_close) = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, text, sizeof text);
    if (got < 0)
        return SM_IO;
    bool is_whole = (size_t)got == 2 * size + 1 && text[got - 1] == '\n';
    return is_whole ? hex_decode(span_of(text, 2 * size), out, size) : SM_BAD_FORMAT;
}
