/* Places to die at, in test builds only. */
#include "base/failpoint.h"

#ifdef SM_FAIL_POINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long passages;

void fail_point(const char *name)
{
    const char *wanted = getenv("SM_FAIL_POINT");
    if (!wanted)
        return;
    size_t length = strlen(name);
    if (strncmp(wanted, name, length) != 0 || (wanted[length] != '\0' && wanted[length] != ':'))
        return;
    long target = wanted[length] == ':' ? strtol(wanted + length + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passages, 1) + 1 == target)
        (void)kill(getpid(), SIGKILL);
}
#else
typedef int failpoint_is_empty_in_shipped_builds;
#endif
