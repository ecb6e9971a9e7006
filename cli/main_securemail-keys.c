/*
 * securemail-keys DIRECTORY: makes what is missing of the keys that processes need to speak to each
 * other: a CURVE pair for every peer, and the notifier's letter key. Never overwrites one.
 */
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "bus/keys.h"
#include "cli/key_file.h"
#include "envelope/p256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 512 };

static enum sm_error write_hex(const char *path, mode_t mode, struct span bytes)
{
    enum sm_error error = key_file_write(path, mode, bytes);
    if (error != SM_OK)
        (void)fprintf(stderr, "securemail-keys: %s: %s\n", path, strerror(errno));
    return error;
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
