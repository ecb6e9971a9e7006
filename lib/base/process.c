/* Limits of the process itself. */
#include "base/process.h"

#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum sm_error process_forbid_dumps(void)
{
    struct rlimit none = {0, 0};
    bool is_done = setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    return is_done ? SM_OK : SM_IO;
}
