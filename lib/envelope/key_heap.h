/* Where OpenSSL keeps private keys: locked memory, out of dumps, wiped when a key goes. */
#ifndef SM_ENVELOPE_KEY_HEAP_H
#define SM_ENVELOPE_KEY_HEAP_H

#include "base/error.h"

/*
 * Once a process, before its first key; again does nothing. Where the limit of locked memory is too
 * small that is told as of any secret (base/secret.h). SM_NO_MEMORY when there is none at all.
 */
SM_MUST_USE enum sm_error key_heap_start(void);

#endif
