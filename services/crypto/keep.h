/* Copies into an arena: what came from a row lives only as long as the rows, a reply needs it
 * longer. */
#ifndef SM_CRYPTO_KEEP_H
#define SM_CRYPTO_KEEP_H

#include "base/memory.h"
#include "base/span.h"

/* *out lives as long as the arena; it may be the same variable as `bytes` came from. */
SM_MUST_USE enum sm_error keep_span(struct arena *arena, struct span bytes, struct span *out);

#endif
