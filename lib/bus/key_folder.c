/* Small files of one line, opened without following anything that changes underneath. */
#include "bus/key_folder.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct key_path key_path_of(const char *directory, enum peer peer, const char *ending)
{
    struct key_path path;
    (void)snprintf(path.text, sizeof path.text, "%s/%s.%s", directory, peer_name(peer), ending);
    return path;
}

enum sm_error key_file_fault(const struct key_path *path, enum sm_error error, const char *cause)
{
    log_line(LOG_ERROR, "bus-key", "file", path->text, "cause", cause, NULL);
    return error;
}

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
    *file = -1;
}

enum sm_error key_read(
    const struct key_path *path, bool is_secret, uint8_t key[static WIRE_KEY_BYTES])
{
    int file DEFER(close_file) = open(path->text, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? SM_NOT_FOUND : key_file_fault(path, SM_CONFIG, strerror(errno));
    struct stat facts;
    if (fstat(file, &facts) != 0 || (is_secret && (facts.st_mode & 077) != 0))
        return key_file_fault(path, SM_CONFIG, "others may read it: chmod 600");
    char text[WIRE_KEY_TEXT_BYTES + 1] = "";
    DEFER_WIPE(text);
    ssize_t size = read(file, text, sizeof text);
    bool has_newline = size == WIRE_KEY_TEXT_BYTES && text[WIRE_KEY_TEXT_BYTES - 1] == '\n';
    if (size != WIRE_KEY_TEXT_BYTES - 1 && !has_newline)
        return key_file_fault(path, SM_CONFIG, "is not a key of 40 characters");
    return wire_key_read(span_of(text, WIRE_KEY_TEXT_BYTES - 1), key) == SM_OK
               ? SM_OK
               : key_file_fault(path, SM_CONFIG, "is not a key of 40 characters");
}

enum sm_error key_write(
    const struct key_path *path, mode_t mode, const uint8_t key[static WIRE_KEY_BYTES])
{
    char text[WIRE_KEY_TEXT_BYTES] = "";
    DEFER_WIPE(text);
    struct key_path fresh;
    if (snprintf(fresh.text, sizeof fresh.text, "%s.new", path->text) >= (int)sizeof fresh.text)
        return key_file_fault(path, SM_CONFIG, "its name is too long");
    wire_key_write(key, text);
    int file DEFER(close_file) =
        open(fresh.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0 || write(file, text, WIRE_KEY_TEXT_BYTES - 1) != WIRE_KEY_TEXT_BYTES - 1 ||
        fsync(file) != 0 || rename(fresh.text, path->text) != 0)
        return key_file_fault(path, SM_CONFIG, strerror(errno));
    return SM_OK;
}

enum sm_error key_make_pair(const struct key_path *secret_path, const struct key_path *public_path)
{
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES] = {0};
    DEFER_WIPE(secret_key);
    if (access(public_path->text, F_OK) == 0)
        return SM_OK;
    enum sm_error error = key_read(secret_path, true, secret_key);
    if (error == SM_NOT_FOUND) {
        TRY(wire_key_pair(public_key, secret_key));
        TRY(key_write(secret_path, 0600, secret_key));
        return key_write(public_path, 0644, public_key);
    }
    TRY(error);
    TRY(wire_key_public(secret_key, public_key));
    return key_write(public_path, 0644, public_key);
}
