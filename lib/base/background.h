/*
 * A thread that computes for long beside threads that answer: whoever is woken goes before it after
 * a tenth of a millisecond, and its share of the processor stays that of every thread. A lower
 * weight would starve it on a machine that is busy with something else.
 *
 * Source: sched_setattr(2). The slice has an effect since Linux 6.12.
 */
#ifndef SM_BASE_BACKGROUND_H
#define SM_BASE_BACKGROUND_H

#include "base/error.h"

enum { BACKGROUND_SLICE_US = 100 }; /* the least that the kernel takes */

/* The calling thread, for the rest of its life. SM_NOT_ALLOWED when the kernel refuses. */
SM_MUST_USE enum sm_error background_begin(void);

#endif
