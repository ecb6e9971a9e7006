/* What a process that holds keys, passwords or plaintext gives up before it reads any of them. */
#ifndef SM_BASE_PROCESS_H
#define SM_BASE_PROCESS_H

#include "base/error.h"

/* No core dump, and no other process of the same user reads its memory. SM_IO when refused. */
SM_MUST_USE enum sm_error process_forbid_dumps(void);

#endif
