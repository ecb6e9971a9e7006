/*
 * The CURVE keys of the bus, and the one client context of the process. A key file that others may
 * read is refused: a leaked service key is a service.
 */
#include "bus/keys.h"

#include "base/log.h"
#include "base/memory.h"
#include "bus/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 512 };

static const enum peer all_peers[] = {
    PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT, PEER_OPERATOR};
enum { PEERS = sizeof all_peers / sizeof all_peers[0] };

struct bus_keys {
    enum peer self;
    uint8_t own_public[WIRE_KEY_BYTES];
    struct secret *own_secret;
    uint8_t known[PEERS][WIRE_KEY_BYTES];
    bool is_known[PEERS];
    struct wire_context *clients;
};

struct path {
    char text[PATH_BYTES_MAX];
};

static struct path path_of(const char *directory, enum peer peer, const char *ending)
{
    struct path path;
    (void)snprintf(path.text, sizeof path.text, "%s/%s.%s", directory, peer_name(peer), ending);
    return path;
}

static enum sm_error file_fault(const char *path, const char *cause)
{
    log_line(LOG_ERROR, "bus-key", "file", path, "cause", cause, NULL);
    return SM_CONFIG;
}

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
    *file = -1;
}

/* --- reading --- */

/* A key of 40 characters, and a newline at most. SM_NOT_FOUND when there is no such file. */
static enum sm_error read_key(const char *path, bool is_secret, uint8_t key[static WIRE_KEY_BYTES])
{
    int file DEFER(close_file) = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? SM_NOT_FOUND : file_fault(path, strerror(errno));
    struct stat facts;
    if (fstat(file, &facts) != 0 || (is_secret && (facts.st_mode & 077) != 0))
        return file_fault(path, "others may read it: chmod 600");
    char text[WIRE_KEY_TEXT_BYTES + 1] = "";
    DEFER_WIPE(text);
    ssize_t size = read(file, text, sizeof text);
    bool has_newline = size == WIRE_KEY_TEXT_BYTES && text[WIRE_KEY_TEXT_BYTES - 1] == '\n';
    if (size != WIRE_KEY_TEXT_BYTES - 1 && !has_newline)
        return file_fault(path, "is not a key of 40 characters");
    return wire_key_read(span_of(text, WIRE_KEY_TEXT_BYTES - 1), key) == SM_OK
               ? SM_OK
               : file_fault(path, "is not a key of 40 characters");
}

static enum sm_error read_own(const char *directory, struct bus_keys *keys)
{
    struct path path = path_of(directory, keys->self, "key");
    TRY(secret_new(WIRE_KEY_BYTES, &keys->own_secret));
    enum sm_error error = read_key(path.text, true, secret_bytes(keys->own_secret));
    if (error == SM_NOT_FOUND)
        return file_fault(path.text, "is missing: make the keys with securemail-keys");
    TRY(error);
    return wire_key_public(secret_bytes(keys->own_secret), keys->own_public);
}

static enum sm_error read_known(const char *directory, struct bus_keys *keys)
{
    for (size_t i = 0; i < PEERS; i++) {
        struct path path = path_of(directory, all_peers[i], "pub");
        enum sm_error error = read_key(path.text, false, keys->known[i]);
        keys->is_known[i] = error == SM_OK;
        if (error != SM_OK && error != SM_NOT_FOUND)
            return error;
    }
    return SM_OK;
}

enum sm_error bus_keys_load(const char *directory, enum peer self, struct bus_keys **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct bus_keys), &memory));
    struct bus_keys *keys DEFER(bus_keys_free) = memory;
    keys->self = self;
    TRY(read_own(directory, keys));
    TRY(read_known(directory, keys));
    TRY(wire_context_new(&keys->clients));
    *out = TAKE(keys);
    return SM_OK;
}

void bus_keys_free(struct bus_keys **keys)
{
    if (!*keys)
        return;
    wire_context_free(&(*keys)->clients);
    secret_free(&(*keys)->own_secret);
    memory_free(keys);
}

/* --- use, inside lib/bus --- */

struct wire_context *bus_keys_clients(const struct bus_keys *keys)
{
    return keys->clients;
}

struct wire_options bus_keys_options(const struct bus_keys *keys, enum wire_kind kind)
{
    return (struct wire_options){.kind = kind,
        .public_key = keys->own_public,
        .secret_key = secret_span(keys->own_secret).at};
}

const uint8_t *bus_keys_public(const struct bus_keys *keys, enum peer peer)
{
    for (size_t i = 0; i < PEERS; i++)
        if (all_peers[i] == peer && keys->is_known[i])
            return keys->known[i];
    return NULL;
}

enum peer bus_keys_owner(const struct bus_keys *keys, struct span public_key)
{
    for (size_t i = 0; i < PEERS; i++)
        if (keys->is_known[i] && span_equal(public_key, SPAN(keys->known[i])))
            return all_peers[i];
    return PEER_NONE;
}

/* --- making --- */

/* Written whole under another name first: a crash leaves no half key. */
static enum sm_error write_key(
    const char *path, mode_t mode, const uint8_t key[static WIRE_KEY_BYTES])
{
    char text[WIRE_KEY_TEXT_BYTES] = "";
    DEFER_WIPE(text);
    struct path fresh;
    (void)snprintf(fresh.text, sizeof fresh.text, "%s.new", path);
    wire_key_write(key, text);
    int file DEFER(close_file) =
        open(fresh.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0 || write(file, text, WIRE_KEY_TEXT_BYTES - 1) != WIRE_KEY_TEXT_BYTES - 1 ||
        fsync(file) != 0 || rename(fresh.text, path) != 0)
        return file_fault(path, strerror(errno));
    return SM_OK;
}

static enum sm_error make_pair(const char *directory, enum peer peer)
{
    struct path secret_path = path_of(directory, peer, "key");
    struct path public_path = path_of(directory, peer, "pub");
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES] = {0};
    DEFER_WIPE(secret_key);
    if (access(public_path.text, F_OK) == 0)
        return SM_OK; /* the secret half may rightly be elsewhere */
    enum sm_error error = read_key(secret_path.text, true, secret_key);
    if (error == SM_NOT_FOUND) {
        TRY(wire_key_pair(public_key, secret_key));
        TRY(write_key(secret_path.text, 0600, secret_key));
        return write_key(public_path.text, 0644, public_key);
    }
    TRY(error);
    TRY(wire_key_public(secret_key, public_key));
    return write_key(public_path.text, 0644, public_key);
}

enum sm_error bus_keys_make(const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return file_fault(directory, strerror(errno));
    for (size_t i = 0; i < PEERS; i++)
        TRY(make_pair(directory, all_peers[i]));
    return SM_OK;
}
