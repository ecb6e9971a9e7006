/*
 * A file that appears when it is whole. Until then it has no name in its folder, or where the file
 * system cannot do that, a hidden one of our own, which goes when it is abandoned. The name that it
 * gets is harmless (file_name.h) and free: no file is replaced, none whose name differs in case
 * alone stands beside it, no symbolic link is followed, and nothing goes outside the folder.
 */
#ifndef SM_CLI_SAVE_H
#define SM_CLI_SAVE_H

#include "base/error.h"
#include "base/span.h"
#include "cli/file_name.h"

enum { SAVE_HIDDEN_BYTES = 48 };

struct save {
    int folder, file;               /* -1: none */
    char hidden[SAVE_HIDDEN_BYTES]; /* "": it has no name yet, or has its own */
};
#define SAVE ((struct save){.folder = -1, .file = -1})

/* The folder must exist. SM_IO with errno set. */
SM_MUST_USE enum sm_error save_begin(struct save *save, const char *folder);

/* SM_DISK_FULL, SM_IO. */
SM_MUST_USE enum sm_error save_write(struct save *save, struct span bytes);

/* Gives it a name like `wanted`; tells which. SM_CONFLICT when a thousand such names are taken. */
SM_MUST_USE enum sm_error save_finish(
    struct save *save, struct span wanted, char name[static FILE_NAME_BYTES + 1]);

/* Drops what is not finished, and closes. */
void save_end(struct save *save);

#endif
