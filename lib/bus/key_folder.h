/*
 * The folder of bus keys: how its files are called, and how one is read and written. Not for
 * services. A peer that changes its key has a second pair, the next one (key_change.h).
 */
#ifndef SM_BUS_KEY_FOLDER_H
#define SM_BUS_KEY_FOLDER_H

#include "bus/wire.h"
#include "proto/catalog.h"

#include <sys/types.h>

enum { KEY_PATH_BYTES_MAX = 512 };

struct key_path {
    char text[KEY_PATH_BYTES_MAX];
};

/* "<directory>/<peer>.<ending>". */
#define KEY_SECRET "key"
#define KEY_PUBLIC "pub"
#define KEY_SECRET_NEXT "next.key"
#define KEY_PUBLIC_NEXT "next.pub"
struct key_path key_path_of(const char *directory, enum peer peer, const char *ending);

/* Logs the cause with the file's name, and gives `error` back. */
SM_MUST_USE enum sm_error key_file_fault(
    const struct key_path *path, enum sm_error error, const char *cause);

/*
 * A key of 40 characters Z85, and a newline at most. A secret one that others may read is refused:
 * a leaked service key is a service. SM_NOT_FOUND when there is no such file; SM_CONFIG, told.
 */
SM_MUST_USE enum sm_error key_read(
    const struct key_path *path, bool is_secret, uint8_t key[static WIRE_KEY_BYTES]);

/* Written whole under another name first: a crash leaves no half key. SM_CONFIG, told. */
SM_MUST_USE enum sm_error key_write(
    const struct key_path *path, mode_t mode, const uint8_t key[static WIRE_KEY_BYTES]);

/*
 * A pair where there is none. Its secret half is written first; where only that is there, the
 * public half is made of it; where the public half is there, the secret one may rightly be
 * elsewhere, and nothing is made.
 */
SM_MUST_USE enum sm_error key_make_pair(
    const struct key_path *secret_path, const struct key_path *public_path);

#endif
