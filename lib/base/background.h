/*
 * A thread that computes for long beside threads that answer: whoever is woken goes before it at
 * once, unless he has had more than his share of that core, and its own share stays that of every
 * thread. A lower weight would starve it on a machine that is busy with something else.
 *
 * Source: sched_setattr(2); kernel/sched/fair.c of Linux since 6.12: who is woken with a shorter
 * slice than the one who runs need not wait for the end of it. (With a slice that is shorter than
 * everybody's, who is woken waits for the next tick.)
 */
#ifndef SM_BASE_BACKGROUND_H
#define SM_BASE_BACKGROUND_H

#include "base/error.h"

enum { BACKGROUND_SLICE_MS = 100 }; /* the most that the kernel takes */

/* The calling thread, for the rest of its life. SM_NOT_ALLOWED when the kernel refuses. */
SM_MUST_USE enum sm_error background_begin(void);

#endif
