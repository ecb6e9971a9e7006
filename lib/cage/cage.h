/*
 * The cage: what a service gives up, in the same order for each (service/service.h).
 *
 *   settings and keys; then cage_enter, before the first thread: limits, PR_SET_NO_NEW_PRIVS,
 *   Landlock over files and TCP ports, a first filter of system calls;
 *   connections and doors; then cage_lock, before it serves: the second filter, over all threads.
 *
 * Three parts depend on the kernel: calls (seccomp), files (Landlock, Linux 5.19 or later) and
 * ports (Linux 6.7 or later). A part that it lacks is a warning in the log and a zero in
 * secure_mail_caged; with SECURE_MAIL_CAGE=required it ends the service instead. What is allowed
 * stands in table.c; docs/cage.md is printed from it.
 */
#ifndef SM_CAGE_CAGE_H
#define SM_CAGE_CAGE_H

#include "runtime/settings.h"

struct cage;

/* SM_CONFIG when a part is missing and required, or a setting is not understood. The caller owns
 * *out. Asserts that no thread runs beside this one: it would stay outside. */
SM_MUST_USE enum sm_error cage_enter(
    enum peer self, const struct settings *settings, struct cage **out);

/* SM_CONFIG when the kernel takes the first filter but not the second. */
SM_MUST_USE enum sm_error cage_lock(const struct cage *cage);

/* Frees what this side knows of it. The cage stays. */
void cage_free(struct cage **cage);

#endif
