/* The public key of crypto's capabilities, read from its file, kept behind a lock. */
#include "services/audit/access.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "proto/sealed.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 2 * ED25519_PUBLIC_BYTES + 1, PATH_BYTES_MAX = 4096 };

struct key {
    uint8_t bytes[ED25519_PUBLIC_BYTES];
};

struct access {
    char path[PATH_BYTES_MAX];
    pthread_mutex_t lock;
    bool has_key;
    struct key key;
};

enum sm_error access_new(const char *keys_directory, struct access **out)
{
    struct access *access DEFER(access_free) = NULL;
    TRY(memory_zeroed(1, sizeof *access, (void **)&access));
    (void)pthread_mutex_init(&access->lock, NULL);
    int size = snprintf(access->path, sizeof access->path, "%s/capability.pub", keys_directory);
    if (size < 0 || (size_t)size >= sizeof access->path)
        return SM_TOO_LARGE;
    *out = TAKE(access);
    return SM_OK;
}

void access_free(struct access **access)
{
    if (!*access)
        return;
    (void)pthread_mutex_destroy(&(*access)->lock);
    memory_free(access);
}

static enum sm_error read_file(const char *path, struct key *out)
{
    char line[LINE_BYTES + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return log_failure("capability-key", SM_UNAVAILABLE, "crypto has not written the file yet");
    ssize_t size = read(file, line, sizeof line);
    (void)close(file);
    if (size != LINE_BYTES || line[LINE_BYTES - 1] != '\n' ||
        hex_decode(span_of(line, LINE_BYTES - 1), out->bytes, sizeof out->bytes) != SM_OK)
        return log_failure("capability-key", SM_UNAVAILABLE, "the file does not hold a key");
    return SM_OK;
}

/* The key in memory; with `anew`, or when there is none, the one in the file. */
static enum sm_error get_key(struct access *access, bool anew, struct key *out)
{
    struct key read;
    enum sm_error error = SM_OK;
    (void)pthread_mutex_lock(&access->lock);
    if (anew || !access->has_key) {
        error = read_file(access->path, &read);
        if (error == SM_OK) {
            access->key = read;
            access->has_key = true;
        }
    }
    *out = access->key;
    (void)pthread_mutex_unlock(&access->lock);
    return error;
}

static enum sm_error verify(
    const struct key *key, struct span text, uint64_t now_ms, struct capability *out)
{
    const struct capability_demand demand = {
        .public_key = key->bytes, .kind = CAPABILITY_AUDIT, .now_ms = now_ms};
    return capability_verify(text, &demand, out);
}

static enum sm_error check(
    struct access *access, struct span capability, uint64_t now_ms, struct capability *out)
{
    struct key key;
    struct capability read;
    TRY(get_key(access, false, &key));
    enum sm_error error = verify(&key, capability, now_ms, &read);
    if (error == SM_TAMPERED) {
        TRY(get_key(access, true, &key));
        error = verify(&key, capability, now_ms, &read);
    }
    TRY(error);
    if (!(read.role & (ROLE_ADMIN | ROLE_AUDITOR)) || id_is_none(read.organisation))
        return SM_NOT_ALLOWED;
    *out = read;
    return SM_OK;
}

/* One that has ended is nobody's fault; any other is forged, or used for what it was not given for.
 */
enum sm_error access_check(
    struct access *access, struct span capability, uint64_t now_ms, struct capability *out)
{
    enum sm_error error = check(access, capability, now_ms, out);
    if (error != SM_OK && error != SM_NOT_SIGNED_IN)
        log_line(LOG_WARNING, "capability-refused", "error", error_name(error), NULL);
    return error;
}
