/* glibc has no name for sched_setattr before 2.41, nor for its argument. */
#include "base/background.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of linux/sched/types.h, in its first form (SCHED_ATTR_SIZE_VER0). */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

enum { NANOSECONDS_OF_MS = 1000000, CALLING_THREAD = 0, NO_FLAGS = 0 };

enum sm_error background_begin(void)
{
    struct attributes attributes = {.size = sizeof attributes,
        .policy = SCHED_BATCH,
        .runtime_ns = (uint64_t)BACKGROUND_SLICE_MS * NANOSECONDS_OF_MS};
    return syscall(SYS_sched_setattr, CALLING_THREAD, &attributes, NO_FLAGS) == 0 ? SM_OK
                                                                                  : SM_NOT_ALLOWED;
}
