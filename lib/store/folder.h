/*
 * The few steps on folders that the store is made of, each with its error mapped and logged: make,
 * open, unlink and list, durable where they change something. Folders are file descriptors, so no
 * path is ever built and no symbolic link followed below the root.
 */
#ifndef SM_STORE_FOLDER_H
#define SM_STORE_FOLDER_H

#include "base/error.h"

#include <stdint.h>
#include <sys/stat.h>

/* errno as our error: ENOENT SM_NOT_FOUND (not logged), ENOSPC and EDQUOT SM_DISK_FULL, ENOTEMPTY
 * SM_BUSY, else SM_IO. */
SM_MUST_USE enum sm_error folder_fault(const char *what);

/* Makes `name` in `parent`, durable, 02770 (a group may delete what it cannot read); there
 * already: SM_OK. */
SM_MUST_USE enum sm_error folder_make(int parent, const char *name);

/* The caller owns *out and closes it with folder_close, which also takes plain files. */
SM_MUST_USE enum sm_error folder_open(int parent, const char *name, int *out);
void folder_close(int *descriptor);

SM_MUST_USE enum sm_error folder_sync(int folder);

/* Removes a file (flags 0) or an empty folder (AT_REMOVEDIR); durable with the next folder_sync of
 * `folder`. Gone already: SM_OK. */
SM_MUST_USE enum sm_error folder_unlink(int folder, const char *name, int flags);

/* Seconds since the last change, by this machine's clock; never negative. */
int64_t folder_age_s(const struct stat *facts);

/* Calls for each name except "." and ".."; the visitor may remove it. Its error ends the walk. */
typedef enum sm_error folder_visit_fn(void *context, int folder, const char *name);
SM_MUST_USE enum sm_error folder_each(int folder, folder_visit_fn *visit, void *context);

#endif
