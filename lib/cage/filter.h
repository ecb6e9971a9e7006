/*
 * The filter of system calls, through libseccomp (its only user): made out of the table of calls.
 * Two are loaded: the first before any thread, the second, which is the narrower, over all threads
 * when everything is open. The kernel asks both; nothing takes one away again.
 */
#ifndef SM_CAGE_FILTER_H
#define SM_CAGE_FILTER_H

#include "cage/places.h"

/* A refused call is EPERM and, of the second filter, a line in the kernel's log
 * where it keeps one. SM_UNAVAILABLE with
 * errno when the kernel takes no filter. */
SM_MUST_USE enum sm_error filter_load(
    enum peer self, const struct cage_place_list *places, bool is_ready);

/* Whether `name` is a system call that libseccomp knows (on any machine). */
bool filter_knows(const char *name, size_t size);

#endif
