/*
 * A folder of pages as web/build.mjs makes it, in the form that the gateway reads: written here by
 * a table of its own, so that a change of the form on one side is seen.
 */
#ifndef SM_TESTS_SUPPORT_PAGES_H
#define SM_TESTS_SUPPORT_PAGES_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

struct pages_row {
    const char *path, *file, *type, *policy;
    bool is_immutable, has_br, has_gzip;
    const char *content;  /* of the plain form; the others are it with "br:" or "gzip:" before */
    bool has_wrong_hash;  /* the list names another content */
    bool is_file_missing; /* the list names it, and it is not there */
};

struct pages_folder {
    char path[64];
};

/* Makes a folder; remove it with pages_folder_remove. */
SM_MUST_USE enum sm_error pages_folder_make(
    const struct pages_row *rows, size_t count, struct pages_folder *out);
void pages_folder_remove(struct pages_folder *folder);

/* Writes a file of the folder, in place of one that is there. */
SM_MUST_USE enum sm_error pages_folder_write(
    const struct pages_folder *folder, const char *name, struct span content);

#endif
