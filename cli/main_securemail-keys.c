/*
 * securemail-keys DIRECTORY: makes what is missing of the keys that processes need to speak to each
 * other: a CURVE pair for every peer, and the notifier's letter key. Never overwrites one.
 *
 * securemail-keys DIRECTORY next|use|drop PEER...: a step of the change of a peer's key.
 */
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "bus/key_change.h"
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

static enum sm_error make_all(const char *directory)
{
    TRY(bus_keys_make(directory));
    return make_letter_key(directory);
}

/* --- changing --- */

typedef enum sm_error step_fn(const char *directory, enum peer peer);

static step_fn *find_step(const char *name)
{
    static const struct {
        const char *name;
        step_fn *run;
    } steps[] = {{"next", key_change_next}, {"use", key_change_use}, {"drop", key_change_drop}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(steps[i].name, name) == 0)
            return steps[i].run;
    return NULL;
}

/* For each of the peers; the first that fails ends it, and the same call goes on. */
static enum sm_error change(const char *directory, const char *name, char **peers)
{
    step_fn *step = find_step(name);
    if (!step)
        return SM_BAD_VALUE;
    for (; *peers; peers++) {
        enum peer peer = peer_from_name(span_text(*peers));
        if (peer == PEER_NONE)
            return SM_BAD_VALUE;
        TRY(step(directory, peer));
    }
    return SM_OK;
}

static int print_usage(FILE *to)
{
    (void)fprintf(to,
        "usage: securemail-keys DIRECTORY\n"
        "       securemail-keys DIRECTORY next|use|drop PEER...\n"
        "Makes the keys that the services need to speak to each other, where they are missing.\n"
        "Give each service only its own .key and all .pub files.\n"
        "Another key for a peer (gateway, crypto, notifier, retention, audit, operator): \"next\" "
        "makes it,\n\"use\" puts it in the place of its .key, \"drop\" forgets the old one. "
        "After each the processes\nstart again one by one, as docs/runbook.md has it.\n");
    return to == stdout ? 0 : 2;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--help") == 0)
        return print_usage(stdout);
    if (count < 2 || count == 3 || arguments[1][0] == '-')
        return print_usage(stderr);
    enum sm_error error = process_forbid_dumps();
    if (error == SM_OK)
        error =
            count == 2 ? make_all(arguments[1]) : change(arguments[1], arguments[2], arguments + 3);
    if (error != SM_OK)
        (void)fprintf(stderr, "securemail-keys: %s: %s\n", arguments[1], error_name(error));
    return error == SM_OK ? 0 : 1;
}
