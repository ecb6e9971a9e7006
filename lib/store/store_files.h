/*
 * The object store as a directory:
 *
 *     <root>/uploads/<upload id>                under way, or abandoned
 *     <root>/<2 digits>/<message id>/<part>     an object; never changed, only deleted
 *
 * Ids are 32 hexadecimal digits, the 2 digits are the message id's last (or its first, where a
 * folder was made before November 2026). Objects lie together by message so that "all that is left
 * of this message" needs no database. Files are 0600 and folders 02770: a process of the same group
 * may delete what it cannot read.
 */
#ifndef SM_STORE_STORE_FILES_H
#define SM_STORE_STORE_FILES_H

#include "store/store.h"

/* Opens (and makes what is missing of) the store at `root`. The caller owns *out. */
SM_MUST_USE enum sm_error store_files_open(const char *root, struct store **out);

#endif
