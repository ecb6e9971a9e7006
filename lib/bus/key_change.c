/* Renames in a folder, each durable before the next. */
#include "bus/key_change.h"

#include "base/memory.h"
#include "base/secret.h"
#include "bus/key_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

static bool is_there(const struct key_path *path)
{
    return access(path->text, F_OK) == 0;
}

static void close_folder(int *folder)
{
    if (*folder >= 0)
        (void)close(*folder);
    *folder = -1;
}

static enum sm_error move(
    const char *directory, const struct key_path *from, const struct key_path *to)
{
    int folder DEFER(close_folder) = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || rename(from->text, to->text) != 0 || fsync(folder) != 0)
        return key_file_fault(from, SM_CONFIG, strerror(errno));
    return SM_OK;
}

enum sm_error key_change_next(const char *directory, enum peer peer)
{
    struct key_path secret_path = key_path_of(directory, peer, KEY_SECRET_NEXT);
    struct key_path public_path = key_path_of(directory, peer, KEY_PUBLIC_NEXT);
    struct key_path known = key_path_of(directory, peer, KEY_PUBLIC);
    if (!is_there(&known))
        return key_file_fault(
            &known, SM_BAD_VALUE, "is missing: the first pair is made without \"next\"");
    return key_make_pair(&secret_path, &public_path);
}

/* Whether the key in use is the one that is announced as the next. */
static enum sm_error is_in_use(const char *directory, enum peer peer, bool *out)
{
    struct key_path secret_path = key_path_of(directory, peer, KEY_SECRET);
    struct key_path public_path = key_path_of(directory, peer, KEY_PUBLIC_NEXT);
    uint8_t secret_key[WIRE_KEY_BYTES] = {0};
    uint8_t made[WIRE_KEY_BYTES];
    uint8_t announced[WIRE_KEY_BYTES];
    DEFER_WIPE(secret_key);
    *out = false;
    enum sm_error error = key_read(&public_path, false, announced);
    if (error == SM_OK)
        error = key_read(&secret_path, true, secret_key);
    if (error == SM_NOT_FOUND)
        return SM_OK;
    TRY(error);
    TRY(wire_key_public(secret_key, made));
    *out = memcmp(made, announced, sizeof made) == 0;
    return SM_OK;
}

enum sm_error key_change_use(const char *directory, enum peer peer)
{
    struct key_path next = key_path_of(directory, peer, KEY_SECRET_NEXT);
    struct key_path now = key_path_of(directory, peer, KEY_SECRET);
    bool is_done = false;
    if (is_there(&next))
        return move(directory, &next, &now);
    TRY(is_in_use(directory, peer, &is_done));
    return is_done ? SM_OK
                   : key_file_fault(&next, SM_BAD_VALUE, "is missing: make it with \"next\" first");
}

enum sm_error key_change_drop(const char *directory, enum peer peer)
{
    struct key_path secret_path = key_path_of(directory, peer, KEY_SECRET_NEXT);
    struct key_path next = key_path_of(directory, peer, KEY_PUBLIC_NEXT);
    struct key_path now = key_path_of(directory, peer, KEY_PUBLIC);
    if (is_there(&secret_path))
        return key_file_fault(
            &secret_path, SM_BAD_VALUE, "is not in use yet: \"use\" comes before \"drop\"");
    return is_there(&next) ? move(directory, &next, &now) : SM_OK;
}
