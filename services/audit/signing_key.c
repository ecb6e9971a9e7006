/*
 * One small file, made once. It is written under another name, synced and linked into place, so
 * that a crash leaves either no key or a whole one, and two starters cannot make two keys.
 */
#include "services/audit/signing_key.h"

#include "base/buffer.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include "envelope/ed25519.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char key_name[] = "audit-sign.key";
static const char public_name[] = "audit-sign.pub";
static const char next_name[] = "audit-sign.next";
enum { LINE_BYTES = 2 * ED25519_SEED_BYTES + 1, PATH_BYTES_MAX = 4096 };

struct signing_key {
    struct secret *seed;
    uint8_t public_key[ED25519_PUBLIC_BYTES];
};

enum sm_error signing_key_new(struct span seed, struct signing_key **out)
{
    struct signing_key *key DEFER(signing_key_free) = NULL;
    TRY(memory_zeroed(1, sizeof *key, (void **)&key));
    TRY(ed25519_public(seed, key->public_key));
    TRY(secret_copy(seed, &key->seed));
    *out = TAKE(key);
    return SM_OK;
}

void signing_key_free(struct signing_key **key)
{
    if (!*key)
        return;
    secret_free(&(*key)->seed);
    memory_free(key);
}

struct span signing_key_public(const struct signing_key *key)
{
    return SPAN(key->public_key);
}

enum sm_error signing_key_sign(
    const struct signing_key *key, struct span message, uint8_t signature[static 64])
{
    return ed25519_sign(secret_span(key->seed), message, signature);
}

/* --- the file --- */

struct path {
    char text[PATH_BYTES_MAX];
};

static enum sm_error path_of(const char *directory, const char *name, struct path *out)
{
    int size = snprintf(out->text, sizeof out->text, "%s/%s", directory, name);
    return size > 0 && (size_t)size < sizeof out->text ? SM_OK : SM_TOO_LARGE;
}

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
    *file = -1;
}

static enum sm_error refuse(const char *path, const char *cause)
{
    log_line(LOG_ERROR, "signing-key", "file", path, "cause", cause, NULL);
    return SM_CONFIG;
}

/* SM_NOT_FOUND when there is no such file. */
static enum sm_error read_key(const char *path, struct signing_key **out)
{
    char line[LINE_BYTES + 1] = {0};
    DEFER_WIPE(line);
    uint8_t seed[ED25519_SEED_BYTES] = {0};
    DEFER_WIPE(seed);
    struct stat facts;
    int file DEFER(close_file) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? SM_NOT_FOUND : refuse(path, strerror(errno));
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode) || (facts.st_mode & 0077) != 0)
        return refuse(path, "must be a file that only its owner may read: chmod 600");
    if (read(file, line, sizeof line) != LINE_BYTES || line[LINE_BYTES - 1] != '\n' ||
        hex_decode(span_of(line, LINE_BYTES - 1), seed, sizeof seed) != SM_OK)
        return refuse(path, "must hold 64 hexadecimal digits and a newline");
    return signing_key_new(SPAN(seed), out);
}

static enum sm_error write_line(const char *path, mode_t mode, struct span bytes)
{
    char line[LINE_BYTES + 1] = {0};
    DEFER_WIPE(line);
    hex_encode(bytes, line);
    line[LINE_BYTES - 1] = '\n';
    int file DEFER(close_file) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0 || write(file, line, LINE_BYTES) != LINE_BYTES || fsync(file) != 0)
        return refuse(path, strerror(errno));
    return SM_OK;
}

static enum sm_error sync_directory(const char *directory)
{
    int file DEFER(close_file) = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file >= 0 && fsync(file) == 0 ? SM_OK : refuse(directory, strerror(errno));
}

/* A new key, under a name that nobody reads yet. */
static enum sm_error draw_key(const char *directory, struct path *out)
{
    struct secret *seed DEFER(secret_free) = NULL;
    TRY(path_of(directory, ".audit-sign.new", out));
    TRY(secret_random(ED25519_SEED_BYTES, &seed));
    (void)unlink(out->text);
    return write_line(out->text, 0600, secret_span(seed));
}

static enum sm_error make_key(const char *directory, const char *path)
{
    struct path fresh;
    TRY(draw_key(directory, &fresh));
    bool is_linked = link(fresh.text, path) == 0 || errno == EEXIST;
    int cause = errno;
    (void)unlink(fresh.text);
    return is_linked ? sync_directory(directory) : refuse(path, strerror(cause));
}

enum sm_error signing_key_open(const char *directory, bool may_make, struct signing_key **out)
{
    struct path path;
    struct path public_path;
    struct signing_key *key DEFER(signing_key_free) = NULL;
    TRY(path_of(directory, key_name, &path));
    TRY(path_of(directory, public_name, &public_path));
    enum sm_error error = read_key(path.text, &key);
    if (error == SM_NOT_FOUND && !may_make)
        return refuse(path.text, "is missing, and the log is signed with it: restore the file");
    if (error == SM_NOT_FOUND) {
        TRY(make_key(directory, path.text));
        error = read_key(path.text, &key);
    }
    TRY(error);
    TRY(write_line(public_path.text, 0644, signing_key_public(key)));
    *out = TAKE(key);
    return SM_OK;
}

/* --- the next one --- */

static enum sm_error put_in_place(const char *directory, const char *from, const char *to)
{
    return rename(from, to) == 0 ? sync_directory(directory) : refuse(to, strerror(errno));
}

enum sm_error signing_key_open_next(const char *directory, struct signing_key **out)
{
    struct path path;
    struct path fresh;
    struct stat facts;
    TRY(path_of(directory, next_name, &path));
    if (lstat(path.text, &facts) != 0)
        return errno == ENOENT ? SM_NOT_FOUND : refuse(path.text, strerror(errno));
    if (S_ISREG(facts.st_mode) && facts.st_size == 0) {
        TRY(draw_key(directory, &fresh));
        TRY(put_in_place(directory, fresh.text, path.text));
    }
    return read_key(path.text, out);
}

static enum sm_error keep_old(
    const char *directory, const char *path, const struct signing_key *old)
{
    char name[2 * ED25519_PUBLIC_BYTES + sizeof "audit-sign.old-"] = "audit-sign.old-";
    struct path kept;
    hex_encode(signing_key_public(old), name + sizeof "audit-sign.old-" - 1);
    TRY(path_of(directory, name, &kept));
    return link(path, kept.text) == 0 || errno == EEXIST ? SM_OK
                                                         : refuse(kept.text, strerror(errno));
}

enum sm_error signing_key_take_over(
    const char *directory, const struct signing_key *next, const struct signing_key *kept)
{
    struct path from;
    struct path to;
    struct path public_path;
    TRY(path_of(directory, next_name, &from));
    TRY(path_of(directory, key_name, &to));
    TRY(path_of(directory, public_name, &public_path));
    if (kept)
        TRY(keep_old(directory, to.text, kept));
    TRY(put_in_place(directory, from.text, to.text));
    return write_line(public_path.text, 0644, signing_key_public(next));
}
