/*
 * Linux's Landlock, by its system calls (there is no library of it): from `landlock_close` on, this
 * thread and all that it makes open only what was allowed. What the kernel is too old for is not
 * handled at all; who asks sees it in the version.
 */
#ifndef SM_CAGE_LANDLOCK_H
#define SM_CAGE_LANDLOCK_H

#include "cage/table.h"

#include <stdbool.h>

enum {
    LANDLOCK_FILES_FROM = 2, /* 1 could not move a file between folders, which the store must */
    LANDLOCK_PORTS_FROM = 4,
};

/* The kernel's version of Landlock; 0 when it has none, and errno says why. */
int landlock_version(void);

/* A set of rules that allows nothing yet: of files alone, or of files and TCP ports. *out is a
 * descriptor, the caller's. SM_IO with errno. */
SM_MUST_USE enum sm_error landlock_begin(int version, int *out);

/* A path that does not exist is nothing to allow. SM_IO with errno. */
SM_MUST_USE enum sm_error landlock_allow_path(
    int rules, int version, const char *path, enum cage_right right);
SM_MUST_USE enum sm_error landlock_allow_port(
    int rules, enum cage_direction direction, uint16_t port);

/* Needs PR_SET_NO_NEW_PRIVS. SM_IO with errno. */
SM_MUST_USE enum sm_error landlock_close(int rules);

#endif
