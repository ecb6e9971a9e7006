/*
 * A thread that computes for long beside threads that answer: it steps back from the processor as
 * soon as another wants it, and still gets its part when all are busy. It is not Linux's idle
 * class, in which a flood of cheap requests would starve it.
 *
 * Source: sched_setattr(2). The slice has an effect since Linux 6.12; before, the nice value alone.
 */
#ifndef SM_BASE_BACKGROUND_H
#define SM_BASE_BACKGROUND_H

#include "base/error.h"

enum {
    BACKGROUND_NICE = 10,      /* a tenth of the weight of a thread that answers */
    BACKGROUND_SLICE_US = 100, /* so long it may go on when another is woken; the kernel's least */
};

/* The calling thread, for the rest of its life. SM_NOT_ALLOWED when the kernel refuses. */
SM_MUST_USE enum sm_error background_begin(void);

#endif
