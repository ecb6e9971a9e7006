/*
 * securemail-keys DIRECTORY: makes what is missing of the keys that processes need to speak to each
 * other: a CURVE pair for every peer, and the notifier's letter key. Never overwrites one.
 */
#include "base/encode.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "bus/keys.h"
#include "envelope/p256.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 512, HEX_BYTES_MAX = 2 * P256_PUBLIC_BYTES + 2 };

/* Writes `bytes` as hexadecimal and a newline, whole or not at all. */
static enum sm_error write_hex(const char *path, mode_t mode, struct span bytes)
{
    char text[HEX_BYTES_MAX] = "";
    DEFER_WIPE(text);
    char fresh[PATH_BYTES_MAX + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    hex_encode(bytes, text);
    size_t size = strlen(text);
    text[size++] = '\n';
    int file DEFER(file_close) =
        open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    bool is_written = file >= 0 && write(file, text, size) == (ssize_t)size && fsync(file) == 0 &&
                      rename(fresh, path) == 0;
    if (is_written)
        return SM_OK;
    (void)fprintf(stderr, "securemail-keys: %s: %s\n", path, strerror(errno));
    return SM_IO;
}

static enum sm_error make_letter_key(const char *directory)
{
    char secret_path[PATH_BYTES_MAX];
    char public_path[PATH_BYTES_MAX];
    (void)snprintf(secret_path, sizeof secret_path, "%s/notifier-letter.key", directory);
    (void)snprintf(public_path, sizeof public_path, "%s/notifier-letter.pub", directory);
    if (access(public_path, F_OK) == 0) /* written last, so both are there */
        return SM_OK;
    struct p256_key *key DEFER(p256_free) = NULL;
    struct secret *scalar DEFER(secret_free) = NULL;
    TRY(p256_generate(&key));
    TRY(p256_export(key, &scalar));
    TRY(write_hex(secret_path, 0600, secret_span(scalar)));
    return write_hex(public_path, 0644, span_of(p256_public(key), P256_PUBLIC_BYTES));
}

int main(int count, char **arguments)
{
    if (count != 2 || arguments[1][0] == '-') {
        (void)fprintf(stderr,
            "usage: securemail-keys DIRECTORY\n"
            "Makes the keys that the services need to speak to each other, where they "
            "are missing.\nGive each service only its own .key and all .pub files.\n");
        return count == 2 && strcmp(arguments[1], "--help") == 0 ? 0 : 2;
    }
    enum sm_error error = process_forbid_dumps();
    if (error == SM_OK)
        error = bus_keys_make(arguments[1]);
    if (error == SM_OK)
        error = make_letter_key(arguments[1]);
    if (error != SM_OK)
        (void)fprintf(stderr, "securemail-keys: %s: %s\n", arguments[1], error_name(error));
    return error == SM_OK ? 0 : 1;
}
