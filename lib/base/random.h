/* Randomness from the kernel. The one edge where a test may put numbers of its own. */
#ifndef SM_BASE_RANDOM_H
#define SM_BASE_RANDOM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Fills `size` bytes from getrandom(2). SM_IO only if the kernel has none to give. */
SM_MUST_USE enum sm_error random_bytes(void *bytes, size_t size);

/* A number below `bound` (> 0), each equally likely (rejection, no modulo bias). */
SM_MUST_USE enum sm_error random_below(uint32_t bound, uint32_t *out);

#endif
