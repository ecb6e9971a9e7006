/* Written beside and renamed over, so that a reader never sees half a key. */
#include "services/crypto/capability_file.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/ed25519.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 2 * ED25519_PUBLIC_BYTES + 1, PATH_BYTES_MAX = 4096 };

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static bool holds(const char *path, const char line[static LINE_BYTES])
{
    char found[LINE_BYTES + 1];
    int file DEFER(close_file) = open(path, O_RDONLY | O_CLOEXEC);
    return file >= 0 && read(file, found, sizeof found) == LINE_BYTES &&
           memcmp(found, line, LINE_BYTES) == 0;
}

static bool write_whole(const char *path, const char *beside, const char line[static LINE_BYTES])
{
    int file DEFER(close_file) =
        open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    return file >= 0 && write(file, line, LINE_BYTES) == LINE_BYTES && fsync(file) == 0 &&
           rename(beside, path) == 0;
}

enum sm_error capability_file_write(const char *keys_dir, const struct keyring *keyring)
{
    struct buffer path DEFER(buffer_free) = BUFFER(PATH_BYTES_MAX);
    struct buffer beside DEFER(buffer_free) = BUFFER(PATH_BYTES_MAX);
    uint8_t key[ED25519_PUBLIC_BYTES];
    char line[LINE_BYTES + 1];
    const char *name;
    const char *new_name;
    TRY(ed25519_public(keyring_key(keyring, KEY_CAPABILITY), key));
    hex_encode(SPAN(key), line);
    line[LINE_BYTES - 1] = '\n';
    TRY(buffer_format(&path, "%s/capability.pub", keys_dir));
    TRY(buffer_format(&beside, "%s/capability.pub.%ld", keys_dir, (long)getpid()));
    TRY(buffer_text(&path, &name));
    TRY(buffer_text(&beside, &new_name));
    if (holds(name, line) || write_whole(name, new_name, line))
        return SM_OK;
    (void)unlink(new_name);
    line[LINE_BYTES - 1] = '\0';
    log_line(LOG_WARNING, "capability-file", "file", name, "cause", "it cannot be written",
        "remedy", "write this key and a newline into it, for audit", "key", line, NULL);
    return SM_OK;
}
